"""Curves of a classifier that says probabilities: ROC with mean and band, precision and recall.

Their intervals over animals are in :mod:`napari_bonemet.diagnose.intervals`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError

__all__ = ["MeanRoc", "PrecisionRecall", "Roc", "mean_roc", "precision_recall", "roc"]

_GRID = 101


@dataclass(frozen=True, eq=False)
class Roc:
    """A receiver operating characteristic.

    Parameters
    ----------
    false_positive, true_positive : ndarray, (points,)
        Shares of the negative and of the positive cases that are called positive; from (0, 0) to (1, 1).
    threshold : ndarray, (points,)
        A case is called positive from here on; the first is infinity, where none is.
    """

    false_positive: np.ndarray
    true_positive: np.ndarray
    threshold: np.ndarray

    @property
    def area(self) -> float:
        """The area under it, by trapezia: ties count half."""
        return float(np.trapezoid(self.true_positive, self.false_positive))


@dataclass(frozen=True, eq=False)
class MeanRoc:
    """The mean of several curves with its band (Xu et al. 2023, section 3.4.2 and figure 7).

    Parameters
    ----------
    false_positive : ndarray, (points,)
        Evenly from 0 to 1.
    true_positive, spread : ndarray, (points,)
        Mean, and standard deviation (n - 1; zero of one curve), of the curves' true positive shares there.
    area, area_spread : float
        Mean and standard deviation of the curves' own areas.
    curves : int
        How many there were.
    """

    false_positive: np.ndarray
    true_positive: np.ndarray
    spread: np.ndarray
    area: float
    area_spread: float
    curves: int

    @property
    def low(self) -> np.ndarray:
        """Lower edge of the band: one standard deviation below the mean, never below 0."""
        return np.maximum(self.true_positive - self.spread, 0)

    @property
    def high(self) -> np.ndarray:
        """Upper edge of the band, never above 1."""
        return np.minimum(self.true_positive + self.spread, 1)


@dataclass(frozen=True, eq=False)
class PrecisionRecall:
    """Precision over recall.

    Parameters
    ----------
    recall, precision : ndarray, (points,)
        Recall rises from 0 to 1; at recall 0 the precision is that of the first case called.
    threshold : ndarray, (points,)
        A case is called positive from here on; the first is infinity.
    prevalence : float
        Share of positive cases: the precision of a classifier that knows nothing.
    average : float
        Average precision: the mean of the precisions, each weighted with the recall gained there.
    """

    recall: np.ndarray
    precision: np.ndarray
    threshold: np.ndarray
    prevalence: float
    average: float


def roc(scores: Any, truth: Any) -> Roc:
    """The receiver operating characteristic of scores.

    Parameters
    ----------
    scores : array-like, (n,)
        Any measure that grows with the suspicion: probabilities, log odds. Cases of one score are called together.
    truth : array-like, (n,) bool
        Whether each case is positive.

    Raises
    ------
    InputError
        When the lengths differ, a score is no finite number, or the cases are all of one kind.
    """
    right, wrong, threshold = _called(scores, truth)
    return Roc(wrong / wrong[-1], right / right[-1], threshold)


def mean_roc(curves: Sequence[Roc], points: int = _GRID) -> MeanRoc:
    """Mean and band of the curves of several folds.

    Parameters
    ----------
    curves : sequence of Roc
        One of each fold.
    points : int
        Of the mean curve.

    Raises
    ------
    InputError
        When there is no curve.
    """
    if not curves:
        raise InputError("A mean curve needs curves", found="none")
    grid = np.linspace(0, 1, points)
    shares = np.stack([_at(curve, grid) for curve in curves])
    areas = np.array([curve.area for curve in curves])
    several = len(curves) > 1
    spread = shares.std(axis=0, ddof=1) if several else np.zeros(points)
    area_spread = float(areas.std(ddof=1)) if several else 0.0
    return MeanRoc(grid, shares.mean(axis=0), spread, float(areas.mean()), area_spread, len(curves))


def _at(curve: Roc, grid: np.ndarray) -> np.ndarray:
    """The curve's true positive shares at false positive shares; on a vertical stretch its upper end.

    At 0 the lower end is taken: with nothing called positive, nothing is found.
    """
    ends = np.flatnonzero(np.append(np.diff(curve.false_positive) > 0, True))
    found = np.interp(grid, curve.false_positive[ends], curve.true_positive[ends])
    found[0] = 0.0
    return np.asarray(found)


def precision_recall(scores: Any, truth: Any) -> PrecisionRecall:
    """Precision over recall of scores; parameters and errors as :func:`roc`."""
    right, wrong, threshold = _called(scores, truth)
    precision = right[1:] / (right[1:] + wrong[1:])
    recall = right / right[-1]
    return PrecisionRecall(
        recall,
        np.append(precision[0], precision),
        threshold,
        float(right[-1] / (right[-1] + wrong[-1])),
        float(np.sum(np.diff(recall) * precision)),
    )


def _called(scores: Any, truth: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positive and negative cases called at each threshold, from none to all, and the thresholds."""
    scores, truth = np.asarray(scores, dtype=np.float64), np.asarray(truth, dtype=bool)
    if scores.ndim != 1 or scores.shape != truth.shape:
        raise InputError("Each case needs one score and one truth", found=f"{scores.shape} and {truth.shape}")
    if not np.isfinite(scores).all():
        raise InputError("A score is no finite number", found=f"{int((~np.isfinite(scores)).sum())} of {len(scores)}")
    if truth.all() or not truth.any():
        raise InputError(
            "A curve needs positive and negative cases", found=f"{truth.sum()} positive and {(~truth).sum()} negative"
        )
    order = np.argsort(-scores, kind="stable")
    falling, truth = scores[order], truth[order]
    last = np.flatnonzero(np.append(np.diff(falling) != 0, True))
    right, wrong = np.cumsum(truth)[last], np.cumsum(~truth)[last]
    return np.append(0, right), np.append(0, wrong), np.append(np.inf, falling[last])
