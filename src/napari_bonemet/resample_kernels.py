"""Compiled interpolation of one volume on another grid, block by block.

The index into the source is ``matrix @ (z, y, x) + offset``. Blocks of the output near structure get cubic
convolution (Keys, IEEE Trans Acoust Speech Signal Process 1981, 29:1153-1160, a = -1/2); the others, linear
interpolation at a tenth of the cost.
"""

import numpy as np
from numba import njit

from napari_bonemet.resample_taps import cubic_box, linear_box

BLOCK = 8
CELL = 4


@njit(nogil=True, cache=True)
def count_in_cells(voxels, level, out, start, stop):  # type: ignore[no-untyped-def]
    """Add to each cell of CELL voxels, in slices `start` to `stop` of `out`, how many greys reach `level`."""
    nz, ny, nx = voxels.shape
    whole = nx // CELL
    for cz in range(start, stop):
        for z in range(cz * CELL, min(nz, (cz + 1) * CELL)):
            for y in range(ny):
                row, counts = voxels[z, y], out[cz, y // CELL]
                for cx in range(whole):
                    found = 0
                    for i in range(CELL):
                        found += row[cx * CELL + i] >= level
                    counts[cx] += found
                for x in range(whole * CELL, nx):
                    counts[whole] += row[x] >= level


@njit(nogil=True, cache=True, fastmath=True, inline="always")
def _weights(f):  # type: ignore[no-untyped-def]
    one, g = np.float32(1), np.float32(1) - f
    half = np.float32(0.5)
    return (
        -half * f * g * g,
        one + f * f * (np.float32(1.5) * f - np.float32(2.5)),
        one + g * g * (np.float32(1.5) * g - np.float32(2.5)),
        -half * g * f * f,
    )


@njit(nogil=True, fastmath=True, forceinline=True)
def _cubic_inside(flat, row, plane, z, y, x):  # type: ignore[no-untyped-def]
    iz, iy, ix = np.int64(z), np.int64(y), np.int64(x)
    at = np.uint64(iz - 1) * plane + np.uint64(iy - 1) * row + np.uint64(ix - 1)
    return cubic_box(flat, at, row, plane, np.float32(z - iz), np.float32(y - iy), np.float32(x - ix))


@njit(nogil=True, fastmath=True, forceinline=True)
def _cubic_at_the_edge(voxels, z, y, x):  # type: ignore[no-untyped-def]
    nz, ny, nx = voxels.shape
    iz, iy, ix = int(z), int(y), int(x)
    wz, wy, wx = _weights(np.float32(z - iz)), _weights(np.float32(y - iy)), _weights(np.float32(x - ix))
    total = np.float32(0)
    for i in range(4):
        zz = min(max(iz - 1 + i, 0), nz - 1)
        for j in range(4):
            yy = min(max(iy - 1 + j, 0), ny - 1)
            for k in range(4):
                xx = min(max(ix - 1 + k, 0), nx - 1)
                total += wz[i] * wy[j] * wx[k] * np.float32(voxels[zz, yy, xx])
    return total


@njit(nogil=True, cache=True, fastmath=True, inline="always")
def _linear_inside(flat, row, plane, z, y, x):  # type: ignore[no-untyped-def]
    iz, iy, ix = np.int64(z), np.int64(y), np.int64(x)
    at = np.uint64(iz) * plane + np.uint64(iy) * row + np.uint64(ix)
    return linear_box(flat, at, row, plane, np.float32(z - iz), np.float32(y - iy), np.float32(x - ix))


@njit(nogil=True, fastmath=True, forceinline=True)
def _linear_at_the_edge(voxels, z, y, x):  # type: ignore[no-untyped-def]
    nz, ny, nx = voxels.shape
    iz, iy, ix = int(z), int(y), int(x)
    total = np.float32(0)
    for i in range(2):
        wz, zz = (z - iz if i else 1 - z + iz), min(iz + i, nz - 1)
        for j in range(2):
            wy, yy = (y - iy if j else 1 - y + iy), min(iy + j, ny - 1)
            for k in range(2):
                wx, xx = (x - ix if k else 1 - x + ix), min(ix + k, nx - 1)
                total += np.float32(wz * wy * wx) * np.float32(voxels[zz, yy, xx])
    return total


@njit(nogil=True, cache=True, inline="always")
def _within(start, per_step, low, high, first, last):  # type: ignore[no-untyped-def]
    """The stretch of `first` to `last` in which low <= start + x / per_step <= high, the next whole steps inside."""
    a, b = (low - start) * per_step, (high - start) * per_step
    if a > b:
        a, b = b, a
    return max(first, np.int64(np.ceil(a))), min(last, np.int64(np.floor(b)) + 1)


@njit(nogil=True, fastmath=True, forceinline=True)
def _near_the_edge(voxels, place, order):  # type: ignore[no-untyped-def]
    nz, ny, nx = voxels.shape
    z, y, x = place
    z, y, x = max(z, 0.0), max(y, 0.0), max(x, 0.0)
    if order == 0:
        return np.float32(voxels[min(int(z + 0.5), nz - 1), min(int(y + 0.5), ny - 1), min(int(x + 0.5), nx - 1)])
    if order == 1:
        return _linear_at_the_edge(voxels, z, y, x)
    return _cubic_at_the_edge(voxels, z, y, x)


@njit(nogil=True, fastmath=True, forceinline=True)
def _fill_run(voxels, flat, matrix, per_step, base, order, line, first, last):  # type: ignore[no-untyped-def]
    """Interpolate `first` to `last` of one row into `line`, float32; `base` is the index of its voxel zero."""
    nz, ny, nx = voxels.shape
    row, plane = np.uint64(nx), np.uint64(nx * ny)
    mz, my, mx = matrix[0, 2], matrix[1, 2], matrix[2, 2]
    # Rounding of the index must not cut off the outermost voxels.
    slack, tiny = 1e-6, 1e-9
    rim, beyond = (1.0, 2.0) if order == 3 else (0.0, 1.0)
    c, d, a, b = first, last, first, last
    for i in range(3):
        n = voxels.shape[i]
        c, d = _within(base[i], per_step[i], -slack, n - 1 + slack, c, d)
        a, b = _within(base[i], per_step[i], rim, n - beyond - tiny, a, b)
    line[first:last] = 0
    if order == 0 or b <= a:
        a = b = d
    for x in range(c, a):
        line[x] = _near_the_edge(voxels, (base[0] + mz * x, base[1] + my * x, base[2] + mx * x), order)
    if order == 3:
        for x in range(a, b):
            line[x] = _cubic_inside(flat, row, plane, base[0] + mz * x, base[1] + my * x, base[2] + mx * x)
    else:
        for x in range(a, b):
            line[x] = _linear_inside(flat, row, plane, base[0] + mz * x, base[1] + my * x, base[2] + mx * x)
    for x in range(b, d):
        line[x] = _near_the_edge(voxels, (base[0] + mz * x, base[1] + my * x, base[2] + mx * x), order)


@njit(nogil=True, cache=True, fastmath=True)
def interpolate(voxels, matrix, offset, order, busy, low, high, whole, out, start, stop):  # type: ignore[no-untyped-def]
    """Fill slices `start` to `stop` of `out`; zero where the source does not reach.

    Parameters
    ----------
    voxels : ndarray, (z, y, x), contiguous
    matrix, offset : ndarray, (3, 3) and (3,) float64
        From output index to source index.
    order : int
        0 nearest, 1 linear, 3 cubic where `busy`.
    busy : ndarray of bool
        Per cell of CELL source voxels: whether structure is near.
    low, high : float
        Range of the output type.
    whole : bool
        Whether values are rounded.
    out : ndarray, (z, y, x)
        `start` is a multiple of BLOCK.
    """
    ny, nx = out.shape[1], out.shape[2]
    flat = voxels.ravel()
    line = np.empty(nx, np.float32)
    base, per_step = np.empty(3), np.empty(3)
    for i in range(3):
        step = matrix[i, 2]
        # No step at all is as good as one that never leaves the volume.
        per_step[i] = 1 / step if abs(step) > 1e-12 else 1e12
    for bz in range(start, stop, BLOCK):
        for by in range(0, ny, BLOCK):
            kinds = _kinds(order, busy, matrix, offset, bz, by, nx)
            for z in range(bz, min(stop, bz + BLOCK)):
                for y in range(by, min(ny, by + BLOCK)):
                    for i in range(3):
                        base[i] = matrix[i, 0] * z + matrix[i, 1] * y + offset[i]
                    _fill_line(voxels, flat, matrix, per_step, base, kinds, line)
                    _store(line, low, high, whole, out[z, y])


@njit(nogil=True, fastmath=True, forceinline=True)
def _kinds(order, busy, matrix, offset, bz, by, nx):  # type: ignore[no-untyped-def]
    """The order of interpolation in each block of a row of blocks."""
    kinds = np.full(-(-nx // BLOCK), order, np.int64)
    if order == 3:
        for k in range(kinds.size):
            kinds[k] = 3 if _is_busy(busy, matrix, offset, bz, by, k * BLOCK) else 1
    return kinds


@njit(nogil=True, fastmath=True, forceinline=True)
def _fill_line(voxels, flat, matrix, per_step, base, kinds, line):  # type: ignore[no-untyped-def]
    k = 0
    while k < kinds.size:
        first = k
        while k < kinds.size and kinds[k] == kinds[first]:
            k += 1
        _fill_run(voxels, flat, matrix, per_step, base, kinds[first], line, first * BLOCK, min(line.size, k * BLOCK))


@njit(nogil=True, fastmath=True, forceinline=True)
def _store(line, low, high, whole, row):  # type: ignore[no-untyped-def]
    if whole:
        for x in range(row.size):
            row[x] = min(max(np.rint(line[x]), low), high)
    else:
        for x in range(row.size):
            row[x] = line[x]


@njit(nogil=True, cache=True, inline="always")
def _is_busy(busy, matrix, offset, bz, by, bx):  # type: ignore[no-untyped-def]
    half = (BLOCK - 1) / 2
    z, y, x = bz + half, by + half, bx + half
    cz = int(np.floor((matrix[0, 0] * z + matrix[0, 1] * y + matrix[0, 2] * x + offset[0]) / CELL))
    cy = int(np.floor((matrix[1, 0] * z + matrix[1, 1] * y + matrix[1, 2] * x + offset[1]) / CELL))
    cx = int(np.floor((matrix[2, 0] * z + matrix[2, 1] * y + matrix[2, 2] * x + offset[2]) / CELL))
    cz = min(max(cz, 0), busy.shape[0] - 1)
    cy = min(max(cy, 0), busy.shape[1] - 1)
    cx = min(max(cx, 0), busy.shape[2] - 1)
    return busy[cz, cy, cx]
