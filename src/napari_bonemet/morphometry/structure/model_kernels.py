"""Compiled surface, its growth and the volume inside, of a smooth field at the level one half.

Each cell between eight voxel centres is cut into six tetrahedra; in each the field is taken as linear, so that the
surface in it is one triangle or two. Nothing is stored: the three numbers are summed up on the way.
"""

import numpy as np
from numba import njit

LEVEL = 0.5
# The six tetrahedra around the diagonal from corner 0 to corner 7; corner (z, y, x) is 4 z + 2 y + x.
TETRAHEDRA = np.array([[0, 1, 3, 7], [0, 3, 2, 7], [0, 2, 6, 7], [0, 6, 4, 7], [0, 4, 5, 7], [0, 5, 1, 7]])


@njit(nogil=True, cache=True, inline="always")
def _crossing(values, places, slopes, a, b, place, normal):  # type: ignore[no-untyped-def]
    """Where the level is met between corners a (inside) and b; fills place and unit normal; the way from a, 0 to 1."""
    part = (values[a] - LEVEL) / (values[a] - values[b])
    length = 0.0
    for i in range(3):
        place[i] = places[a, i] + part * (places[b, i] - places[a, i])
        # Bone is above the level: outward is down the slope.
        normal[i] = -(slopes[a, i] + part * (slopes[b, i] - slopes[a, i]))
        length += normal[i] * normal[i]
    length = np.sqrt(length)
    if length > 0:
        for i in range(3):
            normal[i] /= length
    return part


@njit(nogil=True, cache=True, inline="always")
def _cross(a, b, out):  # type: ignore[no-untyped-def]
    out[0] = a[1] * b[2] - a[2] * b[1]
    out[1] = a[2] * b[0] - a[0] * b[2]
    out[2] = a[0] * b[1] - a[1] * b[0]


@njit(nogil=True, cache=True)
def _triangle(p, n, i, j, k, total, work):  # type: ignore[no-untyped-def]
    """Add a triangle's area, and how fast it grows when its corners move along their normals."""
    u, v, du, dv, face, change = work
    for c in range(3):
        u[c], v[c] = p[j, c] - p[i, c], p[k, c] - p[i, c]
        du[c], dv[c] = n[j, c] - n[i, c], n[k, c] - n[i, c]
    _cross(u, v, face)
    double = np.sqrt(face[0] ** 2 + face[1] ** 2 + face[2] ** 2)
    if double == 0:
        return
    growth = 0.0
    _cross(du, v, change)
    for c in range(3):
        growth += face[c] * change[c]
    _cross(u, dv, change)
    for c in range(3):
        growth += face[c] * change[c]
    total[1] += double / 2
    total[2] += growth / double / 2


@njit(nogil=True, cache=True)
def _tetrahedron(values, places, slopes, corners, p, n, total, work):  # type: ignore[no-untyped-def]
    order = np.empty(4, np.int64)
    above, below = 0, 3
    for c in corners:
        if values[c] > LEVEL:
            order[above] = c
            above += 1
        else:
            order[below] = c
            below -= 1
    if above == 0:
        return
    if above == 4:
        total[0] += 1 / 6
        return
    a, b, c, d = order
    if above == 1:
        inside = 1.0
        for m in range(3):
            inside *= _crossing(values, places, slopes, a, order[m + 1], p[m], n[m])
        _triangle(p, n, 0, 1, 2, total, work)
    elif above == 3:
        inside = 1.0
        for m in range(3):
            inside *= 1 - _crossing(values, places, slopes, order[m], d, p[m], n[m])
        inside = 1 - inside
        _triangle(p, n, 0, 1, 2, total, work)
    else:
        ac = _crossing(values, places, slopes, a, c, p[0], n[0])
        ad = _crossing(values, places, slopes, a, d, p[1], n[1])
        bd = _crossing(values, places, slopes, b, d, p[2], n[2])
        bc = _crossing(values, places, slopes, b, c, p[3], n[3])
        inside = ac * ad + bc * bd * (1 - ac) + bd * ac * (1 - ad)
        _triangle(p, n, 0, 1, 2, total, work)
        _triangle(p, n, 0, 2, 3, total, work)
    total[0] += inside / 6


@njit(nogil=True, cache=True)
def _slope(field, z, y, x, out):  # type: ignore[no-untyped-def]
    nz, ny, nx = field.shape
    z0, z1 = max(0, z - 1), min(nz - 1, z + 1)
    y0, y1 = max(0, y - 1), min(ny - 1, y + 1)
    x0, x1 = max(0, x - 1), min(nx - 1, x + 1)
    out[0] = (field[z1, y, x] - field[z0, y, x]) / max(1, z1 - z0)
    out[1] = (field[z, y1, x] - field[z, y0, x]) / max(1, y1 - y0)
    out[2] = (field[z, y, x1] - field[z, y, x0]) / max(1, x1 - x0)


@njit(nogil=True, cache=True)
def measure_cells(field, inside, first, last, total):  # type: ignore[no-untyped-def]
    """Add volume, surface and its growth over cells that begin in slices `first` to `last` and lie all `inside`."""
    nz, ny, nx = field.shape
    values, places, slopes = np.empty(8), np.empty((8, 3)), np.empty((8, 3))
    p, n, work = np.empty((4, 3)), np.empty((4, 3)), np.empty((6, 3))
    for c in range(8):
        places[c, 0], places[c, 1], places[c, 2] = c >> 2, (c >> 1) & 1, c & 1
    for z in range(first, min(last, nz - 1)):
        for y in range(ny - 1):
            for x in range(nx - 1):
                above, there = 0, True
                for c in range(8):
                    zz, yy, xx = z + (c >> 2), y + ((c >> 1) & 1), x + (c & 1)
                    there &= inside[zz, yy, xx]
                    values[c] = field[zz, yy, xx]
                    above += values[c] > LEVEL
                if not there or above == 0:
                    continue
                if above == 8:
                    total[0] += 1.0
                    continue
                for c in range(8):
                    _slope(field, z + (c >> 2), y + ((c >> 1) & 1), x + (c & 1), slopes[c])
                for t in range(6):
                    _tetrahedron(values, places, slopes, TETRAHEDRA[t], p, n, total, work)
