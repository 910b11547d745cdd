"""Degree of anisotropy: mean intercept length in every direction, and the ellipsoid through it.

Harrigan and Mann 1984, J Mater Sci 19:761-767 (the fabric tensor). BoneJ draws random lines and steps along them; here
the same count is taken over all positions at once: how often a step from a voxel of the region leads from bone to
marrow or back depends on the whole-voxel offsets it may lead to, and those pairs are counted exactly. So there is
no randomness, and a step of two voxels is blind to the stairs of slanted surfaces.
"""

from itertools import product

import numpy as np

from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.slabs import from_slabs

__all__ = ["degree_of_anisotropy"]

# Longer than the diagonal of a voxel, so that no step stays in its own.
STEP = 2.0
_DIRECTIONS = 500
_SLAB = 16


def degree_of_anisotropy(solid: np.ndarray, inside: np.ndarray, *, progress: Progress = NO_PROGRESS) -> float | None:
    """One less the ratio of the smallest to the largest eigenvalue of the fabric tensor, as in BoneJ.

    Parameters
    ----------
    solid, inside : ndarray of bool, (z, y, x)
        Bone, and the region; voxels must be cubes.
    progress : Progress
        Advanced by slabs.

    Returns
    -------
    float or None
        0 isotropic to 1; None when the region is too thin to step in, or no step in it meets a surface.
    """
    from napari_bonemet.morphometry.structure.anisotropy_kernels import count_pairs

    state = inside.astype(np.uint8)
    state += solid & inside
    offsets = _offsets()

    def work(start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        both, unlike = np.zeros(len(offsets), np.int64), np.zeros(len(offsets), np.int64)
        count_pairs(state, offsets, both, unlike, start, stop)
        return both, unlike

    both, unlike = np.sum(from_slabs(work, len(state), slab=_SLAB, progress=progress), axis=0)
    if not both.all():
        return None
    return _from_crossings(offsets, unlike / both)


def _offsets() -> np.ndarray:
    """All offsets a step may lead to, one of each opposite pair, (n, 3)."""
    reach = range(-int(STEP), int(STEP) + 1)
    return np.array([step for step in product(reach, repeat=3) if step > (0, 0, 0)])


def _from_crossings(offsets: np.ndarray, share: np.ndarray) -> float | None:
    reach = int(STEP)
    # By offset: the probability that its ends are unlike; none for no offset at all; a rim that carries no weight.
    unlike = np.zeros((2 * reach + 2,) * 3)
    for sign in (1, -1):
        unlike[tuple((sign * offsets + reach).T)] = share
    normals = _directions()
    whole = np.floor(STEP * normals).astype(int)
    part = STEP * normals - whole
    crossings = np.zeros(len(normals))
    for corner in product((0, 1), repeat=3):
        weight = np.prod(np.where(corner, part, 1 - part), axis=1)
        crossings += weight * unlike[tuple((whole + corner + reach).T)]
    # The inverse of the mean intercept length is the number of crossings per length.
    z, y, x = normals.T
    quadric = np.stack([z * z, y * y, x * x, 2 * z * y, 2 * z * x, 2 * y * x], axis=1)
    zz, yy, xx, zy, zx, yx = np.linalg.lstsq(quadric, (crossings / STEP) ** 2, rcond=None)[0]
    values = np.linalg.eigvalsh([[zz, zy, zx], [zy, yy, yx], [zx, yx, xx]])
    if values[-1] <= 0:
        return None
    return float(1 - max(values[0], 0.0) / values[-1])


def _directions() -> np.ndarray:
    """Unit vectors (z, y, x) spread evenly over a half sphere, (n, 3)."""
    n = np.arange(_DIRECTIONS) + 0.5
    z = n / _DIRECTIONS
    turn = np.pi * (1 + 5**0.5) * n
    flat = np.sqrt(1 - z * z)
    return np.stack([z, flat * np.cos(turn), flat * np.sin(turn)], axis=1)
