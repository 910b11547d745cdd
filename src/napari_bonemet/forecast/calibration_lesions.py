"""Calibration of what a leg's samples say together: how likely each lesion is, and how much bone is lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from napari_bonemet.forecast.calibration_options import CalibrationOptions
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.metrics.events import LesionCase, lesion_cases
from napari_bonemet.metrics.lost_bone import LostBone, new_lesions
from napari_bonemet.provenance import Json
from napari_bonemet.scan import Scan

__all__ = ["LegTable", "LesionModel", "LostBoneModel", "look_at_leg"]

# A share of 0 or of 1 among few samples is neither never nor always.
_SUREST = 0.98
# Fewer say nothing.
_LEAST_CASES = 8
_LEAST_LEGS = 4


@dataclass(frozen=True, eq=False)
class LegTable:
    """What the samples of one leg say together, and what came.

    Parameters
    ----------
    cases : tuple of LesionCase
        Lesions that were foreseen.
    lost : ndarray, (n,)
        Bone that each sample loses, net, cubic millimetres.
    true_lost : float
        As it came.
    """

    cases: tuple[LesionCase, ...]
    lost: np.ndarray
    true_lost: float


def look_at_leg(forecast: Forecast, truth: Scan, last: Scan, options: CalibrationOptions) -> LegTable | None:
    """Lesions and lost bone of one leg; None where there is one sample only, which says nothing of chances."""
    if len(forecast.samples) < 2:
        return None

    def lost(later: Scan) -> np.ndarray:
        return new_lesions(later, last, bone_threshold=options.bone_threshold, opening=options.opening)

    gauge = LostBone.since(last, bone_threshold=options.bone_threshold)
    cases = lesion_cases((lost(sample) for sample in forecast.samples), lost(truth))
    amounts = np.array([gauge.mm3(sample) for sample in forecast.samples])
    return LegTable(tuple(cases), amounts, gauge.mm3(truth))


@dataclass(frozen=True)
class LesionModel:
    """Platt's logistic map from the share of samples with a lesion to how often such lesions come.

    ``log odds = constant + weight * log odds of the share``; few cases leave it near the share itself.

    Parameters
    ----------
    constant, weight : float
        Of the map.
    """

    constant: float
    weight: float

    @classmethod
    def fit(cls, cases: Sequence[LesionCase]) -> Self | None:
        """From lesions of validation animals; None where there are too few."""
        from scipy.optimize import minimize

        if len(cases) < _LEAST_CASES:
            return None
        odds = _odds(np.array([case.probability for case in cases]))
        came = np.array([case.came for case in cases], dtype=np.float64)

        def loss(found: np.ndarray) -> float:
            said = found[0] + found[1] * odds
            # As much as one case would say for taking the share as it is.
            return float(np.sum(np.logaddexp(0, said) - came * said) + (found[0] ** 2 + (found[1] - 1) ** 2) / 2)

        constant, weight = minimize(loss, [0.0, 1.0], method="L-BFGS-B", bounds=[(None, None), (0, None)]).x
        return cls(float(constant), float(weight))

    def probability(self, share: Any) -> np.ndarray:
        """How often a lesion comes that is there in such a share of the samples, 0 to 1."""
        return np.asarray(1 / (1 + np.exp(-self.constant - self.weight * _odds(np.asarray(share, dtype=np.float64)))))

    def as_record(self) -> dict[str, Json]:
        """Plain JSON values."""
        return {"constant": self.constant, "weight": self.weight}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Make it again from :meth:`as_record`."""
        return cls(float(record["constant"]), float(record["weight"]))


def _odds(share: np.ndarray) -> np.ndarray:
    sure = np.clip(share, 1 - _SUREST, _SUREST)
    return np.asarray(np.log(sure / (1 - sure)))


@dataclass(frozen=True)
class LostBoneModel:
    """Lost bone of the samples, moved and stretched: ``shift + slope * mean + scale * (sample - mean)``.

    Parameters
    ----------
    shift : float
        Cubic millimetres.
    slope, scale : float
        Of the samples' mean, and of their distance from it.
    """

    shift: float
    slope: float
    scale: float

    @classmethod
    def fit(cls, legs: Sequence[LegTable]) -> Self | None:
        """From legs of validation animals; None where there are too few, or their samples all lose alike."""
        if len(legs) < _LEAST_LEGS or min(len(leg.lost) for leg in legs) < 2:
            return None
        means, truths = (np.array([value(leg) for leg in legs]) for value in (_mean, _true))
        n = min(len(leg.lost) for leg in legs)
        variance = float(np.mean([leg.lost.var(ddof=1) for leg in legs])) * (n + 1) / n
        if variance <= 0:
            return None
        spread = float(means.var())
        slope = float(np.mean((means - means.mean()) * (truths - truths.mean()))) / spread if spread > 0 else 1.0
        slope = max(slope, 0.0)
        shift = float(truths.mean() - slope * means.mean())
        # Two numbers were fitted to the errors: they are larger where nothing was.
        error = float(np.sum(np.square(truths - shift - slope * means))) / (len(legs) - 2)
        return cls(shift, slope, float(np.sqrt(error / variance)))

    def calibrated(self, lost: np.ndarray) -> np.ndarray:
        """Lost bone of samples (n,), cubic millimetres, as it should have been drawn."""
        mean = lost.mean()
        return np.asarray(self.shift + self.slope * mean + self.scale * (lost - mean))

    def as_record(self) -> dict[str, Json]:
        """Plain JSON values."""
        return {"shift_mm3": self.shift, "slope": self.slope, "scale": self.scale}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Make it again from :meth:`as_record`."""
        return cls(float(record["shift_mm3"]), float(record["slope"]), float(record["scale"]))


def _mean(leg: LegTable) -> float:
    return float(leg.lost.mean())


def _true(leg: LegTable) -> float:
    return leg.true_lost
