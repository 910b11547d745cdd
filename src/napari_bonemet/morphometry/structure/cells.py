"""How often each 2 x 2 x 2 neighbourhood ("cell") of bone occurs within a region: for surface and connectivity.

At the region's edge, where some of a cell's voxels lie outside, these take the state of the nearest voxel inside, and
the cell counts by its share inside. That is what is seen in a mirror at the edge: bone that the edge cuts gets no
surface and no end there, and every voxel of the region carries the same weight. On a box it is the edge correction of
Odgaard and Gundersen 1993, Bone 14:173-182.
"""

from functools import cache
from itertools import product

import numpy as np

from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.slabs import from_slabs

__all__ = ["CORNERS", "bits", "count_cells"]

# Voxel (dz, dy, dx) of a cell is bit 4 dz + 2 dy + dx.
CORNERS = np.array(list(product((0, 1), repeat=3)))
_SLAB = 16


def bits(cell: int) -> np.ndarray:
    """Which of a cell's eight voxels are bone, (8,) in the order of :data:`CORNERS`."""
    return (cell >> np.arange(8)) & 1 == 1


def count_cells(bone: np.ndarray, region: np.ndarray, *, progress: Progress = NO_PROGRESS) -> np.ndarray:
    """How many cells of each kind the region holds.

    Parameters
    ----------
    bone, region : ndarray of bool, (z, y, x)
        Bone outside the region is not looked at.
    progress : Progress
        Advanced by slabs.

    Returns
    -------
    ndarray of float64, (256,)
        By the bits of the cell; their sum is the number of voxels in the region.
    """
    from napari_bonemet.morphometry.structure.cells_kernels import count_cells as count

    def work(start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        whole, partial = np.zeros(256, np.int64), np.zeros((256, 256), np.int64)
        count(bone, region, whole, partial, start, stop)
        return whole, partial

    found = from_slabs(work, len(bone) + 1, slab=_SLAB, progress=progress)
    total = np.sum([whole for whole, _ in found], axis=0).astype(float)
    partial = np.sum([partial for _, partial in found], axis=0)
    for inside, solid in np.argwhere(partial):
        for cell, share in _completed(int(inside), int(solid)):
            total[cell] += share * partial[inside, solid]
    return total


@cache
def _completed(inside: int, solid: int) -> tuple[tuple[int, float], ...]:
    """The cells that voxels outside may make of one, seen in the mirror; each with its share of the cell's weight."""
    known, state = bits(inside), bits(solid)
    steps = np.abs(CORNERS[:, None] - CORNERS[known][None]).sum(-1)
    states = [set(state[known][row == row.min()]) for row in steps]
    # Where nearest voxels differ, both states are as likely.
    cells = [sum(int(b) << n for n, b in enumerate(chosen)) for chosen in product(*states)]
    return tuple((cell, known.mean() / len(cells)) for cell in cells)
