"""The forecaster of a row: trained where its checkpoint is not there, else read from it."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_bonemet.forecast.benchmark.options import BenchmarkOptions
from napari_bonemet.forecast.benchmark.recipes import COPY, Recipe, fit_baseline
from napari_bonemet.forecast.benchmark.store import Cohort
from napari_bonemet.forecast.checkpoint import load_checkpoint
from napari_bonemet.forecast.forecaster import Forecaster
from napari_bonemet.forecast.registry import load_forecaster, make_forecaster
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
        """The checkpoint; copying has none."""
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
    if row.recipe.name == COPY:
        return make_forecaster(COPY)
    return load_forecaster(row.model, device="cpu" if row.recipe.baseline else work.device)


def read_record(row: Row) -> dict[str, Any]:
    """What is known of a row's training."""
    return dict(json.loads((row.folder / RECORD).read_text(encoding="utf-8")))


def _train(row: Row, work: Work, progress: Progress) -> None:
    from napari_bonemet.io.atomic import write_json

    row.folder.mkdir(parents=True, exist_ok=True)
    state = row.folder / _RESUME
    start = time.perf_counter()
    if row.recipe.baseline:
        legs = () if row.recipe.name == COPY else work.training.legs()
        model: Any = fit_baseline(row.recipe.name, legs, progress)
    else:
        model = _network(row, work, state, progress)
    minutes = (time.perf_counter() - start) / 60
    if row.recipe.name != COPY:
        model.save(row.model)
    write_json(row.folder / RECORD, _record(row, model, work, minutes))
    state.unlink(missing_ok=True)


def _network(row: Row, work: Work, state: Path, progress: Progress) -> Any:
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
        resume=state,
        progress=progress,
    )


def _record(row: Row, model: Any, work: Work, minutes: float) -> dict[str, Json]:
    recipe = row.recipe
    made = load_checkpoint(row.model).training if row.model.is_file() else {}
    return {
        "row": recipe.name,
        "network": recipe.network,
        "seed": row.seed,
        "budget": work.options.budget,
        "budget_minutes": 0.0 if recipe.baseline else work.options.minutes,
        "animals": 0 if recipe.name == COPY else len(work.training),
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
