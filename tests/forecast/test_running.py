from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import summarise
from napari_bonemet.forecast.running import RunningSummary
from napari_bonemet.metrics.lesions import newly_lost_bone
from napari_bonemet.scan import Kind, Scan

SPACING = (20.0, 10.0, 10.0)


def scan(voxels: np.ndarray) -> Scan:
    return Scan(voxels, SPACING, (1.0, 2.0, 3.0), "871", "left", day=21, kind=Kind.PREDICTION)


@pytest.fixture
def last() -> Scan:
    return scan(np.full((5, 6, 7), 180, np.uint8))


@pytest.fixture
def make_samples() -> Callable[[int], list[Scan]]:
    def make(n: int) -> list[Scan]:
        rng = np.random.default_rng(n)
        return [scan(rng.integers(0, 256, (5, 6, 7)).astype(np.uint8)) for _ in range(n)]

    return make


@pytest.mark.parametrize("n", [1, 2, 7])
def test_it_says_after_every_sample_what_summarise_says(
    n: int, last: Scan, make_samples: Callable[[int], list[Scan]]
) -> None:
    running, samples = RunningSummary(last, model="fake"), make_samples(n)
    for number, sample in enumerate(samples, start=1):
        running.add(sample)
        whole = summarise(samples[:number], week=3, model="fake")
        for ours, theirs in (
            (running.mean, whole.mean),
            (running.spread, whole.spread),
            (running.bone_probability, whole.bone_probability),
        ):
            np.testing.assert_allclose(ours.to_numpy(), theirs.to_numpy(), atol=2e-4)
            assert ours.kind == theirs.kind
            assert ours.voxels.dtype == theirs.voxels.dtype
            assert ours.history == theirs.history
    assert running.count == n


@settings(max_examples=30, deadline=None)
@given(arrays.arrays(np.float32, (4, 1, 2, 2), elements=st.floats(0, 65535, width=32)))
def test_great_greys_that_differ_little_do_not_cancel(volumes: np.ndarray) -> None:
    volumes = volumes / 65535 + np.float32(30000)
    running = RunningSummary(scan(volumes[0]))
    for volume in volumes:
        running.add(scan(volume))
    np.testing.assert_allclose(running.spread.to_numpy(), volumes.astype(np.float64).std(axis=0), atol=0.01)


def test_lost_bone_is_that_of_the_score_table(last: Scan, make_samples: Callable[[int], list[Scan]]) -> None:
    whole, hole = np.full(last.shape, 180, np.uint8), np.full(last.shape, 180, np.uint8)
    hole[1:4, 1:4, 1:4] = 20
    shell = whole.copy()
    shell[0] = 20
    running = RunningSummary(last)
    for voxels in (whole, hole, shell, hole):
        running.add(scan(voxels))
    lost = newly_lost_bone(hole > 75, last.to_numpy() > 75, opening=1)
    assert lost.any()
    size = np.count_nonzero(lost) * 0.02 * 0.01 * 0.01
    assert running.lost_mm3 == pytest.approx((0, size, 0, size))
    assert np.array_equal(running.loss_probability.to_numpy(), np.where(lost, 0.5, 0).astype(np.float32))


def test_what_was_read_stays_as_it_was(last: Scan, make_samples: Callable[[int], list[Scan]]) -> None:
    first, second = make_samples(2)
    running = RunningSummary(last)
    running.add(first)
    read = [running.mean, running.spread, running.bone_probability, running.loss_probability]
    before = [part.to_numpy().copy() for part in read]
    running.add(second)
    for part, was in zip(read, before, strict=True):
        assert np.array_equal(part.to_numpy(), was)


def test_a_sample_of_another_grid_is_refused(last: Scan) -> None:
    running = RunningSummary(last)
    with pytest.raises(InputError, match=r"does not lie on the grid.*found \(4, 6, 7\)"):
        running.add(scan(np.zeros((4, 6, 7), np.uint8)))
    assert running.count == 0
    with pytest.raises(InputError, match="at least one sample"):
        _ = running.mean
