"""Bone surface by marching cubes, from the counts of 2 x 2 x 2 neighbourhoods alone: no mesh is held in memory.

Lorensen and Cline 1987, Comput Graph 21:163-169, as skimage does it. On a mask, whose surface lies half way between
voxels, the triangles of slanted surfaces make a rough skin: a sphere measures 8.7 % too much however fine the voxels.
Weighted after Lindblad 2005, "Surface area estimation of digitized 3D objects using weighted local configurations",
Image Vis Comput 23:111-122: one weight per number of bone voxels in the neighbourhood, so that planes of all
directions measure right on average and spread least, flat faces of the voxels exactly.
"""

from functools import cache
from typing import Literal

import numpy as np

from napari_bonemet.geometry import Triple
from napari_bonemet.morphometry.structure.cells import CORNERS, bits

__all__ = ["SurfaceMethod", "surface_area"]

SurfaceMethod = Literal["weighted", "marching-cubes"]
_DIRECTIONS = 4000


def surface_area(cells: np.ndarray, spacing: Triple, *, method: SurfaceMethod = "weighted") -> float:
    """Area of the bone surface inside the region; where the region's edge cuts bone there is none.

    Parameters
    ----------
    cells : ndarray, (256,)
        From :func:`~napari_bonemet.morphometry.structure.cells.count_cells`.
    spacing : tuple of float
        Size of a voxel along (z, y, x); anisotropic voxels are supported.
    method : str
        "weighted": right on average for surfaces of every direction. "marching-cubes": the triangles' plain area,
        as CTAn and IPL report it, about 9 % above the true area of round surfaces.

    Returns
    -------
    float
        In the square of the spacing's unit.
    """
    table = _triangles(spacing) if method == "marching-cubes" else _weighted(spacing)
    return float(cells @ table)


@cache
def _triangles(spacing: Triple) -> np.ndarray:
    """Area of the triangles in each of the 256 cells."""
    from skimage.measure import marching_cubes, mesh_surface_area

    out = np.zeros(256)
    for cell in range(1, 255):
        corners, faces, _, _ = marching_cubes(bits(cell).reshape(2, 2, 2).astype(np.float32), 0.5, spacing=spacing)
        out[cell] = mesh_surface_area(corners, faces)
    return out


@cache
def _weighted(spacing: Triple) -> np.ndarray:
    area = _triangles(spacing)
    counts = np.array([min(n, 8 - n) for n in (int(bits(cell).sum()) for cell in range(256))])
    flat = np.array([_is_flat(cell) for cell in range(256)])
    met = _cells_of_planes(spacing)
    volume = float(np.prod(spacing))
    # Of each plane's area, what the flat cells and those with 1, 2, 3 and 4 bone voxels tell, as shares of the truth.
    told = np.stack([met @ (area * ((counts == n) & ~flat)) for n in (1, 2, 3, 4)], axis=1) / volume
    missing = 1 - met @ (area * flat) / volume
    # Least squares, with the mean over all directions exact; what planes do not settle stays near one.
    mean, hold = told.mean(0), 0.01 * (told**2).mean()
    square = told.T @ told / len(told) + hold * np.eye(4)
    system = np.block([[square, mean[:, None]], [mean[None], np.zeros((1, 1))]])
    weights = np.linalg.solve(system, np.append(told.T @ missing / len(told) + hold, missing.mean()))[:4]
    return area * np.where(flat, 1.0, np.append(0.0, weights)[counts])


def _is_flat(cell: int) -> bool:
    solid = CORNERS[bits(cell)]
    return len(solid) == 4 and any(len(set(solid[:, axis])) == 1 for axis in range(3))


def _cells_of_planes(spacing: Triple) -> np.ndarray:
    """For planes of all directions, (directions, 256): over what stretch of its way through a cell it makes each."""
    n = np.arange(_DIRECTIONS) + 0.5
    z = 1 - 2 * n / _DIRECTIONS
    turn = np.pi * (1 + 5**0.5) * n
    flat = np.sqrt(1 - z * z)
    normals = np.stack([z, flat * np.cos(turn), flat * np.sin(turn)], axis=1)
    heights = normals @ (CORNERS * spacing).T
    order = np.argsort(heights, axis=1)
    sorted_heights = np.take_along_axis(heights, order, axis=1)
    below = np.cumsum(1 << order, axis=1)
    out = np.zeros((_DIRECTIONS, 256))
    for step in range(7):
        np.add.at(out, (np.arange(_DIRECTIONS), below[:, step]), sorted_heights[:, step + 1] - sorted_heights[:, step])
    return out
