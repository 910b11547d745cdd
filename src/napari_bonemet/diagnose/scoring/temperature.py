"""Temperature scaling: one number that takes away a network's excess of certainty, and changes no verdict."""

import numpy as np
from scipy import optimize

from napari_bonemet.errors import InputError


def temperature(log_odds: np.ndarray, ill: np.ndarray) -> float:
    """The temperature T for which ``log_odds / T`` has the least cross-entropy (Guo et al. 2017, section 4.2).

    Parameters
    ----------
    log_odds : ndarray, (n,)
        What a classifier says of scans that it did not learn from.
    ill : ndarray, (n,) bool
        What is true.

    Returns
    -------
    float
        Above 1 it was too sure of itself, below 1 not sure enough; within 0.02 and 50.

    Raises
    ------
    InputError
        When there is no scan, or a value is no finite number.
    """
    log_odds, ill = np.asarray(log_odds, dtype=np.float64), np.asarray(ill, dtype=bool)
    if not len(log_odds) or len(log_odds) != len(ill) or not np.all(np.isfinite(log_odds)):
        raise InputError("A temperature needs log odds and what is true", found=f"{len(log_odds)} and {len(ill)}")
    signed = np.where(ill, log_odds, -log_odds)

    def cost(at: float) -> float:
        return float(np.logaddexp(0, -signed * np.exp(-at)).mean())

    found = optimize.minimize_scalar(cost, bounds=(np.log(0.02), np.log(50)), method="bounded")
    return float(np.exp(found.x))
