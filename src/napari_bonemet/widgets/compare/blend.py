"""Two volumes as one that is put together slice by slice, as it is looked at: a wipe, or a chequered board."""

from collections.abc import Callable, Sequence

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.io.slabbed import LazyArray, Span
from napari_bonemet.scan import Voxels

__all__ = ["Blend", "Pattern", "board", "wipe"]

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


class Blend(LazyArray):
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

    def read(self, spans: Sequence[Span]) -> np.ndarray:
        """The voxels of three spans, of the one volume or the other as the pattern says."""
        index = tuple(spans)
        kept = [axis for axis, span in enumerate(index) if isinstance(span, slice)]
        at = []
        for axis, (span, length) in enumerate(zip(index, self.shape, strict=True)):
            shape = [-1 if other == axis else 1 for other in kept]
            at.append(np.reshape(np.arange(length)[span], shape))
        first, second = np.asarray(self._first[index]), np.asarray(self._second[index])
        return np.asarray(np.where(self.pattern(at), first, second), dtype=self.dtype)
