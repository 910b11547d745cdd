"""The forecaster of a row: trained where its checkpoint is not there, else read from it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_bonemet.forecast.benchmark.options import BenchmarkOptions
from napari_bonemet.forecast.benchmark.recipes import COPY, Recipe, fit_baseline
from napari_bonemet.forecast.benchmark.store import Cohort
from napari_bonemet.forecast.checkpoint import load_checkpoint
from napari_bonemet.forecast.forecaster import Forecaster
from napari_bonemet.forecast.registry import load_forecaster, make_forecaster
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.provenance import Json, __version__

CHECKPOINT = "model.safetensors"
RECORD = "row.json"
_RESUME = "training"


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


def ready(row: Recipe, seed: int, folder: Path, work: Work, progress: Progress) -> Forecaster:
    """The forecaster of a row, and its record beside it in `folder`.

    Raises
    ------
    InputError
        When there is nothing to learn from.
    Cancelled
        When the user asked to stop; a training that keeps its state goes on from there next time.
    """
    if not (folder / RECORD).is_file():
        _train(row, seed, folder, work, progress)
    progress.advance(1.0)
    if row.name == COPY:
        return make_forecaster(COPY)
    return load_forecaster(folder / CHECKPOINT, device="cpu" if row.baseline else work.device)


def read_record(folder: Path) -> dict[str, Any]:
    """What is known of a row's training."""
    return dict(json.loads((folder / RECORD).read_text(encoding="utf-8")))


def _train(row: Recipe, seed: int, folder: Path, work: Work, progress: Progress) -> None:
    import time

    from napari_bonemet.io.atomic import write_json

    folder.mkdir(parents=True, exist_ok=True)
    legs = () if row.name == COPY else work.training.legs()
    start = time.perf_counter()
    if row.baseline:
        model: Any = fit_baseline(row.name, legs, PartOf(progress, 0.0, 1.0))
    else:
        model = _network(row, seed, folder, work, legs, progress)
    seconds = time.perf_counter() - start
    if row.name != COPY:
        model.save(folder / CHECKPOINT)
    write_json(folder / RECORD, _record(row, seed, model, work, folder, seconds))
    for left in folder.glob(f"{_RESUME}*"):
        left.unlink()


def _network(row: Recipe, seed: int, folder: Path, work: Work, legs: Any, progress: Progress) -> Any:
    from napari_bonemet.forecast.models.tvae import TvaeOptions
    from napari_bonemet.forecast.network import TvaeForecaster
    from napari_bonemet.forecast.training import TrainingOptions

    minutes = work.options.minutes or 0.0
    training = TrainingOptions(**{"minutes": minutes, "seed": seed, **row.training})  # type: ignore[arg-type]
    options = TvaeOptions(output="gate" if row.network == "tvae-gate" else "sigmoid")
    return TvaeForecaster.fit(
        legs,
        options=options,
        training=training,
        validation=work.validation.legs(),
        device=work.device,
        progress=progress,
    )


def _record(row: Recipe, seed: int, model: Any, work: Work, folder: Path, seconds: float) -> dict[str, Json]:
    made = {} if row.name == COPY else load_checkpoint(folder / CHECKPOINT).training
    return {
        "row": row.name,
        "network": row.network,
        "seed": seed,
        "budget": work.options.budget,
        "budget_minutes": 0.0 if row.baseline else work.options.minutes,
        "animals": 0 if row.name == COPY else len(work.training),
        "minutes": made.get("minutes", round(seconds / 60, 3)),
        "device": "cpu" if row.baseline else work.device,
        "threads": threads(),
        "parameters": _parameters(model, folder),
        "deterministic": bool(model.deterministic),
        "changed": {**row.training, **row.options},
        "training": dict(made),
        "version": __version__,
    }


def _parameters(model: Any, folder: Path) -> int:
    """Numbers that were learned."""
    network = getattr(model, "network", None)
    if network is not None:
        return sum(part.numel() for part in network.parameters())
    path = folder / CHECKPOINT
    return sum(tensor.size for tensor in load_checkpoint(path).tensors.values()) if path.is_file() else 0


def threads() -> int:
    """Cores that a network computes on, as the environment or the machine says."""
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
