"""Figures of cases with their intervals over animals: whole animals are drawn anew."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from napari_bonemet.diagnose.measures import area_under_curve
from napari_bonemet.errors import InputError
from napari_bonemet.metrics.bootstrap import Interval, bootstrap_interval

__all__ = ["auc_interval", "over_animals"]


def over_animals(
    animals: Sequence[str],
    statistic: Callable[[np.ndarray], float],
    *,
    level: float = 0.95,
    draws: int = 1000,
    seed: int = 0,
) -> Interval:
    """The percentile interval of a figure of cases, whole animals drawn anew.

    Parameters
    ----------
    animals : sequence of str, (n,)
        Of which animal each case is; all cases of an animal are drawn together.
    statistic : callable
        Takes the cases' indices, (m,) int, and gives the figure; not a number, or an InputError, where there is none.
    level, draws, seed
        As :func:`~napari_bonemet.metrics.bootstrap.bootstrap_interval`.

    Raises
    ------
    InputError
        When there is no case.
    """
    names = list(dict.fromkeys(animals))
    owned = [np.flatnonzero([animal == name for animal in animals]) for name in names]

    def figure(drawn: np.ndarray) -> float:
        try:
            return statistic(np.concatenate([owned[int(n)] for n in drawn.ravel()]))
        except InputError:
            return float("nan")

    return bootstrap_interval(np.arange(len(names))[:, None], figure, level, draws, seed)


def auc_interval(
    scores: Any,
    truth: Any,
    animals: Sequence[str],
    *,
    weeks: Sequence[float | None] | None = None,
    level: float = 0.95,
    draws: int = 1000,
    seed: int = 0,
) -> Interval:
    """Area under the receiver operating characteristic with its interval over animals.

    Parameters
    ----------
    scores, truth, weeks
        As :func:`~napari_bonemet.diagnose.measures.area_under_curve`.
    animals : sequence of str, (n,)
        Of which animal each case is.
    level, draws, seed
        As :func:`over_animals`.
    """
    scores, truth = np.asarray(scores, dtype=np.float64), np.asarray(truth, dtype=bool)
    known = None if weeks is None else list(weeks)

    def area(at: np.ndarray) -> float:
        return area_under_curve(scores[at], truth[at], None if known is None else [known[n] for n in at])

    return over_animals(animals, area, level=level, draws=draws, seed=seed)
