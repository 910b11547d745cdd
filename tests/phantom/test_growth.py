"""However the field of view lies and however it is cut, it is the same animal."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from napari_bonemet.phantom import growth, network
from napari_bonemet.phantom.leg import Compartment, LegOptions, make_leg

SMALL = LegOptions(seed=5, shape=(40, 50, 50), spacing_um=60)


def test_slabs_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = make_leg(SMALL)
    monkeypatch.setattr(growth, "_SLAB_VOXELS", 1)
    parts = make_leg(SMALL)
    for one, other in zip(whole.series, parts.series, strict=True):
        difference = one.to_numpy().astype(int) - other.to_numpy()
        # Matrix products of other sizes round otherwise in the last bit.
        assert np.abs(difference).max() <= 1
        assert np.mean(difference != 0) < 1e-3
    for one, other in zip(whole.truth.lesion_labels, parts.truth.lesion_labels, strict=True):
        assert np.mean(one != other) < 1e-4


def test_a_part_of_the_field_shows_the_same_bone() -> None:
    whole = make_leg(replace(SMALL, tumour=False, weeks=(0,)))
    part = make_leg(replace(SMALL, tumour=False, weeks=(0,), shape=(10, 50, 50), start_um=20 * 60 - SMALL.plate_um))
    same = whole.truth.bone[0][20:30] == part.truth.bone[0]
    assert same.mean() > 0.999
    assert part.truth.landmarks_um["growth plate"] == pytest.approx(whole.truth.landmarks_um["growth plate"] - 1200)


def test_the_fibula_parts_and_joins_again() -> None:
    def outlines(start_mm: float) -> int:
        leg = make_leg(LegOptions(seed=3, tumour=False, weeks=(0,), shape=(8, 150, 150), start_um=1000 * start_mm))
        section = ndimage.binary_fill_holes(leg.truth.bone[0][4])
        parts, _ = ndimage.label(section, np.ones((3, 3)))
        return int((np.bincount(parts.ravel())[1:] > 12).sum())

    assert [outlines(depth) for depth in (0.2, 1.5, 4.0, 9.5, 14.0)] == [1, 2, 2, 1, 1]


def test_canals_are_seen_in_fine_voxels_alone() -> None:
    fine = LegOptions(seed=3, tumour=False, weeks=(0,), shape=(8, 250, 250), spacing_um=10.6, start_um=2500)
    leg = make_leg(fine)
    cortex = leg.truth.compartments[0] == Compartment.CORTEX
    deep = ndimage.binary_erosion(cortex, iterations=3)
    porosity = 1 - leg.truth.bone[0][0][deep].mean()
    assert 0.002 < porosity < 0.06
    assert fine.spacing_um < network.PORES_SEEN_BELOW_UM < LegOptions().spacing_um


def test_ageing_never_gives_bone_back() -> None:
    taken = growth.ageing_um(replace(SMALL, weeks=(0, 12)))
    assert len(taken) == 13
    assert (np.diff(taken) > 0).all()
    assert 2 < taken[-1] < 15


def test_strains_differ() -> None:
    shares = []
    for strain in ("C57BL/6", "BALB/c"):
        truth = make_leg(LegOptions(seed=3, tumour=False, weeks=(0,), strain=strain)).truth  # type: ignore[arg-type]
        shares.append(truth.bone[0][15:][truth.compartments[15:] == Compartment.CAVITY].mean())
    assert shares[1] > 1.25 * shares[0]


def test_compartments_name_every_voxel() -> None:
    truth = make_leg(replace(SMALL, weeks=(0,))).truth
    assert set(np.unique(truth.compartments)) == set(Compartment)
    assert not truth.bone[0][truth.compartments == Compartment.GROWTH_PLATE].mean() > 0.1
