"""Two samples compared: difference and effect with intervals, a named test, or the reason why not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from napari_bonemet.morphometry.catalogue import Measure
from napari_bonemet.morphometry.cohort.effects import hedges_g, interval_of_g

Test = Literal["paired t", "Wilcoxon signed rank", "Welch t", "Mann-Whitney U"]
Kind = Literal["week with baseline", "between groups", "change between groups"]

# Fewer cannot reach p < 0.05, whatever they measure: ranks of 5 pairs end at 0.0625, of 3 and 3 at 0.1.
LEAST: Mapping[Test, int] = {"paired t": 3, "Welch t": 3, "Wilcoxon signed rank": 6, "Mann-Whitney U": 4}


@dataclass(frozen=True)
class Comparison:
    """One measure compared between two weeks or two groups.

    Parameters
    ----------
    kind : str
        "week with baseline" (within animals), "between groups", "change between groups".
    measure : Measure
        What is compared.
    week, baseline : float
        The week, and the one that changes are counted from.
    group, other : str
        The groups; `other` is empty within animals.
    test : str
        Its name.
    n, n_other : int
        Animals; within animals both count the pairs.
    mean, sd, mean_other, sd_other : float or None
        Of `group` and `other`; within animals of the week, and of the baseline.
    difference, low, high : float or None
        Of the means, in the measure's unit, with its interval: `other` less `group`, or week less baseline.
    effect, effect_low, effect_high : float or None
        Hedges' g with its interval.
    statistic, p, p_holm : float or None
        The test's statistic, its p value, and the corrected one.
    corrected_over : int
        How many tests the correction is over.
    reason : str
        Why there is no p value.
    """

    kind: Kind
    measure: Measure
    week: float
    baseline: float
    group: str
    other: str
    test: Test
    n: int = 0
    n_other: int = 0
    mean: float | None = None
    sd: float | None = None
    mean_other: float | None = None
    sd_other: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    effect: float | None = None
    effect_low: float | None = None
    effect_high: float | None = None
    statistic: float | None = None
    p: float | None = None
    p_holm: float | None = None
    corrected_over: int = 0
    reason: str = ""

    def as_row(self) -> dict[str, object]:
        """One row of the table of statistics."""
        row = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "measure"}
        return {"kind": row.pop("kind"), "measure": self.measure.symbol, "unit": self.measure.unit, **row}


def compare_pairs(about: Comparison, before: Sequence[float], after: Sequence[float], confidence: float) -> Comparison:
    """Compare the values of one animal in two weeks, animal by animal.

    Parameters
    ----------
    about : Comparison
        What is compared, by which test.
    before, after : sequence of float
        One pair per animal.
    """
    from scipy import stats

    one, two = np.asarray(before, float), np.asarray(after, float)
    n = len(one)
    told = _described(about, two, one)
    gained = two - one
    if reason := _too_few(about.test, n, n, "pairs") or _flat(gained):
        return replace(told, reason=reason)
    half = float(stats.t.ppf(0.5 + confidence / 2, n - 1) * gained.std(ddof=1) / np.sqrt(n))
    if about.test == "paired t":
        found = stats.ttest_rel(two, one)
    else:
        found = stats.wilcoxon(gained, zero_method="pratt", method="auto")
    mean = float(gained.mean())
    g = mean / float(gained.std(ddof=1))
    low, high = interval_of_g(g, n, n - 1, confidence)
    return replace(
        told,
        low=mean - half,
        high=mean + half,
        effect=hedges_g(g, n - 1),
        effect_low=low,
        effect_high=high,
        statistic=float(found.statistic),
        p=float(found.pvalue),
    )


def compare_groups(
    about: Comparison,
    first: Mapping[str, float],
    second: Mapping[str, float],
    confidence: float,
    *,
    shared: set[str],
) -> Comparison:
    """Compare two groups of animals.

    Parameters
    ----------
    first, second : mapping of animal to value
        Of `about.group` and `about.other`.
    shared : set of str
        Animals with a leg in each group, which makes the groups no independent samples.
    """
    from scipy import stats

    one, two = np.array([*first.values()], float), np.array([*second.values()], float)
    told = _described(about, one, two)
    if one.size and two.size:
        told = replace(told, difference=float(two.mean() - one.mean()))
    reason = f"{len(shared)} animals have a leg in each group, which are no independent samples" if shared else ""
    reason = reason or _too_few(about.test, one.size, two.size, "animals in each group") or _both_flat(one, two)
    if reason:
        return replace(told, reason=reason)
    welch = stats.ttest_ind(two, one, equal_var=False)
    interval = welch.confidence_interval(confidence)
    found = welch if about.test == "Welch t" else stats.mannwhitneyu(two, one, alternative="two-sided")
    freedom = one.size + two.size - 2
    pooled = np.sqrt(((one.size - 1) * one.var(ddof=1) + (two.size - 1) * two.var(ddof=1)) / freedom)
    d = float((two.mean() - one.mean()) / pooled)
    low, high = interval_of_g(d, one.size * two.size / (one.size + two.size), freedom, confidence)
    return replace(
        told,
        low=float(interval.low),
        high=float(interval.high),
        effect=hedges_g(d, freedom),
        effect_low=low,
        effect_high=high,
        statistic=float(found.statistic),
        p=float(found.pvalue),
    )


def holm(found: Sequence[tuple[int, float | None]]) -> Iterator[tuple[int, float, int]]:
    """Holm's step-down correction of the p values there are: number, corrected value, how many it is over."""
    there = sorted(((p, number) for number, p in found if p is not None))
    largest = 0.0
    for rank, (p, number) in enumerate(there):
        largest = max(largest, min(1.0, (len(there) - rank) * p))
        yield number, largest, len(there)


def _described(about: Comparison, values: np.ndarray, others: np.ndarray) -> Comparison:
    told = replace(about, n=values.size, n_other=others.size, mean=_mean(values), mean_other=_mean(others))
    told = replace(told, sd=_sd(values), sd_other=_sd(others))
    both = told.mean is not None and told.mean_other is not None
    return replace(told, difference=float(values.mean() - others.mean()) if both else None)


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if values.size else None


def _sd(values: np.ndarray) -> float | None:
    return float(values.std(ddof=1)) if values.size > 1 else None


def _too_few(test: Test, one: int, two: int, what: str) -> str:
    least = LEAST[test]
    if min(one, two) >= least:
        return ""
    there = f"{one}" if what == "pairs" else f"{one} and {two}"
    return f"too few: {test} needs {least} {what}, there are {there}"


def _flat(values: np.ndarray) -> str:
    largest = float(np.abs(values).max())
    if largest == 0:
        return "no animal changed"
    return "all animals changed by the same amount" if float(np.ptp(values)) <= 1e-12 * largest else ""


def _both_flat(one: np.ndarray, two: np.ndarray) -> str:
    largest = max(1e-300, float(np.abs(np.concatenate([one, two])).max()))
    flat = max(float(np.ptp(one)), float(np.ptp(two))) <= 1e-12 * largest
    return "the animals of each group all have the same value" if flat else ""
