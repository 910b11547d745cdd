"""Lost bone per animal: whether the samples know how much, and how sure they may be of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from napari_bonemet.forecast.benchmark.pooling import Figure, Scores, mean, spread_over_skill
from napari_bonemet.metrics.probabilistic import interval_coverage, spread_skill_sums

LEVEL = 0.9


def correlation(table: np.ndarray) -> float:
    """Pearson's, of the samples' mean with what came, over animals."""
    true, made = table.T
    if len(table) < 3 or true.std() == 0 or made.std() == 0:
        return float("nan")
    return float(np.corrcoef(true, made)[0, 1])


def share(table: np.ndarray) -> float:
    """Mean of the second column over the mean of the first."""
    first, second = table.mean(axis=0)
    return float(second / first) if first > 0 else float("nan")


def median_ratio(table: np.ndarray) -> float:
    """Median over animals of the second column over the first."""
    sound = table[table[:, 0] > 0]
    return float(np.median(sound[:, 1] / sound[:, 0])) if len(sound) else float("nan")


_MEANS, _VARIANCES = ("lost_true_mm3", "lost_mean_mm3"), ("true_lost_variance", "lost_variance")

LOST = (
    Figure("lost_correlation", _MEANS, correlation, "tumour"),
    Figure("lost_of_true", _MEANS, share, "tumour"),
    Figure("lost_spread_skill", ("lost_spread",), spread_over_skill),
    Figure("lost_spread_skill_tumour", ("lost_spread",), spread_over_skill, "tumour"),
    Figure("lost_coverage_90", ("lost_within",), mean),
    Figure("lost_coverage_90_tumour", ("lost_within",), mean, "tumour"),
    Figure("lost_spread_skill_calibrated", ("lost_spread_calibrated",), spread_over_skill),
    Figure("lost_coverage_90_calibrated", ("lost_within_calibrated",), mean),
    Figure("lost_variance_ratio_calibrated", ("true_lost_variance", "lost_variance_calibrated"), share, "tumour"),
    Figure("lost_variance_ratio", _VARIANCES, share, "tumour"),
    Figure("lost_variance_ratio_median", _VARIANCES, median_ratio, "tumour"),
)


def with_lost(scores: Scores, futures: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    """The animals' scores, with what their samples say of lost bone, beside what came and what else could have come.

    Parameters
    ----------
    scores : sequence of mapping
        Of animals.
    futures : mapping of animal to sequence of float
        Bone that its true futures lose, mm³; of some animals or none.
    """
    return [{**animal, **_of(animal, futures.get(str(animal["animal"]), ()))} for animal in scores]


def _of(animal: Mapping[str, Any], true_futures: Sequence[float]) -> dict[str, Any]:
    drawn, came = np.asarray(animal["lost_mm3"]), animal["lost_true_mm3"]
    made: dict[str, Any] = {"lost_mean_mm3": float(drawn.mean())}
    if len(drawn) < 2:
        return made
    made |= _spread(drawn, came, "")
    if "lost_calibrated_mm3" in animal:
        made |= _spread(np.asarray(animal["lost_calibrated_mm3"]), came, "_calibrated")
    if len(true_futures) > 1:
        made["true_lost_variance"] = float(np.var(true_futures, ddof=1))
    return made


def _spread(drawn: np.ndarray, came: float, which: str) -> dict[str, Any]:
    sums = spread_skill_sums(drawn[:, None], np.array([came]))
    return {
        f"lost_spread{which}": [sums.variance, sums.squared_error],
        f"lost_within{which}": interval_coverage(drawn[None], [came], LEVEL),
        f"lost_variance{which}": float(drawn.var(ddof=1)),
    }
