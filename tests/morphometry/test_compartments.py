"""Compartments of synthetic legs against their truth, and of tubes and rods drawn here."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.masks.compartments import (
    CompartmentOptions,
    Part,
    compartments_from_labels,
    find_compartments,
)
from napari_bonemet.phantom.leg import Compartment, LegOptions, SyntheticLeg, make_leg
from napari_bonemet.scan import Kind, Scan

UM = 24.0
ABOVE_UM = 300.0


@lru_cache
def leg(seed: int = 5) -> SyntheticLeg:
    # An animal whose lesions open much of the cortex just below the plate.
    aside = round(3000 / UM)
    shape = (round(1900 / UM), aside, aside)
    return make_leg(LegOptions(shape=shape, spacing_um=UM, start_um=-ABOVE_UM, weeks=(0, 3), seed=seed))


def week(number: int) -> Scan:
    return leg().registered(0.0)[number]


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


def below_plate() -> int:
    plate = (leg().truth.compartments == Compartment.GROWTH_PLATE).any(axis=(1, 2))
    return int(np.flatnonzero(plate)[-1]) + 1


def tube(
    shape: tuple[int, int, int] = (20, 80, 80), outer: float = 600.0, inner: float = 400.0, um: float = 20.0
) -> np.ndarray:
    y, x = (np.arange(n) * um for n in shape[1:])
    radius = np.hypot(y[:, None] - y.mean(), x[None] - x.mean())
    section = 25 + 130 * (np.clip((outer - radius) / um + 0.5, 0, 1) - np.clip((inner - radius) / um + 0.5, 0, 1))
    return np.repeat(np.rint(section).astype(np.uint8)[None], shape[0], axis=0)


def scan_of(voxels: np.ndarray, um: float = 20.0, kind: Kind = Kind.ROI) -> Scan:
    return Scan(voxels, (um,) * 3, kind=kind)


@pytest.mark.parametrize("number", [0, 1])
def test_both_compartments_with_and_without_lesions(number: int) -> None:
    truth = leg().truth.compartments
    found = find_compartments(week(number))
    start = max(below_plate(), found.cortical_slices.start)
    assert start < below_plate() + 3
    assert dice(found.cortex[start:], truth[start:] == Compartment.CORTEX) > (0.985, 0.975)[number]
    assert dice(found.trabecular[start:], truth[start:] == Compartment.CAVITY) > 0.985
    assert found.growth_plate == pytest.approx(ABOVE_UM / UM, abs=3)
    # The fibula is in neither.
    fibula = truth == Compartment.FIBULA
    assert np.count_nonzero(found.labels[fibula]) < 0.01 * np.count_nonzero(fibula)


def test_a_hole_in_the_cortex_belongs_to_the_cortex() -> None:
    truth = leg().truth
    cortex = truth.compartments == Compartment.CORTEX
    lost = cortex & truth.bone[0] & ~truth.bone[1]
    lost[: below_plate() + 2] = False
    assert np.count_nonzero(lost) > 5000
    found = find_compartments(week(1))
    # The rest lies within a voxel of the endosteum that is gone.
    assert np.count_nonzero(found.cortex & lost) > 0.9 * np.count_nonzero(lost)
    trabeculae = truth.bone[0] & (truth.compartments == Compartment.CAVITY)
    trabeculae[: below_plate() + 2] = False
    healthy = find_compartments(week(0))
    assert np.count_nonzero(healthy.trabecular & trabeculae) > 0.95 * np.count_nonzero(trabeculae)


def test_the_region_is_told_in_micrometres_below_the_plate() -> None:
    options = CompartmentOptions(
        trabecular_offset_um=300.0, trabecular_length_um=800.0, cortical_offset_um=1000.0, growth_plate=12
    )
    found = find_compartments(week(0), options=options)
    assert found.trabecular_slices == slice(12 + 12, 12 + 12 + 33)
    assert found.cortical_slices == slice(12 + 42, week(0).shape[0])
    inside = np.flatnonzero(found.trabecular.any(axis=(1, 2)))
    assert (inside[0], inside[-1]) == (24, 56)
    assert np.flatnonzero(found.cortex.any(axis=(1, 2)))[0] == 54
    assert found.labels[24:].any(axis=(1, 2)).all()
    with pytest.raises(InputError, match="lies outside"):
        find_compartments(week(0), options=replace(options, cortical_offset_um=9000.0))
    short = find_compartments(week(0), options=replace(options, trabecular_length_um=5000.0))
    assert any("slices of the trabecular region are there" in note for note in short.notes)


def test_the_trabecular_region_may_keep_from_the_endosteum() -> None:
    voxels = tube()
    near = find_compartments(scan_of(voxels))
    inset = find_compartments(scan_of(voxels), options=CompartmentOptions(endosteal_offset_um=100.0))
    assert np.count_nonzero(inset.trabecular) == pytest.approx(20 * np.pi * 300**2 / 400, rel=0.02)
    assert np.array_equal(near.labels, inset.labels)


@pytest.mark.parametrize("um", [10.0, 20.0, 40.0])
def test_surfaces_lie_where_they_are(um: float) -> None:
    sides = round(1600 / um)
    found = find_compartments(scan_of(tube((12, sides, sides), um=um), um))
    area = um * um
    assert np.count_nonzero(found.periosteal) * area / 12 == pytest.approx(np.pi * 600**2, rel=0.015)
    assert np.count_nonzero(found.endosteal) * area / 12 == pytest.approx(np.pi * 400**2, rel=0.015)
    assert not found.notes or found.notes == ("no fibula was seen beside the bone",)


def test_voxels_need_not_be_cubes() -> None:
    voxels = tube((12, 120, 120), um=15.0)[:, ::2]
    found = find_compartments(Scan(voxels, (40.0, 30.0, 15.0), kind=Kind.ROI))
    assert np.count_nonzero(found.periosteal) * 450 / 12 == pytest.approx(np.pi * 600**2, rel=0.01)
    assert np.count_nonzero(found.endosteal) * 450 / 12 == pytest.approx(np.pi * 400**2, rel=0.01)


def test_the_edge_may_be_the_threshold() -> None:
    voxels = tube(um=20.0)
    half = find_compartments(scan_of(voxels))
    low = find_compartments(scan_of(voxels), options=CompartmentOptions(bone_threshold=35.0, edge="threshold"))
    assert np.count_nonzero(low.periosteal) > 1.01 * np.count_nonzero(half.periosteal)
    assert np.count_nonzero(low.endosteal) < 0.99 * np.count_nonzero(half.endosteal)


def test_a_canal_and_a_strut_change_nothing() -> None:
    voxels = tube(um=20.0)
    plain = find_compartments(scan_of(voxels)).labels
    voxels[4:12, 39:41, 62:66] = 25  # through the cortex's middle, 80 µm wide
    voxels[:, 38:42, 20:60] = 155  # from wall to wall
    assert dice(find_compartments(scan_of(voxels)).labels == Part.CORTEX, plain == Part.CORTEX) > 0.99


def test_a_thick_crest_is_cortex_and_no_strut() -> None:
    y, x = np.meshgrid(*(np.arange(-50, 51) * 20.0,) * 2, indexing="ij")
    radius, turn = np.hypot(y, x), np.arctan2(y, x)
    outer = radius < 600 + 300 * np.exp(-((turn / 0.3) ** 2))
    inner = radius < 420
    voxels = np.where(outer & ~inner, 155, 25).astype(np.uint8)
    voxels = np.repeat(voxels[None], 40, axis=0)
    voxels[10:20, 49:52, 20:50] = 155  # what does not last is a strut
    found = find_compartments(scan_of(voxels))
    assert dice(found.cortex, np.broadcast_to(outer & ~inner, voxels.shape)) > 0.985
    assert dice(found.trabecular, np.broadcast_to(inner, voxels.shape)) > 0.99


def test_slices_without_bone_are_left_out() -> None:
    voxels = np.pad(tube(), ((6, 5), (0, 0), (0, 0)), constant_values=25)
    found = find_compartments(scan_of(voxels))
    assert found.cortical_slices == slice(6, 26)
    assert not found.labels[:6].any()
    assert not found.labels[26:].any()


def test_one_slice() -> None:
    found = find_compartments(scan_of(tube((1, 80, 80))))
    assert np.count_nonzero(found.cortex) * 400 == pytest.approx(np.pi * (600**2 - 400**2), rel=0.02)


def rod(voxels: np.ndarray) -> np.ndarray:
    return np.where(tube(inner=0.0) > 90, 155, 25).astype(np.uint8) + 0 * voxels


BAD: dict[str, tuple[Callable[[np.ndarray], np.ndarray], str]] = {
    "empty": (np.zeros_like, "no bone"),
    "full": (lambda v: np.full_like(v, 200), "could not be told"),
    "a rod": (rod, "could not be told"),
    "specks": (lambda v: (np.random.default_rng(0).random(v.shape) > 0.99).astype(np.uint8) * 200, "No bone is seen"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_tube_is_refused(name: str) -> None:
    change, words = BAD[name]
    with pytest.raises(InputError, match=words):
        find_compartments(scan_of(change(tube())))


def test_a_composite_is_read_by_its_baseline() -> None:
    there = tube() > 90
    composite = np.where(there, 180, 0).astype(np.uint8)
    composite[5:9, 40:44, 65:72] = np.where(there[5:9, 40:44, 65:72], 60, 240)
    found = find_compartments(scan_of(composite, kind=Kind.COMPOSITE))
    assert dice(found.cortex, there) > 0.99


def test_painted_compartments() -> None:
    scan = scan_of(tube())
    painted = find_compartments(scan).labels.astype(np.int64)
    painted[:3] = 0
    found = compartments_from_labels(painted, scan)
    assert np.array_equal(found.labels, painted)
    assert found.labels.dtype == np.uint8
    assert found.cortical_slices == found.trabecular_slices == slice(3, 20)
    only = compartments_from_labels(np.where(painted == 1, 1, 0), scan)
    assert any("no trabecular is painted" in note for note in only.notes)
    with pytest.raises(InputError, match="do not fit"):
        compartments_from_labels(painted[1:], scan)
    with pytest.raises(InputError, match=r"labels that mean nothing.*found 7"):
        compartments_from_labels(np.where(painted == 2, 7, painted), scan)
    with pytest.raises(InputError, match="Nothing is painted"):
        compartments_from_labels(np.zeros_like(painted), scan)
    part = compartments_from_labels(
        painted, scan, options=CompartmentOptions(growth_plate=2, trabecular_offset_um=100.0, trabecular_length_um=60.0)
    )
    assert part.trabecular_slices == slice(7, 10)


def test_a_loose_piece_of_the_wall_is_no_fibula() -> None:
    voxels = tube((60, 110, 110), outer=700.0, inner=560.0, um=20.0)
    plain = find_compartments(scan_of(voxels), options=CompartmentOptions(remove_fibula=False)).labels
    y, x = np.meshgrid(*(np.arange(110) - 54.5,) * 2, indexing="ij")
    turn = np.abs(np.arctan2(y, x))
    voxels[4:52, (turn > 0.55) & (turn < 0.85)] = 25  # a piece of the wall stands alone for longer than the fibula
    voxels[20:60, np.hypot(y + 46, x) < 6] = 155
    found = find_compartments(scan_of(voxels))
    assert dice(found.labels == Part.CORTEX, plain == Part.CORTEX) > 0.98
    assert not found.labels[:, np.hypot(y + 46, x) < 6].any()
