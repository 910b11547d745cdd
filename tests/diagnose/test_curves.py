"""Curves of classifiers against counting by hand, and intervals over animals."""

import numpy as np
import pytest

from napari_bonemet.diagnose.curves import mean_roc, precision_recall, roc
from napari_bonemet.diagnose.intervals import auc_interval, over_animals
from napari_bonemet.diagnose.measures import area_under_curve
from napari_bonemet.errors import InputError


def test_roc_counts_the_cases_called() -> None:
    curve = roc([0.9, 0.8, 0.8, 0.3], [True, True, False, False])
    np.testing.assert_allclose(curve.false_positive, [0, 0, 0.5, 1])
    np.testing.assert_allclose(curve.true_positive, [0, 0.5, 1, 1])
    np.testing.assert_allclose(curve.threshold, [np.inf, 0.9, 0.8, 0.3])


def test_area_is_that_of_ranks_ties_and_all() -> None:
    rng = np.random.default_rng(3)
    scores, truth = rng.integers(0, 12, 200) / 11, rng.random(200) < 0.4
    assert roc(scores, truth).area == pytest.approx(area_under_curve(scores, truth), abs=1e-12)


def test_precision_and_recall_at_each_threshold() -> None:
    curve = precision_recall([0.9, 0.7, 0.5, 0.2], [True, False, True, False])
    np.testing.assert_allclose(curve.recall, [0, 0.5, 0.5, 1, 1])
    np.testing.assert_allclose(curve.precision, [1, 1, 0.5, 2 / 3, 0.5])
    assert curve.average == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert curve.prevalence == 0.5


def test_mean_curve_and_its_band() -> None:
    perfect, chance = roc([2.0, 1.0], [True, False]), roc([1.0, 1.0], [True, False])
    mean = mean_roc([perfect, chance], points=3)
    np.testing.assert_allclose(mean.true_positive, [0, 0.75, 1])
    np.testing.assert_allclose(mean.spread, [0, np.std([1, 0.5], ddof=1), 0])
    assert (mean.area, mean.curves) == (0.75, 2)
    assert mean.area_spread == pytest.approx(np.std([1, 0.5], ddof=1))
    assert mean.high.max() <= 1
    assert mean_roc([chance]).spread.max() == 0


def test_the_animal_is_drawn_not_the_case() -> None:
    rng = np.random.default_rng(0)
    of_each = rng.standard_normal(12)
    once = over_animals([str(n) for n in range(12)], lambda at: float(of_each[at].mean()))
    many = over_animals([str(n) for n in range(12) for _ in range(20)], lambda at: float(of_each[at // 20].mean()))
    assert many.animals == 12
    assert (many.low, many.high) == pytest.approx((once.low, once.high))


def test_auc_with_its_interval() -> None:
    rng = np.random.default_rng(1)
    truth = np.arange(60) % 2 == 0
    scores = truth + rng.standard_normal(60)
    found = auc_interval(scores, truth, [f"m{n // 2}" for n in range(60)], draws=200)
    assert found.value == pytest.approx(area_under_curve(scores, truth))
    assert 0.5 < found.low < found.value < found.high < 1


@pytest.mark.parametrize(
    ("scores", "truth"),
    [([0.1, 0.2], [True, True]), ([0.1, np.nan], [True, False]), ([0.1, 0.2, 0.3], [True, False])],
)
def test_what_is_no_curve_is_refused(scores: list[float], truth: list[bool]) -> None:
    for made in (roc, precision_recall):
        with pytest.raises(InputError):
            made(scores, truth)
    with pytest.raises(InputError):
        mean_roc([])
