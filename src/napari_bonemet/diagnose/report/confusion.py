"""What was called what: the confusion matrix, and the shares that come of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Confusion", "confusion"]


@dataclass(frozen=True, eq=False)
class Confusion:
    """How many cases of each class were called each.

    Parameters
    ----------
    counts : ndarray, (classes, classes) int
        Rows are the truth, columns what was said.
    """

    counts: np.ndarray

    @property
    def accuracy(self) -> float:
        """Share of all cases that were called right (ACC of Xu et al., section 3.4.3)."""
        return _share(np.trace(self.counts), self.counts.sum())

    def recall(self, index: int) -> float:
        """Share of a class's cases that were called so (REC, sensitivity)."""
        return _share(self.counts[index, index], self.counts[index].sum())

    def precision(self, index: int) -> float:
        """Share of what was called so that is so (PRE)."""
        return _share(self.counts[index, index], self.counts[:, index].sum())

    def specificity(self, index: int) -> float:
        """Share of the other classes' cases that were not called so."""
        others = self.counts.sum() - self.counts[index].sum()
        called = self.counts[:, index].sum() - self.counts[index, index]
        return _share(others - called, others)

    def f1(self, index: int) -> float:
        """Harmonic mean of precision and recall; not a number where the class is neither there nor called."""
        both = self.counts[index].sum() + self.counts[:, index].sum()
        return _share(2 * self.counts[index, index], both)


def confusion(truth: Any, said: Any, classes: int) -> Confusion:
    """Count what was called what.

    Parameters
    ----------
    truth, said : array-like, (cases,) int
        Indices of the classes.
    classes : int
        How many there are.
    """
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (np.asarray(truth), np.asarray(said)), 1)
    return Confusion(counts)


def _share(part: Any, whole: Any) -> float:
    return float(part / whole) if whole else float("nan")
