"""Smaller copies of a large volume, made when they are wanted, for looks at the whole of it."""

from collections.abc import Sequence
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from napari_bonemet.geometry import Grid, Shape
from napari_bonemet.io.halving import plan, smaller
from napari_bonemet.io.slabbed import LazyArray, SlabbedVolume, Span
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Voxels, on_this_thread, read_voxels
from napari_bonemet.slabs import over_slabs

__all__ = ["CoarseLevel", "Pyramid", "shared_pyramid"]

_SLAB = 32
# So many voxels are unpacked in a few milliseconds.
_AT_ONCE = 2**20
# napari cuts a slice as a range of one, or of a few where it shows their mean.
_FEW_SLICES = 4


class Pyramid:
    """A volume and its smaller copies: those beside it on disk, or else made from its voxels.

    Parameters
    ----------
    voxels : array-like, (z, y, x)
        In memory or on disk.
    by_mean : bool
        A voxel is the mean of those it stands for; else the first of them (codes and masks).
    awaited : bool
        Levels are made beside the screen by somebody who watches: what is not there yet reads as zeros.

    Attributes
    ----------
    finest : ndarray or SlabbedVolume
        The voxels themselves, for looking at slices.
    shapes : tuple of Shape
        Of every level, the volume itself first.
    """

    def __init__(self, voxels: Voxels, by_mean: bool = True, *, awaited: bool = False) -> None:
        self.voxels, self.by_mean, self.awaited = voxels, by_mean, awaited
        self.finest: Any = voxels if isinstance(voxels, np.ndarray) else SlabbedVolume(voxels)
        self._stored = tuple(SlabbedVolume(level) for level in getattr(voxels, "coarser", ()))
        z, y, x = voxels.shape
        planned = plan(Grid((z, y, x), (1.0, 1.0, 1.0)), by_mean)
        self.shapes: tuple[Shape, ...] = (
            ((z, y, x), *(_shape(level) for level in self._stored))
            if self._stored
            else tuple(grid.shape for grid in planned.grids)
        )
        self._made: dict[int, np.ndarray] = {}

    def levels(self) -> list[Any]:
        """What napari shows: the volume, and its smaller copies as arrays that are read when looked at."""
        return [self.finest, *(CoarseLevel(self, number) for number in range(1, len(self.shapes)))]

    def factor(self, level: int) -> Shape:
        """How many voxels along (z, y, x) one of `level` stands for."""
        z, y, x = (max(1, round(n / m)) for n, m in zip(self.shapes[0], self.shapes[level], strict=True))
        return (z, y, x)

    def held(self, level: int) -> bool:
        """Whether all of a level is in memory."""
        if level == 0:
            return isinstance(self.finest, np.ndarray) or self.finest.held
        return level in self._made

    @property
    def nbytes(self) -> int:
        """Bytes of the smaller copies in memory."""
        return sum(made.nbytes for made in self._made.values())

    def make(self, level: int, progress: Progress = NO_PROGRESS) -> None:
        """Bring all of a level into memory, with the levels below it where they come of it.

        Raises
        ------
        Cancelled
            When the user asked to stop.
        InputError
            When a file is damaged.
        """
        if self.held(level):
            return
        if level == 0:
            over_slabs(lambda start, _: self.finest.slab(start), self.finest.slabs, slab=1, progress=progress)
            return
        if self._stored:
            self._made[level] = read_voxels(self._stored[level - 1].voxels, progress)
            return
        self._made[level] = self._reduced(level, progress)
        for below in range(level + 1, len(self.shapes)):
            step = [round(n / m) for n, m in zip(self.factor(below), self.factor(below - 1), strict=True)]
            self._made[below] = smaller(self._made[below - 1], (step[0], step[1], step[2]), self.by_mean)

    def _reduced(self, level: int, progress: Progress) -> np.ndarray:
        factor, shape = self.factor(level), self.shapes[level]
        out = np.empty(shape, self.finest.dtype)
        # Whole chunks, and whole voxels of the level.
        slab = factor[0] * -(-_SLAB // factor[0])

        def reduce(start: int, stop: int) -> None:
            part = on_this_thread(self.voxels[start:stop])
            out[start // factor[0] : -(-stop // factor[0])] = smaller(part, factor, self.by_mean)

        over_slabs(reduce, self.shapes[0][0], slab=slab, progress=progress)
        return out

    def glance(self, level: int, spans: Sequence[Span]) -> np.ndarray:
        """Part of a level: from memory, else out of a few slices, else all that it takes, or zeros."""
        made = self._made.get(level)
        if made is not None:
            return made[tuple(spans)]
        z, *across = spans
        fz, fy, fx = self.factor(level)
        if isinstance(z, int):
            return self._plane(level, z)[tuple(across)]
        wanted = range(*z.indices(self.shapes[level][0]))
        if 0 < len(wanted) <= _FEW_SLICES:
            return np.stack([self._plane(level, n)[tuple(across)] for n in wanted])
        if self.held(0):
            return np.asarray(self.finest[::fz, ::fy, ::fx])[tuple(spans)]
        if not self.awaited or self._at_once(level):
            self.make(level)
            return self._made[level][tuple(spans)]
        lengths = [
            len(range(*span.indices(n)))
            for span, n in zip(spans, self.shapes[level], strict=True)
            if isinstance(span, slice)
        ]
        return np.zeros(lengths, self.finest.dtype)

    def _at_once(self, level: int) -> bool:
        """Whether a level is on disk, and read in a moment."""
        return bool(self._stored) and int(np.prod(self.shapes[level])) <= _AT_ONCE

    def _plane(self, level: int, z: int) -> np.ndarray:
        """Slice `z` of a level: the one on disk, or else the nearest one of the volume, made smaller across."""
        if self._stored:
            return np.asarray(self._stored[level - 1][z])
        _, fy, fx = factor = self.factor(level)
        _, rows, columns = self.shapes[level]
        plane = np.asarray(self.finest[min(z * factor[0], self.shapes[0][0] - 1)])
        if not self.by_mean or (fy, fx) == (1, 1):
            return plane[::fy, ::fx][:rows, :columns]
        # The mean of four voxels in the block, not of all: this is for thumbnails and pictures smaller than the slice.
        plane = np.pad(plane, ((0, -len(plane) % fy), (0, -plane.shape[1] % fx)), mode="edge")
        corners = [plane[y::fy, x::fx] for y in (0, fy // 2) for x in (0, fx // 2)]
        wide = np.uint32 if plane.dtype.kind in "ui" and plane.dtype.itemsize < 4 else np.float64
        total = np.add(corners[0], corners[1], dtype=wide) + np.add(corners[2], corners[3], dtype=wide)
        mean = (total + 2) >> 2 if wide is np.uint32 else total / 4
        return mean.astype(plane.dtype)[:rows, :columns]


# The same voxels may be in several layers: what was read and made of them is there once.
_PYRAMIDS: WeakValueDictionary[tuple[int, bool], Pyramid] = WeakValueDictionary()


def shared_pyramid(voxels: Voxels, by_mean: bool) -> Pyramid:
    """The pyramid of these very voxels that layers share, awaited."""
    key = (id(voxels), by_mean)
    pyramid = _PYRAMIDS.get(key)
    if pyramid is None or pyramid.voxels is not voxels:
        pyramid = _PYRAMIDS[key] = Pyramid(voxels, by_mean, awaited=True)
    return pyramid


def _shape(level: Any) -> Shape:
    z, y, x = level.shape
    return (int(z), int(y), int(x))


class CoarseLevel(LazyArray):
    """One smaller copy of a pyramid, as an array."""

    def __init__(self, pyramid: Pyramid, level: int) -> None:
        self.pyramid, self.level = pyramid, level
        self.shape = pyramid.shapes[level]
        self.dtype = np.dtype(pyramid.finest.dtype)

    def read(self, spans: Sequence[Span]) -> np.ndarray:
        """The voxels of three spans."""
        return self.pyramid.glance(self.level, spans)
