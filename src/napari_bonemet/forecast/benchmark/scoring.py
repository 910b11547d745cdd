"""One animal's scores: a forecast drawn, timed, and held to what came."""

import time
from dataclasses import dataclass
from typing import Any

from napari_bonemet.forecast.benchmark.animal import TARGET, Animal
from napari_bonemet.forecast.benchmark.scoring_calibrated import calibrated_scores
from napari_bonemet.forecast.benchmark.scoring_events import event_scores
from napari_bonemet.forecast.benchmark.scoring_greys import grey_scores, perceptual_scores
from napari_bonemet.forecast.benchmark.scoring_spread import spread_scores
from napari_bonemet.forecast.forecaster import Forecast, Forecaster
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Json


@dataclass(frozen=True)
class Scoring:
    """How animals are scored.

    Parameters
    ----------
    samples : int
        Futures drawn of each.
    seed : int
        Of the drawing.
    bone_threshold : float
        Bone is above this grey value.
    device : str
        Where LPIPS is computed.
    calibration : Calibration, optional
        Fitted on the validation animals.
    """

    samples: int
    seed: int
    bone_threshold: float
    device: str = "cpu"
    calibration: Any = None


def draw(model: Forecaster, animal: Animal, how: Scoring, progress: Progress = NO_PROGRESS) -> tuple[Forecast, float]:
    """The forecast of an animal's last week, and the seconds that it took."""
    start = time.perf_counter()
    made = model.predict(animal.seen, TARGET, samples=how.samples, seed=how.seed, progress=progress)
    return made, time.perf_counter() - start


def score_animal(model: Forecaster, animal: Animal, how: Scoring, progress: Progress = NO_PROGRESS) -> dict[str, Json]:
    """All figures of one animal, plain JSON values.

    Parameters
    ----------
    model : Forecaster
        Draws the futures.
    animal : Animal
        Unseen by it.
    how : Scoring
        How many, and by what.

    Raises
    ------
    InputError
        When the forecaster cannot forecast from these weeks.
    """
    forecast, seconds = draw(model, animal, how, PartOf(progress, 0.0, 0.8))
    mean = forecast.mean.to_numpy()
    samples = [sample.to_numpy() for sample in forecast.samples]
    made: dict[str, Json] = {
        "animal": animal.name,
        "tumour": animal.tumour,
        "samples": len(samples),
        "seconds": seconds,
        "voxels": int(mean.size),
        **grey_scores(animal, mean, samples),
        **perceptual_scores(animal, mean, how.device),
    }
    progress.check()
    made |= event_scores(animal, mean, samples, how.bone_threshold)
    made |= spread_scores(animal, mean, samples, how.bone_threshold)
    if how.calibration is not None:
        made |= calibrated_scores(animal, forecast, how.calibration)
    progress.advance(1.0)
    return made
