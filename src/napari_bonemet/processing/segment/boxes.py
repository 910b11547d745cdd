"""Small boxes around joints, in which bones that touch are told apart by flooding from what is certain."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from napari_bonemet.processing.segment.coarse import Coarse

NOBODY, WALL = 0, 255
_SOME = 25  # of 255: a tenth of a voxel is bone
_SOLID = 140
_SMALLEST_UM3 = 0.004e9
_MOSTLY = 0.75


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

    They are pieces of solid bone of their own, all in the box, with the large bone on one side only: what has it all
    around is its spongy bone, seen in pieces.
    """
    from scipy import ndimage

    solid = (box.share > _SOLID) & (box.owner == whose)
    pieces, count = ndimage.label(solid)
    places = ndimage.find_objects(pieces)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1) * float(np.prod(box.size))
    small = [
        piece
        for piece, place in enumerate(places, 1)
        if _SMALLEST_UM3 < sizes[piece] < largest_um3 and not _at_border(place, box.share.shape)
    ]
    large = solid & ~np.isin(pieces, small)
    apart = [piece for piece in small if _surrounded(pieces == piece, large, box.size) < _MOSTLY]
    if not apart:
        return box
    seeds = np.where(np.isin(pieces, apart), 2, solid).astype(np.uint8)
    place = ndimage.distance_transform_edt(seeds == 0, return_distances=False, return_indices=True)
    owner = box.owner.copy()
    owner[(box.owner == whose) & (seeds[tuple(place)] == 2)] = foreign
    return Box(box.share, owner, box.low, box.size)


def _at_border(place: tuple[slice, ...], shape: tuple[int, ...]) -> bool:
    return any(s.start == 0 or s.stop == n for s, n in zip(place, shape, strict=True))


def _surrounded(piece: np.ndarray, large: np.ndarray, size: np.ndarray) -> float:
    """In how many directions from a piece's middle the large bone is met within 2.5 mm, as a share of 26."""
    middle = np.argwhere(piece).mean(0)
    steps = np.arange(1, round(2500 / float(size.mean())))
    met = 0
    for way in product((-1, 0, 1), repeat=3):
        if way != (0, 0, 0):
            ray = np.rint(middle + steps[:, None] * (np.asarray(way) / np.linalg.norm(way))).astype(int)
            ray = ray[((ray >= 0) & (ray < large.shape)).all(1)]
            met += bool(large[tuple(ray.T)].any())
    return met / 26
