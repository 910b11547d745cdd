"""Hedges' g and its interval.

Hedges and Olkin, Statistical Methods for Meta-Analysis, 1985, chapter 5; the interval by the noncentral t distribution,
as Cumming and Finch, Educ Psychol Meas 2001, 61:532-574 describe it.
"""

import math
from functools import lru_cache

import numpy as np

# scipy's noncentral t gives NaN beyond t of about 40, which a measure that hardly varies reaches.
_SPREADS = 4000


def hedges_g(d: float, freedom: int) -> float:
    """A standardised difference without the bias of small samples.

    Parameters
    ----------
    d : float
        Difference over standard deviation.
    freedom : int
        Degrees of freedom of that standard deviation.
    """
    return d * _unbiased(freedom)


def interval_of_g(d: float, size: float, freedom: int, confidence: float) -> tuple[float, float]:
    """The interval of Hedges' g.

    Parameters
    ----------
    d : float
        Difference over standard deviation.
    size : float
        What makes it a t value: t is d times the root of `size`. The number of pairs, or n1 n2 / (n1 + n2).
    freedom : int
        Degrees of freedom.
    confidence : float
        0.95, say.

    Returns
    -------
    low, high : float
    """
    t = d * math.sqrt(size)
    scale = _unbiased(freedom) / math.sqrt(size)
    return _centre(t, freedom, 0.5 + confidence / 2) * scale, _centre(t, freedom, 0.5 - confidence / 2) * scale


def _unbiased(freedom: int) -> float:
    half = freedom / 2
    return math.exp(math.lgamma(half) - math.lgamma(half - 0.5)) / math.sqrt(half)


def _centre(t: float, freedom: int, share: float) -> float:
    """The noncentrality under which a t value this large or smaller has the probability `share`."""
    from scipy.optimize import brentq
    from scipy.special import ndtr

    spreads = _spreads(freedom)

    def off(centre: float) -> float:
        return float(ndtr(t * spreads - centre).mean()) - share

    reach = 10.0 + abs(t) * float(spreads[-1])
    return float(brentq(off, -reach, reach, xtol=1e-9 * reach))


@lru_cache(maxsize=64)
def _spreads(freedom: int) -> np.ndarray:
    """Equally likely standard deviations of samples, over the true one, (n,)."""
    from scipy.stats import chi2

    shares = (np.arange(_SPREADS) + 0.5) / _SPREADS
    return np.sqrt(chi2.ppf(shares, freedom) / freedom)
