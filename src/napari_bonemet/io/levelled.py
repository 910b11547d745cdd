"""Voxels on disk that have smaller copies of themselves beside them."""

from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np


@dataclass(frozen=True, eq=False)
class LevelledVoxels:
    """The finest level of a pyramid on disk: an array like any other, which knows its smaller copies.

    Parameters
    ----------
    finest : dask array, (z, y, x)
        The voxels.
    coarser : tuple of dask array
        Smaller copies, largest first.
    """

    finest: da.Array
    coarser: tuple[da.Array, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return tuple(self.finest.shape)

    @property
    def dtype(self) -> np.dtype:
        """Type of one voxel."""
        return np.dtype(self.finest.dtype)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return int(self.finest.ndim)

    @property
    def chunks(self) -> tuple[tuple[int, ...], ...]:
        """How the voxels are stored."""
        return self.finest.chunks

    def __getitem__(self, key: Any) -> da.Array:
        return self.finest[key]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.finest, dtype=dtype)
