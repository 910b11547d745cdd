"""The variance that a forecast's error will have in a voxel, and the interval that will hold the truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from napari_bonemet.forecast.calibration_tables import PREDICTORS
from napari_bonemet.provenance import Json

__all__ = ["IntervalModel", "VarianceModel"]

_ROUNDS = 12
_STEPS = 30
# No voxel is surer than whole greys let it be.
_LEAST_VARIANCE = 1 / 12


@dataclass(frozen=True)
class VarianceModel:
    """Expected squared error of the samples' mean: a sum without negative weights, then a rising curve.

    The sum is ``sum_k w_k known_k``: more spread never means less error. Its weights are those of a gamma regression
    with identity link, in which each voxel's squared error is compared in proportion to what was expected of it. The
    curve (isotonic regression) takes the sum to the mean squared error that voxels of such a sum truly had.

    Parameters
    ----------
    weights : tuple of float
        One per predictor, see `PREDICTORS`.
    expected, found : tuple of float
        The curve, natural logarithms of greys squared; rising both.
    """

    weights: tuple[float, ...]
    expected: tuple[float, ...]
    found: tuple[float, ...]

    @classmethod
    def fit(cls, known: np.ndarray, error: np.ndarray) -> Self:
        """From voxels (voxels, predictors) and their errors (voxels,), greys."""
        squares = np.square(error)
        scale = np.maximum(known.max(axis=0), 1e-12)
        table = known / scale
        expected = np.full(len(squares), max(float(squares.mean()), _LEAST_VARIANCE))
        weights = np.zeros(table.shape[1])
        for _ in range(_ROUNDS):
            weights = _not_negative(table, squares, 1 / np.square(expected))
            expected = np.maximum(table @ weights, _LEAST_VARIANCE)
        curve = _curve(expected, squares)
        return cls(tuple((weights / scale).tolist()), *(tuple(each.tolist()) for each in curve))

    def variance(self, known: np.ndarray) -> np.ndarray:
        """Expected squared error, greys squared, of voxels (..., predictors)."""
        expected = np.log(np.maximum(known @ np.asarray(self.weights), _LEAST_VARIANCE))
        logs = np.interp(expected, self.expected, self.found)
        # Beyond what was seen, as far above (or below) the sum as at the curve's end.
        logs += np.maximum(expected - self.expected[-1], 0) + np.minimum(expected - self.expected[0], 0)
        return np.maximum(np.exp(logs), _LEAST_VARIANCE)

    def as_record(self) -> dict[str, Json]:
        """Plain JSON values."""
        weights: dict[str, Json] = dict(zip(PREDICTORS, self.weights, strict=True))
        return {"weights": weights, "log_expected": [*self.expected], "log_found": [*self.found]}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Make it again from :meth:`as_record`."""
        curve = (tuple(float(v) for v in record[name]) for name in ("log_expected", "log_found"))
        return cls(tuple(float(record["weights"][name]) for name in PREDICTORS), *curve)


def _curve(expected: np.ndarray, squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of expected and of mean squared errors, over steps that hold about as many voxels or as much error."""
    from scipy.optimize import isotonic_regression

    order = np.argsort(expected, kind="stable")
    expected, squares = expected[order], squares[order]
    place = np.cumsum(expected / expected.sum() + 1 / len(expected)) / 2
    step = np.minimum((place * _STEPS).astype(np.int64), _STEPS - 1)
    # Voxels of one sum stay together.
    _, step = np.unique(step[np.searchsorted(expected, expected)], return_inverse=True)
    cases = np.bincount(step)
    middle, found = (np.bincount(step, values) / cases for values in (expected, squares))
    rising = isotonic_regression(found, weights=cases)
    starts = rising.blocks[:-1]
    middle = np.add.reduceat(middle * cases, starts) / np.add.reduceat(cases, starts)
    return np.log(middle), np.log(np.maximum(np.asarray(rising.x)[starts], _LEAST_VARIANCE))


def _not_negative(table: np.ndarray, target: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weighted least squares without negative weights, from the normal equations, which are small."""
    from scipy.optimize import nnls

    heavy = table * weight[:, None]
    normal, right = heavy.T @ table, heavy.T @ target
    size = np.sqrt(np.maximum(np.diag(normal), 1e-300))
    normal /= np.outer(size, size)
    # A trace of a ridge: two predictors may be the same, as of one sample, which has no variance anywhere.
    root = np.linalg.cholesky(normal + 1e-9 * np.eye(len(normal)))
    found, _ = nnls(root.T, np.linalg.solve(root, right / size))
    return np.asarray(found / size)


@dataclass(frozen=True)
class IntervalModel:
    """Quantiles of the error in units of the expected one, for voxels of little and of much spread apart.

    Parameters
    ----------
    log_spread : tuple of float
        Natural logarithm of the expected error (greys) at the middle of each step; rising.
    lower, upper : tuple of float
        The quantiles there; between the middles they are interpolated.
    """

    log_spread: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]

    @classmethod
    def fit(cls, spread: np.ndarray, error: np.ndarray, *, level: float, bins: int) -> Self:
        """From the expected error of voxels and the true one, greys."""
        logs = np.log(spread)
        edges = np.unique(np.quantile(logs, np.linspace(0, 1, bins + 1)))
        at = np.clip(np.searchsorted(edges, logs, side="right") - 1, 0, max(0, len(edges) - 2))
        steps = [(float(np.median(logs[at == n])), error[at == n] / spread[at == n]) for n in np.unique(at)]
        ends = [np.quantile(values, [(1 - level) / 2, (1 + level) / 2]).tolist() for _, values in steps]
        return cls(tuple(m for m, _ in steps), tuple(low for low, _ in ends), tuple(high for _, high in ends))

    def interval(self, mean: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper end, greys, of voxels of any shape."""
        logs = np.log(spread)
        low, high = (np.interp(logs, self.log_spread, ends) for ends in (self.lower, self.upper))
        return mean + low * spread, mean + high * spread

    def as_record(self) -> dict[str, Json]:
        """Plain JSON values."""
        return {"log_spread": [*self.log_spread], "lower": [*self.lower], "upper": [*self.upper]}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Make it again from :meth:`as_record`."""
        return cls(*(tuple(float(v) for v in record[name]) for name in ("log_spread", "lower", "upper")))
