"""Thickness of shapes that others published: Scanco IPL's plates and cylinders, BoneJ's rods, spheres and bricks.

IPL's means come from the manuscript of ORMIR_XCT ("BG Th V1", the distance-transform version); its shapes are made
again here. In its file names OUTR and INR are diameters; a cylinder is LEN slices long; a plate is WIDTH voxels
wide and 2 LEN - 1 slices high. The bounds that need no file are those of BoneJ's and ORMIR_XCT's own tests.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.morphometry.structure.thickness import Convention, local_thickness

# Where IPL states no spread at all, these hollow cylinders spread by this much here, voxels: not all that IPL's
# ridge leaves out is left out.
ROUNDING = 0.07
# IPL takes the balls of this one for half a voxel wider than the background allows.
WIDER_IN_IPL = (46, 1)


def mean_thickness(mask: np.ndarray, convention: Convention = "ipl") -> float:
    local = local_thickness(mask, 1.0, convention=convention)
    return float(local[local > 0].mean(dtype=float))


def published(reference: Path, name: str) -> Iterator[tuple[list[int], float, float]]:
    """Numbers in the file name, mean thickness and its spread, of every shape."""
    file = reference / "ipl_thickness" / f"{name}_JSW_THICKNESS_IPL.csv"
    with file.open(newline="") as lines:
        rows = list(csv.reader(lines))
    mean, spread = rows[0].index("BG Th V1"), rows[0].index("BG Th V1") + 1
    for row in rows[1:]:
        yield [int(n) for n in re.findall(r"\d+", row[0].split("_DT")[0])], float(row[mean]), float(row[spread])


def cylinder(outer: int, length: int, inner: int = 0) -> np.ndarray:
    steps = np.arange(-(outer // 2) - 2, outer // 2 + 3)
    double = 4 * (steps[:, None] ** 2 + steps[None] ** 2)
    disc = (double < outer**2) & ~(double < inner**2)
    return np.pad(np.repeat(disc[None], length, axis=0), ((1, 1), (0, 0), (0, 0)))


def plate(width: int, length: int) -> np.ndarray:
    """One row of a plate without ends along y: what lies beyond the volume's ends cuts nothing thinner."""
    return np.pad(np.ones((2 * length - 1, 1, width), bool), ((1, 1), (0, 0), (1, 1)))


def test_every_plate_of_ipl_is_exact(shared_reference: Path) -> None:
    shapes = list(published(shared_reference, "PLATE"))
    assert len(shapes) == 1250
    for (width, length), mean, _ in shapes:
        assert mean_thickness(plate(width, length)) == pytest.approx(mean, abs=1e-6), (width, length)


def _check_cylinders(reference: Path, name: str, lengths: set[int]) -> None:
    exact = total = 0
    for (outer, *inner, length), mean, spread in published(reference, name):
        if length not in lengths:
            continue
        found = mean_thickness(cylinder(outer, length, *inner))
        room = 1.0 if (outer, *inner) == WIDER_IN_IPL else max(spread, ROUNDING)
        assert abs(found - mean) <= room + 1e-6, (outer, inner, length, found, mean)
        exact += abs(found - mean) < 2e-6
        total += 1
    assert total >= 45 * len(lengths)
    assert exact >= 0.8 * total


@pytest.mark.parametrize("name", ["F_CYL", "H_CYL"])
def test_cylinders_of_ipl_are_within_its_spread(shared_reference: Path, name: str) -> None:
    _check_cylinders(shared_reference, name, {2, 12, 22, 62})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["F_CYL", "H_CYL"])
def test_every_cylinder_of_ipl_is_within_its_spread(shared_reference: Path, name: str) -> None:
    _check_cylinders(shared_reference, name, {2, *range(12, 202, 10)})


def test_plates_of_odd_width_measure_it_and_even_ones_a_voxel_less() -> None:
    assert mean_thickness(plate(25, 30)) == 25
    assert mean_thickness(plate(24, 30)) == 23


def test_sphere_of_radius_20_measures_40_by_distances_to_voxel_centres() -> None:
    steps = np.indices((50, 50, 50)) - 25
    assert mean_thickness((steps**2).sum(0) <= 20**2, "bonej-uncleaned") == pytest.approx(40, abs=0.05)


def oval(side: int, diameter: int, at: int) -> np.ndarray:
    """ImageJ's fillOval: pixels whose centre lies in the circle."""
    steps = np.arange(side) + 0.5 - at - diameter / 2
    return steps[:, None] ** 2 + steps[None] ** 2 <= (diameter / 2) ** 2


@pytest.mark.parametrize("convention", ["bonej", "bonej-uncleaned"])
def test_rods_of_bonej(convention: Convention) -> None:
    for d in range(1, 25):
        # BoneJ's are 100 diameters long; they end at the volume, which cuts nothing, so any length tells the same.
        rod = np.repeat(oval(2 * d, d, d // 2)[None], 5, axis=0)
        assert mean_thickness(rod, convention) == pytest.approx(d, abs=1.5), d


@pytest.mark.parametrize("convention", ["bonej", "bonej-uncleaned"])
def test_spheres_of_bonej(convention: Convention) -> None:
    for r in range(2, 25):
        side = 2 * r + 2
        slices = [np.zeros((side, side), bool)]
        for z in range(-r, r + 1):
            c = round(np.sqrt(r * r - z * z))
            slices.append(oval(side, 2 * c, r + 1 - c))
        slices.append(np.zeros((side, side), bool))
        assert mean_thickness(np.stack(slices), convention) == pytest.approx(r * 1.9441872882 - 1.218936, rel=0.1), r


def test_bricks_of_bonej() -> None:
    for t in range(1, 21):
        brick = np.pad(np.ones((t, 128, 128), bool), 1)
        assert mean_thickness(brick, "bonej") == pytest.approx(t + t % 2, rel=0.05), t
