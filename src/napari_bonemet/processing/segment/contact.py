"""Where the coarse voxels of two bones touch, full resolution decides whose a voxel is."""

import numpy as np

from napari_bonemet.geometry import Region
from napari_bonemet.progress import NO_PROGRESS, Progress

# Noise of single voxels must not draw the border.
_SMOOTH_VOXELS = 1.2
_OWN, _FOREIGN, _TOUCHING, _WALL = 1, 2, 3, 255


def settle_contacts(
    voxels: np.ndarray,
    ground: np.ndarray,
    block: tuple[int, int, int],
    start: tuple[int, ...],
    progress: Progress = NO_PROGRESS,
) -> list[tuple[Region, np.ndarray]]:
    """The voxels of other bones in the zones of contact.

    Parameters
    ----------
    voxels : ndarray, (z, y, x)
        The part's box, untouched.
    ground : ndarray, (Z, Y, X) uint8
        From :func:`ground_of`.
    block : tuple of int
        Voxels of a coarse voxel.
    start : tuple of int
        Where the box begins in the coarse window, in voxels.

    Returns
    -------
    list of (region, foreign)
        A region of `voxels`, and in it which voxels are another bone's.
    """
    from scipy import ndimage

    zones, _ = ndimage.label(ground == _TOUCHING, np.ones((3, 3, 3)))
    settled = []
    found = ndimage.find_objects(zones)
    for number, place in enumerate(found):
        progress.advance(number / len(found))
        progress.check()
        # One coarse voxel around the zone says who begins where.
        wide = tuple(slice(max(0, s.start - 1), s.stop + 1) for s in place)
        region = _full(wide, block, start, voxels.shape)
        if all(s.stop > s.start for s in region):
            settled.append((region, _foreign(voxels[region], ground, region, block, start)))
    return settled


def _full(place: tuple[slice, ...], block: tuple[int, ...], start: tuple[int, ...], shape: tuple[int, ...]) -> Region:
    z, y, x = (
        slice(max(0, s.start * b - first), min(n, s.stop * b - first))
        for s, b, first, n in zip(place, block, start, shape, strict=True)
    )
    return (z, y, x)


def _foreign(
    voxels: np.ndarray, ground: np.ndarray, region: Region, block: tuple[int, ...], start: tuple[int, ...]
) -> np.ndarray:
    from scipy import ndimage

    from napari_bonemet.processing.segment.cut_kernels import flood

    z, y, x = ((first + np.arange(s.start, s.stop)) // b for s, b, first in zip(region, block, start, strict=True))
    owner = ground[np.ix_(z, y, x)]
    open_ = owner == _TOUCHING
    owner[open_] = 0
    smooth = ndimage.gaussian_filter(voxels.astype(np.float32), _SMOOTH_VOXELS if max(block) > 1 else 0.5)
    low, high = np.percentile(smooth, (1, 99.9))
    level = np.clip((smooth - low) * (255 / max(high - low, 1e-3)), 0, 255).astype(np.uint8)
    flood(level, owner)
    return np.asarray((owner == _FOREIGN) & open_)
