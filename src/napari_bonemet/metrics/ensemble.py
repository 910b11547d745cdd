"""Several samples of one volume beside the true one, read some slices at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.scan import Scan

__all__ = ["Ensemble", "Piece", "as_volume"]

# Values of all samples together that are in memory at once, in double precision.
_MOST_VALUES = 2**22


@dataclass(frozen=True, eq=False)
class Piece:
    """Some slices of an ensemble.

    Parameters
    ----------
    rows : slice
        Which, along the first axis.
    samples : ndarray, (n, rows, ...) float64
        The samples.
    truth : ndarray, (rows, ...) float64
        What came.
    inside : ndarray of bool, (rows, ...)
        Which of them count.
    """

    rows: slice
    samples: np.ndarray
    truth: np.ndarray
    inside: np.ndarray

    @property
    def counted(self) -> tuple[np.ndarray, np.ndarray]:
        """Samples (n, voxels) and truth (voxels,) where they count."""
        return self.samples[:, self.inside], self.truth[self.inside]


class Ensemble:
    """Samples and truth on one grid.

    Parameters
    ----------
    samples : array-like (n, ...), or sequence of n array-likes or Scans (...)
        In memory or on disk.
    truth : array-like or Scan, (...)
        What came.
    where : array-like of bool, (...), optional
        Which voxels count; all without.

    Raises
    ------
    InputError
        When there is no sample, the shapes differ, or no voxel counts.
    """

    def __init__(self, samples: Any, truth: Any, where: Any = None) -> None:
        self.truth = as_volume(truth)
        self.samples: Sequence[Any] = [as_volume(sample) for sample in samples]
        self.where = None if where is None else np.asarray(where, dtype=bool)
        if not self.samples:
            raise InputError("An ensemble needs at least one sample")
        others = [*self.samples, *([] if self.where is None else [self.where])]
        strangers = [other.shape for other in others if other.shape != self.truth.shape]
        if strangers:
            raise InputError(
                "The samples and the truth differ in shape", expected=f"{self.truth.shape}", found=f"{strangers[0]}"
            )
        if self.truth.size == 0 or (self.where is not None and not self.where.any()):
            raise InputError("No voxel is there to be scored")

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return tuple(self.truth.shape)

    def pieces(self) -> Iterator[Piece]:
        """All slices in order, so many at a time that memory stays small."""
        row = max(1, self.truth.size // self.shape[0]) * len(self)
        step = max(1, _MOST_VALUES // row)
        for start in range(0, self.shape[0], step):
            rows = slice(start, min(self.shape[0], start + step))
            truth = np.asarray(self.truth[rows], dtype=np.float64)
            stack = np.empty((len(self), *truth.shape))
            for target, sample in zip(stack, self.samples, strict=True):
                target[...] = np.asarray(sample[rows])
            inside = np.ones(truth.shape, dtype=bool) if self.where is None else self.where[rows]
            yield Piece(rows, stack, truth, inside)


def as_volume(given: Any) -> Any:
    """The voxels of a scan, or the array itself, left on disk where they are; a number as an array of one."""
    voxels = given.voxels if isinstance(given, Scan) else given
    array = voxels if hasattr(voxels, "shape") and hasattr(voxels, "dtype") else np.asarray(voxels)
    return array if array.ndim else np.asarray(array).reshape(1)
