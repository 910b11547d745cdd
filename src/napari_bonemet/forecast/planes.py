"""Where in a slice a network looks: the voxel size it was trained on, and squares around the bone.

A network sees voxels, not micrometres. Slices of another voxel size are resampled in their plane, and what the
network draws is brought back; the distance between slices does not matter to a network of slices.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from skimage.transform import resize

from napari_bonemet.errors import InputError

# Nearer than this to the trained voxel size, the voxels are taken as they are.
SAME_VOXEL = 0.1


@dataclass(frozen=True)
class Planes:
    """The squares of `crop` voxels that cover the bone of a volume, in its own voxels or in resampled ones.

    Parameters
    ----------
    native : tuple of int
        (y, x) of the slices as they come.
    shape : tuple of int
        (y, x) of the slices as the network sees them.
    crop : int
        Side of a square.
    corners : tuple of (int, int)
        First (y, x) of each square, in the network's voxels; below 0 where the slice is smaller than a square.
    """

    native: tuple[int, int]
    shape: tuple[int, int]
    crop: int
    corners: tuple[tuple[int, int], ...]

    @property
    def resampled(self) -> bool:
        """Whether the network sees another voxel size."""
        return self.native != self.shape

    def inwards(self, volume: np.ndarray) -> np.ndarray:
        """Slices (z, y, x) in the network's voxels, float32."""
        voxels = volume.astype(np.float32, copy=False)
        if not self.resampled:
            return voxels
        return np.stack([resize(s, self.shape, order=1, anti_aliasing=True, preserve_range=True) for s in voxels])

    def outwards(self, volume: np.ndarray) -> np.ndarray:
        """Slices (z, y, x) back in the voxels they came in, float32."""
        if not self.resampled:
            return volume
        return np.stack([resize(s, self.native, order=1, anti_aliasing=False, preserve_range=True) for s in volume])

    def cut(self, volume: np.ndarray, corner: tuple[int, int]) -> np.ndarray:
        """The square at `corner`, (z, crop, crop); beyond the slice its border is repeated."""
        y, x = (np.clip(np.arange(first, first + self.crop), 0, side - 1) for first, side in self._sides(corner))
        return volume[:, y[:, None], x[None, :]]

    def paste(self, square: np.ndarray, corner: tuple[int, int], sum_: np.ndarray, weight: np.ndarray) -> None:
        """Add squares (..., crop, crop) to `sum_` (..., y, x), and their weights, which fall outwards, to `weight`."""
        (y0, height), (x0, width) = self._sides(corner)
        ys, xs = slice(max(y0, 0), min(y0 + self.crop, height)), slice(max(x0, 0), min(x0 + self.crop, width))
        inner = (slice(ys.start - y0, ys.stop - y0), slice(xs.start - x0, xs.stop - x0))
        ramp = np.minimum(np.arange(self.crop) + 1, np.arange(self.crop)[::-1] + 1).astype(np.float32)
        share = np.minimum.outer(ramp, ramp)[inner]
        sum_[..., ys, xs] += share * square[(..., *inner)]
        weight[ys, xs] += share

    def _sides(self, corner: tuple[int, int]) -> Iterator[tuple[int, int]]:
        return zip(corner, self.shape, strict=True)


def planes_for(
    volumes: Sequence[np.ndarray], spacing: Sequence[float], trained: Sequence[float], crop: int, bone_threshold: float
) -> Planes:
    """The squares that a network of `trained` voxel size looks at: one around the bone where it fits, else more.

    Parameters
    ----------
    volumes : sequence of ndarray, (z, y, x)
        The weeks seen, on one grid.
    spacing, trained : sequence of float
        Voxel sizes (z, y, x) of the volumes and of the network, micrometres.
    crop : int
        Side of a square, voxels of the network.
    bone_threshold : float
        Bone is above this grey value.

    Raises
    ------
    InputError
        When there is no bone.
    """
    native = (volumes[0].shape[1], volumes[0].shape[2])
    factors = tuple(have / want for have, want in zip(spacing[1:], trained[1:], strict=True))
    same = all(abs(factor - 1) <= SAME_VOXEL for factor in factors)
    shape = native if same else (max(1, round(native[0] * factors[0])), max(1, round(native[1] * factors[1])))
    bone = np.logical_or.reduce([(volume > bone_threshold).any(axis=0) for volume in volumes])
    if not bone.any():
        raise InputError("There is no bone to look at", expected=f"greys above {bone_threshold:g}")
    starts = []
    for axis in (0, 1):
        found = np.flatnonzero(bone.any(axis=1 - axis)) * (shape[axis] / native[axis])
        starts.append(_starts(int(found[0]), int(found[-1]) + 1, crop, shape[axis]))
    return Planes(native, shape, crop, tuple((y, x) for y in starts[0] for x in starts[1]))


def _starts(low: int, high: int, crop: int, side: int) -> list[int]:
    """First voxels of the squares that cover [low, high) along one axis, alike in their overlaps."""
    if side <= crop:
        return [-((crop - side) // 2)]
    if high - low <= crop:
        return [int(np.clip((low + high - crop) // 2, 0, side - crop))]
    count = -(-(high - low - crop // 4) // (crop - crop // 4))
    return [int(start) for start in np.linspace(low, high - crop, count).round()]
