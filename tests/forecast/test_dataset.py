"""Batches of slices and of blocks: crops of what was scanned, gaps that say when."""

import numpy as np
import pytest

from napari_bonemet.forecast.dataset import TrainingSet, training_set
from napari_bonemet.forecast.models.tvae import TvaeOptions

OPTIONS = TvaeOptions(crop=16, size=16)


@pytest.fixture
def data(make_leg) -> TrainingSet:
    """Two legs whose greys say which week and which slice they are; the second one loses bone in one slice."""
    legs = []
    for subject in ("1", "2"):
        volumes = [
            np.full((6, 24, 24), 100 + 10 * week, np.uint8) + np.arange(6, dtype=np.uint8)[:, None, None]
            for week in range(4)
        ]
        for volume in volumes:
            volume[:, [0, 1, -2, -1]] = volume[:, :, [0, 1, -2, -1]] = 0
        if subject == "2":
            volumes[3][2:5, 8:16, 8:16] = 0
        legs.append(make_leg(volumes, subject=subject))
    return training_set(legs, OPTIONS)


def test_every_slice_comes_once_with_its_weeks_in_order(data: TrainingSet) -> None:
    batches = list(data.batches(4, 16, np.random.default_rng(0)))
    assert all(batch.weeks.shape == (4, 4, 1, 16, 16) for batch in batches)
    assert all(np.all(batch.gaps == 1) for batch in batches)
    greys = np.concatenate([np.round(batch.weeks[:, 0, 0, 0, 0] * 255) for batch in batches])
    assert sorted(greys) == sorted([*range(100, 106)] * 2)
    firsts = np.concatenate([batch.weeks[:, :3, 0, 0, 0] for batch in batches]) * 255
    assert np.allclose(np.diff(firsts, axis=1), 10, atol=1e-3)


def test_blocks_hold_slices_that_follow_each_other(data: TrainingSet) -> None:
    for batch in data.batches(2, 16, np.random.default_rng(0), depth=3):
        assert batch.weeks.shape == (2, 4, 3, 16, 16)
        assert np.allclose(np.diff(batch.weeks[:, 0, :, 0, 0], axis=1) * 255, 1, atol=1e-3)
    deep = next(data.batches(1, 16, np.random.default_rng(0), depth=9)).weeks
    assert np.allclose(deep[0, 0, :, 0, 0] * 255, 100 + np.minimum(np.arange(9), 5), atol=1e-3)


def test_loose_batches_see_any_two_weeks_or_more_and_say_when(data: TrainingSet) -> None:
    kinds = set()
    for seed in range(40):
        for batch in data.batches(4, 16, np.random.default_rng(seed), loose=1.0):
            weeks = np.round(batch.weeks[:, :, 0, 0, 0] * 255 / 10) % 100
            seen_at = np.round((batch.weeks[:, :3, 0, 0, 0] - batch.weeks[:, :1, 0, 0, 0]) * 25.5)
            assert np.array_equal(np.diff(seen_at, axis=1), batch.gaps[:, :2])
            assert np.all(batch.gaps[:, -1] >= 1)
            assert len(weeks) == 4
            kinds |= {tuple(gaps) for gaps in batch.gaps}
    assert {(1, 1, 1), (0, 1, 1), (0, 1, 2), (0, 2, 1)} <= kinds


def test_balanced_batches_show_lesions_half_of_the_time(data: TrainingSet) -> None:
    assert list(data.runs[1].with_lesion) == [False, False, True, True, True, False]
    assert not data.runs[0].with_lesion.any()
    shown = [
        float((batch.weeks[:, -1] == 0).any(axis=(1, 2, 3)).mean())
        for seed in range(20)
        for batch in data.batches(6, 16, np.random.default_rng(seed), balanced=True)
    ]
    assert np.mean(shown) == pytest.approx(0.5, abs=0.06)
    plain = [
        float((batch.weeks[:, -1] == 0).any(axis=(1, 2, 3)).mean())
        for seed in range(20)
        for batch in data.batches(6, 16, np.random.default_rng(seed))
    ]
    assert np.mean(plain) == pytest.approx(0.25, abs=0.06)


def test_the_crop_is_around_the_bone_seen_and_the_target_has_no_say(make_leg) -> None:
    volumes = [np.zeros((2, 40, 40), np.uint8) for _ in range(4)]
    for volume in volumes[:3]:
        volume[:, 4:10, 20:30] = 200
    volumes[3][:, 30:, :10] = 200
    run = training_set([make_leg(volumes)], OPTIONS).runs[0]
    assert run.voxels.shape == (2, 4, 20, 20)
    assert np.count_nonzero(run.voxels[0, 0]) == 60
    assert not run.voxels[:, 3].any()
