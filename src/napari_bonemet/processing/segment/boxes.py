"""Small boxes around joints, in which bones that touch are told apart by flooding from what is certain."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from napari_bonemet.processing.segment.coarse import Coarse

NOBODY, WALL = 0, 255
_SOME = 25  # of 255: a tenth of a voxel is bone
_SOLID = 140


@dataclass(frozen=True, eq=False)
class Box:
    """A cube of fine voxels.

    Parameters
    ----------
    share : ndarray, (z, y, x) uint8
        How much of each is bone, of 255.
    owner : ndarray, (z, y, x) uint8
        Whose it is; 0 nobody's.
    low : ndarray, (3,) int
        Its first fine voxel.
    size : ndarray, (3,)
        Voxel size, micrometres.
    """

    share: np.ndarray
    owner: np.ndarray
    low: np.ndarray
    size: np.ndarray

    @property
    def points(self) -> np.ndarray:
        """Middles of the voxels that hold bone, (n, 3) micrometres from the first corner."""
        return np.asarray((np.argwhere(self.share > _SOME) + self.low + 0.5) * self.size)


def open_box(coarse: Coarse, centre: np.ndarray, reach: float) -> Box | None:
    """The cube around a point, nobody's yet; None where it lies outside the field."""
    size = np.asarray(coarse.fine_grid.spacing)
    low = np.maximum(0, np.floor((centre - reach) / size)).astype(int)
    high = np.minimum(coarse.fine.shape, np.ceil((centre + reach) / size)).astype(int)
    if (high <= low).any():
        return None
    share = coarse.fine[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    return Box(share, np.zeros(share.shape, np.uint8), low, size)


def settle(box: Box, certain: Callable[[np.ndarray], np.ndarray]) -> Box:
    """Whose each voxel of bone is.

    Parameters
    ----------
    box : Box
        Nobody's yet.
    certain : callable
        Given points (n, 3), whose they certainly are, (n,) uint8, 0 where that is not certain.
    """
    from scipy import ndimage

    from napari_bonemet.processing.segment.cut_kernels import flood

    bone = box.share > _SOME
    owner = np.full(box.share.shape, WALL, np.uint8)
    owner[bone] = certain(box.points)
    # Brighter where more bone is, and smooth enough that single voxels do not bridge a joint.
    level = ndimage.gaussian_filter(box.share.astype(np.float32), 0.6)
    flood(np.clip(level, 0, 254).astype(np.uint8), owner)
    owner[owner == WALL] = NOBODY
    return Box(box.share, owner, box.low, box.size)


def small_bones(box: Box, whose: int, largest_um3: float, foreign: int) -> Box:
    """The box with small bones that lie beside a large one (kneecap, sesamoids) given to `foreign`.

    They are pieces of solid bone that hang on to the large one by little or nothing.
    """
    from scipy import ndimage

    solid = (box.share > _SOLID) & (box.owner == whose)
    pieces, count = ndimage.label(solid)
    if count < 2:
        return box
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    sizes[0] = 0
    main = pieces == int(sizes.argmax())
    hull = ndimage.binary_closing(np.pad(main, 8), iterations=6)[8:-8, 8:-8, 8:-8]
    owner = box.owner.copy()
    voxel = float(np.prod(box.size))
    seeds = np.where(main, 1, 0).astype(np.int32)
    foreigners = []
    for piece, place in enumerate(ndimage.find_objects(pieces), 1):
        if sizes[piece] == sizes.max() or not 0.004e9 < sizes[piece] * voxel < largest_um3:
            continue
        here = pieces[place] == piece
        # What lies inside the large bone is a part of it: its spongy bone, seen in pieces.
        if hull[place][here].mean() < 0.35:
            foreigners.append(piece)
    if not foreigners:
        return box
    seeds[np.isin(pieces, foreigners)] = 2
    near = _nearest(seeds, box.owner == whose)
    owner[near == 2] = foreign
    return Box(box.share, owner, box.low, box.size)


def _nearest(seeds: np.ndarray, within: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    place = ndimage.distance_transform_edt(seeds == 0, return_distances=False, return_indices=True)
    return np.where(within, seeds[tuple(place)], 0)
