"""Cortical measures against shapes whose areas, moments and outlines are known by formula."""

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.catalogue import BY_SYMBOL
from napari_bonemet.morphometry.cortical import Cortical, CorticalOptions, measure_cortical
from napari_bonemet.morphometry.masks.compartments import Part
from napari_bonemet.morphometry.sections import moments_of, outline_length

Mask = NDArray[np.bool_]
PIXELS = (10.6, 15.0, 30.0)


Grid = tuple[NDArray[np.floating], NDArray[np.floating]]


def grid(pixel: tuple[float, float], off: tuple[float, float] = (0.3, 0.1)) -> Grid:
    """Places of pixels in µm around a middle that lies `off` pixels beside a pixel's."""
    sides = [(np.arange(-int(1000 / p) - 2, int(1000 / p) + 3) - o) * p for p, o in zip(pixel, off, strict=True)]
    y, x = np.meshgrid(*sides, indexing="ij")
    return y, x


def ellipse(a: float, b: float, at: Grid, turn: float = 0.0) -> Mask:
    """Half axes along y and x in µm."""
    along, across = at[0] * np.cos(turn) + at[1] * np.sin(turn), at[1] * np.cos(turn) - at[0] * np.sin(turn)
    return np.asarray((along / a) ** 2 + (across / b) ** 2 <= 1)


def length_of(a: float, b: float) -> float:
    angle = np.linspace(0, 2 * np.pi, 20001)
    return float(np.hypot(np.diff(a * np.cos(angle)), np.diff(b * np.sin(angle))).sum())


def tube(
    outer: tuple[float, float],
    inner: tuple[float, float],
    pixel: tuple[float, float],
    *,
    turn: float = 0.0,
    slices: int = 24,
    straight: bool = False,
) -> tuple[Mask, NDArray[np.uint8]]:
    """A tube of elliptical section; each slice meets the pixels elsewhere, as of a slanted one, unless straight."""
    rng, planes = np.random.default_rng(0), []
    for _ in range(slices):
        at = grid(pixel) if straight else grid(pixel, tuple(rng.uniform(-0.5, 0.5, 2)))
        inside = np.where(ellipse(*inner, at, turn), Part.TRABECULAR, Part.CORTEX)
        planes.append(np.where(ellipse(*outer, at, turn), inside, Part.OUTSIDE).astype(np.uint8))
    labels = np.stack(planes)
    return labels == Part.CORTEX, labels


def measured(bone: Mask, labels: NDArray[np.uint8], um: float, **options: str) -> Cortical:
    return measure_cortical(bone, labels, slice(0, len(bone)), (um,) * 3, options=CorticalOptions(**options))


@pytest.mark.parametrize("um", PIXELS)
@pytest.mark.parametrize(("outer", "inner"), [(700.0, 530.0), (600.0, 420.0), (950.0, 700.0)])
def test_annulus(um: float, outer: float, inner: float) -> None:
    values = measured(*tube((outer, outer), (inner, inner), (um, um)), um).values
    area = np.pi * (outer**2 - inner**2) * 1e-6
    polar = np.pi / 2 * (outer**4 - inner**4) * 1e-12
    assert values["Ct.Ar"] == pytest.approx(area, rel=0.005)
    assert values["Tt.Ar"] == pytest.approx(np.pi * outer**2 * 1e-6, rel=0.005)
    assert values["Ma.Ar"] == pytest.approx(np.pi * inner**2 * 1e-6, rel=0.005)
    assert values["pMOI"] == pytest.approx(polar, rel=0.005)
    assert values["Imax"] == pytest.approx(values["Imin"], rel=0.02)
    assert values["Ps.Pm"] == pytest.approx(2 * np.pi * outer * 1e-3, rel=0.005)
    assert values["Ec.Pm"] == pytest.approx(2 * np.pi * inner * 1e-3, rel=0.005)
    assert values["Ct.Ecc"] < 0.1
    assert values["Ct.Po"] == 0


@pytest.mark.parametrize(("convention", "voxels"), [("balls", 0.75), ("bonej", 1.0), ("ipl", 1.5)])
def test_thickness_of_a_straight_tube(convention: str, voxels: float) -> None:
    bone, labels = tube((700, 700), (530, 530), (10.6, 10.6), straight=True)
    values = measured(bone, labels, 10.6, thickness_convention=convention).values
    assert values["Ct.Th"] == pytest.approx(0.17, abs=voxels * 0.0106)
    assert values["Ct.Th.SD"] < 0.006


@pytest.mark.parametrize("um", PIXELS)
@pytest.mark.parametrize("turn", [0.0, 0.4, 1.1])
def test_elliptical_tube(um: float, turn: float) -> None:
    (a, b), (c, d) = (900.0, 600.0), (740.0, 440.0)
    values = measured(*tube((a, b), (c, d), (um, um), turn=turn), um).values
    assert values["Ct.Ar"] == pytest.approx(np.pi * (a * b - c * d) * 1e-6, rel=0.005)
    largest = np.pi / 4 * (a**3 * b - c**3 * d) * 1e-12
    least = np.pi / 4 * (a * b**3 - c * d**3) * 1e-12
    assert values["Imax"] == pytest.approx(largest, rel=0.005)
    assert values["Imin"] == pytest.approx(least, rel=0.005)
    assert values["pMOI"] == pytest.approx(largest + least, rel=0.005)
    assert values["Ct.Ecc"] == pytest.approx(np.sqrt(1 - (b / a) ** 2), abs=0.01)
    assert values["Ps.Pm"] == pytest.approx(length_of(a, b) * 1e-3, rel=0.005)
    assert values["Ec.Pm"] == pytest.approx(length_of(c, d) * 1e-3, rel=0.005)


@pytest.mark.parametrize("side", [1, 2, 5, 40])
def test_moment_of_a_square_rod_is_exact_however_few_pixels(side: int) -> None:
    # Only with each pixel's own moment.
    moments = moments_of(np.pad(np.ones((side, side), dtype=bool), 2), (10.0, 10.0))
    assert moments.polar == pytest.approx((side * 0.01) ** 4 / 6, rel=1e-9)
    assert moments.eccentricity == pytest.approx(0, abs=1e-6)


def test_pixels_need_not_be_square_in_the_slice() -> None:
    pixel, (a, b), (c, d) = (12.0, 20.0), (900.0, 600.0), (740.0, 440.0)
    found = measure_cortical(*tube((a, b), (c, d), pixel), slice(0, 24), (15.0, *pixel))
    assert found.values["Ct.Ar"] == pytest.approx(np.pi * (a * b - c * d) * 1e-6, rel=0.005)
    assert found.values["Imax"] == pytest.approx(np.pi / 4 * (a**3 * b - c**3 * d) * 1e-12, rel=0.005)
    assert found.values["Ps.Pm"] == pytest.approx(length_of(a, b) * 1e-3, rel=0.005)
    assert "cubic voxels" in found.absent["Ct.Th"]
    assert "Ct.Th" not in found.values


@pytest.mark.parametrize(("radius", "within"), [(5.0, 0.03), (8.0, 0.016), (20.3, 0.004), (61.7, 0.002)])
def test_outline_of_circles_small_and_large(radius: float, within: float) -> None:
    rng = np.random.default_rng(1)
    offsets = [tuple(rng.uniform(-0.5, 0.5, 2)) for _ in range(12)]
    circles = [ellipse(radius * 12.5, radius * 12.5, grid((12.5, 12.5), off)) for off in offsets]
    lengths = np.array([outline_length(circle, (12.5, 12.5)) for circle in circles]) / (2 * np.pi * radius * 0.0125)
    assert lengths.mean() == pytest.approx(1, abs=0.006)
    assert lengths == pytest.approx(1, abs=within)


def test_a_pore_is_a_pore_and_a_lesion_is_none() -> None:
    bone, labels = tube((700, 700), (500, 500), (10.0, 10.0), straight=True)
    middle, outermost = bone.shape[1] // 2, np.flatnonzero(bone[0, bone.shape[1] // 2])[-1]
    whole = measured(bone, labels, 10.0)
    bone[:, middle : middle + 2, outermost - 10 : outermost - 8] = False
    pierced = bone.copy()
    pierced[:, :, : bone.shape[2] // 4] = False
    cortex = np.count_nonzero(labels == Part.CORTEX) / 24
    assert measured(bone, labels, 10.0).values["Ct.Po"] == pytest.approx(100 * 4 / cortex)
    assert measured(pierced, labels, 10.0).values["Ct.Po"] == pytest.approx(100 * 4 / cortex)
    everything = measured(pierced, labels, 10.0, pores="all").values["Ct.Po"]
    assert everything == pytest.approx(100 - 100 * np.count_nonzero(pierced) / np.count_nonzero(labels == 1))
    # A canal does not make the cortex thin, a lesion does not change what the periosteum encloses.
    assert measured(bone, labels, 10.0).values["Ct.Th"] == pytest.approx(whole.values["Ct.Th"], rel=1e-6)
    for name in ("Tt.Ar", "Ps.Pm", "Ct.Ecc", "Ma.Ar"):
        assert measured(pierced, labels, 10.0).values[name] == whole.values[name]
    assert measured(pierced, labels, 10.0).values["Ct.Ar"] < 0.9 * whole.values["Ct.Ar"]


def test_slices_are_told_apart_and_averaged() -> None:
    bone, labels = tube((700, 700), (500, 500), (20.0, 20.0), slices=6, straight=True)
    other_bone, other = tube((700, 700), (600, 600), (20.0, 20.0), slices=4, straight=True)
    bone, labels = np.concatenate([bone, other_bone]), np.concatenate([labels, other])
    labels[9] = 0
    found = measure_cortical(bone, labels, slice(2, 10), (20.0,) * 3, keep_maps=True)
    assert found.slice_index.tolist() == list(range(2, 10))
    areas = found.slices["Ma.Ar"]
    assert np.isnan(areas[-1])
    assert areas[0] < areas[5]
    assert found.values["Ma.Ar"] == pytest.approx(np.nanmean(areas))
    assert found.spread["Ma.Ar"] == pytest.approx(np.nanstd(areas))
    assert found.slices["Ct.Th"][0] > found.slices["Ct.Th"][6] + 0.02
    thickness = found.maps["Ct.Th"]
    assert thickness.shape == bone.shape
    assert not thickness[:2].any()
    assert float(thickness[thickness > 0].mean()) == pytest.approx(1000 * found.values["Ct.Th"], rel=1e-5)
    assert {*found.values, *found.slices, *found.absent} <= set(BY_SYMBOL)


def test_bone_beyond_the_region_counts_for_thickness() -> None:
    bone, labels = tube((700, 700), (400, 400), (20.0, 20.0), slices=30, straight=True)
    whole = measured(bone, labels, 20.0).values["Ct.Th"]
    part = measure_cortical(bone, labels, slice(14, 15), (20.0,) * 3).values["Ct.Th"]
    assert part == pytest.approx(whole, rel=0.01)
    alone = measured(bone[:1], labels[:1], 20.0).values["Ct.Th"]
    assert alone == pytest.approx(whole, rel=0.02)


def test_nothing_is_measured_of_nothing() -> None:
    empty = np.zeros((3, 8, 8), np.uint8)
    found = measured(empty > 0, empty, 10.0)
    assert not found.values
    assert "no cortex" in found.absent["Ct.Ar"]
    bone, labels = tube((300, 300), (150, 150), (20.0, 20.0))
    gone = measured(np.zeros_like(bone), labels, 20.0)
    assert gone.values["Ct.Ar"] == 0
    assert gone.values["pMOI"] == 0
    assert "no bone" in gone.absent["Ct.Th"]
    rod = measured(labels > 0, (labels > 0).astype(np.uint8), 20.0)
    assert rod.values["Ma.Ar"] == 0
    assert "no marrow" in rod.absent["Ec.Pm"]
    for found in (gone, rod):
        assert all(np.isfinite(value) for value in found.values.values())
    with pytest.raises(InputError, match="do not fit"):
        measured(bone[:2], labels, 20.0)
    with pytest.raises(InputError, match="No slice"):
        measure_cortical(bone, labels, slice(5, 5), (20.0,) * 3)


def test_all_bone_and_no_background_does_not_hang() -> None:
    full = np.ones((4, 6, 6), dtype=bool)
    found = measured(full, full.astype(np.uint8), 20.0)
    assert "Ct.Th" in found.absent
    assert found.values["Ct.Ar"] == pytest.approx(36 * 400e-6)
