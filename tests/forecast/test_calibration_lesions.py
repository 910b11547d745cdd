"""Calibration of lesions and of lost bone: known mistakes are put right for animals that were not fitted to."""

import numpy as np
import pytest

from napari_bonemet.forecast.calibration_lesions import LegTable, LesionModel, LostBoneModel
from napari_bonemet.metrics.events import LesionCase, lesion_reliability
from napari_bonemet.metrics.probabilistic import interval_coverage, scalar_spread_skill


def foreseen(seed: int, count: int) -> list[LesionCase]:
    """Lesions whose samples are too sure: the log odds are twice what they should be, and too low."""
    rng = np.random.default_rng(seed)
    true = rng.uniform(0.05, 0.95, count)
    odds = 2 * np.log(true / (1 - true)) - 1
    share = rng.binomial(12, 1 / (1 + np.exp(-odds))) / 12
    return [LesionCase(float(p), bool(rng.random() < t), 20) for p, t in zip(share, true, strict=True)]


def test_lesions_said_to_be_likely_come_as_often_after_the_map() -> None:
    model = LesionModel.fit(foreseen(0, 400))
    assert model is not None
    assert 0.2 < model.weight < 0.8
    unseen = foreseen(1, 3000)
    before = lesion_reliability(unseen)
    said = model.probability([case.probability for case in unseen])
    after = lesion_reliability(
        [LesionCase(float(p), case.came, case.voxels) for p, case in zip(said, unseen, strict=True)]
    )
    assert before is not None
    assert after is not None
    assert before.error > 0.12
    assert after.error < 0.05
    assert after.brier < before.brier
    assert np.all(np.diff(model.probability(np.linspace(0, 1, 9))) >= 0)


def test_few_lesions_leave_the_share_nearly_as_it_is_and_fewer_say_nothing() -> None:
    rng = np.random.default_rng(2)
    cases = [LesionCase(0.5, bool(came), 9) for came in rng.permutation(10) < 7]
    model = LesionModel.fit(cases)
    assert model is not None
    assert model.weight == pytest.approx(1, abs=0.05)
    assert 0.5 < float(model.probability(0.5)) < 0.7
    assert LesionModel.fit(cases[:7]) is None


def legs(seed: int, count: int, *, samples: int = 24) -> list[LegTable]:
    """Samples that lose half as much again as they should and a little more, and differ a third as much."""
    rng = np.random.default_rng(seed)
    centre = rng.gamma(2, 0.05, count)
    made = []
    for middle in centre:
        lost = 0.01 + 1.5 * middle + 0.01 * rng.normal(size=samples)
        made.append(LegTable((), lost, float(middle + 0.03 * rng.normal())))
    return made


def test_lost_bone_gets_a_mean_and_a_spread_to_be_believed() -> None:
    model = LostBoneModel.fit(legs(0, 24))
    assert model is not None
    assert model.slope == pytest.approx(1 / 1.5, rel=0.15)
    unseen = legs(1, 300)
    truths = np.array([leg.true_lost for leg in unseen])
    raw, after = (np.stack([f(leg.lost) for leg in unseen]) for f in (np.asarray, model.calibrated))
    assert scalar_spread_skill(raw, truths) < 0.3
    assert interval_coverage(raw, truths) < 0.4
    assert scalar_spread_skill(after, truths) == pytest.approx(1, abs=0.25)
    assert interval_coverage(after, truths) == pytest.approx(0.9, abs=0.08)


def test_too_few_legs_or_samples_that_all_lose_alike_say_nothing() -> None:
    assert LostBoneModel.fit(legs(0, 3)) is None
    same = [LegTable((), np.full(5, 0.1 * n), 0.1 * n) for n in range(6)]
    assert LostBoneModel.fit(same) is None
    assert LostBoneModel.fit([LegTable((), np.array([0.1]), 0.1)] * 6) is None
