"""ROC and precision-recall curves on fixed steps, with bands from drawing animals anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from napari_bonemet.diagnose.scoring.figures import by_animal
from napari_bonemet.errors import InputError

_STEPS = np.linspace(0, 1, 51)


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve and its band.

    Parameters
    ----------
    x : ndarray, (51,)
        ROC: share of the well that are called ill. PR: share of the ill that are called so.
    y, low, high : ndarray, (51,)
        ROC: share of the ill that are called so. PR: share of those called ill that are. Of the scans as they are, and
        the ends of the pointwise interval.
    """

    x: np.ndarray
    y: np.ndarray
    low: np.ndarray
    high: np.ndarray


def curve_of(
    kind: Literal["roc", "pr"],
    scores: np.ndarray,
    ill: np.ndarray,
    animals: Sequence[str],
    *,
    level: float = 0.95,
    draws: int = 500,
    seed: int = 0,
) -> Curve:
    """A curve with its band; the other parameters as :func:`~napari_bonemet.diagnose.scoring.figures.figures_of`.

    Raises
    ------
    InputError
        When the scans are all of one kind.
    """
    scores, ill = np.asarray(scores, dtype=np.float64), np.asarray(ill, dtype=bool)
    if ill.all() or not ill.any():
        raise InputError("A curve needs scans with and without a lesion")
    make = _roc if kind == "roc" else _pr
    table, rng = by_animal(scores, ill, animals), np.random.default_rng(seed)
    drawn = []
    for _ in range(draws):
        rows = table[rng.integers(len(table), size=len(table))].reshape(-1, 2)
        rows = rows[~np.isnan(rows[:, 0])]
        kinds = rows[:, 1] > 0
        if kinds.any() and not kinds.all():
            drawn.append(make(rows[:, 0], kinds))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Curve(_STEPS, make(scores, ill), low, high)


def _counts(scores: np.ndarray, ill: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """True and false positives at each distinct score, from the highest down, after none at all."""
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.r_[np.diff(scores[order]) != 0, True])
    hits, wrong = np.cumsum(ill[order])[last], np.cumsum(~ill[order])[last]
    return np.r_[0, hits], np.r_[0, wrong]


def _roc(scores: np.ndarray, ill: np.ndarray) -> np.ndarray:
    hits, wrong = _counts(scores, ill)
    return np.interp(_STEPS, wrong / wrong[-1], hits / hits[-1])


def _pr(scores: np.ndarray, ill: np.ndarray) -> np.ndarray:
    """Precision at the first threshold that reaches each recall: no line between thresholds, which would flatter."""
    hits, wrong = _counts(scores, ill)
    hits, wrong = hits[1:], wrong[1:]
    at = np.searchsorted(hits / hits[-1], np.maximum(_STEPS, 1e-9), side="left")
    return hits[at] / (hits[at] + wrong[at])
