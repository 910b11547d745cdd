"""Two volumes as one that is put together slice by slice, as it is looked at: a wipe, or a chequered board."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.scan import Voxels

__all__ = ["Blend", "Pattern", "board", "wipe"]

Index = int | slice
# Coordinates along each axis that is kept, ready to be broadcast; says where the first volume is seen.
Pattern = Callable[[Sequence[np.ndarray]], np.ndarray]


def wipe(axis: int, edge: float) -> Pattern:
    """The first volume before a plane, the second behind it.

    Parameters
    ----------
    axis : int
        0, 1 or 2 of (z, y, x).
    edge : float
        The first voxel of the second volume.
    """
    return lambda at: np.asarray(at[axis] < edge)


def board(side: int) -> Pattern:
    """Cubes of `side` voxels by turns, so that every plane through them is a chequered board."""
    return lambda at: (at[0] // side + at[1] // side + at[2] // side) % 2 == 0


class Blend:
    """Looks like an array to napari; only what is asked for is read and put together.

    Parameters
    ----------
    first, second : array-like, (z, y, x)
        On one grid.
    pattern : Pattern
        Where the first is seen; may be replaced, after which the layer has to be refreshed.

    Raises
    ------
    InputError
        When the shapes differ.
    """

    def __init__(self, first: Voxels, second: Voxels, pattern: Pattern) -> None:
        if tuple(first.shape) != tuple(second.shape):
            raise InputError(
                "Two volumes can be laid over each other on one grid only",
                expected=f"shape {tuple(first.shape)}",
                found=f"{tuple(second.shape)}",
                remedy="Register the weeks first",
            )
        self._first, self._second, self.pattern = first, second, pattern
        self.shape = tuple(int(length) for length in first.shape)
        self.dtype = np.result_type(np.dtype(first.dtype), np.dtype(second.dtype))
        self.ndim = len(self.shape)

    @property
    def size(self) -> int:
        """Voxels in all."""
        return int(np.prod(self.shape))

    @property
    def nbytes(self) -> int:
        """What the whole would take, bytes."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("It is put together as it is looked at, and so always a copy")
        return np.asarray(self[()], dtype=dtype)

    def __getitem__(self, key: Any) -> np.ndarray:
        index = _whole(key, self.ndim)
        kept = [axis for axis in range(self.ndim) if isinstance(index[axis], slice)]
        at = []
        for axis, (part, length) in enumerate(zip(index, self.shape, strict=True)):
            coordinates = np.arange(length)[part]
            shape = [-1 if other == axis else 1 for other in kept] if axis in kept else [1] * len(kept)
            at.append(np.reshape(coordinates, shape))
        first, second = np.asarray(self._first[index]), np.asarray(self._second[index])
        return np.asarray(np.where(self.pattern(at), first, second), dtype=self.dtype)


def _whole(key: Any, ndim: int) -> tuple[Index, ...]:
    """An index as one integer or slice for every axis."""
    parts = list(key) if isinstance(key, tuple) else [key]
    if Ellipsis in parts:
        at = parts.index(Ellipsis)
        parts[at : at + 1] = [slice(None)] * (ndim - len(parts) + 1)
    parts += [slice(None)] * (ndim - len(parts))
    return tuple(part if isinstance(part, slice) else int(part) for part in parts)
