"""Logistic regression on a few measures: what a network has to be better than."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import optimize
from scipy.special import expit

__all__ = ["LogisticRule"]

_PENALTY = 0.01


@dataclass(frozen=True, eq=False)
class LogisticRule:
    """Weights of standardised measures, with a light penalty; both kinds of cases weigh alike.

    Parameters
    ----------
    mean, scale : ndarray, (measures,)
        Of the cases that it was fitted to.
    weights : ndarray, (measures + 1,)
        The last one is the shift.
    """

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray

    @classmethod
    def fit(cls, table: Any, truth: Any) -> Self:
        """Weights of the least cross-entropy.

        Parameters
        ----------
        table : array-like, (cases, measures)
            The measures.
        truth : array-like of bool, (cases,)
            Both kinds have to be there.
        """
        table, truth = np.asarray(table, dtype=np.float64), np.asarray(truth, dtype=bool)
        mean, scale = table.mean(axis=0), table.std(axis=0) + 1e-9
        x = np.column_stack([(table - mean) / scale, np.ones(len(table))])
        sign, share = np.where(truth, 1.0, -1.0), np.where(truth, 0.5 / truth.sum(), 0.5 / (~truth).sum())

        def cost(weights: np.ndarray) -> float:
            return float(share @ np.logaddexp(0, -sign * (x @ weights)) + _PENALTY * np.sum(weights[:-1] ** 2))

        return cls(mean, scale, optimize.minimize(cost, np.zeros(x.shape[1])).x)

    def probability(self, table: Any) -> np.ndarray:
        """Of yes for each case, (cases,)."""
        x = (np.asarray(table, dtype=np.float64) - self.mean) / self.scale
        return np.asarray(expit(x @ self.weights[:-1] + self.weights[-1]))
