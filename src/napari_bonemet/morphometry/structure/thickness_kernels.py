"""Compiled painting of the largest balls: exact, each voxel painted once.

Balls are open: around a centre at squared distance d from the nearest background voxel, every voxel at a squared
distance under d. Hildebrand and Ruegsegger 1997, J Microsc 185:67-75, equation 1.

A slice cuts every ball into a disc. Slice by slice, discs are painted from the largest ball down; each row knows
its next voxel not yet painted (a forest of pointers, shortened on the way), and each centre the largest disc
around it that is already covered, so that a disc inside another costs one look.
"""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def holding_table(largest):  # type: ignore[no-untyped-def]
    """Which ball holds which: at [s, d] the least squared distance whose ball holds one of d, s + 1 axes one voxel off.

    The voxel of the smaller ball, (i, j, k) with i >= j >= k >= 0 from its centre, that is farthest from the other's
    centre has its largest offsets along the axes of the shift. Row 0 and 1 hold for discs too.
    """
    table = np.zeros((3, largest + 1), np.int32)
    i = 0
    while i * i < largest:
        for j in range(i + 1):
            if i * i + j * j >= largest:
                break
            for k in range(j + 1):
                inside = i * i + j * j + k * k
                if inside >= largest:
                    break
                # A ball of squared radius d holds voxels up to d - 1, so these belong to d = inside + 1.
                far = inside + 1 + 2 * i + 1
                table[0, inside + 1] = max(table[0, inside + 1], far)
                far += 2 * j + 1
                table[1, inside + 1] = max(table[1, inside + 1], far)
                far += 2 * k + 1
                table[2, inside + 1] = max(table[2, inside + 1], far)
        i += 1
    for s in range(3):
        for d in range(1, largest + 1):
            table[s, d] = max(table[s, d], table[s, d - 1])
    return table


@njit(nogil=True, cache=True)
def _held(squared, z, y, x, own, least):  # type: ignore[no-untyped-def]
    nz, ny, nx = squared.shape
    for zz in range(max(0, z - 1), min(nz, z + 2)):
        for yy in range(max(0, y - 1), min(ny, y + 2)):
            for xx in range(max(0, x - 1), min(nx, x + 2)):
                axes = abs(zz - z) + abs(yy - y) + abs(xx - x)
                if axes and abs(squared[zz, yy, xx]) >= least[axes - 1, own]:
                    return True
    return False


@njit(nogil=True, cache=True)
def mark_centres(squared, least, counts, start, stop):  # type: ignore[no-untyped-def]
    """Make negative, in slices `start` to `stop`, the centres that no neighbour makes needless; count them.

    `least`, (3, n): at [s, d] the squared distance from which on a neighbour, s + 1 axes one voxel off, does.
    Neighbours may be made negative at the same time: only their size is read.
    """
    ny, nx = squared.shape[1], squared.shape[2]
    for z in range(start, stop):
        found = 0
        for y in range(ny):
            row = squared[z, y]
            for x in range(nx):
                own = row[x]
                if own == 0:
                    continue
                # Along its own row a voxel's neighbours are at hand, and mostly tell.
                if x > 0 and abs(row[x - 1]) >= least[0, own]:
                    continue
                if x + 1 < nx and row[x + 1] >= least[0, own]:
                    continue
                if not _held(squared, z, y, x, own, least):
                    row[x] = -own
                    found += 1
        counts[z] = found


@njit(nogil=True, cache=True)
def gather_centres(squared, begin, where, reach, start, stop):  # type: ignore[no-untyped-def]
    """Write place in the slice and squared distance of the marked centres of slices `start` to `stop`."""
    ny, nx = squared.shape[1], squared.shape[2]
    for z in range(start, stop):
        at = begin[z]
        for y in range(ny):
            for x in range(nx):
                if squared[z, y, x] < 0:
                    where[at] = y * nx + x
                    reach[at] = -squared[z, y, x]
                    at += 1


@njit(nogil=True, cache=True)
def _largest_first(begin, where, reach, sizes, start, stop):  # type: ignore[no-untyped-def]
    """The balls that reach slices `start` to `stop`, the largest first: (n, 3) of slice, place and squared distance."""
    largest = len(sizes) - 1
    far = int(np.sqrt(sizes[largest])) + 1
    first, last = max(0, start - far), min(len(begin) - 1, stop + far)
    places = np.zeros(largest + 2, np.int64)
    for z in range(first, last):
        gap = max(start - z, z - stop + 1, 0)
        for n in range(begin[z], begin[z + 1]):
            if gap * gap < sizes[reach[n]]:
                places[largest - reach[n] + 1] += 1
    for d in range(largest + 1):
        places[d + 1] += places[d]
    balls = np.empty((places[largest + 1], 3), np.int32)
    for z in range(first, last):
        gap = max(start - z, z - stop + 1, 0)
        for n in range(begin[z], begin[z + 1]):
            if gap * gap < sizes[reach[n]]:
                at = places[largest - reach[n]]
                places[largest - reach[n]] += 1
                balls[at, 0], balls[at, 1], balls[at, 2] = z, where[n], reach[n]
    return balls


@njit(nogil=True, cache=True)
def _covered_already(covered, y, x, own, table):  # type: ignore[no-untyped-def]
    """Whether a disc lies inside one that is covered, around the same centre or a neighbour; it will be from now on."""
    if covered[y, x] >= own:
        return True
    covered[y, x] = own
    ny, nx = covered.shape
    for yy in range(max(0, y - 1), min(ny, y + 2)):
        for xx in range(max(0, x - 1), min(nx, x + 2)):
            axes = abs(yy - y) + abs(xx - x)
            if axes and covered[yy, xx] >= table[axes - 1, own]:
                return True
    return False


@njit(nogil=True, cache=True)
def _disc(plane, following, cy, cx, size, value):  # type: ignore[no-untyped-def]
    ny, nx = plane.shape
    tall = int(np.sqrt(size - 1.0))
    for y in range(max(0, cy - tall), min(ny, cy + tall + 1)):
        wide = int(np.sqrt(size - 1.0 - (y - cy) * (y - cy)))
        nexts = following[y]
        x, end = max(0, cx - wide), min(nx - 1, cx + wide)
        while True:
            while nexts[x] != x:
                ahead = nexts[x]
                nexts[x] = nexts[ahead]
                x = ahead
            if x > end:
                break
            plane[y, x] = value
            nexts[x] = nexts[x + 1]


@njit(nogil=True, cache=True)
def paint(out, begin, where, reach, sizes, table, start, stop):  # type: ignore[no-untyped-def]
    """Paint slices `start` to `stop`: each voxel of the mask gets the squared distance of the largest ball over it.

    On entry `out` is zero in the background and nowhere else. A ball of squared distance d has the squared radius
    ``sizes[d]``, which grows with d. Voxels that no ball reaches stay zero.
    """
    ny, nx = out.shape[1], out.shape[2]
    balls = _largest_first(begin, where, reach, sizes, start, stop)
    following = np.empty((ny, nx + 1), np.int32)
    covered = np.empty((ny, nx), np.int32)
    for z in range(start, stop):
        plane = out[z]
        for y in range(ny):
            following[y, nx] = ahead = nx
            for x in range(nx - 1, -1, -1):
                if plane[y, x]:
                    ahead = x
                    plane[y, x] = 0
                following[y, x] = ahead
                covered[y, x] = 0
        for n in range(len(balls)):
            off = balls[n, 0] - z
            size = sizes[balls[n, 2]] - off * off
            if size > 0:
                y, x = balls[n, 1] // nx, balls[n, 1] % nx
                if not _covered_already(covered, y, x, size, table):
                    _disc(plane, following, y, x, size, balls[n, 2])


@njit(nogil=True, cache=True)
def look_up(squared, out, diameters, start, stop):  # type: ignore[no-untyped-def]
    """Write the diameter of each squared distance, in slices `start` to `stop`; `out` may be the same memory."""
    ny, nx = out.shape[1], out.shape[2]
    for z in range(start, stop):
        for y in range(ny):
            for x in range(nx):
                out[z, y, x] = diameters[squared[z, y, x]]


@njit(nogil=True, cache=True)
def mark_surface(out, mask, start, stop):  # type: ignore[no-untyped-def]
    """Make negative, in slices `start` to `stop`, the voxels with one of 26 neighbours in the background."""
    nz, ny, nx = out.shape
    for z in range(start, stop):
        for y in range(ny):
            for x in range(nx):
                if not mask[z, y, x]:
                    continue
                bare = False
                for zz in range(max(0, z - 1), min(nz, z + 2)):
                    for yy in range(max(0, y - 1), min(ny, y + 2)):
                        for xx in range(max(0, x - 1), min(nx, x + 2)):
                            bare |= not mask[zz, yy, xx]
                if bare:
                    out[z, y, x] = -out[z, y, x]


@njit(nogil=True, cache=True)
def clean_surface(out, start, stop):  # type: ignore[no-untyped-def]
    """Give each negative voxel the mean of its positive neighbours, where it has any; it stays negative."""
    nz, ny, nx = out.shape
    for z in range(start, stop):
        for y in range(ny):
            for x in range(nx):
                if out[z, y, x] >= 0:
                    continue
                total, count = 0.0, 0
                for zz in range(max(0, z - 1), min(nz, z + 2)):
                    for yy in range(max(0, y - 1), min(ny, y + 2)):
                        for xx in range(max(0, x - 1), min(nx, x + 2)):
                            if out[zz, yy, xx] > 0:
                                total += out[zz, yy, xx]
                                count += 1
                if count:
                    out[z, y, x] = -total / count


@njit(nogil=True, cache=True)
def keep_widest(marked, painted, diameters, out, start, stop):  # type: ignore[no-untyped-def]
    """Whether, in slices `start` to `stop`, a voxel is a marked centre whose ball is within a voxel of the map's.

    `marked`: squared distances, negative at centres; `painted`: those of the largest ball over each voxel.
    """
    ny, nx = out.shape[1], out.shape[2]
    for z in range(start, stop):
        for y in range(ny):
            for x in range(nx):
                own = -marked[z, y, x]
                out[z, y, x] = own > 0 and diameters[own] >= diameters[painted[z, y, x]] - 1
