"""A scan seen from the front and from the side, as an X-ray picture shows it: what landmarks are judged by."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.slabs import over_slabs

_SLAB = 16
# Above this share of the bone's pixels a few very bright lines of sight would leave the rest dark.
_BRIGHT = 0.998


@dataclass(frozen=True, eq=False)
class Radiographs:
    """Two pictures of one scan, row z being slice z.

    Parameters
    ----------
    coronal : ndarray of uint8, (z, x)
        Seen along y.
    sagittal : ndarray of uint8, (z, y)
        Seen along x.
    """

    coronal: np.ndarray
    sagittal: np.ndarray


def radiographs(scan: Scan, *, bone_threshold: float = 75.0, progress: Progress = NO_PROGRESS) -> Radiographs:
    """Sum the greys of bone along y and along x; lazy voxels are read a few slices at a time.

    Parameters
    ----------
    scan : Scan
        Greys; z is kept.
    bone_threshold : float
        What is not above it is air and soft tissue, whose noise would veil the bone.

    Raises
    ------
    InputError
        When nothing is above the threshold.
    """
    coronal, sagittal = bone_sums(scan, bone_threshold=bone_threshold, progress=progress)
    if not coronal.any():
        raise InputError(
            f"{scan.title} shows no bone",
            expected=f"grey values above {bone_threshold:g}",
            remedy="Lower the bone threshold",
        )
    return Radiographs(_as_bytes(coronal), _as_bytes(sagittal))


def bone_sums(
    scan: Scan, *, bone_threshold: float = 75.0, progress: Progress = NO_PROGRESS
) -> tuple[np.ndarray, np.ndarray]:
    """Sums of the greys of bone along y, (z, x), and along x, (z, y); float64, zero where there is none.

    Parameters as :func:`radiographs`.
    """
    depth, height, width = scan.shape
    coronal, sagittal = np.zeros((depth, width)), np.zeros((depth, height))

    def add(start: int, stop: int) -> None:
        slab = np.asarray(scan.voxels[start:stop])
        bone = np.where(slab > bone_threshold, slab, 0)
        coronal[start:stop] = bone.sum(axis=1, dtype=np.float64)
        sagittal[start:stop] = bone.sum(axis=2, dtype=np.float64)

    over_slabs(add, depth, slab=_SLAB, progress=progress)
    return coronal, sagittal


def _as_bytes(sums: np.ndarray) -> np.ndarray:
    brightest = float(np.quantile(sums[sums > 0], _BRIGHT))
    return np.clip(np.rint(sums * (255 / brightest)), 0, 255).astype(np.uint8)
