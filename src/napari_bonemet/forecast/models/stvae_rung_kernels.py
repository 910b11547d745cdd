"""One level of ST-VAE's decoder, compiled: no map is written but the one that is asked for.

What is coarser is made finer along x first, where there is little of it; then every row of voxels and channels is one
long loop. Maps are bits: uint16 holds bfloat16, which is the upper half of a float32; uint32 holds float32.
"""

import numpy as np
from numba import njit

from napari_bonemet.forecast.models.stvae import LEAK

_LEAK = np.float32(LEAK)


@njit(nogil=True, cache=True, fastmath=True)
def finer_along_x(maps: np.ndarray, times: int, start: int, stop: int, made: np.ndarray) -> None:
    """Slices `start` to `stop` of maps (z, y, x, channels), float32, to (z, y, x * times, channels), linear between."""
    size, channels = maps.shape[2], maps.shape[3]
    for z in range(start, stop):
        for y in range(maps.shape[1]):
            for x in range(size):
                here = maps[z, y, x]
                low, high = maps[z, y, max(x - 1, 0)], maps[z, y, min(x + 1, size - 1)]
                for phase in range(times):
                    at = np.float32((phase + 0.5) / times - 0.5)
                    other, weight = (low, -at) if at < 0 else (high, at)
                    out = made[z, y, x * times + phase]
                    for c in range(channels):
                        out[c] = here[c] + weight * (other[c] - here[c])


@njit(nogil=True, cache=True, fastmath=True)
def rung_slab(
    still: np.ndarray,
    below: np.ndarray,
    scales: np.ndarray,
    shifts: np.ndarray,
    start: int,
    stop: int,
    made: np.ndarray,
) -> None:
    """Slices `start` to `stop` of what a level makes: (still + below) * scale + shift, rectified.

    Parameters
    ----------
    still, made : ndarray, (z, y, x * channels)
        Bits.
    below, scales, shifts : ndarray, (less z, less y, x * channels), float32
        On grids that are a whole number of times coarser along z and y; what is between is linear.
    """
    depth, height, length = still.shape
    b = np.empty((below.shape[1], length), np.float32)
    s = np.empty((scales.shape[1], length), np.float32)
    t = np.empty_like(s)
    row = np.empty(length, np.float32)
    for z in range(start, stop):
        _plane(below, z, depth, b)
        _plane(scales, z, depth, s)
        _plane(shifts, z, depth, t)
        for y in range(height):
            _from_bits(still[z, y], row)
            b0, b1, u = _between(y, height, b.shape[0])
            s0, s1, v = _between(y, height, s.shape[0])
            _voxels(row, b[b0], b[b1], u, s[s0], s[s1], t[s0], t[s1], v)
            _to_bits(row, made[z, y])


@njit(nogil=True, cache=True, fastmath=True)
def _voxels(
    row: np.ndarray,
    below: np.ndarray,
    below_too: np.ndarray,
    u: np.float32,
    scale: np.ndarray,
    scale_too: np.ndarray,
    shift: np.ndarray,
    shift_too: np.ndarray,
    v: np.float32,
) -> None:
    for i in range(row.shape[0]):
        up = below[i] + u * (below_too[i] - below[i])
        by = scale[i] + v * (scale_too[i] - scale[i])
        to = shift[i] + v * (shift_too[i] - shift[i])
        value = (row[i] + up) * by + to
        row[i] = max(value, _LEAK * value)


@njit(nogil=True, cache=True)
def _between(at: int, full: int, size: int) -> tuple[int, int, np.float32]:
    """The two of `size` places that a voxel of `full` lies between, and how far it is from the first."""
    place = max((at + 0.5) * size / full - 0.5, 0.0)
    first = min(int(place), size - 1)
    return first, min(first + 1, size - 1), np.float32(place - first)


@njit(nogil=True, cache=True, fastmath=True)
def _plane(grid: np.ndarray, z: int, depth: int, made: np.ndarray) -> None:
    z0, z1, weight = _between(z, depth, grid.shape[0])
    for y in range(made.shape[0]):
        near, far, out = grid[z0, y], grid[z1, y], made[y]
        for i in range(out.shape[0]):
            out[i] = near[i] + weight * (far[i] - near[i])


@njit(nogil=True, cache=True)
def _from_bits(bits: np.ndarray, made: np.ndarray) -> None:
    up = np.uint32(32 - 8 * bits.itemsize)
    whole = made.view(np.uint32)
    for i in range(made.shape[0]):
        whole[i] = np.uint32(bits[i]) << up


@njit(nogil=True, cache=True)
def _to_bits(row: np.ndarray, bits: np.ndarray) -> None:
    """Rounded to the nearest, ties to even."""
    whole = row.view(np.uint32)
    if bits.itemsize == 4:
        for i in range(row.shape[0]):
            bits[i] = whole[i]
        return
    for i in range(row.shape[0]):
        one = whole[i]
        bits[i] = (one + np.uint32(0x7FFF) + ((one >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
