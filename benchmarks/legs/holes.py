"""Lesions of a stated share of the bone: compact, ragged holes that soft tissue fills, blurred as the bone is."""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from legs.bases import BONE, SOFT, Base

# A hole's radius, micrometres, and how ragged it is.
_RADIUS_UM = (150.0, 450.0)
_RAGGED = 0.18
_PROXIMAL, _PROXIMAL_SHARE = 0.4, 0.6
# Coefficients this far from a change do not feel it.
_FELT = 14
_MOST_HOLES = 200


def cut_holes(base: Base, share: float, rng: np.random.Generator) -> tuple[Base, float]:
    """`base` with about `share` of its bone (in the field of view) lost to holes; the share that is truly gone."""
    if share <= 0:
        return base, 0.0
    coefficients = np.array(base.coefficients)
    gone = 0
    for _ in range(_MOST_HOLES):
        left = share * base.bone_voxels - gone
        if left < 0.0005 * base.bone_voxels:
            break
        centre = _centre(base, rng)
        radius = rng.uniform(*_RADIUS_UM) / base.options.spacing_um
        taken = _cut(coefficients, centre, radius=radius, blur=base.options.total_blur_voxels, most=left, rng=rng)
        gone += taken
    return replace(base, coefficients=coefficients), gone / base.bone_voxels


def _centre(base: Base, rng: np.random.Generator) -> np.ndarray:
    points = base.points
    if rng.uniform() < _PROXIMAL_SHARE:
        low, high = points[:, 0].min(), points[:, 0].max()
        points = points[points[:, 0] < low + _PROXIMAL * (high - low)]
    return points[rng.integers(len(points))].astype(int)


def _cut(
    coefficients: np.ndarray, centre: np.ndarray, *, radius: float, blur: float, most: float, rng: np.random.Generator
) -> int:
    # Returns how many voxels of bone went; smaller holes are tried where this one would take more than `most`.
    ragged = rng.normal(size=(7, 7, 7))
    for smaller in (1.0, 0.75, 0.5, 0.3, 0.15):
        size = max(2.5, radius * smaller)
        reach = int(np.ceil(size * (1 + 3 * _RAGGED) + 4 * blur)) + _FELT
        box = tuple(
            slice(max(0, c - reach), min(n, c + reach + 1)) for c, n in zip(centre, coefficients.shape, strict=True)
        )
        grey = _greys(coefficients[box])
        hole = _hole(grey.shape, [c - b.start for c, b in zip(centre, box, strict=True)], size, ragged)
        soft = ndimage.gaussian_filter(hole.astype(np.float32), blur, truncate=4)
        cut = grey + soft * (np.minimum(grey, 0) - grey)
        taken = int(np.count_nonzero(grey > BONE - SOFT)) - int(np.count_nonzero(cut > BONE - SOFT))
        if taken <= most:
            # Only the change is filtered: it is nil at the box's edge, whatever the bone does there.
            coefficients[box] += ndimage.spline_filter(cut - grey, 3, output=np.float32, mode="mirror")
            return taken
    return 0


def _greys(coefficients: np.ndarray) -> np.ndarray:
    grey = np.asarray(coefficients)
    for axis in range(3):
        grey = ndimage.convolve1d(grey, np.array([1, 4, 1]) / 6, axis, mode="mirror")
    return grey


def _hole(shape: tuple[int, ...], centre: list[int], radius: float, ragged: np.ndarray) -> np.ndarray:
    axes = np.ogrid[tuple(slice(0, n) for n in shape)]
    distance = np.sqrt(sum(((a - c) / radius) ** 2 for a, c in zip(axes, centre, strict=True))).astype(np.float32)
    # One bump of the surface is about half a radius wide.
    steps = [(np.arange(n) - c) / (0.6 * radius) + 3 for n, c in zip(shape, centre, strict=True)]
    lattice = np.meshgrid(*steps, indexing="ij", sparse=False)
    bumps = ndimage.map_coordinates(ragged, np.stack(lattice), order=1, mode="nearest", output=np.float32)
    return np.asarray(distance * (1 + _RAGGED * bumps) < 1)
