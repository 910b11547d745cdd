"""Anisotropy and the structure model index on shapes whose values are known."""

import numpy as np
import pytest

from napari_bonemet.morphometry.structure.anisotropy import degree_of_anisotropy
from napari_bonemet.morphometry.structure.structure_model import structure_model_index

GRID = np.indices((70, 70, 70)) - 34.5
BALL = (GRID**2).sum(0) < 30**2
AXES = [(1, 0, 0), (1, 1, 0), (1, 1, 1), (1, 2, 0.5)]


def along(axis: tuple[float, float, float]) -> np.ndarray:
    return np.tensordot(np.array(axis) / np.linalg.norm(axis), GRID, 1)


@pytest.mark.parametrize("axis", AXES)
def test_rods_and_plates_of_any_direction_keep_their_index(axis: tuple[float, float, float]) -> None:
    rod = (GRID**2).sum(0) - along(axis) ** 2 <= 5**2
    plate = np.abs(along(axis)) < 3
    assert structure_model_index(rod & BALL, BALL) == pytest.approx(3, abs=0.12)
    assert structure_model_index(plate & BALL, BALL) == pytest.approx(0, abs=0.12)


@pytest.mark.parametrize("radius", [4, 8, 20])
def test_a_sphere_has_the_index_four_and_a_hole_minus_four(radius: int) -> None:
    sphere = (GRID**2).sum(0) < radius**2
    whole = np.ones_like(sphere)
    assert structure_model_index(sphere, whole) == pytest.approx(4, abs=0.12)
    hole = structure_model_index(~sphere, whole)
    assert hole is not None
    assert hole < 0


def test_slabs_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = np.random.default_rng(0).random((50, 30, 30)) < 0.5
    mask[:, 10:20] = True
    region = np.ones_like(mask)
    shape, fabric = structure_model_index(mask, region), degree_of_anisotropy(mask, region)
    monkeypatch.setattr("napari_bonemet.morphometry.structure.structure_model._SLAB", 7)
    monkeypatch.setattr("napari_bonemet.morphometry.structure.anisotropy._SLAB", 7)
    assert structure_model_index(mask, region) == pytest.approx(shape, rel=1e-5)
    assert degree_of_anisotropy(mask, region) == pytest.approx(fabric)


@pytest.mark.parametrize("axis", AXES)
def test_plates_of_any_direction_are_fully_anisotropic(axis: tuple[float, float, float]) -> None:
    plates = np.mod(along(axis), 16) < 8
    assert degree_of_anisotropy(plates, BALL) == pytest.approx(1, abs=0.02)


def test_stretching_makes_anisotropic_as_the_square_of_the_stretch() -> None:
    # A field of ellipsoids stretched by two along z: intercepts twice as long there.
    rng = np.random.default_rng(1)
    whole = np.zeros((120, 60, 60), bool)
    z, y, x = np.indices(whole.shape)
    for cz, cy, cx in rng.uniform(0, whole.shape, (150, 3)):
        whole |= ((z - cz) / 2) ** 2 + (y - cy) ** 2 + (x - cx) ** 2 < 6**2
    assert degree_of_anisotropy(whole, np.ones_like(whole)) == pytest.approx(1 - 1 / 4, abs=0.08)


def test_a_region_too_thin_for_a_step_has_no_anisotropy() -> None:
    mask = np.random.default_rng(0).random((2, 20, 20)) < 0.5
    assert degree_of_anisotropy(mask, np.ones_like(mask)) is None
