"""The forecaster of a row: trained where its checkpoint is not there, else read from it."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_bonemet.forecast.benchmark.baselines import fileless, fit_baseline
from napari_bonemet.forecast.benchmark.options import BenchmarkOptions
from napari_bonemet.forecast.benchmark.recipes import Recipe
from napari_bonemet.forecast.benchmark.store import Cohort
from napari_bonemet.forecast.checkpoint import load_checkpoint
from napari_bonemet.forecast.forecaster import Forecaster
from napari_bonemet.forecast.registry import load_forecaster
from napari_bonemet.progress import Progress
from napari_bonemet.provenance import Json, __version__

CHECKPOINT = "model.safetensors"
RECORD = "row.json"
_RESUME = "training.state"


@dataclass(frozen=True)
class Work:
    """What rows are trained on, and where.

    Parameters
    ----------
    options : BenchmarkOptions
        Filled.
    training, validation : Cohort
        Animals to learn from, and to stop by.
    device : str
        Where networks compute.
    """

    options: BenchmarkOptions
    training: Cohort
    validation: Cohort
    device: str


@dataclass(frozen=True)
class Row:
    """A row of the table: a recipe, a seed, and the folder where all of it is kept."""

    recipe: Recipe
    seed: int
    folder: Path

    @property
    def title(self) -> str:
        """For people: "tvae-gate, seed 1"."""
        return self.recipe.name if self.recipe.baseline else f"{self.recipe.name}, seed {self.seed}"

    @property
    def model(self) -> Path:
        """The checkpoint; a baseline that is not fitted has none."""
        return self.folder / CHECKPOINT


def ready(row: Row, work: Work, progress: Progress) -> Forecaster:
    """The forecaster of a row, and its record beside it in the row's folder.

    Raises
    ------
    InputError
        When there is nothing to learn from.
    Cancelled
        When the user asked to stop; a training goes on from its last epoch next time.
    """
    if not (row.folder / RECORD).is_file():
        _train(row, work, progress)
    progress.advance(1.0)
    plain = fileless(row.recipe.name)
    if plain is not None:
        return plain
    return load_forecaster(row.model, device="cpu" if row.recipe.baseline else work.device)


def read_record(row: Row) -> dict[str, Any]:
    """What is known of a row's training."""
    return dict(json.loads((row.folder / RECORD).read_text(encoding="utf-8")))


def _train(row: Row, work: Work, progress: Progress) -> None:
    from napari_bonemet.io.atomic import atomic_file, write_json

    row.folder.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    model: Any = fileless(row.recipe.name)
    if row.recipe.file is not None:
        with atomic_file(row.model) as temporary:
            temporary.write_bytes(row.recipe.file.read_bytes())
        model = load_forecaster(row.model)
    elif model is None:
        model = _fitted(row, work, progress)
        model.save(row.model)
    minutes = (time.perf_counter() - start) / 60
    write_json(row.folder / RECORD, _record(row, model, work, minutes))
    (row.folder / _RESUME).unlink(missing_ok=True)


def _fitted(row: Row, work: Work, progress: Progress) -> Any:
    if row.recipe.baseline:
        return fit_baseline(row.recipe.name, work.training.legs(), progress)
    return _network(row, work, progress)


def _network(row: Row, work: Work, progress: Progress) -> Any:
    from napari_bonemet.forecast.fitting import fit_network
    from napari_bonemet.forecast.models.catalogue import options_for
    from napari_bonemet.forecast.training_options import TrainingOptions

    recipe, options = row.recipe, options_for(row.recipe.network)
    asked: dict[str, Json] = {
        "minutes": work.options.minutes,
        "half_precision": work.options.half_precision,
        "seed": row.seed,
    }
    return fit_network(
        recipe.network,
        work.training.legs(),
        validation=work.validation.legs(),
        options=type(options).from_record({**options.as_record(), **recipe.options}),
        training=TrainingOptions.from_record({**asked, **recipe.training}),
        device=work.device,
        resume=row.folder / _RESUME,
        progress=progress,
    )


def _record(row: Row, model: Any, work: Work, minutes: float) -> dict[str, Json]:
    recipe = row.recipe
    made = load_checkpoint(row.model).training if row.model.is_file() else {}
    return {
        "row": recipe.name,
        "network": recipe.network,
        "seed": row.seed,
        "budget": "given" if recipe.file is not None else work.options.budget,
        "budget_minutes": None if recipe.file is not None else work.options.minutes if recipe.network else 0.0,
        "animals": made.get("animals", len(work.training) if row.model.is_file() else 0),
        "minutes": made.get("minutes", round(minutes, 3)),
        "device": "cpu" if recipe.baseline else work.device,
        "threads": threads(),
        "parameters": _parameters(model, row.model),
        "deterministic": bool(model.deterministic),
        "changed": {**recipe.training, **recipe.options},
        "training": dict(made),
        "version": __version__,
    }


def _parameters(model: Any, path: Path) -> int:
    """Numbers that were learned."""
    network = getattr(model, "network", None)
    if network is not None:
        return sum(part.numel() for part in network.parameters())
    return sum(tensor.size for tensor in load_checkpoint(path).tensors.values()) if path.is_file() else 0


def threads() -> int:
    """Cores that a network computes on, as the environment or the machine says."""
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
