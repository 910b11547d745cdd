"""Ridge regression from sums alone, so that any number of legs fits in memory, and its penalty by cross-validation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
from scipy import linalg

# The infinite one tells 0 always, so what is chosen is never worse on the held-out folds than that.
PENALTIES = (*(float(10.0**exponent) for exponent in np.arange(-8.0, 1.01, 0.5)), math.inf)


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """Sums over samples of features x (p of them, the last one constant 1) and of the value y to be told.

    Parameters
    ----------
    gram : ndarray, (p, p), float64
        Sum of x xᵀ.
    moment : ndarray, (p,), float64
        Sum of x y.
    squares : float
        Sum of y².
    count : int
        Number of samples.
    """

    gram: np.ndarray
    moment: np.ndarray
    squares: float
    count: int

    @classmethod
    def of(cls, features: np.ndarray, values: np.ndarray) -> "NormalEquations":
        """The sums of features (n, p - 1), to which the constant is added, and values (n,)."""
        x = np.column_stack([np.asarray(features, dtype=np.float64), np.ones(len(features))])
        y = np.asarray(values, dtype=np.float64)
        return cls(x.T @ x, x.T @ y, float(y @ y), len(y))

    def __add__(self, other: "NormalEquations") -> "NormalEquations":
        return NormalEquations(
            self.gram + other.gram, self.moment + other.moment, self.squares + other.squares, self.count + other.count
        )

    def solve(self, penalty: float) -> np.ndarray:
        """Coefficients (p,), the constant last, that minimise mean squared error + penalty x sum of squares.

        The constant is not penalised, unless the penalty is infinite: then all are 0.
        """
        if math.isinf(penalty):
            return np.zeros_like(self.moment)
        ridge = np.full(len(self.moment), penalty)
        ridge[-1] = 0.0
        matrix = self.gram / self.count + np.diag(ridge)
        # Least squares, since features that never vary (one grey everywhere) leave the matrix singular.
        solution: np.ndarray = linalg.lstsq(matrix, self.moment / self.count)[0]
        return solution

    def error(self, coefficients: np.ndarray) -> float:
        """Mean squared error of coefficients (p,) on these samples."""
        total = self.squares - 2 * coefficients @ self.moment + coefficients @ self.gram @ coefficients
        return max(0.0, float(total)) / self.count


@dataclass(frozen=True)
class PenaltyChoice:
    """The penalty whose error on what was held out is least.

    Parameters
    ----------
    penalty : float
        The chosen one.
    held_out_error, null_error : float
        Mean squared error over all held-out folds, with it, and of telling 0 always.
    tried : tuple of (penalty, error)
        All of them.
    """

    penalty: float
    held_out_error: float
    null_error: float
    tried: tuple[tuple[float, float], ...]


def choose_penalty(folds: Sequence[NormalEquations], penalties: Sequence[float] = PENALTIES) -> PenaltyChoice:
    """Leave out each fold once, fit the rest, and take the penalty with the least error on what was left out.

    Parameters
    ----------
    folds : sequence of NormalEquations
        At least two, independent of each other: one or several animals each.
    penalties : sequence of float
        Those to try; of equals the larger wins.
    """
    rests = [reduce(add, [f for j, f in enumerate(folds) if j != i]) for i in range(len(folds))]
    count = sum(fold.count for fold in folds)

    def held_out(penalty: float) -> float:
        pairs = zip(folds, rests, strict=True)
        return sum(fold.error(rest.solve(penalty)) * fold.count for fold, rest in pairs) / count

    tried = tuple((penalty, held_out(penalty)) for penalty in penalties)
    error, _, penalty = min((error, -penalty, penalty) for penalty, error in tried)
    return PenaltyChoice(penalty, error, sum(fold.squares for fold in folds) / count, tried)
