"""Lost bone per animal: whether the samples know how much, and how sure they may be of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from napari_bonemet.forecast.benchmark.pooling import Figure, Scores
from napari_bonemet.metrics.probabilistic import interval_coverage, scalar_spread_skill

LEVEL = 0.9


def correlation(table: np.ndarray) -> float:
    """Pearson's, of the samples' means (all columns but the first) with what came (the first), over animals."""
    true, made = table[:, 0], table[:, 1:].mean(axis=1)
    if len(table) < 3 or true.std() == 0 or made.std() == 0:
        return float("nan")
    return float(np.corrcoef(true, made)[0, 1])


def bias(table: np.ndarray) -> float:
    """Mean lost bone of the samples over the mean that came."""
    came = float(table[:, 0].mean())
    return float(table[:, 1:].mean() / came) if came else float("nan")


def spread_skill(table: np.ndarray) -> float:
    """Spread over skill of lost bone."""
    return scalar_spread_skill(table[:, 1:], table[:, 0]) if table.shape[1] > 2 else float("nan")


def coverage(table: np.ndarray) -> float:
    """Share of animals whose lost bone lies in the samples' 90 % interval."""
    return interval_coverage(table[:, 1:], table[:, 0], LEVEL) if table.shape[1] > 2 else float("nan")


def variance_ratio(table: np.ndarray) -> float:
    """Mean variance of the samples (first column) over that of the true futures (second)."""
    return float(table[:, 0].mean() / table[:, 1].mean()) if table[:, 1].mean() > 0 else float("nan")


LOST = (
    Figure("lost_correlation", ("lost_true_mm3", "lost_mm3"), correlation),
    Figure("lost_of_true", ("lost_true_mm3", "lost_mm3"), bias, "tumour"),
    Figure("lost_spread_skill", ("lost_true_mm3", "lost_mm3"), spread_skill),
    Figure("lost_coverage_90", ("lost_true_mm3", "lost_mm3"), coverage),
    Figure("lost_variance_ratio", ("lost_variance", "true_lost_variance"), variance_ratio, "tumour"),
    Figure("lost_variance_ratio_median", ("lost_variance", "true_lost_variance"), lambda t: _median(t), "tumour"),
)


def _median(table: np.ndarray) -> float:
    sound = table[table[:, 1] > 0]
    return float(np.median(sound[:, 0] / sound[:, 1])) if len(sound) else float("nan")


def with_true_variance(scores: Scores, futures: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    """The animals' scores, with the variance of their samples' lost bone and of that of their true futures."""
    made = []
    for animal in scores:
        lost, true = animal["lost_mm3"], futures.get(str(animal["animal"]), ())
        more: dict[str, float] = {}
        if len(lost) > 1 and len(true) > 1:
            more = {"lost_variance": float(np.var(lost, ddof=1)), "true_lost_variance": float(np.var(true, ddof=1))}
        made.append({**animal, **more})
    return made
