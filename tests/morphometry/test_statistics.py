import numpy as np
import pytest
from scipy import stats

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.cohort.comparing import holm
from napari_bonemet.morphometry.cohort.effects import hedges_g, interval_of_g
from napari_bonemet.morphometry.cohort.statistics import Comparison, StatisticsOptions, compare_weeks, method_in_words
from napari_bonemet.morphometry.cohort.weekly import WeeklyTable, weekly_table

CONTROLS = {"c1": (10.0, 9.5), "c2": (11.0, 11.2), "c3": (9.0, 8.1), "c4": (10.5, 10.4)}
TUMOURS = {"t1": (10.2, 6.0), "t2": (9.8, 4.4), "t3": (11.1, 7.0), "t4": (10.0, 5.1), "t5": (9.1, 6.3)}


def table_of(measured, *, controls=CONTROLS, tumours=TUMOURS, sides=("left",)) -> WeeklyTable:
    groups, made = {}, []
    for name, animals in (("no tumour", controls), ("tumour", tumours)):
        for animal, values in animals.items():
            for side in sides:
                groups[animal, side, "tibia"] = name
                made += [
                    measured(animal, week, {"BV/TV": value, "Tb.Th": value / 200, "SMI": 1.0}, side=side)
                    for week, value in zip((0, 3), values, strict=True)
                ]
    return weekly_table(made, groups)


def found(every: tuple[Comparison, ...], kind: str, group: str = "no tumour", symbol: str = "BV/TV", week: float = 3):
    (one,) = [c for c in every if (c.kind, c.group, c.measure.symbol, c.week) == (kind, group, symbol, week)]
    return one


def test_weeks_are_paired_within_animals(measured) -> None:
    each = found(compare_weeks(table_of(measured)), "week with baseline", "tumour")
    before, after = np.array([*TUMOURS.values()]).T
    known = stats.ttest_rel(after, before)
    assert (each.test, each.n) == ("paired t", 5)
    assert each.p == pytest.approx(known.pvalue)
    assert each.statistic == pytest.approx(known.statistic)
    assert each.difference == pytest.approx((after - before).mean())
    assert (each.low, each.high) == pytest.approx(tuple(known.confidence_interval()))
    assert (each.mean, each.mean_other) == pytest.approx((after.mean(), before.mean()))
    gained = after - before
    assert each.effect == pytest.approx(gained.mean() / gained.std(ddof=1) * (1 - 3 / (4 * 4 - 1)), rel=0.01)
    assert each.effect_low < each.effect < each.effect_high < 0


def test_groups_are_compared_in_each_week_and_by_their_change(measured) -> None:
    every = compare_weeks(table_of(measured))
    one, two = (np.array([*group.values()]) for group in (CONTROLS, TUMOURS))
    each = found(every, "between groups")
    known = stats.ttest_ind(two[:, 1], one[:, 1], equal_var=False)
    assert (each.test, each.n, each.n_other, each.other) == ("Welch t", 4, 5, "tumour")
    assert (each.p, each.statistic) == pytest.approx((known.pvalue, known.statistic))
    assert (each.low, each.high) == pytest.approx(tuple(known.confidence_interval()))
    assert each.difference == pytest.approx(two[:, 1].mean() - one[:, 1].mean())
    change = found(every, "change between groups")
    assert change.p == pytest.approx(
        stats.ttest_ind(np.diff(two).ravel(), np.diff(one).ravel(), equal_var=False).pvalue
    )
    assert found(every, "between groups", week=0).p > 0.5
    assert not [c for c in every if c.kind != "between groups" and c.week == 0]


def test_ranks_are_named_and_computed(measured) -> None:
    every = compare_weeks(table_of(measured), StatisticsOptions(tests="ranks"))
    each = found(every, "between groups")
    values = [[pair[1] for pair in group.values()] for group in (TUMOURS, CONTROLS)]
    assert each.test == "Mann-Whitney U"
    assert each.p == pytest.approx(stats.mannwhitneyu(*values).pvalue)
    paired = found(every, "week with baseline", "tumour")
    assert paired.p is None
    assert paired.reason == "too few: Wilcoxon signed rank needs 6 pairs, there are 5"
    more = {f"t{n}": (10.0 + n, 8.0 + n / 2) for n in range(7)}
    paired = found(
        compare_weeks(table_of(measured, tumours=more), StatisticsOptions(tests="ranks")),
        "week with baseline",
        "tumour",
    )
    assert paired.p == pytest.approx(2 / 2**7)


def test_too_few_and_constant_values_are_refused_with_the_reason(measured) -> None:
    few = {"t1": (10.0, 5.0), "t2": (9.0, 4.0)}
    every = compare_weeks(table_of(measured, tumours=few))
    each = found(every, "between groups")
    assert (each.p, each.p_holm, each.effect) == (None, None, None)
    assert each.reason == "too few: Welch t needs 3 animals in each group, there are 4 and 2"
    assert each.difference == pytest.approx(4.5 - np.mean([v[1] for v in CONTROLS.values()]))
    assert found(every, "week with baseline", "tumour").reason == "too few: paired t needs 3 pairs, there are 2"
    assert found(every, "week with baseline", symbol="SMI").reason == "no animal changed"
    alike = {f"c{n}": (n, n + 0.5) for n in range(4)}
    every = compare_weeks(table_of(measured, controls=alike))
    assert found(every, "week with baseline").reason == "all animals changed by the same amount"
    assert "same value" in found(compare_weeks(table_of(measured)), "between groups", symbol="SMI").reason


def test_the_animal_is_what_counts(measured) -> None:
    both = compare_weeks(table_of(measured, sides=("left", "right")))
    alone = compare_weeks(table_of(measured))
    for kind in ("between groups", "week with baseline"):
        one, two = found(both, kind), found(alone, kind)
        assert (one.n, one.p) == (two.n, pytest.approx(two.p))


def test_one_animal_in_both_groups_is_no_independent_sample(measured) -> None:
    groups = {}
    made = []
    for number in range(4):
        for side, group in (("left", "tumour"), ("right", "no tumour")):
            groups[f"{number}", side, "tibia"] = group
            made.append(measured(f"{number}", 0, {"BV/TV": 10.0 + number}, side=side))
    (each,) = compare_weeks(weekly_table(made, groups))
    assert each.p is None
    assert "4 animals have a leg in each group" in each.reason


def test_holm(measured) -> None:
    known = {0: 0.01, 1: 0.04, 2: 0.03, 4: 0.005}
    corrected = {n: (p, count) for n, p, count in holm([*known.items(), (3, None)])}
    # Holm 1979: 4 x 0.005, 3 x 0.01, 2 x 0.03, then never less than the one before.
    assert corrected == {4: (pytest.approx(0.02), 4), 0: (pytest.approx(0.03), 4), 2: (0.06, 4), 1: (0.06, 4)}
    every = compare_weeks(table_of(measured))
    each = found(every, "between groups")
    assert each.corrected_over == 2
    assert each.p_holm == pytest.approx(min(1, 2 * each.p))
    wide = found(compare_weeks(table_of(measured), StatisticsOptions(correct_over="everything")), "between groups")
    assert wide.corrected_over == 4


def test_effects_are_unbiased_and_their_interval_is_exact() -> None:
    assert hedges_g(1.0, 8) == pytest.approx(1 - 3 / (4 * 8 - 1), abs=1e-3)
    low, high = interval_of_g(1.5, 2.5, 8, 0.95)
    scale = hedges_g(1.0, 8) / np.sqrt(2.5)
    t = 1.5 * np.sqrt(2.5)
    assert stats.nct.cdf(t, 8, low / scale) == pytest.approx(0.975, abs=2e-4)
    assert stats.nct.cdf(t, 8, high / scale) == pytest.approx(0.025, abs=2e-4)
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(600):
        one, two = rng.normal(0, 1, 5), rng.normal(1.2, 1, 5)
        d = (two.mean() - one.mean()) / np.sqrt((one.var(ddof=1) + two.var(ddof=1)) / 2)
        low, high = interval_of_g(d, 2.5, 8, 0.95)
        inside += low <= 1.2 * hedges_g(1.0, 8) <= high
    assert inside / 600 == pytest.approx(0.95, abs=0.025)
    # A measure that hardly varies: no overflow, no NaN.
    assert all(np.isfinite(interval_of_g(5000.0, 4, 3, 0.95)))


def test_rows_and_words(measured) -> None:
    row = found(compare_weeks(table_of(measured)), "between groups").as_row()
    assert list(row)[:4] == ["kind", "measure", "unit", "week"]
    assert {"p_holm", "effect_low", "reason", "test", "n_other"} <= set(row)
    words = method_in_words(StatisticsOptions(tests="ranks", correct_over="everything"))
    assert "Mann-Whitney" in words
    assert "Holm" in words
    with pytest.raises(InputError):
        StatisticsOptions(confidence=1.5)
