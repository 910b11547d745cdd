"""Composites by hand: what counts as bone lost and formed, and what is noise."""

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.processing.composite import CompositeOptions, make_composite
from napari_bonemet.resample import resample
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.transform import RigidTransform

BLOCK = (slice(5, 15), slice(5, 15), slice(5, 15))


def week(voxels: np.ndarray, day: float, spacing: float = 100.0) -> Scan:
    return Scan(voxels, (spacing,) * 3, subject="1", side="left", day=day, kind=Kind.REGIST)


def block() -> np.ndarray:
    voxels = np.full((20, 20, 20), 20, np.uint8)
    voxels[BLOCK] = 160
    return voxels


def test_published_codes_and_volumes() -> None:
    later = block()
    later[5:8, 5:8, 5:8] = 20
    later[16:19, 5:8, 5:9] = 160
    result = make_composite(week(block(), 0), week(later, 21))
    voxels = result.scan.to_numpy()
    assert voxels.dtype == np.uint8
    assert (voxels[6, 6, 6], voxels[17, 6, 6], voxels[10, 10, 10], voxels[0, 0, 0]) == (60, 240, 180, 0)
    assert result.scan.kind is Kind.COMPOSITE
    # 100 µm voxels are a thousandth of a cubic millimetre.
    assert result.volumes.as_record() == pytest.approx(
        {"resorbed_mm3": 0.027, "formed_mm3": 0.036, "conserved_mm3": 0.973, "baseline_mm3": 1.0, "later_mm3": 1.009}
    )
    assert result.raw == result.volumes


def test_flicker_at_the_edge_is_noise_and_the_lesion_is_not() -> None:
    before, later = block(), block()
    # The whole surface fades to just under the threshold, as a subvoxel shift would make it.
    before[5, 5:15, 5:15] = 80
    later[5, 5:15, 5:15] = 70
    later[10:13, 10:13, 10:13] = 20
    result = make_composite(week(before, 0), week(later, 7))
    assert (result.scan.to_numpy() == 60).sum() == 27
    assert result.raw.resorbed_mm3 == pytest.approx(0.127)
    assert result.volumes.resorbed_mm3 == pytest.approx(0.027)
    assert result.volumes.formed_mm3 == 0


@pytest.mark.parametrize(("size", "counted"), [(1, 0), (2, 8), (3, 27)])
def test_least_cluster(size: int, counted: int) -> None:
    later = block()
    later[8 : 8 + size, 8 : 8 + size, 8 : 8 + size] = 20
    result = make_composite(week(block(), 0), week(later, 7), options=CompositeOptions(least_voxels=8))
    assert (result.scan.to_numpy() == 60).sum() == counted


def test_a_core_reaches_its_dim_neighbours_alone() -> None:
    before, later = block(), block()
    before[5:15, 5:15, 12:15] = 90
    later[8:12, 8:12, 8:12] = 20
    later[5:15, 5:15, 12:15] = 70
    near = make_composite(week(before, 0), week(later, 7), options=CompositeOptions(reach=1)).scan.to_numpy() == 60
    # One voxel beyond the core of 4 x 4 x 4: the 6 x 6 dim voxels that touch it on one side.
    assert near.sum() == 64 + 36
    far = make_composite(week(before, 0), week(later, 7), options=CompositeOptions(reach=50)).scan.to_numpy() == 60
    assert far.sum() == 64 + 300


def resorbed(before: np.ndarray, later: np.ndarray, **rule: float) -> int:
    composite = make_composite(week(before, 0), week(later, 7), options=CompositeOptions(**rule))  # type: ignore[arg-type]
    return int((composite.scan.to_numpy() == 60).sum())


def test_bone_that_keeps_a_third_of_its_grey_is_no_core() -> None:
    later = block()
    # 90 of the 140 greys above the background are gone: enough against the contrast, too little of what was there.
    later[8:11, 8:11, 8:11] = 70
    assert resorbed(block(), later) == 0
    assert resorbed(block(), later, core_loss=0.6) == 27


def test_dim_voxels_that_vanish_are_no_core_by_themselves() -> None:
    before, later = block(), block()
    before[5:15, 5:15, 13:15] = 80
    later[5:15, 5:15, 13:15] = 20
    # All of what they had, yet 60 greys are less than half of the contrast.
    assert resorbed(before, later) == 0
    assert resorbed(before, later, core_contrast=0.4) == 200


def test_a_core_takes_several_touching_voxels() -> None:
    before, later = block(), block()
    before[8:11, 8:11, 8:11] = 80
    later[8:11, 8:11, 8:11] = 70
    for voxel in ((9, 9, 8), (9, 9, 9), (9, 9, 10)):
        before[voxel], later[voxel] = 160, 20
    assert resorbed(before, later) == 0
    assert resorbed(before, later, core_voxels=3) == 27


def test_an_empty_rim_around_the_field_is_no_background() -> None:
    def padded(voxels: np.ndarray) -> np.ndarray:
        return np.pad(voxels, 25)

    later = block()
    later[5:8, 5:8, 5:8] = 20
    alone = make_composite(week(block(), 0), week(later, 7))
    framed = make_composite(week(padded(block()), 0), week(padded(later), 7))
    assert framed.volumes == alone.volumes
    assert framed.rule == alone.rule


def test_what_the_later_week_did_not_see_keeps_its_state() -> None:
    later = block()
    later[5:8, 5:8, 5:8] = 20
    baseline = week(block(), 0)
    # Half of the block lies outside the field of view of a scan cut short, and is zero on the common grid.
    seen = resample(week(later, 7).crop((slice(0, 10), slice(None), slice(None))), baseline.grid, RigidTransform())
    result = make_composite(baseline, seen)
    assert result.volumes.resorbed_mm3 == pytest.approx(0.027)
    assert result.volumes.conserved_mm3 == pytest.approx(0.973)
    assert "50.0% of the baseline's bone lies outside" in result.rule
    # Zeros without that history are bone lost for all that can be told.
    unknown = week(seen.to_numpy(), 7)
    assert make_composite(baseline, unknown).volumes.resorbed_mm3 == pytest.approx(0.527)


def test_rule_is_stated_with_its_figures_and_kept_in_the_history() -> None:
    result = make_composite(week(block(), 0), week(block(), 7), options=CompositeOptions(least_voxels=12))
    assert "at least 12 voxels" in result.rule
    assert (
        "70% or more of what it has above the background, and by 70 greys or more (50% of the contrast" in result.rule
    )
    step = result.scan.history[-1]
    assert step.parameters["rule"] == result.rule
    assert step.sources[0].name == "1 left tibia, week 0"


def test_other_grids_and_empty_weeks_are_refused() -> None:
    with pytest.raises(InputError, match="Register the weeks first"):
        make_composite(week(block(), 0), week(block(), 7, spacing=90.0))
    with pytest.raises(InputError, match="week 1 shows no bone"):
        make_composite(week(block(), 0), week(np.full((20, 20, 20), 20, np.uint8), 7))
