"""Simple statistics over weeks: each animal with itself at the baseline, and groups with each other in each week.

The animal is what is counted: the legs of one animal in one group are averaged first. Effects are Hedges' g with an
exact interval (Hedges and Olkin 1985; Cumming and Finch 2001, noncentral t), p values are corrected by Holm (1979).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Annotated, Literal

from napari_bonemet.morphometry.catalogue import BY_SYMBOL
from napari_bonemet.morphometry.cohort.comparing import Comparison, Test, compare_groups, compare_pairs, holm
from napari_bonemet.morphometry.cohort.weekly import WeeklyTable
from napari_bonemet.options import Between, Doc, Options

__all__ = ["Comparison", "StatisticsOptions", "compare_weeks", "method_in_words", "per_animal"]


@dataclass(frozen=True)
class StatisticsOptions(Options):
    """How weeks and groups are compared."""

    tests: Annotated[
        Literal["t", "ranks"],
        Doc("Paired and Welch's t test, or Wilcoxon's signed ranks and Mann and Whitney's ranks."),
    ] = "t"
    confidence: Annotated[float, Doc("Of the intervals."), Between(0.5, 0.999)] = 0.95
    correct_over: Annotated[
        Literal["measures", "everything"],
        Doc("Holm's correction: over the measures of one comparison, or over all comparisons of its kind."),
    ] = "measures"


def compare_weeks(table: WeeklyTable, options: StatisticsOptions | None = None) -> tuple[Comparison, ...]:
    """Compare each later week with the baseline within animals, and the groups in each week.

    Groups are compared twice: by the measure itself, and by its change since the baseline, which leaves out how the
    animals differed before. What cannot be compared is there too, with the reason.

    Parameters
    ----------
    table : WeeklyTable
        Values of all legs.
    options : StatisticsOptions, optional
        Which tests.

    Returns
    -------
    tuple of Comparison
        By kind, then week, groups and measure.
    """
    options = options or StatisticsOptions()
    every = [*_within(table, options), *_between(table, options, change=False), *_between(table, options, change=True)]
    families: dict[tuple[object, ...], list[int]] = {}
    for number, each in enumerate(every):
        whole = options.correct_over == "everything"
        family = (each.kind,) if whole else (each.kind, each.week, each.group, each.other)
        families.setdefault(family, []).append(number)
    for members in families.values():
        for number, corrected, count in holm([(number, every[number].p) for number in members]):
            every[number] = replace(every[number], p_holm=corrected, corrected_over=count)
    return tuple(every)


def method_in_words(options: StatisticsOptions | None = None) -> str:
    """What was done, as sentences for a report."""
    options = options or StatisticsOptions()
    paired, groups = (
        ("a paired t test", "Welch's t test")
        if options.tests == "t"
        else ("Wilcoxon's signed rank test", "the Mann-Whitney U test")
    )
    over = (
        "the measures of one comparison (one week, one pair of groups); not over weeks and pairs of groups"
        if options.correct_over == "measures"
        else "all measures, weeks and groups of one kind of comparison"
    )
    return (
        f"Within animals: each week with the baseline, by {paired}. Between groups: by {groups}, of the measure and of "
        f"its change since the baseline. n counts animals; legs of one animal in one group are averaged. Effect: "
        f"Hedges' g (groups: difference over the pooled SD; within animals: mean over the SD of the differences), "
        f"with a {100 * options.confidence:g} % interval. All tests two-sided; p Holm is corrected over {over}."
    )


def per_animal(
    table: WeeklyTable, group: str, week: float, symbol: str, *, change: Literal["absolute", "percent"] | None = None
) -> dict[str, float]:
    """A measure, or its change since the baseline, of each animal of a group; of two legs the mean."""
    found: dict[str, list[float]] = {}
    for row in table.rows:
        if row.group == group and row.week == week:
            value = table.value(row.leg, week, symbol)
            if change is not None:
                value = table.change(row.leg, week, symbol, percent=change == "percent")
            if value is not None:
                found.setdefault(row.animal, []).append(value)
    return {animal: sum(values) / len(values) for animal, values in found.items()}


def _within(table: WeeklyTable, options: StatisticsOptions) -> Iterator[Comparison]:
    test: Test = "paired t" if options.tests == "t" else "Wilcoxon signed rank"
    for week in table.weeks:
        for group in table.groups if week != table.baseline else ():
            for measure in table.measures:
                pairs = _pairs(table, group, week, measure.symbol)
                about = Comparison("week with baseline", measure, week, table.baseline, group, "", test)
                yield compare_pairs(about, [a for a, _ in pairs], [b for _, b in pairs], options.confidence)


def _pairs(table: WeeklyTable, group: str, week: float, symbol: str) -> Sequence[tuple[float, float]]:
    """Baseline and week of each animal, from legs that have both."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in table.rows:
        if row.group == group and row.week == week:
            before, now = table.value(row.leg, table.baseline, symbol), table.value(row.leg, week, symbol)
            if before is not None and now is not None:
                found.setdefault(row.animal, []).append((before, now))
    return [(sum(b for b, _ in v) / len(v), sum(n for _, n in v) / len(v)) for v in found.values()]


def _between(table: WeeklyTable, options: StatisticsOptions, *, change: bool) -> Iterator[Comparison]:
    test: Test = "Welch t" if options.tests == "t" else "Mann-Whitney U"
    for week in table.weeks:
        for one, other in combinations(table.groups, 2) if not (change and week == table.baseline) else ():
            for symbol in (measure.symbol for measure in table.measures):
                first = per_animal(table, one, week, symbol, change="absolute" if change else None)
                second = per_animal(table, other, week, symbol, change="absolute" if change else None)
                about = Comparison(
                    "change between groups" if change else "between groups",
                    BY_SYMBOL[symbol],
                    week,
                    table.baseline,
                    one,
                    other,
                    test,
                )
                shared = set(first) & set(second)
                yield compare_groups(about, first, second, options.confidence, shared=shared)
