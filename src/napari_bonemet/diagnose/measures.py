"""How good a classifier is: area under the curve, and the shares that it tells right."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import optimize, stats

from napari_bonemet.errors import InputError


def area_under_curve(scores: np.ndarray, lesion: np.ndarray, weeks: Sequence[float | None] | None = None) -> float:
    """Area under the receiver operating characteristic.

    The chance that a scan with a lesion, drawn at random, gets a higher score than one without; ties count half.

    Parameters
    ----------
    scores : ndarray, (n,)
        Any measure that grows with the suspicion.
    lesion : ndarray, (n,) bool
        Whether there is one.
    weeks : sequence, optional
        The week of each: only scans of one week are held against each other, so that nothing is gained by telling
        how old a scan is. Where no week has scans of both kinds, all are held against each other.

    Raises
    ------
    InputError
        When the scans are all of one kind.
    """
    scores, lesion = np.asarray(scores), np.asarray(lesion, dtype=bool)
    if lesion.all() or not lesion.any():
        raise InputError(
            "The area under the curve needs scans with and without a lesion",
            found=f"{lesion.sum()} with and {(~lesion).sum()} without",
        )
    groups = [np.array([week == other for other in weeks]) for week in dict.fromkeys(weeks)] if weeks else []
    both = [group for group in groups if lesion[group].any() and not lesion[group].all()]
    won, pairs = 0.0, 0
    for group in both or [np.ones(len(scores), dtype=bool)]:
        ill, well = scores[group & lesion], scores[group & ~lesion]
        won += float(stats.mannwhitneyu(ill, well).statistic)
        pairs += len(ill) * len(well)
    return won / pairs


def shares(probabilities: np.ndarray, lesion: np.ndarray, at: float = 0.5) -> Mapping[str, float | None]:
    """Accuracy, sensitivity, specificity of the verdict "at least `at`"; None where there is nothing to tell right."""
    lesion = np.asarray(lesion, dtype=bool)
    right = (np.asarray(probabilities) >= at) == lesion
    return {
        "accuracy": float(right.mean()) if right.size else None,
        "sensitivity": float(right[lesion].mean()) if lesion.any() else None,
        "specificity": float(right[~lesion].mean()) if not lesion.all() else None,
    }


def calibration(scores: np.ndarray, lesion: np.ndarray) -> tuple[float, float]:
    """Factor and shift that make log odds fit a set of scans: the least cross-entropy (Platt scaling).

    Parameters
    ----------
    scores : ndarray, (n,)
        Log odds.
    lesion : ndarray, (n,) bool
        Whether there is a lesion.

    Returns
    -------
    factor, shift : float
        ``factor * scores + shift`` are the calibrated log odds, as if there were as many scans with a lesion as
        without. The factor is positive, so that no order changes; a scan counts as ``(n + 1) / (n + 2)`` ill or well
        (Platt 1999, here with n of the rarer kind), which keeps both finite where no scan is told wrong.
    """
    lesion = np.asarray(lesion, dtype=bool)
    ill, well = lesion.sum(), (~lesion).sum()
    fewer = min(ill, well)
    target = np.where(lesion, fewer + 1, 1) / (fewer + 2)
    weight = np.where(lesion, 0.5 / ill, 0.5 / well)

    def cost(at: np.ndarray) -> float:
        log_odds = np.exp(at[0]) * scores + at[1]
        return float(np.sum(weight * (np.logaddexp(0, log_odds) - target * log_odds)))

    found = optimize.minimize(
        cost, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-7, "maxiter": 4000}
    )
    return float(np.exp(np.clip(found.x[0], -6, 6))), float(found.x[1])
