"""The fibula is found and taken out of synthetic legs whose truth is known, where it touches the tibia too."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.io.composite_codes import encode
from napari_bonemet.phantom.fibula import fibula_side, junction_point, plate_point
from napari_bonemet.phantom.leg import Compartment, LegOptions, SyntheticLeg, make_leg
from napari_bonemet.processing.fibula import FibulaOptions, find_fibula, remove_fibula, remove_from_weeks, take_out
from napari_bonemet.processing.growth_plate import find_growth_plate
from napari_bonemet.processing.roi import RoiOptions, crop_roi
from napari_bonemet.processing.roi_landmarks import find_junction
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries

THRESHOLD = 75.0
OPTIONS = LegOptions(
    shape=(110, 100, 100), weeks=(0, 3), seed=31, start_um=-900, pose_degrees=10.0, turn_degrees=30.0, side="right"
)


@cache
def leg() -> SyntheticLeg:
    return make_leg(OPTIONS)


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


@pytest.mark.parametrize("week", [0, 1])
def test_landmarks_of_a_leg_that_leans_are_within_two_slices(week: int) -> None:
    scan, pose = leg().series[week], leg().truth.poses[week]
    junction = find_junction(scan.voxels, THRESHOLD)
    plate = find_growth_plate(scan.voxels, THRESHOLD)
    assert junction is not None
    assert plate is not None
    assert abs(junction.slice_index - pose(junction_point(OPTIONS))[0] / OPTIONS.spacing_um) < 2
    assert abs(plate.slice_index - pose(plate_point(OPTIONS))[0] / OPTIONS.spacing_um) < 2
    assert junction.confidence > 0.8
    assert plate.confidence > 0.3


def test_the_truth_about_the_fibula_is_that_of_the_compartments() -> None:
    side, compartments = fibula_side(OPTIONS), leg().truth.compartments
    bone = leg().truth.bone[0]
    assert side[bone & (compartments == 4)].mean() > 0.99
    assert not side[np.isin(compartments, (1, 2, 3))].any()


@pytest.mark.parametrize("week", [0, 1])
def test_what_is_taken_out_is_the_fibula(week: int) -> None:
    scan, pose = leg().series[week], leg().truth.poses[week]
    result = remove_fibula(scan)
    bone, left = scan.to_numpy() > THRESHOLD, result.scan.to_numpy() > THRESHOLD
    true = bone & fibula_side(OPTIONS, pose=pose)
    assert dice(true, bone & ~left) > 0.99
    np.testing.assert_array_equal(bone & ~left, bone & result.mask)
    # The rim that goes with it is not the tibia's.
    beside = ndimage.binary_dilation(result.mask, np.ones((3, 3, 3))) & bone & ~true
    assert np.count_nonzero(bone & result.mask & ~true) < 0.2 * np.count_nonzero(beside)
    # Above the junction it hangs on to the tibia all along.
    above = slice(0, round(pose(junction_point(OPTIONS))[0] / OPTIONS.spacing_um))
    assert true[above].sum() > 100
    assert dice(true[above], (bone & ~left)[above]) > 0.95
    np.testing.assert_array_equal(result.scan.to_numpy()[~result.mask], scan.to_numpy()[~result.mask])
    assert 25 < np.median(result.scan.to_numpy()[result.mask]) < 40
    assert "a piece of its own in slices" in result.reason


def test_a_hole_in_the_tibia_beside_the_junction_moves_neither() -> None:
    scan = leg().series[0]
    z, y, x = (round(um / OPTIONS.spacing_um) for um in junction_point(OPTIONS))
    ball = sum((axis - at) ** 2 for axis, at in zip(np.ogrid[:110, :100, :100], (z - 2, y, x), strict=True)) < 7**2
    hole = ball & ~fibula_side(OPTIONS)
    opened = replace(scan, voxels=np.where(hole, 30, scan.to_numpy()).astype(np.uint8))
    bone = opened.to_numpy() > THRESHOLD
    landmark = find_junction(opened.voxels, THRESHOLD)
    assert landmark is not None
    assert abs(landmark.slice_index - z) <= 2
    assert dice(bone & fibula_side(OPTIONS), bone & remove_fibula(opened).mask) > 0.98


def test_where_it_grows_into_the_tibia_again_it_is_cut_along_the_tibia() -> None:
    options = replace(OPTIONS, shape=(170, 100, 100), start_um=6000.0, weeks=(0,))
    scan = make_leg(options).series[0]
    bone, result = scan.to_numpy() > THRESHOLD, remove_fibula(scan)
    true = bone & fibula_side(options)
    assert dice(true, bone & result.mask) > 0.96
    fused = slice(round((8300 - 6000) / 30), round((8900 - 6000) / 30))
    assert dice(true[fused], (bone & result.mask)[fused]) > 0.93


def test_every_week_loses_the_same_voxels() -> None:
    weeks = leg().registered()
    without, fibula = remove_from_weeks(weeks)
    changed = np.zeros(weeks.baseline.shape, dtype=bool)
    changed[fibula.region] = fibula.mask
    for before, after in zip(weeks, without, strict=True):
        np.testing.assert_array_equal(before.to_numpy()[~changed], after.to_numpy()[~changed])
        assert set(np.unique(after.to_numpy()[changed])) == {round(fibula.background)}
        assert after.history[-1].name == "fibula removed"
        assert after.grid == before.grid


def test_composites_lose_it_too() -> None:
    first, second = (scan.to_numpy() > THRESHOLD for scan in leg().registered())
    scan = replace(leg().series[1], voxels=encode(first, second), kind=Kind.COMPOSITE)
    result = remove_fibula(scan)
    true = first & fibula_side(OPTIONS)
    assert dice(true, first & result.mask) > 0.99
    assert not result.scan.to_numpy()[result.mask].any()
    assert result.scan.kind is Kind.COMPOSITE


def test_the_region_of_interest_comes_without_it() -> None:
    weeks = leg().registered()
    result = crop_roi(weeks, options=RoiOptions(slices=40, remove_fibula=True))
    plain = crop_roi(weeks, options=RoiOptions(slices=40))
    assert plain.fibula is None
    assert result.fibula is not None
    side = fibula_side(OPTIONS)[result.first_slice : result.last_slice + 1]
    for with_it, without in zip(plain.series, result.series, strict=True):
        assert without.grid == with_it.grid
        bone, left = with_it.to_numpy() > THRESHOLD, without.to_numpy() > THRESHOLD
        assert dice(bone & side, bone & ~left) > 0.98
        assert without.kind is Kind.ROI


def test_a_region_beyond_the_fibula_is_left_as_it_is() -> None:
    weeks = leg().registered()
    above = crop_roi(weeks, options=RoiOptions(first_slice=0, slices=10, remove_fibula=True))
    np.testing.assert_array_equal(above.series[0].to_numpy(), weeks[0].to_numpy()[:10])


def test_a_tibia_alone_is_refused_with_a_remedy() -> None:
    _, y, x = np.indices((60, 40, 40))
    tube = np.where(np.abs(np.hypot(y - 20, x - 20) - 10) < 3, 160, 20).astype(np.uint8)
    scan = Scan(tube, (10.0,) * 3, subject="1", side="left", day=0.0)
    with pytest.raises(InputError, match=r"No fibula is seen in 1 left tibia, week 0.*Leave the fibula in"):
        remove_fibula(scan)
    with pytest.raises(InputError, match="on one grid"):
        remove_from_weeks(ScanSeries((scan, replace(scan, day=7.0, spacing=(9.0,) * 3))))


def test_a_fibula_found_elsewhere_is_refused() -> None:
    scan = leg().series[0]
    fibula = find_fibula(scan, options=FibulaOptions(margin=0))
    with pytest.raises(InputError, match="lies outside"):
        take_out(scan.crop((slice(0, 60), slice(None), slice(None))), fibula)


def test_a_piece_that_a_lesion_parted_from_the_tibia_is_no_fibula() -> None:
    """In this leg it goes on for longer than the fibula does."""
    eaten = make_leg(LegOptions(seed=9023, strain="BALB/c", weeks=(0, 3)))
    found = find_fibula(eaten.registered(0.0)[1])
    parts = eaten.truth.compartments[found.region]
    true = parts == Compartment.FIBULA
    assert np.count_nonzero(found.mask & true) > 0.9 * np.count_nonzero(true)
    assert np.count_nonzero(found.mask & (parts == Compartment.CORTEX)) < 0.1 * np.count_nonzero(true)
