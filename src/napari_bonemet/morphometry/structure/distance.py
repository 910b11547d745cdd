"""Squared Euclidean distance to the nearest background voxel: exact, in whole numbers, on all cores."""

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.slabs import over_slabs

__all__ = ["SLAB", "as_mask", "squared_distance"]

SLAB = 16


def as_mask(mask: np.ndarray) -> np.ndarray:
    """`mask` as a contiguous array of booleans with three axes.

    Raises
    ------
    InputError
        For another number of axes, or none along one of them.
    """
    if mask.ndim != 3 or 0 in mask.shape:
        raise InputError("A mask needs three axes (z, y, x) with voxels along each", found=f"shape {mask.shape}")
    return np.ascontiguousarray(mask, dtype=bool)


def squared_distance(mask: np.ndarray, *, progress: Progress = NO_PROGRESS) -> np.ndarray:
    """Squared distance from each voxel of `mask` to the nearest background voxel, centre to centre.

    Parameters
    ----------
    mask : ndarray of bool, (z, y, x)
        What lies beyond the ends of the volume is unknown, and no background.
    progress : Progress
        Advanced by slabs.

    Returns
    -------
    ndarray of int32, (z, y, x)
        Squared voxels; 0 in the background.

    Raises
    ------
    InputError
        When there is no background to be near to.
    """
    from napari_bonemet.morphometry.structure.distance_kernels import FAR, along_columns, along_depth, along_rows

    mask = as_mask(mask)
    if sum(n * n for n in mask.shape) >= FAR:
        raise InputError("The volume is too long to measure distances in", found=f"{mask.shape} voxels")
    out = np.empty(mask.shape, np.int32)
    depth, height, _ = mask.shape
    over_slabs(lambda a, b: along_rows(mask, out, a, b), depth, slab=SLAB, progress=PartOf(progress, 0.0, 0.2))
    over_slabs(lambda a, b: along_columns(out, a, b), depth, slab=SLAB, progress=PartOf(progress, 0.2, 0.5))
    over_slabs(lambda a, b: along_depth(out, a, b), height, slab=SLAB, progress=PartOf(progress, 0.5, 1.0))
    if out[0, 0, 0] >= FAR:
        raise InputError(
            "No voxel of the volume is background, so nothing bounds a thickness",
            remedy="Raise the threshold, or take a larger field of view",
        )
    return out
