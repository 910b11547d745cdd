"""The outlines of bone in every slice, holes filled: a few stretches along x instead of a volume."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Voxels
from napari_bonemet.slabs import over_slabs

_SLAB = 8
# Outlines smaller than this part of the largest cross section are specks; a mouse fibula has about a twentieth.
_SPECK = 0.004
_LEAST_VOXELS = 9


@dataclass(frozen=True, eq=False)
class Outlines:
    """What the bone of a scan encloses, slice by slice.

    Parameters
    ----------
    shape : tuple of int
        Voxels (z, y, x) of the scan.
    runs : tuple of ndarray of int32, (n, 4)
        Row, first column, column after the last, and piece (8-connected, from 0) of each stretch; one a slice.
    pieces : tuple of ndarray of float, (pieces, 3)
        Area in voxels, mean row and mean column of each piece; one a slice.
    """

    shape: tuple[int, int, int]
    runs: tuple[np.ndarray, ...]
    pieces: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, voxels: Voxels, threshold: float = 0.0, *, progress: Progress = NO_PROGRESS) -> "Outlines":
        """The outlines of what is above `threshold`; the volume (z, y, x) is read slab by slab."""
        from napari_bonemet.processing.outline_kernels import measure_pieces, outlines_of

        depth, height, width = voxels.shape
        runs: list[np.ndarray] = [np.empty((0, 4), np.int32)] * depth
        pieces: list[np.ndarray] = [np.empty((0, 3))] * depth

        def work(start: int, stop: int) -> None:
            bone = np.asarray(voxels[start:stop]) > threshold
            for z in range(start, stop):
                runs[z] = outlines_of(np.ascontiguousarray(bone[z - start]))
                pieces[z] = measure_pieces(runs[z])

        over_slabs(work, depth, slab=_SLAB, progress=progress)
        return cls((depth, height, width), tuple(runs), tuple(pieces))

    @property
    def largest(self) -> np.ndarray:
        """The piece with the largest area in each slice, -1 where there is none; (z,)."""
        return np.array([int(np.argmax(table[:, 0])) if len(table) else -1 for table in self.pieces])

    @property
    def least(self) -> float:
        """The area in voxels below which a piece is a speck."""
        largest = max((float(table[:, 0].max()) for table in self.pieces if len(table)), default=0.0)
        return max(_LEAST_VOXELS, _SPECK * largest)

    def counts(self) -> np.ndarray:
        """How many pieces each slice has, specks left out; (z,)."""
        least = self.least
        return np.array([int(np.count_nonzero(table[:, 0] >= least)) for table in self.pieces])
