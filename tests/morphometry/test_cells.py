import numpy as np
import pytest

from napari_bonemet.morphometry.structure.cells import count_cells
from napari_bonemet.morphometry.structure.connectivity import euler_number
from napari_bonemet.morphometry.structure.surface import surface_area

UNIT = (1.0, 1.0, 1.0)


def padded(mask: np.ndarray) -> np.ndarray:
    return count_cells(np.pad(mask, 1), np.ones(np.add(mask.shape, 2), bool))


def cells(mask: np.ndarray) -> np.ndarray:
    return count_cells(mask, np.ones(mask.shape, bool))


def by_elements(mask: np.ndarray) -> int:
    """Corners, less edges, plus faces, less cubes of the voxels as closed cubes, each counted once."""
    total = 0
    for voxel_steps in np.ndindex(2, 2, 2):
        # An element spans the axes where the step is 1; it is there when any voxel around it is.
        pads = [(0, 0) if step else (1, 1) for step in voxel_steps]
        there = np.pad(mask, pads)
        for axis, step in enumerate(voxel_steps):
            if not step:
                there = there.take(range(there.shape[axis] - 1), axis) | there.take(range(1, there.shape[axis]), axis)
        total += (-1) ** sum(voxel_steps) * int(there.sum())
    return total


def test_every_voxel_of_the_region_weighs_the_same() -> None:
    rng = np.random.default_rng(2)
    region = rng.random((6, 7, 8)) < 0.7
    assert count_cells(rng.random(region.shape) < 0.5, region).sum() == pytest.approx(region.sum())


def test_euler_number_counts_the_elements_of_the_voxels() -> None:
    rng = np.random.default_rng(0)
    for share in (0.1, 0.3, 0.5, 0.8):
        mask = rng.random((6, 7, 8)) < share
        assert euler_number(padded(mask)) == by_elements(mask)


def test_what_a_box_cuts_counts_half_on_faces_and_less_on_edges() -> None:
    mask = np.random.default_rng(1).random((6, 5, 7)) < 0.4
    ends = (0, -1)
    faces = sum(by_elements(mask.take([i], a)) for a in range(3) for i in ends)
    pairs = ((0, 1), (0, 2), (1, 2))
    edges = sum(by_elements(mask.take([i], a).take([j], b)) for a, b in pairs for i in ends for j in ends)
    corners = sum(int(mask[i, j, k]) for i in ends for j in ends for k in ends)
    assert euler_number(cells(mask)) == pytest.approx(by_elements(mask) - faces / 2 + edges / 4 - corners / 8)


def test_a_bar_across_the_region_has_sides_and_no_ends() -> None:
    mask = np.zeros((20, 20, 20), bool)
    mask[:, 5:15, 5:15] = True
    # Sides of 10, corners cut off by marching cubes: 4 (9 + 1/sqrt 2) in circumference.
    assert surface_area(cells(mask), UNIT, method="marching-cubes") == pytest.approx(20 * 4 * (9 + 0.5**0.5))
    assert euler_number(cells(mask)) == 0


@pytest.mark.parametrize("spacing", [UNIT, (2.0, 1.0, 1.0), (1.0, 0.7, 1.3)])
def test_flat_faces_are_exact_whatever_the_voxels(spacing: tuple[float, float, float]) -> None:
    for axis in range(3):
        mask = np.zeros((12, 12, 12), bool)
        mask[(slice(None),) * axis + (slice(4, 8),)] = True
        area = np.prod(np.delete(spacing, axis)) * 144
        for method in ("weighted", "marching-cubes"):
            assert surface_area(cells(mask), spacing, method=method) == pytest.approx(2 * area)


@pytest.mark.parametrize("spacing", [UNIT, (1.5, 1.0, 1.0)])
def test_spheres_measure_right_where_plain_triangles_do_not(spacing: tuple[float, float, float]) -> None:
    grid = np.indices((60, 60, 60)) - 29.5
    mask = (np.tensordot(np.square(spacing), grid**2, 1)) < 20**2
    true = 4 * np.pi * 20**2
    assert surface_area(cells(mask), spacing) == pytest.approx(true, rel=0.02)
    assert surface_area(cells(mask), spacing, method="marching-cubes") > 1.05 * true


def test_a_curved_region_cuts_without_adding_surface() -> None:
    grid = np.indices((50, 50, 50)) - 24.5
    region = (grid**2).sum(0) < 22**2
    plate = np.zeros(region.shape, bool)
    plate[15:30] = True
    inside = plate & region
    through = np.pi * (22**2 - 9.5**2) + np.pi * (22**2 - 5.5**2)
    # The plate's two faces within the ball, and not the ball's rim.
    assert surface_area(count_cells(inside, region), UNIT) == pytest.approx(through, rel=0.03)
