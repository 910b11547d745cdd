"""Compiled cubic B-spline sampling, written for the benchmarks alone: independent of what it judges."""

import numpy as np
from numba import njit

__all__ = ["add_sampled"]


@njit(nogil=True, cache=True, fastmath=True)
def _weights(t, out):
    s = np.float32(1.0) - t
    out[0] = s * s * s / np.float32(6.0)
    out[1] = np.float32(2 / 3) - t * t * (np.float32(1.0) - t / np.float32(2.0))
    out[2] = np.float32(2 / 3) - s * s * (np.float32(1.0) - s / np.float32(2.0))
    out[3] = t * t * t / np.float32(6.0)


@njit(nogil=True, cache=True, fastmath=True)
def add_sampled(coefficients, blocks, block, matrix, offset, first, out):  # noqa: PLR0917
    """Add to slices `first` on of `out` what lies at ``matrix @ index + offset``; nothing where all is flat.

    blocks: whether there is anything in each cube of `block` coefficients a side, or beside it.
    """
    depth, height, width = coefficients.shape
    wz, wy, wx = np.empty(4, np.float32), np.empty(4, np.float32), np.empty(4, np.float32)
    for k in range(out.shape[0]):
        for j in range(out.shape[1]):
            z0 = matrix[0, 0] * (k + first) + matrix[0, 1] * j + offset[0]
            y0 = matrix[1, 0] * (k + first) + matrix[1, 1] * j + offset[1]
            x0 = matrix[2, 0] * (k + first) + matrix[2, 1] * j + offset[2]
            for i in range(out.shape[2]):
                z, y, x = z0 + matrix[0, 2] * i, y0 + matrix[1, 2] * i, x0 + matrix[2, 2] * i
                iz, iy, ix = int(np.floor(z)), int(np.floor(y)), int(np.floor(x))
                if iz < 1 or iy < 1 or ix < 1 or iz > depth - 3 or iy > height - 3 or ix > width - 3:
                    continue
                if not blocks[iz // block, iy // block, ix // block]:
                    continue
                _weights(np.float32(z - iz), wz)
                _weights(np.float32(y - iy), wy)
                _weights(np.float32(x - ix), wx)
                value = np.float32(0.0)
                for a in range(4):
                    plane = np.float32(0.0)
                    for b in range(4):
                        row = coefficients[iz - 1 + a, iy - 1 + b]
                        plane += wy[b] * (
                            wx[0] * row[ix - 1] + wx[1] * row[ix] + wx[2] * row[ix + 1] + wx[3] * row[ix + 2]
                        )
                    value += wz[a] * plane
                out[k, j, i] += value
