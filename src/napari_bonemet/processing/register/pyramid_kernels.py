"""Compiled passes over whole volumes: where the bone is, and means of blocks."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def count_above(voxels, threshold, along_z, along_y, along_x, start, stop):  # type: ignore[no-untyped-def]
    """Count voxels above `threshold` in slices `start` to `stop`, per slice, per row and per column.

    Parameters
    ----------
    voxels : ndarray, (z, y, x)
    threshold : float
    along_z, along_y, along_x : ndarray of int64
        Added to; `along_z` is shared between slabs, the others belong to this slab alone.
    """
    nz, ny, nx = voxels.shape
    for z in range(start, stop):
        for y in range(ny):
            row = voxels[z, y]
            count = 0
            for x in range(nx):
                count += row[x] > threshold
            if count:
                along_z[z] += count
                along_y[y] += count
                for x in range(nx):
                    along_x[x] += row[x] > threshold


@njit(nogil=True, cache=True, fastmath=True)
def block_means(voxels, factors, out, start, stop):  # type: ignore[no-untyped-def]
    """Mean of each block of `factors` (z, y, x) voxels, into slices `start` to `stop` of `out` (float32)."""
    fz, fy, fx = factors
    ny, nx = out.shape[1], out.shape[2]
    share = np.float32(1 / (fz * fy * fx))
    sums = np.empty(nx * fx, np.float32)
    for z in range(start, stop):
        for y in range(ny):
            sums[:] = 0
            for dz in range(fz):
                for dy in range(fy):
                    row = voxels[z * fz + dz, y * fy + dy]
                    for x in range(nx * fx):
                        sums[x] += np.float32(row[x])
            for x in range(nx):
                total = np.float32(0)
                for dx in range(fx):
                    total += sums[x * fx + dx]
                out[z, y, x] = total * share
