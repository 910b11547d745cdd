"""Compiled counting of voxel pairs at a given offset whose one voxel is bone and the other marrow."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def count_pairs(state, offsets, both, unlike, start, stop):  # type: ignore[no-untyped-def]
    """Add to `both` and `unlike`, per offset (z, y, x), pairs that lie in the region and those of unlike voxels.

    `state`: 0 outside the region, 1 marrow, 2 bone. The pair's first voxel lies in slices `start` to `stop`.
    """
    nz, ny, nx = state.shape
    for n in range(len(offsets)):
        dz, dy, dx = offsets[n]
        low, high = max(0, -dx), min(nx, nx - dx)
        for z in range(max(start, -dz), min(stop, nz - dz)):
            for y in range(max(0, -dy), min(ny, ny - dy)):
                one, other = state[z, y], state[z + dz, y + dy]
                pairs, crossings = np.int32(0), np.int32(0)
                for x in range(low, high):
                    product = one[x] * other[x + dx]
                    pairs += np.int32(product != 0)
                    crossings += np.int32(product == 2)
                both[n] += pairs
                unlike[n] += crossings
