"""A volume on disk that is leafed through: slices come out of slabs that are kept for a while."""

import weakref
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_bonemet.io.slab_cache import AHEAD, CACHE, OWNERS, SlabCache
from napari_bonemet.scan import Voxels, on_this_thread

__all__ = ["LazyArray", "SlabbedVolume"]

_SLAB = 8
_MOST_SLAB = 64
# So many slices are read ahead in the direction of travel.
_AHEAD_SLICES = 12

Span = slice | int


class LazyArray(ABC):
    """An array whose parts are read when they are looked at: slices of it are promises, an index reads.

    Subclasses set `shape` and `dtype`, and give the voxels of spans in :meth:`read`.
    """

    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of voxels."""
        return int(np.prod(self.shape))

    @abstractmethod
    def read(self, spans: Sequence[Span]) -> np.ndarray:
        """The voxels of three spans, each an index or a range within the axis."""

    def __getitem__(self, key: Any) -> Any:
        spans = _spans(key, self.shape)
        if all(isinstance(span, slice) for span in spans):
            whole = all(span == slice(0, n, 1) for span, n in zip(spans, self.shape, strict=True))
            return self if whole else LazyPart(self, spans)
        return self.read(spans)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.read([slice(0, n, 1) for n in self.shape]), dtype=dtype)


class LazyPart(LazyArray):
    """Ranges of another lazy array."""

    def __init__(self, of: LazyArray, spans: Sequence[Span]) -> None:
        self._of = of
        self._ranges = [range(*span.indices(n)) for span, n in zip(spans, of.shape, strict=True)]  # type: ignore[union-attr]
        self.shape = tuple(len(part) for part in self._ranges)
        self.dtype = of.dtype

    def read(self, spans: Sequence[Span]) -> np.ndarray:
        """The voxels of three spans of this part."""
        outer: list[Span] = []
        for span, part in zip(spans, self._ranges, strict=True):
            inner = part[span]
            outer.append(inner if isinstance(inner, int) else _as_slice(inner))
        return self._of.read(outer)


def _as_slice(part: range) -> slice:
    # A range that runs backwards to the first voxel ends before it, which a slice cannot say by a number.
    return slice(part.start, None if part.stop < 0 else part.stop, part.step)


def _spans(key: Any, shape: tuple[int, ...]) -> list[Span]:
    given = key if isinstance(key, tuple) else (key,)
    if Ellipsis in given:
        at = given.index(Ellipsis)
        given = (*given[:at], *[slice(None)] * (len(shape) - len(given) + 1), *given[at + 1 :])
    given = (*given, *[slice(None)] * (len(shape) - len(given)))
    spans: list[Span] = []
    for one, n in zip(given, shape, strict=True):
        if isinstance(one, slice):
            spans.append(_as_slice(range(*one.indices(n))))
        else:
            index = int(one)
            if not -n <= index < n:
                raise IndexError(f"index {index} is out of bounds for an axis of {n}")
            spans.append(index % n)
    return spans


class SlabbedVolume(LazyArray):
    """Voxels on disk, read a slab of slices at a time, kept in a cache, the next slab read ahead.

    Parameters
    ----------
    voxels : array-like, (z, y, x)
        Lazy.
    cache : SlabCache
        Shared by all volumes unless given.
    """

    def __init__(self, voxels: Voxels, cache: SlabCache = CACHE) -> None:
        self.voxels = voxels
        self.shape = tuple(voxels.shape)
        self.dtype = np.dtype(voxels.dtype)
        self.depth = _depth(voxels)
        self._cache = cache
        self._owner = next(OWNERS)
        self._last = 0
        weakref.finalize(self, cache.drop, self._owner).atexit = False

    @property
    def slabs(self) -> int:
        """How many slabs there are."""
        return -(-self.shape[0] // self.depth)

    def slab(self, number: int) -> np.ndarray:
        """Slab `number`, (z, y, x); the last one may have fewer slices."""
        return self._cache.get((self._owner, number), lambda: self._read_slab(number))

    def alone(self, z: int) -> np.ndarray:
        """Slice `z`, out of its slab, which stays at hand; nothing is read ahead."""
        return self.slab(z // self.depth)[z % self.depth]

    def has(self, number: int) -> bool:
        """Whether a slab is in memory."""
        return (self._owner, number) in self._cache

    @property
    def held(self) -> bool:
        """Whether every slab is in memory."""
        return all(self.has(number) for number in range(self.slabs))

    def fits(self, beside: int = 1) -> bool:
        """Whether every slab of so many such volumes can be in memory at once."""
        return self.size * self.dtype.itemsize * beside <= self._cache.limit

    def _read_slab(self, number: int) -> np.ndarray:
        return on_this_thread(self.voxels[number * self.depth : (number + 1) * self.depth])

    def read(self, spans: Sequence[Span]) -> np.ndarray:
        """The voxels of three spans; after one slice, the next ones are read ahead."""
        z, y, x = spans
        if isinstance(z, int):
            found = self.slab(z // self.depth)[z % self.depth][y, x]
            self._look_ahead(z)
            return found
        wanted = range(*z.indices(self.shape[0]))
        across = np.empty((0, *self.shape[1:]), self.dtype)[:, y, x].shape[1:]
        out = np.empty((len(wanted), *across), self.dtype)
        for place, index in enumerate(wanted):
            out[place] = self.slab(index // self.depth)[index % self.depth][y, x]
        if len(wanted) == 1:
            self._look_ahead(wanted[0])
        return out

    def expect(self, z: int) -> None:
        """Have slice `z`, where there is one, read soon by the thread that reads ahead."""
        number = z // self.depth
        if 0 <= number < self.slabs and not self.has(number):
            AHEAD.wish(self, number)

    def _look_ahead(self, z: int) -> None:
        way, self._last = (1 if z >= self._last else -1), z
        here = z // self.depth
        for far in range(-(-_AHEAD_SLICES // self.depth), 0, -1):
            self.expect((here + way * far) * self.depth)


def _depth(voxels: Voxels) -> int:
    chunks = getattr(voxels, "chunks", None)
    if not chunks:
        return _SLAB
    first = chunks[0][0] if isinstance(chunks[0], tuple) else chunks[0]
    return int(min(max(first, 1), _MOST_SLAB))
