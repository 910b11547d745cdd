"""A calibrated forecast held to the truth."""

import numpy as np

from napari_bonemet.forecast.benchmark.animal import Animal
from napari_bonemet.forecast.benchmark.scoring_events import RELIABILITY_BINS
from napari_bonemet.forecast.calibration import Calibration
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.metrics.events import average_precision
from napari_bonemet.metrics.lost_bone import new_lesions
from napari_bonemet.metrics.probabilistic import coverage
from napari_bonemet.metrics.reliability import reliability
from napari_bonemet.provenance import Json


def calibrated_scores(animal: Animal, forecast: Forecast, calibration: Calibration) -> dict[str, Json]:
    """Coverage, spread over skill and reliability of a calibrated forecast, and lost bone of its samples.

    Parameters
    ----------
    animal : Animal
        With its truth.
    forecast : Forecast
        As it was drawn.
    calibration : Calibration
        Of the forecaster.
    """
    truth, last = animal.truth.to_numpy(), animal.seen[-1]
    threshold = calibration.options.bone_threshold
    made = calibration.apply(forecast, last)
    variance = float(np.square(made.spread.to_numpy(), dtype=np.float64).sum())
    error = float(np.square(forecast.mean.to_numpy() - truth, dtype=np.float64).sum())
    found: dict[str, Json] = {
        "coverage": coverage(made.lower, made.upper, truth),
        "spread_calibrated": [variance, error, truth.size],
    }
    if made.lost_bone is not None:
        found["lost_calibrated_mm3"] = made.lost_bone.tolist()
    if made.resorption_probability is not None:
        came, bone = new_lesions(truth, last, bone_threshold=threshold), last.to_numpy() > threshold
        table = reliability(made.resorption_probability, came, RELIABILITY_BINS, bone)
        found["reliability_calibrated"] = [table.cases.tolist(), table.said.tolist(), table.came.tolist()]
        found["ap_new_calibrated"] = average_precision(made.resorption_probability, came, bone)
    return found
