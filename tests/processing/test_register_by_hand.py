"""A pose set by hand: from landmarks, refined, and laid again without touching the other weeks."""

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.processing.register import pose_from_landmarks, refine_pose, register_weeks, relay_week
from napari_bonemet.series import ScanSeries
from napari_bonemet.transform import RigidTransform

MIDDLE = (430.0, 390.0, 410.0)
POSE = RigidTransform.about(MIDDLE, degrees=(9, 4, -6), shift=(20, 30, -10))


def test_landmarks_give_the_pose() -> None:
    fixed = np.random.default_rng(0).uniform(0, 800, (5, 3))
    found = pose_from_landmarks(fixed, POSE(fixed))
    np.testing.assert_allclose(found.matrix, POSE.matrix, atol=1e-9)
    np.testing.assert_allclose(found.shift, POSE.shift, atol=1e-6)


def test_landmarks_in_a_mirror_still_give_a_rotation() -> None:
    fixed = np.random.default_rng(0).uniform(0, 800, (6, 3))
    assert np.linalg.det(pose_from_landmarks(fixed, fixed * (1, 1, -1)).matrix) == pytest.approx(1)


@pytest.mark.parametrize(
    ("points", "words"), [([[0, 0, 0], [1, 1, 1]], "determine no pose"), ([[0, 0, i] for i in range(4)], "one line")]
)
def test_landmarks_that_say_too_little_are_refused(points, words) -> None:
    with pytest.raises(InputError, match=words):
        pose_from_landmarks(points, points)


def test_a_nudged_pose_is_refined(draw_bone) -> None:
    fixed, moving = draw_bone(), draw_bone(POSE, day=7, seed=1)
    nudged = RigidTransform.about(MIDDLE, degrees=(2, -1, 1), shift=(25, -20, 15)).after(POSE)
    found = refine_pose(fixed, moving, nudged)
    points = np.argwhere(fixed.to_numpy() > 75) * 20.0
    assert np.linalg.norm(found(points) - POSE(points), axis=1).mean() < 2
    assert np.linalg.norm(nudged(points) - POSE(points), axis=1).mean() > 20


def test_a_week_is_laid_again_and_the_others_stay(draw_bone) -> None:
    series = ScanSeries((draw_bone(), draw_bone(POSE, day=7, seed=1), draw_bone(day=14, seed=2)))
    result = register_weeks(series)
    off = RigidTransform.about(MIDDLE, degrees=(0, 30, 0), shift=(0, 0, 200)).after(POSE)
    worse = relay_week(result, series, 1, off)
    assert worse.transforms[1] == off
    assert worse.quality[1].verdict == "failed"
    assert worse.quality[1].reason.startswith("set by hand")
    assert worse.series[2] is result.series[2]
    again = relay_week(worse, series, 1, result.transforms[1])
    np.testing.assert_array_equal(again.series[1].to_numpy(), result.series[1].to_numpy())
    assert again.quality[1].verdict == "good"


def test_the_baseline_cannot_be_moved(draw_bone) -> None:
    series = ScanSeries((draw_bone(), draw_bone(POSE, day=7, seed=1)))
    with pytest.raises(InputError, match="baseline that the other weeks lie on"):
        relay_week(register_weeks(series), series, 0, POSE)
