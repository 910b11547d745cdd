"""A volume moved by less than two voxels, compiled."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True, fastmath=True)
def shift_slab(
    volume: np.ndarray, weights: np.ndarray, firsts: np.ndarray, start: int, stop: int, made: np.ndarray
) -> None:
    """Slices `start` to `stop` of `volume` (z, y, x), float32, under four taps along each axis; borders are repeated.

    Parameters
    ----------
    weights : ndarray, (3, 4), float32
        Of the taps along z, y and x.
    firsts : ndarray, (3,), int64
        Where the first tap lies, relative to the voxel that is made.
    """
    depth, height, width = volume.shape
    plane = np.empty((height, width), np.float32)
    row = np.empty(width + 16, np.float32)
    for z in range(start, stop):
        a = volume[min(max(z + firsts[0], 0), depth - 1)]
        b = volume[min(max(z + firsts[0] + 1, 0), depth - 1)]
        c = volume[min(max(z + firsts[0] + 2, 0), depth - 1)]
        d = volume[min(max(z + firsts[0] + 3, 0), depth - 1)]
        _mixed(a, b, c, d, weights[0], plane)
        for y in range(height):
            e = plane[min(max(y + firsts[1], 0), height - 1)]
            f = plane[min(max(y + firsts[1] + 1, 0), height - 1)]
            g = plane[min(max(y + firsts[1] + 2, 0), height - 1)]
            h = plane[min(max(y + firsts[1] + 3, 0), height - 1)]
            for x in range(width):
                row[8 + x] = weights[1, 0] * e[x] + weights[1, 1] * f[x] + weights[1, 2] * g[x] + weights[1, 3] * h[x]
            row[:8], row[8 + width :] = row[8], row[7 + width]
            _along(row[8 + firsts[2] :], weights[2], made[z, y])


@njit(nogil=True, cache=True, fastmath=True)
def _mixed(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, weights: np.ndarray, made: np.ndarray) -> None:
    for y in range(made.shape[0]):
        for x in range(made.shape[1]):
            made[y, x] = weights[0] * a[y, x] + weights[1] * b[y, x] + weights[2] * c[y, x] + weights[3] * d[y, x]


@njit(nogil=True, cache=True, fastmath=True)
def _along(row: np.ndarray, weights: np.ndarray, made: np.ndarray) -> None:
    for x in range(made.shape[0]):
        made[x] = weights[0] * row[x] + weights[1] * row[x + 1] + weights[2] * row[x + 2] + weights[3] * row[x + 3]
