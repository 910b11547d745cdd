"""The probability that bone is resorbed, made to come as often as it says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from napari_bonemet.provenance import Json

__all__ = ["ProbabilityModel", "evidence_of_loss"]

_ROUNDS = 200
_RIDGE = 1e-4
_STEPS = 40
_FARTHEST = 4.0


def evidence_of_loss(mean: np.ndarray, spread: np.ndarray, shares: np.ndarray, bone_threshold: float) -> np.ndarray:
    """What speaks for a voxel being resorbed, (..., 3): how far below bone it is expected, how many samples resorb it.

    Shares enter by their square root: the first sample of sixteen says more than the sixteenth.

    Parameters
    ----------
    mean, spread : ndarray, (...)
        The samples' mean, and the calibrated spread; greys.
    shares : ndarray, (..., 2)
        Share of the samples that resorb it, and the mean of that around it.
    bone_threshold : float
        Bone is above this grey value.
    """
    below = np.clip((bone_threshold - mean) / spread, -_FARTHEST, _FARTHEST)
    return np.concatenate([below[..., None], np.sqrt(shares)], axis=-1)


@dataclass(frozen=True)
class ProbabilityModel:
    """Logistic regression of what speaks for a loss, then a rising curve through what truly came of it.

    Parameters
    ----------
    constant : float
        Of the regression.
    weights : tuple of float
        One per kind of evidence.
    scores, probabilities : tuple of float
        The curve, from the regression's log odds to probabilities; rising both.
    """

    constant: float
    weights: tuple[float, ...]
    scores: tuple[float, ...]
    probabilities: tuple[float, ...]

    @classmethod
    def fit(cls, evidence: np.ndarray, came: np.ndarray) -> Self:
        """From voxels (voxels, 3) and whether each was resorbed."""
        constant, weights = _logistic(evidence, came.astype(np.float64))
        scores, probabilities = _rising(constant + evidence @ weights, came.astype(np.float64))
        return cls(float(constant), tuple(weights.tolist()), tuple(scores.tolist()), tuple(probabilities.tolist()))

    def probability(self, evidence: np.ndarray) -> np.ndarray:
        """Probability, 0 to 1, of voxels (..., 3)."""
        return np.interp(self.constant + evidence @ np.asarray(self.weights), self.scores, self.probabilities)

    def as_record(self) -> dict[str, Json]:
        """Plain JSON values."""
        return {
            "constant": self.constant,
            "weights": [*self.weights],
            "scores": [*self.scores],
            "probabilities": [*self.probabilities],
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Make it again from :meth:`as_record`."""
        lists = (tuple(float(v) for v in record[name]) for name in ("weights", "scores", "probabilities"))
        return cls(float(record["constant"]), *lists)


def _logistic(evidence: np.ndarray, came: np.ndarray) -> tuple[float, np.ndarray]:
    """Most likely constant and weights, none of them negative, with a trace of a ridge.

    The ridge gives evidence that parts the voxels wholly an end; the bounds keep evidence that nearly says the same
    twice from being set off against itself.
    """
    from scipy.optimize import minimize

    spread = evidence.std(axis=0)
    scale = np.where(spread > 1e-6, spread, 1.0)
    table = np.column_stack([np.ones(len(evidence)), evidence / scale])
    share = float(np.clip(came.mean(), 1e-6, 1 - 1e-6))

    def loss(found: np.ndarray) -> tuple[float, np.ndarray]:
        odds = table @ found
        said = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
        fit = float(np.mean(np.logaddexp(0, odds) - came * odds))
        slope = table.T @ (said - came) / len(came)
        return fit + _RIDGE * float(found[1:] @ found[1:]) / 2, slope + _RIDGE * np.r_[0.0, found[1:]]

    start = np.r_[np.log(share / (1 - share)), np.zeros(evidence.shape[1])]
    bounds = [(None, None), *([(0, None)] * evidence.shape[1])]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": _ROUNDS}).x
    return float(found[0]), np.asarray(found[1:] / scale)


def _rising(scores: np.ndarray, came: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Isotonic regression over steps of about equal expected events: fine where losses are."""
    from scipy.optimize import isotonic_regression

    order = np.argsort(scores, kind="stable")
    scores, came = scores[order], came[order]
    said = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
    # Halfway between voxels and events: else all the many unlikely voxels would be one step.
    place = np.cumsum(said / said.sum() + 1 / len(said)) / 2
    step = np.minimum((place * _STEPS).astype(np.int64), _STEPS - 1)
    # Voxels of one score stay together.
    _, step = np.unique(step[np.searchsorted(scores, scores)], return_inverse=True)
    cases = np.bincount(step)
    middle, share = (np.bincount(step, values) / cases for values in (scores, came))
    fitted = isotonic_regression(share, weights=cases)
    starts = fitted.blocks[:-1]
    blocks = np.add.reduceat(cases, starts)
    return np.add.reduceat(middle * cases, starts) / blocks, np.asarray(fitted.x)[starts]
