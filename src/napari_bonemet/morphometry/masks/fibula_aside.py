"""A scan without its fibula."""

from dataclasses import replace

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.processing.fibula import FibulaOptions, find_fibula
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Kind, Scan

__all__ = ["without_fibula"]


def without_fibula(
    scan: Scan, voxels: np.ndarray, threshold: float, progress: Progress = NO_PROGRESS
) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    """The voxels with background where the fibula lies.

    Parameters
    ----------
    scan : Scan
        Whose voxels they are.
    voxels : ndarray, (z, y, x)
        Greys.
    threshold : float
        Bone is above this grey.
    progress : Progress
        Advanced by the search.

    Returns
    -------
    voxels : ndarray
        Those given where there is no fibula.
    barred : ndarray of uint8 or None
        255 where the fibula was, 0 elsewhere.
    notes : tuple of str
        What to look at.
    """
    # The greys of a composite's baseline are greys to the search as well.
    looked = replace(scan, voxels=voxels, kind=Kind.SEG)
    try:
        fibula = find_fibula(looked, options=FibulaOptions(bone_threshold=threshold), progress=progress)
    except InputError:
        return voxels, None, ("no fibula was seen beside the bone",)
    alone = np.array(voxels)
    alone[fibula.region][fibula.mask] = np.asarray(fibula.background).astype(alone.dtype)
    barred = np.zeros(scan.shape, np.uint8)
    barred[fibula.region][fibula.mask] = 255
    return alone, barred, ()
