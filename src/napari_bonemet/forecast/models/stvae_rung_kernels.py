"""One level of ST-VAE's decoder, compiled, where its noise is smooth: no map is written but the one that is asked for.

Maps are (z, y, x, channels) of the bits of numbers: uint16 holds bfloat16, which is the upper half of a float32;
uint32 holds float32.
"""

import numpy as np
from numba import njit

_LEAK = np.float32(0.1)


@njit(nogil=True, cache=True, fastmath=True)
def rung_slab(
    still: np.ndarray, below: np.ndarray, fields: np.ndarray, times: int, start: int, stop: int, made: np.ndarray
) -> None:
    """Slices `start` to `stop` of what a level makes: (still + what comes up) * scale + shift, rectified.

    Parameters
    ----------
    still, made : ndarray, (z, y, x, channels)
        Bits.
    below : ndarray, (z / 2, y / 2, x / 2, channels)
        Bits.
    fields : ndarray, (z / times, y / times, x / times, 2 channels), float32
        Scales, then shifts.
    """
    width, channels = still.shape[2], still.shape[3]
    mixed = np.empty(below.shape[2] * channels, np.float32)
    field = np.empty(fields.shape[2] * 2 * channels, np.float32)
    row = np.empty(width * channels, np.float32)
    for z in range(start, stop):
        for y in range(still.shape[1]):
            _rows_of_bits(below, z, y, mixed)
            _rows(fields, z, y, times, field)
            _row(still[z, y].reshape(-1), row)
            for x in range(width):
                b0, b1, b = _between(x, 2, below.shape[2])
                f0, f1, f = _between(x, times, fields.shape[2])
                here = row[x * channels : (x + 1) * channels]
                low, high = mixed[b0 * channels : (b0 + 1) * channels], mixed[b1 * channels : (b1 + 1) * channels]
                left = field[2 * f0 * channels : 2 * (f0 + 1) * channels]
                right = field[2 * f1 * channels : 2 * (f1 + 1) * channels]
                _voxel(here, low, high, b, left, right, f)
            _store(row, made[z, y].reshape(-1))


@njit(nogil=True, cache=True, fastmath=True)
def _voxel(
    here: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    b: np.float32,
    left: np.ndarray,
    right: np.ndarray,
    f: np.float32,
) -> None:
    channels = here.shape[0]
    for c in range(channels):
        scale = left[c] + f * (right[c] - left[c])
        shift = left[channels + c] + f * (right[channels + c] - left[channels + c])
        value = (here[c] + low[c] + b * (high[c] - low[c])) * scale + shift
        here[c] = max(value, _LEAK * value)


@njit(nogil=True, cache=True)
def _between(x: int, times: int, size: int) -> tuple[int, int, np.float32]:
    """The two places of a coarser grid that a voxel lies between, and how far it is from the first."""
    at = max((x + 0.5) / times - 0.5, 0.0)
    first = min(int(at), size - 1)
    return first, min(first + 1, size - 1), np.float32(at - first)


@njit(nogil=True, cache=True, fastmath=True)
def _rows(grid: np.ndarray, z: int, y: int, times: int, made: np.ndarray) -> None:
    z0, z1, a = _between(z, times, grid.shape[0])
    y0, y1, b = _between(y, times, grid.shape[1])
    p, q, r, s = grid[z0, y0].reshape(-1), grid[z0, y1].reshape(-1), grid[z1, y0].reshape(-1), grid[z1, y1].reshape(-1)
    for i in range(made.shape[0]):
        near = p[i] + b * (q[i] - p[i])
        far = r[i] + b * (s[i] - r[i])
        made[i] = near + a * (far - near)


@njit(nogil=True, cache=True, fastmath=True)
def _rows_of_bits(grid: np.ndarray, z: int, y: int, made: np.ndarray) -> None:
    z0, z1, a = _between(z, 2, grid.shape[0])
    y0, y1, b = _between(y, 2, grid.shape[1])
    other = np.empty_like(made)
    made[:] = 0
    for part in range(4):
        here = grid[z1 if part & 2 else z0, y1 if part & 1 else y0].reshape(-1)
        weight = (a if part & 2 else 1 - a) * (b if part & 1 else 1 - b)
        _row(here, other)
        for i in range(made.shape[0]):
            made[i] += weight * other[i]


@njit(nogil=True, cache=True)
def _row(bits: np.ndarray, made: np.ndarray) -> None:
    """Bits to numbers."""
    up = np.uint32(32 - 8 * bits.itemsize)
    whole = made.view(np.uint32)
    for i in range(made.shape[0]):
        whole[i] = np.uint32(bits[i]) << up


@njit(nogil=True, cache=True)
def _store(row: np.ndarray, bits: np.ndarray) -> None:
    """Numbers to bits, rounded to the nearest, ties to even."""
    whole = row.view(np.uint32)
    if bits.itemsize == 4:
        for i in range(row.shape[0]):
            bits[i] = whole[i]
        return
    for i in range(row.shape[0]):
        one = whole[i]
        bits[i] = (one + np.uint32(0x7FFF) + ((one >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
