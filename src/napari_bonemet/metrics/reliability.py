"""Whether what is said to be 30 % likely comes in 30 % of cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.metrics.ensemble import Ensemble

__all__ = ["Reliability", "reliability"]


@dataclass(frozen=True, eq=False)
class Reliability:
    """A reliability table; those of several animals with the same bins are added.

    Parameters
    ----------
    edges : ndarray, (bins + 1,)
        Bins of the probability that was said, from 0 to 1; each holds its lower edge, the last one both.
    cases : ndarray, (bins,) int64
        How many cases fell into each.
    said : ndarray, (bins,) float64
        Sum of their probabilities.
    came : ndarray, (bins,) float64
        In how many of them the event came.
    squared_error : float
        Sum over all cases of the squared distance between the probability and the event, 0 or 1.
    """

    edges: np.ndarray
    cases: np.ndarray
    said: np.ndarray
    came: np.ndarray
    squared_error: float

    def __add__(self, other: "Reliability") -> "Reliability":
        if not np.array_equal(self.edges, other.edges):
            raise InputError("Tables of different bins cannot be added")
        return Reliability(
            self.edges,
            self.cases + other.cases,
            self.said + other.said,
            self.came + other.came,
            self.squared_error + other.squared_error,
        )

    @property
    def mean_probability(self) -> np.ndarray:
        """Mean probability said in each bin; not a number where no case fell into it."""
        return _share(self.said, self.cases)

    @property
    def frequency(self) -> np.ndarray:
        """Share of each bin's cases in which the event came; not a number where there was none."""
        return _share(self.came, self.cases)

    @property
    def error(self) -> float:
        """Expected calibration error: distance of frequency from probability, mean over cases."""
        return float(np.abs(self.came - self.said).sum() / self.cases.sum()) if self.cases.sum() else float("nan")

    @property
    def brier(self) -> float:
        """Brier score: mean squared distance between probability and event."""
        return self.squared_error / float(self.cases.sum()) if self.cases.sum() else float("nan")

    @property
    def table(self) -> list[dict[str, float]]:
        """One row per bin that has cases: its edges, cases, mean probability and frequency."""
        return [
            {"from": float(low), "to": float(high), "cases": int(n), "probability": float(p), "frequency": float(f)}
            for low, high, n, p, f in zip(
                self.edges[:-1], self.edges[1:], self.cases, self.mean_probability, self.frequency, strict=True
            )
            if n
        ]


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def reliability(probability: Any, event: Any, bins: int | Sequence[float] = 10, where: Any = None) -> Reliability:
    """Sort cases by the probability that was said, and count in how many the event came.

    Parameters
    ----------
    probability : array-like or Scan, (...)
        0 to 1.
    event : array-like of bool, (...)
        Whether it came.
    bins : int or sequence of float
        How many of equal width, or their edges from 0 to 1.
    where : array-like of bool, (...), optional
        Which cases count; all without.

    Raises
    ------
    InputError
        When the shapes differ, no case counts, a probability is not in 0 to 1, or the bins cannot be used.
    """
    edges = np.linspace(0, 1, bins + 1) if isinstance(bins, int) else np.asarray(bins, dtype=np.float64)
    if len(edges) < 2 or edges[0] != 0 or edges[-1] != 1 or (np.diff(edges) <= 0).any():
        raise InputError("The bins cannot be used", expected="edges that rise from 0 to 1", found=f"{bins}")
    count = len(edges) - 1
    made = Reliability(edges, np.zeros(count, np.int64), np.zeros(count), np.zeros(count), 0.0)
    for piece in Ensemble([probability], event, where).pieces():
        (said,), came = piece.counted
        if said.size and not (said.min() >= 0 and said.max() <= 1):
            raise InputError("These are no probabilities", expected="0 to 1", found=f"{said.min()} to {said.max()}")
        at = np.clip(np.searchsorted(edges, said, side="right") - 1, 0, count - 1)
        cases, sums, events = (np.bincount(at, weights, count) for weights in (None, said, came))
        made += Reliability(edges, cases.astype(np.int64), sums, events, float(np.square(said - came).sum()))
    return made
