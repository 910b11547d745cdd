import numpy as np
import pytest

from napari_bonemet.geometry import Grid
from napari_bonemet.processing import posed
from napari_bonemet.processing.posed import PosedVoxels
from napari_bonemet.resample import resample
from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform


@pytest.fixture
def scan() -> Scan:
    z, y, x = np.mgrid[:20, :24, :22]
    voxels = (120 + 100 * np.sin(z / 4) * np.cos(y / 5) * np.cos(x / 6)).astype(np.uint8)
    return Scan(voxels, (10.0, 12.0, 11.0), (5.0, -20.0, 30.0))


GRID = Grid((18, 20, 21), (11.0, 11.0, 11.0), (10.0, 0.0, 40.0))


def test_every_plane_is_that_of_a_resampled_scan(scan: Scan) -> None:
    pose = RigidTransform.about(GRID.centre, degrees=(8, -5, 3), shift=(4, 7, -9))
    looked, whole = PosedVoxels(scan, GRID, pose), resample(scan, GRID, pose, interpolation="linear").to_numpy()
    assert whole.std() > 10
    keys = [(9, slice(None), slice(None)), (slice(None), 7, slice(None)), (slice(None), slice(None), np.int64(-4))]
    for key in (*keys, 3, (slice(2, 9, 3), slice(4, 10), 5)):
        assert looked[key].shape == whole[key].shape
        inside = whole[key] > 0  # the edge of the field is cut in different ways
        assert np.abs(looked[key].astype(int) - whole[key])[inside].max() <= 1


def test_another_pose_is_another_picture(scan: Scan) -> None:
    looked = PosedVoxels(scan, GRID, RigidTransform())
    before = looked[9]
    looked.pose = RigidTransform(shift=(0, 33, 0))
    assert np.abs(looked[9, :-3].astype(int) - before[3:]).max() <= 1
    assert (looked.shape, looked.ndim, looked.size, looked.dtype) == (GRID.shape, 3, 18 * 20 * 21, np.uint8)


def test_a_whole_volume_is_not_resampled_by_looking(scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posed, "_MOST", 1000)
    looked = PosedVoxels(scan, GRID, RigidTransform())
    assert looked[:].shape == GRID.shape
    assert not looked[:].any()
    assert looked[9].any()
