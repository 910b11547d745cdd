"""Compiled squared Euclidean distance to the nearest background voxel, axis by axis, in whole numbers.

Meijster, Roerdink and Hesselink 2000, "A general algorithm for computing distance transforms in linear time":
along the first axis distances are counted, along the others the lower envelope of parabolas is read off.
Between two background voxels of a line nothing beyond them counts, so each stretch of foreground is done alone.
"""

import numpy as np
from numba import njit

# Farther than any voxel of a volume whose sides' squares add up to less.
FAR = 1 << 30
# So many lines along z are done at once, for the sake of the cache.
LINES = 16


@njit(nogil=True, cache=True)
def along_rows(mask, out, start, stop):  # type: ignore[no-untyped-def]
    """Squared distance to the nearest background voxel of the same row, slices `start` to `stop`; FAR without one."""
    ny, nx = mask.shape[1], mask.shape[2]
    for z in range(start, stop):
        for y in range(ny):
            row, far = mask[z, y], out[z, y]
            steps = np.int32(0)
            seen = False
            for x in range(nx):
                if row[x]:
                    steps += np.int32(1)
                    far[x] = steps * steps if seen else FAR
                else:
                    seen, steps = True, np.int32(0)
                    far[x] = 0
            seen = False
            for x in range(nx - 1, -1, -1):
                if row[x]:
                    steps += np.int32(1)
                    if seen:
                        far[x] = min(far[x], steps * steps)
                else:
                    seen, steps = True, np.int32(0)


@njit(nogil=True, cache=True)
def _stretch(line, first, last, low, high, apex, begin, done):  # type: ignore[no-untyped-def]
    """The envelope over foreground `first` to `last` (excluded), with zeros at `low` and `high` where those exist."""
    top = -1
    for u in range(low, high):
        height = line[u]
        if height >= FAR:
            continue
        start = first
        while top >= 0:
            v = apex[top]
            # From here on u is nearer than v.
            start = (u * u - v * v + height - line[v]) // (2 * (u - v)) + 1
            if start > begin[top]:
                break
            top -= 1
        if top < 0:
            start = first
        if start < last:
            top += 1
            apex[top], begin[top] = u, start
    if top < 0:
        for i in range(first, last):
            done[i] = FAR
        return
    i = last - 1
    while i >= first:
        v, until = apex[top], max(first, begin[top])
        height = line[v]
        while i >= until:
            done[i] = (i - v) * (i - v) + height
            i -= 1
        top -= 1


@njit(nogil=True, cache=True)
def _line(line, n, apex, begin, done):  # type: ignore[no-untyped-def]
    i = 0
    while i < n:
        if line[i] == 0:
            done[i] = 0
            i += 1
            continue
        first = i
        while i < n and line[i] != 0:
            i += 1
        if i - first == 1 and first > 0 and i < n:
            done[first] = 1
        else:
            _stretch(line, first, i, max(0, first - 1), min(n, i + 1), apex, begin, done)


@njit(nogil=True, cache=True)
def along_columns(out, start, stop):  # type: ignore[no-untyped-def]
    """Take the second axis into account, in slices `start` to `stop`, in place."""
    ny, nx = out.shape[1], out.shape[2]
    line, done = np.empty(ny, np.int32), np.empty(ny, np.int32)
    apex, begin = np.empty(ny + 1, np.int64), np.empty(ny + 1, np.int64)
    for z in range(start, stop):
        plane = out[z]
        for x in range(nx):
            for y in range(ny):
                line[y] = plane[y, x]
            _line(line, ny, apex, begin, done)
            for y in range(ny):
                plane[y, x] = done[y]


@njit(nogil=True, cache=True)
def along_depth(out, start, stop):  # type: ignore[no-untyped-def]
    """Take the first axis into account, in rows `start` to `stop` of all slices, in place."""
    nz, nx = out.shape[0], out.shape[2]
    lines, dones = np.empty((LINES, nz), np.int32), np.empty((LINES, nz), np.int32)
    apex, begin = np.empty(nz + 1, np.int64), np.empty(nz + 1, np.int64)
    for y in range(start, stop):
        for x0 in range(0, nx, LINES):
            width = min(LINES, nx - x0)
            for z in range(nz):
                for k in range(width):
                    lines[k, z] = out[z, y, x0 + k]
            for k in range(width):
                _line(lines[k], nz, apex, begin, dones[k])
            for z in range(nz):
                for k in range(width):
                    out[z, y, x0 + k] = dones[k, z]
