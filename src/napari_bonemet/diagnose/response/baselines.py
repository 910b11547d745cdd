"""What the response network has to be better than: a threshold on one measure, and a logistic regression on a few."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import optimize
from scipy.special import expit

from napari_bonemet.diagnose.response.cases import ResponseCase

_PENALTY = 0.01


class Baseline(ABC):
    """A rule that is fitted to legs and then says of others how probable a response is."""

    title: ClassVar[str]

    @classmethod
    @abstractmethod
    def fit(cls, cases: Sequence[ResponseCase]) -> Self:
        """The rule that suits these legs best."""

    @abstractmethod
    def probability(self, cases: Sequence[ResponseCase]) -> np.ndarray:
        """Of a response in each leg, (n,)."""


@dataclass(frozen=True, eq=False)
class Logistic(Baseline):
    """Logistic regression on each week's change of bone volume and of the bone's grey, with a light penalty.

    Both kinds of legs weigh alike, as in the network's training.
    """

    title: ClassVar[str] = "logistic regression on bone volume and grey, every week"

    mean: np.ndarray
    scale: np.ndarray
    weights: np.ndarray

    @classmethod
    def fit(cls, cases: Sequence[ResponseCase]) -> Self:
        """Weights of the least cross-entropy."""
        table, sign = cls._table(cases), np.where([case.responds for case in cases], 1.0, -1.0)
        mean, scale = table.mean(axis=0), table.std(axis=0) + 1e-9
        x = np.column_stack([(table - mean) / scale, np.ones(len(table))])
        share = np.where(sign > 0, 0.5 / max((sign > 0).sum(), 1), 0.5 / max((sign < 0).sum(), 1))

        def cost(weights: np.ndarray) -> float:
            return float(share @ np.logaddexp(0, -sign * (x @ weights)) + _PENALTY * np.sum(weights[:-1] ** 2))

        return cls(mean, scale, optimize.minimize(cost, np.zeros(x.shape[1])).x)

    def probability(self, cases: Sequence[ResponseCase]) -> np.ndarray:
        """Of a response in each leg, (n,)."""
        x = (self._table(cases) - self.mean) / self.scale
        return np.asarray(expit(x @ self.weights[:-1] + self.weights[-1]))

    @classmethod
    def _table(cls, cases: Sequence[ResponseCase]) -> np.ndarray:
        return np.array([case.bone.row for case in cases])


class VolumeThreshold(Logistic):
    """A threshold on the change of bone volume from the first to the last week.

    Its probability is one half at the threshold, which is where both kinds of legs balance.
    """

    title: ClassVar[str] = "bone volume, first to last week, with a threshold"

    @classmethod
    def _table(cls, cases: Sequence[ResponseCase]) -> np.ndarray:
        return np.array([[case.bone.kept] for case in cases])


BASELINES: tuple[type[Baseline], ...] = (VolumeThreshold, Logistic)
