"""The landmarks are found on drawn bones, and what cannot be found is said."""

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.io.composite_codes import encode
from napari_bonemet.processing.roi import RoiOptions, crop_roi
from napari_bonemet.processing.roi_landmarks import count_contours
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries

DEPTH, JUNCTION, PLATE = 90, 40, 22


def leg() -> np.ndarray:
    """Tibia as a tube with struts, fibula leaving it below JUNCTION, growth plate around PLATE."""
    z, y, x = np.indices((DEPTH, 48, 48))
    radius = np.hypot(y - 20, x - 20)
    tube = (radius < 13) & (radius > 9)
    struts = (radius < 10) & ((z + y) % 6 < 2) & (z < 60)
    gap = np.where(z <= JUNCTION, 13, 20)
    fibula = np.hypot(y - 20, x - 20 - gap) < 3
    bone = tube | struts | fibula
    return bone & ~((np.abs(z - PLATE) < 3) & (radius > 4))


def weeks(voxels: np.ndarray, kind: Kind = Kind.REGIST) -> ScanSeries:
    return ScanSeries(
        tuple(Scan(voxels, (10.0,) * 3, subject="1", side="left", day=7.0 * week, kind=kind) for week in range(2))
    )


def grey(bone: np.ndarray) -> np.ndarray:
    return np.where(bone, 180, 20).astype(np.uint8)


def test_junction_is_where_one_outline_becomes_two() -> None:
    result = crop_roi(weeks(grey(leg())), options=RoiOptions(preset="junction", slices=30))
    assert (result.first_slice, result.last_slice) == (JUNCTION + 1, JUNCTION + 30)
    assert (result.landmark, result.landmark_slice) == ("proximal tibia-fibula junction", JUNCTION)
    assert result.confidence > 0.5
    assert "parts in two" in result.reason
    assert result.series[0].shape == (30, 48, 48)
    assert result.series[0].origin == ((JUNCTION + 1) * 10.0, 0.0, 0.0)
    assert {scan.kind for scan in result.series} == {Kind.ROI}


def test_growth_plate_is_the_dip_of_bone() -> None:
    result = crop_roi(weeks(grey(leg())), options=RoiOptions(preset="growth-plate", slices=20))
    assert abs(result.first_slice - 1 - PLATE) <= 2
    assert "dips by" in result.reason


def test_composites_are_cropped_and_stay_composites() -> None:
    voxels = encode(leg(), leg())
    result = crop_roi(weeks(voxels, Kind.COMPOSITE), options=RoiOptions(slices=10))
    assert result.first_slice == JUNCTION + 1
    assert {scan.kind for scan in result.series} == {Kind.COMPOSITE}


def test_too_few_slices_are_taken_and_said() -> None:
    result = crop_roi(weeks(grey(leg())))
    assert result.last_slice == DEPTH - 1
    assert f"only {DEPTH - 1 - JUNCTION} slices are left of the 300 asked for" in result.reason


def test_first_slice_overrides_the_landmark() -> None:
    result = crop_roi(weeks(grey(leg())), options=RoiOptions(first_slice=0, slices=7))
    assert (result.first_slice, result.last_slice, result.confidence) == (0, 6, 1.0)
    with pytest.raises(InputError, match=f"first slice from 0 to {DEPTH - 1}"):
        crop_roi(weeks(grey(leg())), options=RoiOptions(first_slice=DEPTH))
    with pytest.raises(InputError, match="first slice"):
        crop_roi(weeks(grey(leg())), options=RoiOptions(first_slice=-1))


@pytest.mark.parametrize("preset", ["junction", "growth-plate"])
def test_a_bone_without_landmark_is_refused_with_a_remedy(preset: str) -> None:
    _, y, x = np.indices((60, 40, 40))
    tube = np.abs(np.hypot(y - 20, x - 20) - 10) < 3
    with pytest.raises(InputError, match=r"could not be found in 1 left tibia, week 0.*Give the first slice"):
        crop_roi(weeks(grey(tube)), options=RoiOptions(preset=preset))  # type: ignore[arg-type]


def test_contours_ignore_specks_and_what_lies_inside() -> None:
    bone = leg()[50:52].copy()
    bone[:, 44, 2] = True
    np.testing.assert_array_equal(count_contours(bone), [2, 2])


def test_weeks_on_different_grids_are_refused() -> None:
    series = weeks(grey(leg()))
    odd = ScanSeries((series[0], series[1].crop((slice(0, 50), slice(None), slice(None)))))
    with pytest.raises(InputError, match="Register the weeks first"):
        crop_roi(odd)
