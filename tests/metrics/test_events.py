"""Events: average precision by hand, reliability of known probabilities, lesions said and come."""

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.metrics.events import (
    LesionCase,
    average_precision,
    lesion_cases,
    lesion_cases_of_map,
    lesion_reliability,
    reliability,
)


def test_average_precision_is_its_sum_by_hand() -> None:
    # The example of scikit-learn's page: precisions 1, 1/2 and 2/3 at recalls 1/2, 1/2 and 1.
    assert average_precision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    # Equal scores are one step: 2 of 3 found among 4.
    assert average_precision([0.9, 0.9, 0.9, 0.9, 0.2], [1, 1, 0, 0, 1]) == pytest.approx(2 / 3 * 0.5 + 1 / 3 * 3 / 5)


def test_average_precision_of_a_perfect_a_blind_and_a_reversed_order() -> None:
    truth = np.random.default_rng(0).random((6, 20, 20)) < 0.1
    assert average_precision(truth.astype(float), truth) == 1
    assert average_precision(np.zeros(truth.shape), truth) == pytest.approx(truth.mean())
    assert average_precision(-truth.astype(float), truth) == pytest.approx(truth.mean())
    blind = average_precision(np.random.default_rng(1).random(truth.shape), truth)
    assert blind == pytest.approx(truth.mean(), abs=0.04)


def test_average_precision_looks_only_where_it_is_told_to() -> None:
    score, truth = np.array([0.9, 0.8, 0.7, 0.6]), np.array([0, 1, 0, 1], bool)
    where = np.array([0, 1, 1, 1], bool)
    assert average_precision(score, truth, where) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert average_precision(score, np.zeros(4, bool)) is None
    with pytest.raises(InputError, match="not a number"):
        average_precision([np.nan, 1], [0, 1])
    with pytest.raises(InputError, match="differ in shape"):
        average_precision([1.0], [0, 1])


def test_known_probabilities_are_reliable_and_doubled_odds_are_not() -> None:
    rng = np.random.default_rng(3)
    said = rng.random((10, 60, 60))
    came = rng.random(said.shape) < said
    found = reliability(said, came)
    assert found.cases.sum() == said.size
    assert found.frequency == pytest.approx(found.mean_probability, abs=0.03)
    assert found.error < 0.01
    # Of p spread evenly over 0 to 1, the mean of p (1 - p).
    assert found.brier == pytest.approx(1 / 6, abs=0.005)
    bold = reliability(said > 0.5, came)
    assert bold.error == pytest.approx(0.25, abs=0.01)
    assert bold.frequency[0] == pytest.approx(0.25, abs=0.02)


def test_tables_of_animals_are_added_and_name_only_bins_with_cases() -> None:
    one, two = reliability([0.1, 1.0], [0, 1], 4), reliability([0.12, 0.5], [1, 0], 4)
    both = one + two
    assert [row["cases"] for row in both.table] == [2, 1, 1]
    assert both.table[0] == pytest.approx({"from": 0, "to": 0.25, "cases": 2, "probability": 0.11, "frequency": 0.5})
    assert both.brier == pytest.approx((0.01 + 0 + 0.88**2 + 0.25) / 4)
    assert np.isnan(both.frequency[1])
    with pytest.raises(InputError, match="bins"):
        _ = one + reliability([0.1], [0], 5)
    with pytest.raises(InputError, match="no probabilities"):
        reliability([1.2], [0])
    with pytest.raises(InputError, match="rise"):
        reliability([0.2], [0], [0.0, 0.5, 0.5, 1.0])


SPOTS = [(2, 2), (2, 12), (2, 22), (12, 2), (12, 12), (12, 22), (22, 2), (22, 12), (22, 22)]


def spotted(rng: np.random.Generator, chance: np.ndarray) -> np.ndarray:
    """A mask of 3 x 4 x 4 cubes, each there with its own chance."""
    made = np.zeros((6, 30, 30), bool)
    for (y, x), p in zip(SPOTS, chance, strict=True):
        if rng.random() < p:
            made[1:4, y : y + 4, x : x + 4] = True
    return made


def test_lesions_said_to_be_likely_come_as_often_when_samples_and_truth_are_of_one_kind() -> None:
    rng = np.random.default_rng(6)
    cases: list[LesionCase] = []
    for _ in range(150):
        chance = rng.random(len(SPOTS))
        cases += lesion_cases([spotted(rng, chance) for _ in range(40)], spotted(rng, chance))
    found = lesion_reliability(cases, bins=4)
    assert found is not None
    assert found.cases.min() > 100
    assert found.frequency == pytest.approx(found.mean_probability, abs=0.07)
    late = lesion_reliability([LesionCase(case.probability, False, case.voxels) for case in cases])
    assert late is not None
    assert late.error > 0.4


def test_one_half_of_the_samples_says_where_and_the_other_how_likely() -> None:
    rng = np.random.default_rng(0)
    there, none = spotted(rng, np.ones(9)), spotted(rng, np.zeros(9))
    cases = lesion_cases([there, none, none, none], there)
    assert [(case.probability, case.came, case.voxels) for case in cases] == [(0.0, True, 48)] * 9
    assert lesion_cases([none, none, there, there], there) == []
    with pytest.raises(InputError, match="two or more"):
        lesion_cases([there], there)


def test_a_map_says_as_much_as_its_likeliest_voxels_and_specks_are_no_lesions() -> None:
    said = np.zeros((6, 30, 30), np.float32)
    said[1:4, 2:6, 2:6] = 0.2
    said[2, 2:6, 2:4] = 0.6
    said[2, 3, 3] = 0.9
    said[4, 20, 20:23] = 0.8
    truth = np.zeros(said.shape, bool)
    truth[1, 2:6, 2:4] = True
    assert lesion_cases_of_map(said, truth) == [LesionCase(pytest.approx(0.6), True, 48)]
    truth[1, 2, 2] = False
    assert not lesion_cases_of_map(said, truth)[0].came
    assert len(lesion_cases_of_map(said, truth, least_voxels=3)) == 2
    assert lesion_reliability([]) is None
