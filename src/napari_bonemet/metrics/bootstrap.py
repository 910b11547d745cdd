"""How far a figure would move with other animals: the animals are drawn anew, with putting back.

The animal is what is counted. Voxels and slices of one animal are no further animals, so a pooled figure is a ratio of
sums over animals, and whole animals are drawn (Efron and Tibshirani 1993, percentile interval).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError

__all__ = ["Interval", "bootstrap_interval", "pooled_gain_db"]


@dataclass(frozen=True)
class Interval:
    """A figure with its interval over animals.

    Parameters
    ----------
    value : float
        Of the animals as they are.
    low, high : float
        The ends; not a number where half of the draws gave none.
    level : float
        How often such intervals hold the figure of all animals.
    animals : int
        How many there were.
    """

    value: float
    low: float
    high: float
    level: float
    animals: int

    def as_record(self, digits: int = 4) -> dict[str, float | int | None]:
        """Value and ends as plain numbers, None where there is none."""
        ends = {"value": self.value, "low": self.low, "high": self.high}
        return {name: None if np.isnan(end) else round(end, digits) for name, end in ends.items()} | {
            "animals": self.animals
        }

    def __str__(self) -> str:
        return f"{self.value:.3g} ({self.low:.3g} to {self.high:.3g})"


def bootstrap_interval(
    per_animal: Any,
    statistic: Callable[[np.ndarray], float],
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> Interval:
    """The percentile interval of a figure over animals.

    Parameters
    ----------
    per_animal : array-like, (animals, ...)
        What the figure is made from, one row per animal: sums, so that a pooled figure is a ratio of their sums.
    statistic : callable
        Takes rows of the same form and gives the figure; None or not a number where there is none.
    level : float
        Of the interval.
    draws : int
        How often the animals are drawn.
    seed : int
        Same rows and seed, same interval. Rows of one length are drawn alike: intervals of differences between models
        need the models' columns side by side in one table.

    Raises
    ------
    InputError
        When there is no animal, or the level is not between 0 and 1.
    """
    rows = np.asarray(per_animal, dtype=np.float64)
    if rows.ndim == 0 or len(rows) == 0:
        raise InputError("An interval over animals needs animals", found="none")
    if not 0 < level < 1 or draws < 1:
        raise InputError("The interval cannot be drawn", expected="a level between 0 and 1", found=f"{level:g}")
    rng = np.random.default_rng(seed)
    found = np.array([_number(statistic(rows[rng.integers(len(rows), size=len(rows))])) for _ in range(draws)])
    drawn = found[~np.isnan(found)]
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]) if 2 * len(drawn) > draws else (np.nan, np.nan)
    return Interval(_number(statistic(rows)), float(low), float(high), level, len(rows))


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def pooled_gain_db(rows: np.ndarray) -> float:
    """Pooled PSNR gain, ``10 log10(sum of the first column / sum of the second)``, decibels.

    Parameters
    ----------
    rows : ndarray, (animals, 2)
        Squared errors of copying the last week and of the forecast, each summed (or averaged, where all animals have
        as many voxels) over the animal's voxels.
    """
    copied, forecast = np.asarray(rows, dtype=np.float64).sum(axis=0)
    if forecast == 0:
        return 0.0 if copied == 0 else float("inf")
    return float(10 * np.log10(copied / forecast)) if copied > 0 else float("-inf")
