import numpy as np
import pytest

from napari_bonemet.diagnose.measures import area_under_curve, calibration, shares
from napari_bonemet.errors import InputError


def test_area_under_curve_by_hand() -> None:
    scores, lesion = np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])
    assert area_under_curve(scores, lesion) == pytest.approx(3 / 4)
    assert area_under_curve(-scores, lesion) == pytest.approx(1 / 4)
    assert area_under_curve(np.zeros(4), lesion) == pytest.approx(1 / 2)


def test_telling_the_week_gains_nothing_among_scans_of_one_week() -> None:
    weeks = [0.0] * 6 + [3.0] * 4
    lesion = np.array([False] * 6 + [True, True, False, False])
    reads_the_week = np.array(weeks)
    assert area_under_curve(reads_the_week, lesion) > 0.8
    assert area_under_curve(reads_the_week, lesion, weeks) == pytest.approx(0.5)
    reads_the_lesion = np.where(lesion, 1.0, 0.0) - np.array(weeks)
    assert area_under_curve(reads_the_lesion, lesion, weeks) == pytest.approx(1.0)


def test_weeks_count_by_their_pairs_and_those_of_one_kind_not() -> None:
    weeks = [0.0, 1.0, 1.0, 2.0, 2.0, 2.0]
    lesion = np.array([False, True, False, True, False, False])
    scores = np.array([9.0, 1.0, 0.0, 0.0, 1.0, 1.0])
    assert area_under_curve(scores, lesion, weeks) == pytest.approx(1 / 3)  # 1 of 1 and 0 of 2
    assert area_under_curve(scores, lesion, range(6)) == area_under_curve(scores, lesion)


def test_one_kind_alone_has_no_curve() -> None:
    for lesion in (np.ones(3, dtype=bool), np.zeros(3, dtype=bool)):
        with pytest.raises(InputError, match="with and without"):
            area_under_curve(np.arange(3), lesion)


def test_shares_by_hand() -> None:
    found = shares(np.array([0.9, 0.5, 0.2, 0.6, 0.1]), np.array([True, True, True, False, False]))
    assert found == {
        "accuracy": pytest.approx(3 / 5),
        "sensitivity": pytest.approx(2 / 3),
        "specificity": pytest.approx(1 / 2),
    }
    assert shares(np.array([0.1]), np.array([False]))["sensitivity"] is None
    assert shares(np.array([0.1]), np.array([True]))["specificity"] is None


def test_calibration_finds_how_the_scores_were_bent() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 2, 20_000)  # log odds
    lesion = rng.random(truth.size) < 1 / (1 + np.exp(-truth))
    factor, shift = calibration((truth - 1.5) / 0.4, lesion)
    assert factor == pytest.approx(0.4, rel=0.06)
    assert shift == pytest.approx(1.5, abs=0.1)


def test_calibration_takes_no_side_for_the_commoner_kind() -> None:
    scores = np.array([-1.0, 1.0] * 50 + [1.0, 3.0] * 5)
    lesion = np.array([False] * 100 + [True] * 10)
    factor, shift = calibration(scores, lesion)
    assert factor * 1.0 + shift == pytest.approx(0.0, abs=0.1)  # the middle, though ten times as many are well


def test_calibration_stays_finite_where_nothing_is_told_wrong() -> None:
    factor, shift = calibration(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([False, False, True, True]))
    assert 0 < factor < 10
    assert abs(shift) < 1
