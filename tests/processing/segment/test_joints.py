"""The joint is found along the bone's own axis, however that lies in the scan."""

import numpy as np
import pytest

from napari_bonemet.geometry import Grid
from napari_bonemet.processing.segment.coarse import Coarse
from napari_bonemet.processing.segment.joints import find_joint

UM = 50.0


def rods(way: np.ndarray, gap_at: float, bridged: float = 0.0) -> Coarse:
    """A rod of two bones that widen towards a gap of 200 µm at `gap_at` along it."""
    shape = (160, 160, 160)
    points = (np.stack(np.indices(shape), -1) + 0.5) * UM - 4000
    along = points @ way
    aside = np.linalg.norm(points - along[..., None] * way, axis=-1)
    radius = 600 + 500 * np.exp(-((np.abs(along - gap_at) / 900) ** 2))
    share = np.clip((radius - aside) / UM, 0, 1)
    share = np.where(np.abs(along - gap_at) < 100, share * bridged, share)
    grid = Grid(shape, (UM,) * 3)
    fine = np.rint(share * 255).astype(np.uint8)
    return Coarse(fine, share.astype(np.float32), share.astype(np.float32), grid, grid, (1, 1, 1), 0.0)


@pytest.mark.parametrize("way", [(1, 0, 0), (0.6, -0.8, 0), (0.5, 0.5, 0.7071)])
@pytest.mark.parametrize("bridged", [0.0, 0.5])
def test_the_gap_is_found(way: tuple[float, ...], bridged: float) -> None:
    axis = np.asarray(way) / np.linalg.norm(way)
    coarse = rods(axis, 600.0, bridged)
    start = np.full(3, 4000.0) - 1500 * axis
    joint = find_joint(coarse, start, axis, (-1500.0, 4500.0), least=(1e4, 1e4))
    assert joint is not None
    assert abs(joint.along - 2100) < 90
    assert joint.normal @ axis > np.cos(np.deg2rad(10))
    assert joint.depth == pytest.approx(1 - bridged, abs=0.25)


def test_where_bone_only_ends_there_is_no_joint() -> None:
    axis = np.array([1.0, 0, 0])
    coarse = rods(axis, -9000.0)
    ended = coarse.fine.copy()
    ended[90:] = 0
    coarse = Coarse(ended, coarse.share, coarse.grey, coarse.grid, coarse.fine_grid, coarse.finer, 0.0)
    assert find_joint(coarse, np.array([3000.0, 4000, 4000]), axis, (-1000.0, 4500.0), least=(1e4, 1e4)) is None
