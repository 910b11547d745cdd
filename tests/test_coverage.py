import numpy as np
import pytest

from napari_bonemet.coverage import common_box, covered, covered_by_all, covered_rows_by_all
from napari_bonemet.geometry import Grid
from napari_bonemet.resample import resample
from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform


def full(shape: tuple[int, int, int] = (12, 10, 8), spacing: float = 10.0) -> Scan:
    return Scan(np.full(shape, 200, dtype=np.uint8), (spacing,) * 3, origin=(5.0, -30.0, 100.0))


def test_a_scan_as_read_is_covered_throughout() -> None:
    assert covered(full()) is None
    assert covered_by_all([full(), full()]) is None


@pytest.mark.parametrize("voxels", [1, 3])
def test_a_shift_uncovers_the_slices_that_it_left(voxels: int) -> None:
    scan = full()
    moved = resample(scan, scan.grid, RigidTransform(shift=(voxels * 10.0, 0.0, 0.0)), interpolation="linear")
    mask = covered(moved)
    assert mask is not None
    expected = np.arange(12) < 12 - voxels
    np.testing.assert_array_equal(mask, np.broadcast_to(expected[:, None, None], scan.shape))
    np.testing.assert_array_equal(mask, moved.to_numpy() == 200)


def test_coverage_is_where_a_turned_full_scan_is_full() -> None:
    scan = full((14, 16, 18))
    turn = RigidTransform.about(scan.grid.centre, degrees=(12.0, -7.0, 4.0), shift=(6.0, -11.0, 3.0))
    moved = resample(scan, Grid((10, 20, 20), (9.0, 8.0, 7.0), (0.0, -20.0, 90.0)), turn, interpolation="linear")
    mask = covered(moved)
    assert mask is not None
    assert 0.2 < mask.mean() < 0.9
    # A voxel on the outermost centres, to rounding, may go either way.
    assert np.count_nonzero(mask != (moved.to_numpy() == 200)) <= 1


def test_cropping_and_padding_keep_coverage_in_place() -> None:
    scan = full()
    moved = resample(scan, scan.grid, RigidTransform(shift=(20.0, 0.0, 0.0)))
    mask = covered(moved)
    assert mask is not None
    region = (slice(6, 12), slice(2, 5), slice(0, 8))
    np.testing.assert_array_equal(covered(moved.crop(region)), mask[region])


def test_resampling_twice_remembers_what_the_first_one_lacked() -> None:
    scan = full()
    once = resample(scan, scan.grid, RigidTransform(shift=(30.0, 0.0, 0.0)), interpolation="linear")
    twice = resample(once, scan.grid, RigidTransform(shift=(-10.0, 0.0, 0.0)), interpolation="linear")
    np.testing.assert_array_equal(covered(twice), twice.to_numpy() == 200)
    assert np.count_nonzero(twice.to_numpy()[:, 0, 0]) == 9


def test_whole_slices_are_kept_where_enough_are_left() -> None:
    scan = full((20, 12, 12))
    tilt = RigidTransform.about(scan.grid.centre, degrees=(0.0, 3.0, 0.0), shift=(40.0, 0.0, 0.0))
    bone = np.zeros(scan.shape, dtype=bool)
    bone[:, 3:9, 3:9] = True
    box = common_box([scan, resample(scan, scan.grid, tilt)], bone)
    assert box is not None
    assert box[1:] == (slice(0, 12), slice(0, 12))
    assert box[0].start == 0
    assert 14 <= box[0].stop <= 16


def test_the_common_box_leaves_out_what_one_week_missed() -> None:
    scan = full()
    moved = resample(scan, scan.grid, RigidTransform(shift=(30.0, 0.0, 0.0)))
    other = resample(scan, scan.grid, RigidTransform(shift=(0.0, -20.0, 0.0)))
    box = common_box([scan, moved, other], np.ones(scan.shape, dtype=bool))
    assert box == (slice(0, 9), slice(2, 10), slice(0, 8))


def test_air_outside_the_field_of_view_costs_nothing() -> None:
    scan = full()
    bone = np.zeros(scan.shape, dtype=bool)
    bone[:8] = True
    moved = resample(scan, scan.grid, RigidTransform(shift=(30.0, 0.0, 0.0)))
    assert common_box([scan, moved], bone) is None


def test_no_box_is_left_where_nothing_was_seen() -> None:
    scan = full()
    away = resample(scan, scan.grid, RigidTransform(shift=(1000.0, 0.0, 0.0)))
    assert common_box([scan, away], np.ones(scan.shape, dtype=bool)) is None


def test_what_was_seen_of_a_row_is_one_stretch() -> None:
    scan = full((14, 16, 18))
    turned = [
        resample(scan, scan.grid, RigidTransform.about(scan.grid.centre, degrees=(a, -7.0, b), shift=(6.0, c, 3.0)))
        for a, b, c in ((12.0, 4.0, -11.0), (-20.0, 0.0, 25.0))
    ]
    rows, mask = covered_rows_by_all([scan, *turned]), covered_by_all([scan, *turned])
    assert rows is not None
    assert mask is not None
    x = np.arange(18)
    np.testing.assert_array_equal(mask, (x >= rows[..., :1]) & (x < rows[..., 1:]))
    np.testing.assert_array_equal(mask, np.logical_and.reduce([covered(t) for t in turned]))
    for step in (2, 3, 5):
        thinned = covered_by_all([scan, *turned], step=step)
        np.testing.assert_array_equal(thinned, mask[::step, ::step, ::step])
