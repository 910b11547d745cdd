"""The rows of the Measures dock: numbers, changes, and reasons; the cohort's lines."""

import numpy as np
import pytest

from napari_bonemet.widgets.measures_groups import CohortRow, groups_in, joined, lines_of
from napari_bonemet.widgets.measures_rows import number, rows_of, values_of

from .measured import NO_RODS, measured


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.04123, "0.0412"),
        (0.0089, "0.0089"),
        (0.00012, "1.2e-04"),
        (12.34, "12.3"),
        (1840.2, "1840"),
        (-412.0, "−412"),
        (0.0, "0"),
        (float("nan"), "–"),
    ],
)
def test_numbers_are_short_and_say_what_counts(value, text):
    assert number(value) == text


@pytest.fixture
def weeks(make_series):
    return [measured(scan) for scan in make_series()]


def row(weeks, symbol, show="value"):
    return next(row for row in rows_of(weeks, show) if row.measure.symbol == symbol)


def texts(weeks, symbol, show):
    return [cell.text for cell in row(weeks, symbol, show).cells]


def test_values_changes_and_percentages_count_from_the_first_week(weeks):
    assert texts(weeks, "BV/TV", "value") == ["30.0", "27.0", "24.0"]
    assert texts(weeks, "BV/TV", "change") == ["base", "−3.00", "−6.00"]
    assert texts(weeks, "BV/TV", "% change") == ["base", "−10.0", "−20.0"]
    assert "30.0" in row(weeks, "BV/TV", "% change").cells[2].tip


def test_what_is_absent_is_a_dash_that_says_why(weeks):
    cells = row(weeks, "Tb.BMD").cells
    assert {cell.text for cell in cells} == {"–"}
    assert NO_RODS in cells[1].tip
    assert "week 1" in cells[1].tip
    assert not row(weeks, "Tb.BMD").there
    assert np.isnan(values_of(weeks, "Tb.BMD")).all()


def test_no_percentage_without_meaning(weeks):
    assert texts(weeks, "Eu.N", "% change") == ["base", "–", "–"]
    assert texts(weeks, "DA", "% change") == ["base", "–", "–"]
    assert texts(weeks, "Eu.N", "change") == ["base", "0", "0"]


def test_a_baseline_without_a_measure_has_no_changes(weeks, make_series):
    weeks[1].values["Tb.Th"] = 0.05
    cells = row(weeks, "Tb.Th", "change").cells
    assert cells[1].text == "–"
    assert "There is no trabecular bone" in cells[1].tip


def cohort():
    values = {("1", 0): 30, ("2", 0): 32, ("1", 1): 20, ("3", 0): 40}
    return [
        CohortRow(animal, "left", float(week), {}, {"BV/TV": float(value)}) for (animal, week), value in values.items()
    ]


def test_groups_have_mean_and_spread_per_week():
    records = [CohortRow("1", None, None, {"tumour": "yes"}), CohortRow("2", None, None, {"tumour": "yes"})]
    records.append(CohortRow("3", "left", None, {"tumour": "no", "treatment": "none"}))
    rows = joined([cohort(), records])
    assert groups_in(rows) == ("tumour",), "one treatment tells nobody apart"
    no, yes = lines_of(rows, "BV/TV", "tumour")
    assert (no.title, yes.title) == ("no (1 leg)", "yes (2 legs)")
    assert yes.weeks.tolist() == [0, 1]
    assert yes.mean.tolist() == [31, 20]
    assert yes.spread[0] == pytest.approx(np.sqrt(2))
    assert np.isnan(yes.spread[1]), "one leg has no spread"
    assert lines_of(rows, "Ct.Ar", "tumour") == ()


def test_all_animals_in_one_and_another_side_in_no_group():
    right = [CohortRow("1", "right", None, {"tumour": "yes"})]
    rows = joined([cohort(), right])
    assert groups_in(rows) == ()
    (everyone,) = lines_of(rows, "BV/TV", "")
    assert everyone.title == "all animals (3 legs)"
    assert everyone.mean.tolist() == [34, 20]
