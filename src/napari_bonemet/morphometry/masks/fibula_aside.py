"""A scan without its fibula, where a lesion has broken pieces off the tibia too."""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.processing.fibula import Fibula, FibulaOptions, find_fibula
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Kind, Scan

__all__ = ["without_fibula"]

# A fibula is about round; what has so many times the area of the largest disc in it is a piece of the tibia's wall.
_FLATTEST = 3.0
_TRIES = 3


def without_fibula(
    scan: Scan, voxels: np.ndarray, threshold: float, progress: Progress = NO_PROGRESS
) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    """The voxels with background where the fibula lies.

    The fibula is the piece beside the tibia that goes on longest; where a lesion has parted the tibia's wall that may
    be a piece of the wall. Such a piece is flat, and is passed over for the next.

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
    for _ in range(_TRIES):
        try:
            fibula = find_fibula(looked, options=FibulaOptions(bone_threshold=threshold), progress=progress)
        except InputError:
            break
        if _flatness(fibula) <= _FLATTEST:
            alone = _cleared(voxels, fibula)
            barred = np.zeros(scan.shape, np.uint8)
            barred[fibula.region][fibula.mask] = 255
            return alone, barred, ()
        looked = replace(looked, voxels=_cleared(looked.to_numpy(), fibula))
    return voxels, None, ("no fibula was seen beside the bone",)


def _cleared(voxels: np.ndarray, fibula: Fibula) -> np.ndarray:
    out = np.array(voxels)
    out[fibula.region][fibula.mask] = np.asarray(fibula.background).astype(out.dtype)
    return out


def _flatness(fibula: Fibula) -> float:
    """Area over that of the largest disc inside, of its cross sections; the middle one of all."""
    ratios = []
    for section in fibula.mask:
        if section.any():
            widest = float(ndimage.distance_transform_edt(np.pad(section, 1)).max()) - 0.5
            ratios.append(np.count_nonzero(section) / (np.pi * max(widest, 0.5) ** 2))
    return float(np.median(ratios)) if ratios else 1.0
