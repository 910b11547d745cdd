"""Parts that were cut out: their own voxels as they were, others gone, their place in the world right, no mirror."""

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest

from napari_bonemet.geometry import Grid
from napari_bonemet.processing.segment import Part, SeparationOptions, SeparationResult, cut_part
from napari_bonemet.scan import Kind, Scan

SIZE = 4


def made(voxels: np.ndarray, labels: np.ndarray, *parts: Part) -> SeparationResult:
    """A separation by hand, whose coarse voxels are four voxels wide."""
    scan = Scan(voxels, 20.0, (100.0, 200.0, 300.0), subject="871", kind=Kind.RECON, part="hindlimb")
    grid = Grid(labels.shape, (80.0,) * 3, scan.grid.to_um([1.5] * 3))
    return SeparationResult(
        parts, scan, SeparationOptions(), labels, grid, {}, (), False, bone=labels > 0, found=labels, background=30.0
    )


def whole(shape: tuple[int, ...]) -> tuple[slice, slice, slice]:
    z, y, x = (slice(0, n) for n in shape)
    return (z, y, x)


@pytest.fixture
def apart() -> tuple[np.ndarray, np.ndarray]:
    """Two bones far from each other, in noise."""
    rng = np.random.default_rng(0)
    labels = np.zeros((8, 8, 16), np.uint8)
    labels[2:6, 2:6, 2:5], labels[2:6, 2:6, 11:14] = 1, 2
    full = labels.repeat(SIZE, 0).repeat(SIZE, 1).repeat(SIZE, 2)
    return np.where(full > 0, rng.integers(120, 200, full.shape), rng.integers(20, 40, full.shape)).astype(
        np.uint8
    ), labels


def test_own_voxels_stay_and_others_become_background(apart: tuple[np.ndarray, np.ndarray]) -> None:
    voxels, labels = apart
    part = Part("tibia", "left", whole(voxels.shape), 1.0, "by hand")
    other = Part("femur", "left", whole(voxels.shape), 1.0, "by hand")
    cut = cut_part(made(voxels, labels, part, other), part)
    full = labels.repeat(SIZE, 0).repeat(SIZE, 1).repeat(SIZE, 2)
    np.testing.assert_array_equal(cut.voxels[full == 1], voxels[full == 1])
    assert (cut.voxels[full == 2] == 30).all()
    np.testing.assert_array_equal(cut.voxels[:, :, :24], voxels[:, :, :24])
    assert (cut.kind, cut.part, cut.side, cut.subject) == (Kind.SEG, "tibia", "left", "871")
    assert cut.voxels.max() > 30
    assert voxels[full == 2].min() > 30  # the scan itself is as it was


def test_a_box_lies_where_it_lay(apart: tuple[np.ndarray, np.ndarray]) -> None:
    voxels, labels = apart
    part = Part("tibia", "left", (slice(5, 30), slice(3, 29), slice(6, 27)), 1.0, "by hand")
    lazy = made(da.from_array(voxels, chunks=(3, -1, -1)), labels, part)
    cut = cut_part(lazy, part)
    assert cut.origin == lazy.scan.grid.to_um((5, 3, 6))
    np.testing.assert_array_equal(cut.voxels, voxels[part.region])
    assert [step.name for step in cut.history] == ["separate"]
    assert cut.history[0].parameters["region_zyx"] == [[5, 30], [3, 29], [6, 27]]


def test_a_reversed_part_is_turned_and_never_mirrored(apart: tuple[np.ndarray, np.ndarray]) -> None:
    voxels, labels = apart
    part = Part("tibia", "left", (slice(5, 30), slice(3, 29), slice(6, 27)), 1.0, "by hand", reversed=True)
    result = made(voxels, labels, part)
    cut = cut_part(result, part)
    straight = cut_part(replace(result, parts=(replace(part, reversed=False),)), replace(part, reversed=False))
    # A turn about x by half a circle takes z to -z and y to -y; a mirror would take one of them alone.
    for index in ((0, 0, 0), (3, 7, 11), (24, 25, 20)):
        z, y, x = cut.grid.to_um(index)
        there = tuple(round(i) for i in straight.grid.to_index((-z, -y, x)))
        assert cut.voxels[index] == straight.voxels[there]
    assert cut.history[-1].name == "turn"


def test_bones_that_touch_part_at_their_gap() -> None:
    """The gap lies within a coarse voxel, slanted, three quarters bridged; full resolution finds it."""
    rng = np.random.default_rng(0)
    shape = (64, 48, 48)
    z, y, _ = np.indices(shape)
    gap = 32.0 + 0.25 * (y - 24)
    grey = np.where(np.abs(z - gap) < 1.2, 110.0, 160.0)
    voxels = np.clip(grey + rng.normal(0, 6, shape), 0, 255).astype(np.uint8)
    coarse = np.where(np.indices((16, 12, 12))[0] < 8, 1, 2).astype(np.uint8)
    part = Part("tibia", "left", whole(shape), 1.0, "by hand")
    result = made(voxels, coarse, part, Part("femur", "left", whole(shape), 1.0, "by hand"))
    kept = cut_part(result, part).voxels != 30
    assert kept[z < gap - 2].all()
    assert not kept[z > gap + 2].any()
