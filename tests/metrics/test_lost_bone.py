"""Lost bone by its sum of grey loss, on blurred bars whose loss is known."""

import numpy as np
import pytest
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.metrics import lost_bone
from napari_bonemet.metrics.lesions import newly_lost_mm3
from napari_bonemet.metrics.lost_bone import LostBone, grey_loss, lost_bone_mm3, new_lesions, resorption_share
from napari_bonemet.scan import Scan

SPACING = (30.0, 20.0, 10.0)
VOXEL = 30 * 20 * 10 * 1e-9


def bone(*holes: tuple[slice, slice, slice], shift: tuple[float, float, float] = (0, 0, 0)) -> Scan:
    """A tapering tube of grey 150 in tissue of 30, cut by the field along z, blurred, shifted."""
    z, y, x = np.mgrid[:30, :44, :44].astype(float)
    radius = np.hypot(y - 21.5, x - 21.5)
    inside = (radius < 17 - z / 6) & (radius > 9 - z / 6)
    for hole in holes:
        inside[hole] = False
    grey = ndimage.gaussian_filter(30 + 120.0 * inside, 0.7)
    moved = ndimage.shift(grey, shift, order=1, mode="nearest")
    return Scan(np.rint(moved).astype(np.uint8), SPACING)


HOLE = (slice(8, 22), slice(4, 14), slice(15, 29))


def lost_voxels() -> int:
    full, cut = (bone(*holes).to_numpy().astype(float) for holes in ((), (HOLE,)))
    return round(float((full - cut).sum()) / 120)


def test_a_hole_is_as_large_as_what_was_taken() -> None:
    last = bone()
    assert lost_bone_mm3(bone(HOLE), last, contrast=120.0) == pytest.approx(lost_voxels() * VOXEL, rel=0.05)
    assert lost_bone_mm3(bone(HOLE), last) == pytest.approx(lost_voxels() * VOXEL, rel=0.05)
    assert lost_bone_mm3(last, last) == 0
    assert LostBone.since(last).contrast == pytest.approx(120, abs=5)


def test_what_has_grown_counts_against_it() -> None:
    assert lost_bone_mm3(bone(), bone(HOLE)) < -0.5 * lost_voxels() * VOXEL


@pytest.mark.parametrize("shift", [(0, 0.35, 0.35), (0.35, 0, 0), (0.35, -0.35, 0.35)])
def test_a_shift_leaves_the_sum_alone_where_the_count_goes_astray(shift: tuple[float, float, float]) -> None:
    last = bone()
    truth = lost_voxels() * VOXEL
    by_grey = [lost_bone_mm3(bone(*holes, shift=shift), last) for holes in ((), (HOLE,))]
    by_count = newly_lost_mm3(bone(shift=shift), last, bone_threshold=75, opening=0)
    assert by_grey[0] == pytest.approx(0, abs=0.1 * truth)
    assert by_grey[1] == pytest.approx(truth, rel=0.12)
    assert by_count > 2 * max(abs(by_grey[0]), 0.02 * truth)


def test_what_a_shift_carries_out_of_the_field_is_taken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    last, moved = bone(), bone(shift=(0.7, 0, 0))
    steady = lost_bone_mm3(moved, last)
    monkeypatch.setattr(lost_bone, "_carried", lambda *_: np.zeros(3))
    assert abs(steady) < 0.25 * abs(lost_bone_mm3(moved, last))


def test_slab_by_slab_is_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    last, later = bone(), bone(HOLE, shift=(0.3, 0.2, 0))
    whole = lost_bone_mm3(later, last)
    monkeypatch.setattr(lost_bone, "_SLAB_VOXELS", 44 * 44 * 7)
    assert lost_bone_mm3(later, last) == pytest.approx(whole, rel=1e-9)
    assert LostBone.since(last).mm3(later.to_numpy()) == pytest.approx(whole, rel=1e-9)


def test_a_week_without_bone_and_another_shape_are_refused() -> None:
    with pytest.raises(InputError, match="no bone"):
        LostBone.since(Scan(np.zeros((3, 4, 5), np.uint8), SPACING))
    with pytest.raises(InputError, match="nothing but bone"):
        LostBone.since(Scan(np.full((3, 4, 5), 200, np.uint8), SPACING))
    with pytest.raises(InputError, match="differ in shape"):
        lost_bone_mm3(bone().to_numpy()[1:], bone())


def test_grey_loss_is_the_share_that_bone_has_fallen_by() -> None:
    last, later = np.array([[[150, 100, 60, 150]]], np.uint8), np.array([[[75, 120, 0, 0]]], np.uint8)
    assert grey_loss(later, last) == pytest.approx(np.array([[[0.5, 0, 0, 1]]]))


def test_new_lesions_are_where_bone_is_gone_without_shells() -> None:
    found = new_lesions(bone(HOLE, shift=(0, 0.4, 0)), bone())
    inside = np.zeros(found.shape, bool)
    inside[HOLE] = True
    assert found.sum() > 0.5 * lost_voxels()
    assert not (found & ~ndimage.binary_dilation(inside, iterations=2)).any()


def test_resorption_is_the_share_of_samples_that_lose_a_voxel() -> None:
    share = resorption_share([bone(HOLE), bone(), bone(HOLE), bone(HOLE)], bone())
    assert set(np.unique(share)) == {0.0, 0.75}
    assert np.array_equal(share > 0, new_lesions(bone(HOLE), bone()))
    with pytest.raises(InputError, match="at least one"):
        resorption_share([], bone())
