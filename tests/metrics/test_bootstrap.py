"""Intervals over animals, against what is known of a mean and of ratios."""

import math

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.metrics.bootstrap import bootstrap_interval, pooled_gain_db


def mean(rows: np.ndarray) -> float:
    return float(rows.mean())


def test_the_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    values = np.random.default_rng(0).normal(3, 2, 400)
    found = bootstrap_interval(values, mean)
    error = values.std() / 20
    assert found.value == values.mean()
    assert found.animals == 400
    assert found.low == pytest.approx(values.mean() - 1.96 * error, abs=0.15 * error)
    assert found.high == pytest.approx(values.mean() + 1.96 * error, abs=0.15 * error)
    assert bootstrap_interval(values, mean, level=0.5).high - values.mean() == pytest.approx(0.674 * error, rel=0.15)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    held = [
        found.low <= 0 <= found.high
        for found in (bootstrap_interval(rng.normal(size=60), mean, draws=300, seed=n) for n in range(200))
    ]
    assert 0.88 <= np.mean(held) <= 0.99


def test_a_pooled_gain_is_a_ratio_of_sums_in_which_bad_animals_count_most() -> None:
    rows = np.array([[100.0, 50.0], [1.0, 4.0]])
    assert pooled_gain_db(rows) == pytest.approx(10 * math.log10(101 / 54))
    found = bootstrap_interval(rows, pooled_gain_db)
    assert found.low == pytest.approx(10 * math.log10(1 / 4))
    assert found.high == pytest.approx(10 * math.log10(2))
    assert pooled_gain_db(np.array([[0.0, 0.0]])) == 0
    assert pooled_gain_db(np.array([[1.0, 0.0]])) == math.inf


def test_the_same_seed_draws_the_same_animals() -> None:
    rows = np.random.default_rng(4).normal(size=(12, 3))
    first, again, other = (bootstrap_interval(rows, mean, seed=seed, draws=50) for seed in (1, 1, 2))
    assert first == again
    assert first.low != other.low


def test_draws_without_a_figure_are_left_out_and_too_many_of_them_leave_none() -> None:
    def of_events(rows: np.ndarray) -> float | None:
        return float(rows[rows > 0].mean()) if (rows > 0).any() else None

    found = bootstrap_interval([0.0, 0.0, 1.0, 3.0], of_events)
    assert (found.low, found.high) == (1.0, 3.0)
    nothing = bootstrap_interval([0.0, 0.0], of_events)
    assert math.isnan(nothing.value)
    assert math.isnan(nothing.low)


def test_no_animals_no_interval() -> None:
    with pytest.raises(InputError, match="animals"):
        bootstrap_interval([], mean)
    with pytest.raises(InputError, match="level"):
        bootstrap_interval([1.0], mean, level=1.0)
