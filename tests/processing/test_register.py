"""Known poses are found, in micrometres, whatever the voxel size; and a wish to stop is heard."""

import dataclasses
import time

import numpy as np
import pytest

from napari_bonemet.coverage import covered
from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid
from napari_bonemet.processing.register import RegistrationOptions, RegistrationResult, register_weeks
from napari_bonemet.processing.register.images import find_bone, level_of
from napari_bonemet.processing.register.starts import shape_of
from napari_bonemet.progress import Cancelled
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.transform import RigidTransform

QUICK = RegistrationOptions(azimuths=16, starts=2)
MIDDLE = (430.0, 390.0, 410.0)


def error_voxels(scan: Scan, found: RigidTransform, truth: RigidTransform) -> float:
    points = np.argwhere(scan.to_numpy() > 75) * np.asarray(scan.spacing) + scan.origin
    return float(np.linalg.norm((found(points) - truth(points)) / scan.spacing, axis=1).mean())


def two_weeks(draw_bone, pose: RigidTransform, **later) -> ScanSeries:
    return ScanSeries((draw_bone(), draw_bone(pose, day=7, seed=1, **later)))


@pytest.mark.parametrize(
    ("degrees", "shift"),
    [((4, -6, 8), (30, -45, 20)), ((70, 5, -8), (0, 60, -40)), ((-160, -6, 6), (20, 0, 0)), ((0, 0, 0), (0, 0, 0))],
)
def test_known_pose_is_found(draw_bone, degrees, shift) -> None:
    pose = RigidTransform.about(MIDDLE, degrees=degrees, shift=shift)
    series = two_weeks(draw_bone, pose)
    result = register_weeks(series, options=QUICK)
    assert error_voxels(series[0], result.transforms[1], pose) < 0.1
    assert result.transforms[0] == RigidTransform()
    assert result.series.on_one_grid
    assert {scan.kind for scan in result.series} == {Kind.REGIST}
    quality = result.quality[1]
    assert quality.overlap > 0.9
    assert quality.correlation > 0.9
    assert quality.verdict == "good"
    np.testing.assert_allclose(quality.angles_degrees, pose.degrees, atol=0.3)
    assert len(quality.metric_trace) > 3
    assert result.series[1].history[-1].name == "register"


def test_a_thin_bone_that_lies_slanted_in_a_large_field(draw_bone) -> None:
    field = Grid((230, 150, 150), (20.0, 20.0, 20.0), (-1900.0, -1100.0, -1100.0))
    first = RigidTransform.about(MIDDLE, degrees=(0, 24, -18))
    pose = RigidTransform.about(MIDDLE, degrees=(100, -14, 12), shift=(100, -150, 80))
    taken = {"grid": field, "stretch": 5.0, "noise": 6.0}
    series = ScanSeries((draw_bone(first, **taken), draw_bone(pose, day=7, seed=1, **taken)))
    assert np.mean(series[0].to_numpy() > 75) < 0.02
    bone = find_bone(series[0], 75)
    for factor in (1, 2, 4):
        # At any resolution it is the bone that is found, 130 and 150 µm across, and not the soft tissue around it.
        assert shape_of(level_of(bone, 20.0 * factor), 75).lengths[1] < 165
    result = register_weeks(series, options=QUICK)
    # A stretched bone has little along its axis that tells where it is.
    assert error_voxels(series[0], result.transforms[1], pose.after(first.inverse())) < 0.5
    assert result.quality[1].verdict == "good"
    assert result.quality[1].residual < 0.15


@pytest.mark.parametrize("spacing", [(14.0, 14.0, 14.0), (31.0, 31.0, 31.0), (20.0, 20.0, 33.0)])
def test_other_voxel_size_is_registered_in_micrometres_and_said(draw_bone, spacing) -> None:
    pose = RigidTransform.about(MIDDLE, degrees=(5, 4, -6), shift=(20, 30, -10))
    grid = Grid((44, 40, 42), (20.0,) * 3).with_spacing(spacing)
    series = two_weeks(draw_bone, pose, grid=grid)
    result = register_weeks(series, options=QUICK)
    assert error_voxels(series[0], result.transforms[1], pose) < 0.2
    assert result.series[1].grid.matches(series[0].grid)
    assert f"voxel size {spacing[0]:g}" in result.quality[1].reason
    assert "differs from the baseline's 20 µm; resampled" in result.quality[1].reason


def same(one: RegistrationResult, other: RegistrationResult) -> bool:
    return all(
        np.array_equal(a.to_numpy(), b.to_numpy()) for a, b in zip(one.series, other.series, strict=True)
    ) and bool(np.allclose(one.transforms[1].matrix, other.transforms[1].matrix, rtol=0, atol=1e-8))


def test_same_seed_gives_the_same_voxels(draw_bone) -> None:
    series = two_weeks(draw_bone, RigidTransform.about(MIDDLE, degrees=(3, 5, -4)))
    sparse = dataclasses.replace(QUICK, sampling=5000, levels=2)
    assert same(register_weeks(series, options=sparse), register_weeks(series, options=sparse))


def test_baseline_week_may_be_chosen(draw_bone) -> None:
    pose = RigidTransform.about(MIDDLE, degrees=(0, 6, 3), shift=(20, 0, 20))
    series = two_weeks(draw_bone, pose)
    result = register_weeks(series, options=dataclasses.replace(QUICK, baseline_week=1))
    assert result.transforms[1] == RigidTransform()
    assert error_voxels(series[1], result.transforms[0], pose.inverse()) < 0.1


def test_later_weeks_follow_the_baseline_to_a_reference(draw_bone) -> None:
    one = RigidTransform.about(MIDDLE, degrees=(20, 0, 5), shift=(10, 20, 0))
    two = RigidTransform.about(MIDDLE, degrees=(-15, 8, 0), shift=(-20, 0, 40))
    reference = draw_bone(seed=7)
    series = ScanSeries((draw_bone(one, day=0, seed=1), draw_bone(two, day=14, seed=2)))
    result = register_weeks(series, reference=reference, options=QUICK)
    for found, truth in zip(result.transforms, (one, two), strict=True):
        assert error_voxels(reference, found, truth) < 0.1
    assert all(scan.grid.matches(reference.grid) for scan in result.series)
    # Interpolated once: the history of each week holds a single resampling.
    assert [[s.name for s in scan.history].count("resample") for scan in result.series] == [1, 1]


def test_field_of_view_is_known_after_registration_and_cropping(draw_bone) -> None:
    pose = RigidTransform(shift=(0.0, 100.0, 0.0))
    result = register_weeks(two_weeks(draw_bone, pose, noise=0.0), options=QUICK)
    week = result.series[1].crop((slice(5, 30), slice(0, 40), slice(0, 42)))
    field = covered(week)
    assert field is not None
    # Shifted by five voxels along y: the last five rows of the baseline's grid were not scanned.
    assert field[:, 2:33].mean() > 0.9
    assert not field[:, 36:].any()
    assert covered(draw_bone()) is None


@pytest.mark.parametrize(("grey", "words"), [(0, "no bone"), (200, "nothing but bone")])
def test_blank_week_is_named(draw_bone, grey, words) -> None:
    blank = draw_bone(day=14)
    blank = dataclasses.replace(blank, voxels=np.full(blank.shape, grey, np.uint8))
    with pytest.raises(InputError, match=f"1 left tibia, week 2 shows {words}"):
        register_weeks(ScanSeries((draw_bone(), blank)))


def test_another_bone_is_not_called_good(draw_bone) -> None:
    stranger = draw_bone(day=7)
    z, y, x = np.indices(stranger.shape)
    voxels = np.where((z - 10) ** 2 + (y - 30) ** 2 + (x - 30) ** 2 < 90, 180, 20).astype(np.uint8)
    result = register_weeks(ScanSeries((draw_bone(), dataclasses.replace(stranger, voxels=voxels))), options=QUICK)
    assert result.quality[1].verdict == "failed"
    assert "overlaps" in result.quality[1].reason


class Impatient:
    """Asks to stop at the n-th question."""

    def __init__(self, patience: int) -> None:
        self.left = patience
        self.asked_at = 0.0

    def advance(self, fraction: float) -> None:
        assert 0 <= fraction <= 1

    def message(self, text: str) -> None:
        assert text

    def check(self) -> None:
        self.left -= 1
        if self.left <= 0:
            self.asked_at = self.asked_at or time.perf_counter()
            raise Cancelled


@pytest.mark.parametrize("patience", [1, 3, 30, 60])
def test_cancel_stops_within_a_second(draw_bone, patience) -> None:
    series = two_weeks(draw_bone, RigidTransform.about(MIDDLE, degrees=(8, 8, 8), shift=(40, 40, 40)))
    impatient = Impatient(patience)
    with pytest.raises(Cancelled):
        register_weeks(series, options=QUICK, progress=impatient)
    assert time.perf_counter() - impatient.asked_at < 1


def test_quality_is_a_plain_record(draw_bone) -> None:
    result = register_weeks(two_weeks(draw_bone, RigidTransform()), options=QUICK)
    record = result.quality[1].as_record()
    assert record["week"] == 1
    assert isinstance(record["metric_trace"], list)
    assert record["verdict"] == "good"


def test_the_published_metric_is_there(draw_bone) -> None:
    pose = RigidTransform.about(MIDDLE, degrees=(12, 5, -8), shift=(10, 40, -30))
    series = two_weeks(draw_bone, pose)
    result = register_weeks(series, options=dataclasses.replace(QUICK, metric="mi"))
    assert error_voxels(series[0], result.transforms[1], pose) < 0.1
    assert result.quality[1].metric > 0.3  # nats
    assert result.quality[1].agreement > 0.9


def test_a_margin_leaves_out_what_lies_further_from_the_bone(draw_bone) -> None:
    pose = RigidTransform.about(MIDDLE, degrees=(3, 5, -4), shift=(0, 20, 0))
    wide = ScanSeries(tuple(scan.pad((0, 20, 30), (0, 25, 10)) for scan in two_weeks(draw_bone, pose)))
    whole = register_weeks(wide, options=QUICK)
    close = register_weeks(wide, options=dataclasses.replace(QUICK, around_bone=40.0))
    assert close.transforms == whole.transforms
    one, other = whole.series[1], close.series[1]
    assert np.prod(other.shape) < 0.6 * np.prod(one.shape)
    # The same bone at the same places, all of it; soft tissue may be interpolated another way there.
    first = [round((a - b) / s) for a, b, s in zip(other.origin, one.origin, one.spacing, strict=True)]
    inside = one.to_numpy()[tuple(slice(a, a + n) for a, n in zip(first, other.shape, strict=True))]
    np.testing.assert_array_equal(inside > 75, other.to_numpy() > 75)
    assert np.count_nonzero(other.to_numpy() > 75) == np.count_nonzero(one.to_numpy() > 75)
