import numpy as np
import pytest
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.catalogue import BY_SYMBOL
from napari_bonemet.morphometry.structure.thickness import local_thickness
from napari_bonemet.morphometry.trabecular import TrabecularOptions, measure_trabecular

CUBE = (10.0, 10.0, 10.0)
ELSEWHERE = {"Tb.BMD", "Tb.TMD"}
SYMBOLS = {s for s, measure in BY_SYMBOL.items() if measure.where == "trabecular"} - ELSEWHERE


def rods(size: int = 60, pitch: int = 20, half: int = 3) -> np.ndarray:
    """Square rods along z, `2 half + 1` voxels thick, at a pitch."""
    at = np.abs(np.arange(size) % pitch - pitch // 2) <= half
    return np.broadcast_to(at[:, None] & at[None], (size, size, size)).copy()


def network(size: int = 50) -> np.ndarray:
    noise = ndimage.gaussian_filter(np.random.default_rng(5).standard_normal((size, size, size)), 3)
    return noise > np.quantile(noise, 0.8)


def test_known_rods_measure_what_they_are() -> None:
    bone = rods()
    found = measure_trabecular(bone, np.ones_like(bone), CUBE)
    values = found.values
    assert values["TV"] == pytest.approx(0.6**3)
    assert values["BV"] == pytest.approx(9 * 0.07**2 * 0.6)
    assert values["BV/TV"] == pytest.approx(100 * 49 / 400)
    # No end caps where the volume cuts the rods: four sides alone, edges chamfered by a voxel's diagonal.
    assert values["BS"] == pytest.approx(9 * 4 * 0.07 * 0.6, rel=0.1)
    assert values["BS/BV"] == pytest.approx(values["BS"] / values["BV"])
    assert values["BS/TV"] == pytest.approx(values["BS"] / values["TV"])
    assert values["Tb.Th"] == pytest.approx(0.07)
    assert values["Tb.Th.SD"] == pytest.approx(0, abs=1e-6)
    assert values["Eu.N"] == 0
    assert values["DA"] == pytest.approx(1, abs=0.02)
    # A square rod of side a, per length: 6 a^2 2 pi / (4 a)^2; its smoothed edges make it rounder.
    assert 0.75 * np.pi < values["SMI"] < 3
    # Middle lines 20 voxels apart: on the diagonal the largest ball between four of them is wider.
    assert 1 / (0.2 * 2**0.5) < values["Tb.N"] < 1 / 0.19


def test_every_symbol_is_measured_or_absent_with_a_reason() -> None:
    bone = network()
    region = np.ones_like(bone)
    for options in (TrabecularOptions(), TrabecularOptions(trabecular_number="ratio")):
        found = measure_trabecular(bone, region, CUBE, options=options)
        assert set(found.values) | set(found.absent) == SYMBOLS
        assert not set(found.values) & set(found.absent)
        assert all(type(value) is float and np.isfinite(value) for value in found.values.values())
    assert set(found.absent) == {"Tb.N.SD"}


def test_total_volume_is_the_compartment_or_its_marrow() -> None:
    bone = rods()
    marrow = measure_trabecular(bone, np.ones_like(bone), CUBE, options=TrabecularOptions(total_volume="marrow"))
    assert marrow.values["TV"] == pytest.approx(0.6**3 * (1 - 49 / 400))
    assert marrow.values["BV/TV"] == pytest.approx(100 * 49 / 351)


def test_trabecular_number_as_a_ratio() -> None:
    bone = rods()
    found = measure_trabecular(
        bone, np.ones_like(bone), CUBE, options=TrabecularOptions(trabecular_number="ratio")
    ).values
    assert found["Tb.N"] == pytest.approx(0.1225 / 0.07)


def test_a_region_inside_the_scan_measures_like_a_scan_of_that_size() -> None:
    bone, box = rods(), (slice(10, 40), slice(0, 40), slice(20, 60))
    region = np.zeros_like(bone)
    region[box] = True
    inside = measure_trabecular(bone, region, CUBE, keep_maps=True)
    alone = measure_trabecular(bone[box], np.ones_like(bone[box]), CUBE, keep_maps=True)
    assert inside.values == alone.values
    for symbol in ("Tb.Th", "Tb.Sp"):
        np.testing.assert_array_equal(inside.maps[symbol][box], alone.maps[symbol])
        assert not inside.maps[symbol][~region].any()
        assert inside.maps[symbol].dtype == np.float32


def test_bone_outside_the_region_counts_nowhere() -> None:
    bone = network()
    region = np.zeros_like(bone)
    region[5:45, 10:40, 8:44] = ndimage.gaussian_filter(np.ones((40, 30, 36)), 6, mode="constant") > 0.4
    found = measure_trabecular(bone, region, CUBE, keep_maps=True)
    assert found.values == measure_trabecular(bone & region, region, CUBE).values
    assert set(np.unique(found.maps["Tb.Th"] > 0)) == {False, True}
    assert not (found.maps["Tb.Th"] > 0)[~(bone & region)].any()
    assert not (found.maps["Tb.Sp"] > 0)[bone | ~region].any()


def test_maps_are_kept_only_when_asked_for_and_give_the_means() -> None:
    bone = network()
    assert not measure_trabecular(bone, np.ones_like(bone), CUBE).maps
    found = measure_trabecular(bone, np.ones_like(bone), CUBE, keep_maps=True)
    local = found.maps["Tb.Th"]
    np.testing.assert_array_equal(local, local_thickness(bone, 10.0))
    assert found.values["Tb.Th"] == pytest.approx(local[local > 0].mean(dtype=float) / 1000)


@pytest.mark.parametrize(
    ("bone", "region", "reason", "left"),
    [
        (network(), np.zeros((50, 50, 50), bool), "region is empty", set()),
        (np.zeros((9, 9, 9), bool), np.ones((9, 9, 9), bool), "no bone", {"TV", "BV", "BV/TV"}),
        (np.ones((9, 9, 9), bool), np.ones((9, 9, 9), bool), "no marrow", {"TV", "BV", "BV/TV"}),
        (network()[:1], np.ones((1, 50, 50), bool), "one slice", {"TV", "BV", "BV/TV"}),
    ],
)
def test_what_cannot_be_measured_is_absent_with_its_reason(bone, region, reason: str, left: set[str]) -> None:
    found = measure_trabecular(bone, region, CUBE)
    assert set(found.values) == left
    assert set(found.absent) == SYMBOLS - left
    assert all(reason in text for text in found.absent.values())


def test_all_bone_has_no_marrow_to_be_relative_to() -> None:
    whole = np.ones((9, 9, 9), bool)
    found = measure_trabecular(whole, whole, CUBE, options=TrabecularOptions(total_volume="marrow"))
    assert "no marrow" in found.absent["BV/TV"]
    assert found.values["TV"] == 0


def test_anisotropic_voxels_leave_out_balls_by_name_and_keep_the_rest() -> None:
    bone = rods()
    found = measure_trabecular(bone, np.ones_like(bone), (20.0, 10.0, 10.0))
    for symbol in ("Tb.Th", "Tb.Th.SD", "Tb.Sp", "Tb.Sp.SD", "Tb.N", "Tb.N.SD", "DA", "SMI"):
        assert "20 x 10 x 10 µm" in found.absent[symbol]
    assert found.values["TV"] == pytest.approx(2 * 0.6**3)
    assert found.values["BS"] == pytest.approx(9 * 4 * 0.07 * 1.2, rel=0.1)
    assert found.values["Eu.N"] == 0


def test_masks_of_different_shapes_are_refused() -> None:
    with pytest.raises(InputError, match="one grid"):
        measure_trabecular(np.ones((3, 4, 5), bool), np.ones((3, 4, 6), bool), CUBE)


def test_a_region_of_two_slices_and_specks_say_what_they_lack() -> None:
    bone = np.zeros((2, 30, 30), bool)
    bone[0, 15, 15] = True
    found = measure_trabecular(bone, np.ones_like(bone), CUBE)
    assert "no line" in found.absent["DA"]
    assert "too thin" in found.absent["SMI"]
