"""Remodelling of blocks that were added and taken: volumes and surfaces that can be counted by hand."""

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.io.composite_codes import encode
from napari_bonemet.morphometry.change.remodelling import RemodellingOptions, measure_remodelling
from napari_bonemet.processing.composite import make_composite
from napari_bonemet.resample import resample
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.transform import RigidTransform

# A hundredth of a millimetre: a voxel is a millionth of a cubic millimetre.
SPACING = 10.0
VOXEL = 1e-6
FACE = 1e-4


def composite(before: np.ndarray, after: np.ndarray, spacing: object = SPACING, day: float = 14.0) -> Scan:
    return Scan(encode(before, after), spacing, subject="1", side="left", day=day, kind=Kind.COMPOSITE)  # type: ignore[arg-type]


def plate() -> np.ndarray:
    """Bone in slices 8 to 15 of 24, edge to edge: its surface is two planes of 20 x 20 faces."""
    bone = np.zeros((24, 20, 20), bool)
    bone[8:16] = True
    return bone


def wall() -> tuple[np.ndarray, np.ndarray]:
    """A cortex five voxels thick between the outside and the marrow, with two trabeculae; and the compartments."""
    bone, labels = np.zeros((12, 30, 20), bool), np.zeros((12, 30, 20), np.uint8)
    labels[:, 5:10], labels[:, 10:] = 1, 2
    bone[:, 5:10] = True
    bone[2:5, 10:], bone[7:10, 10:] = True, True
    return bone, labels


def test_a_plate_loses_and_gains_blocks() -> None:
    after = plate()
    after[8:10, 4:8, 4:9] = False
    after[16:19, 10:14, 10:16] = True
    result = measure_remodelling(composite(plate(), after))
    whole = result.whole
    assert whole.bone_mm3 == pytest.approx(3200 * VOXEL)
    assert whole.resorbed_mm3 == pytest.approx(40 * VOXEL)
    assert whole.formed_mm3 == pytest.approx(72 * VOXEL)
    assert whole.conserved_mm3 == pytest.approx(3160 * VOXEL)
    assert whole.resorbed_percent == pytest.approx(100 * 40 / 3200)
    assert whole.formed_percent == pytest.approx(100 * 72 / 3200)
    # Of 800 faces 20 are eroded and 24 laid on; the planes are smooth, so areas are those of the faces.
    assert whole.surface_mm2 == pytest.approx(800 * FACE)
    assert whole.eroded_mm2 == pytest.approx(20 * FACE)
    assert whole.mineralised_mm2 == pytest.approx(24 * FACE)
    assert (whole.eroded_share, whole.mineralised_share) == (pytest.approx(20 / 800), pytest.approx(24 / 800))
    # Two voxels of 10 µm deep and three high, in 14 days.
    assert whole.erosion_um == pytest.approx(20 / 14)
    assert whole.apposition_um == pytest.approx(30 / 14)
    assert whole.resorption_rate == pytest.approx(100 * 40 / 3200 / 14)
    assert not result.compartments
    assert "the whole bone alone" in result.as_row()["notes"]  # type: ignore[operator]


def test_each_change_belongs_to_its_compartment_and_surface() -> None:
    before, labels = wall()
    after = before.copy()
    after[:, 5:6, 0:3] = False  # periosteal, 12 x 1 x 3
    after[0:2, 8:10, :] = False  # endosteal, 2 x 2 x 20
    after[2:3, 10:, 10:14] = False  # trabecular, 20 x 4 of a face
    after[:, 3:5, 15:17] = True  # formed on the periosteum, 12 x 2 x 2
    result = measure_remodelling(composite(before, after), labels)
    cortex, trabecular = result.compartments["cortex"], result.compartments["trabecular"]
    assert cortex.bone_mm3 == pytest.approx(12 * 5 * 20 * VOXEL)
    assert cortex.resorbed_mm3 == pytest.approx((36 + 80) * VOXEL)
    assert trabecular.resorbed_mm3 == pytest.approx(80 * VOXEL)
    # What formed outside the old cortex is in no compartment, but belongs to its surface.
    assert cortex.formed_mm3 == 0
    assert {name: round(change.resorbed_mm3 / VOXEL) for name, change in result.surfaces.items()} == {
        "periosteal": 36,
        "endosteal": 80,
        "intracortical": 0,
        "trabecular": 80,
    }
    assert round(result.surfaces["periosteal"].formed_mm3 / VOXEL) == 48
    assert result.surfaces["periosteal"].surface_mm2 == pytest.approx(12 * 20 * FACE)
    assert result.surfaces["periosteal"].eroded_share == pytest.approx(36 / 240)
    assert result.surfaces["periosteal"].mineralised_share == pytest.approx(24 / 240)
    # The cortex lies bare towards the marrow in 6 of 12 slices.
    assert result.surfaces["endosteal"].eroded_share == pytest.approx(40 / 120)
    assert result.whole.formed_mm3 == pytest.approx(48 * VOXEL)
    row = result.as_row()
    assert row["periosteal surface MV (mm³)"] == pytest.approx(48 * VOXEL)
    assert row["cortex EV/BV (%)"] == pytest.approx(100 * 116 / 1200)
    assert (row["baseline week"], row["week"], row["days"]) == (0, 2, 14)


def test_a_gap_within_the_cortex_is_near_a_surface_or_a_pore() -> None:
    bone, labels = np.zeros((9, 40, 9), bool), np.zeros((9, 40, 9), np.uint8)
    labels[:, 5:35], labels[:, 35:] = 1, 2
    bone[:, 5:35] = True
    bone[4, 20, 4] = False  # a pore, far from both sides
    bone[4, 7, 4] = False  # two voxels below the periosteum
    after = bone.copy()
    after[4, 21, 4], after[4, 8, 4] = False, False
    near = RemodellingOptions(surface_reach_um=45.0)
    surfaces = measure_remodelling(composite(bone, after), labels, options=near).surfaces
    found = {name: round(change.resorbed_mm3 / VOXEL) for name, change in surfaces.items()}
    assert found == {"periosteal": 1, "endosteal": 0, "intracortical": 1, "trabecular": 0}
    none = RemodellingOptions(surface_reach_um=5.0)
    surfaces = measure_remodelling(composite(bone, after), labels, options=none).surfaces
    assert round(surfaces["intracortical"].resorbed_mm3 / VOXEL) == 2


def test_a_ball_has_the_surface_of_a_ball() -> None:
    z, y, x = np.ogrid[-25:26, -25:26, -25:26]
    ball = z * z + y * y + x * x <= 20.5**2
    whole = measure_remodelling(composite(ball, ball)).whole
    assert whole.surface_mm2 == pytest.approx(4 * np.pi * 0.205**2, rel=0.03)
    assert whole.resorbed_percent == whole.formed_percent == 0
    assert whole.erosion_um is None


def test_voxels_that_are_not_cubes() -> None:
    after = plate()
    after[8:10, 4:8, 4:9] = False
    whole = measure_remodelling(composite(plate(), after, (20.0, 10.0, 5.0))).whole
    assert whole.resorbed_mm3 == pytest.approx(40 * VOXEL)
    assert whole.surface_mm2 == pytest.approx(800 * 10 * 5 * 1e-6)
    assert whole.eroded_mm2 == pytest.approx(20 * 10 * 5 * 1e-6)
    assert whole.erosion_um == pytest.approx(40 / 14)


def test_weeks_that_are_missing_are_days_in_between() -> None:
    after = plate()
    after[8:10] = False
    twice = measure_remodelling(composite(plate(), after, day=35.0), days=28.0)
    assert (twice.baseline_week, twice.week) == (1, 5)
    assert twice.whole.resorption_rate == pytest.approx(100 * 2 / 8 / 28)
    assert twice.as_row()["BRR (%/week)"] == pytest.approx(100 * 2 / 8 / 4)
    assert twice.as_record()["days"] == 28


def test_what_the_later_week_did_not_see_is_left_out() -> None:
    greys = np.where(plate(), np.uint8(160), np.uint8(20))
    baseline = Scan(greys, 10.0, subject="1", day=0, kind=Kind.REGIST)  # type: ignore[arg-type]
    later = Scan(greys, 10.0, subject="1", day=7, kind=Kind.REGIST)  # type: ignore[arg-type]
    half = later.crop((slice(None), slice(0, 10), slice(None)))
    seen = resample(half, baseline.grid, RigidTransform())
    result = measure_remodelling(make_composite(baseline, seen), days=7)
    assert result.whole.bone_mm3 == pytest.approx(1600 * VOXEL)
    assert result.whole.surface_mm2 == pytest.approx(400 * FACE)
    assert any("50.0% of the baseline's bone" in note for note in result.notes)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"labels": np.zeros((3, 3, 3), np.uint8)}, "do not fit"),
        ({"labels": np.full((24, 20, 20), 4, np.uint8)}, "0 outside, 1 cortex, 2 trabecular"),
        ({"days": 0.0}, "days between"),
    ],
)
def test_bad_input_is_said(change: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        measure_remodelling(composite(plate(), plate()), **change)  # type: ignore[arg-type]


def test_greys_empty_and_tiny_volumes() -> None:
    with pytest.raises(InputError, match="is no composite"):
        measure_remodelling(Scan(np.full((4, 4, 4), 9, np.uint8), 10.0, day=7.0))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="shows no bone"):
        measure_remodelling(composite(np.zeros((4, 4, 4), bool), np.ones((4, 4, 4), bool)))
    with pytest.raises(InputError, match="days between"):
        measure_remodelling(Scan(encode(plate(), plate()), 10.0, kind=Kind.COMPOSITE))  # type: ignore[arg-type]
    # All bone, one slice: no surface, and nothing that cannot be told.
    full = np.ones((1, 6, 6), bool)
    row = measure_remodelling(composite(full, full), np.ones((1, 6, 6), np.uint8)).as_row()
    assert row["BV (mm³)"] == pytest.approx(36 * VOXEL)
    assert "MS/BS (%)" not in row
    assert "trabecular MV/BV (%)" not in row
    one = np.ones((1, 1, 1), bool)
    alone = measure_remodelling(composite(one, one), np.ones((1, 1, 1), np.uint8))
    assert alone.whole.bone_mm3 == pytest.approx(VOXEL)
