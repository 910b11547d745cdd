"""From the scores of animals to the figures of a row, each with its interval over animals.

A pooled figure is a ratio of sums over animals, and the bootstrap draws whole animals. Every figure is a function of
one small table, a row per animal, so that what is drawn anew is what the figure is made of.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_bonemet.metrics.bootstrap import bootstrap_interval

Scores = Sequence[Mapping[str, Any]]
Statistic = Callable[[np.ndarray], float]


@dataclass(frozen=True)
class Figure:
    """A figure of the table.

    Parameters
    ----------
    name : str
        Of its column.
    needs : tuple of str
        Names of the animals' scores that it is made of; lists give several columns. An animal that lacks one is
        left out.
    statistic : callable
        From a table (animals, columns) to the figure.
    of : str
        "tumour", "control" or "all": which animals.
    """

    name: str
    needs: tuple[str, ...]
    statistic: Statistic
    of: str = "all"


def pooled(figures: Sequence[Figure], scores: Scores, *, draws: int) -> dict[str, float | None]:
    """The figures by name; each with `_low` and `_high`, the ends of its 95 % interval over animals.

    Figures of which no animal has what they need are left out.
    """
    made: dict[str, float | None] = {}
    for figure in figures:
        table = table_of(figure, scores)
        if not len(table):
            continue
        found = bootstrap_interval(table, figure.statistic, draws=draws)
        ends = {figure.name: found.value, f"{figure.name}_low": found.low, f"{figure.name}_high": found.high}
        made |= {name: float(value) if np.isfinite(value) else None for name, value in ends.items()}
    return made


def table_of(figure: Figure, scores: Scores) -> np.ndarray:
    """What a figure is made of, (animals, columns)."""
    wanted = {"all": (True, False), "tumour": (True,), "control": (False,)}[figure.of]
    rows = []
    for animal in scores:
        values = [animal.get(name) for name in figure.needs]
        if animal["tumour"] in wanted and all(value is not None for value in values):
            rows.append(np.concatenate([np.atleast_1d(np.asarray(value, dtype=np.float64)) for value in values]))
    return np.array(rows)


def gain(table: np.ndarray) -> float:
    """Decibels by which the second column's summed error is below the first's."""
    first, second = table.sum(axis=0)
    return float(10 * np.log10(first / second)) if first > 0 and second > 0 else float("nan")


def psnr(table: np.ndarray) -> float:
    """Pooled PSNR of mean squared errors, greys of 255."""
    error = float(table[:, 0].mean())
    return float(10 * np.log10(255**2 / error)) if error > 0 else float("inf")


def share_of_way(table: np.ndarray) -> float:
    """Share of the decibels from copying (first column) to the ceiling (third) that the forecast (second) went."""
    copied, made, ceiling = table.sum(axis=0)
    way = np.log(copied / ceiling) if copied > 0 and ceiling > 0 else 0.0
    return float(np.log(copied / made) / way) if way > 0 else float("nan")


def worst_gain(table: np.ndarray) -> float:
    """The least gain of a single animal."""
    return float((10 * np.log10(table[:, 0] / table[:, 1])).min())


def mean(table: np.ndarray) -> float:
    """Mean over animals."""
    return float(table[:, 0].mean())


def mean_difference(table: np.ndarray) -> float:
    """Mean of the second column less the first."""
    return float((table[:, 1] - table[:, 0]).mean())


def ratio(table: np.ndarray) -> float:
    """Sum of the first column over the sum of the second."""
    return float(table[:, 0].sum() / table[:, 1].sum()) if table[:, 1].sum() else float("nan")


def dice(table: np.ndarray) -> float:
    """Pooled Dice of counts: common, said, come."""
    both, said, came = table.sum(axis=0)
    return float(2 * both / (said + came)) if said + came else float("nan")


def spread_over_skill(table: np.ndarray) -> float:
    """Root of summed variance over summed squared error."""
    variance, error = table.sum(axis=0)[:2]
    return float(np.sqrt(variance / error)) if error > 0 else float("nan")
