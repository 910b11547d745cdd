"""Compiled outlines of one slice: what bone encloses, as stretches along x and the pieces that they make up."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def _root(parents: np.ndarray, item: int) -> int:
    while parents[item] != item:
        parents[item] = parents[parents[item]]
        item = parents[item]
    return item


@njit(nogil=True, cache=True)
def _join(parents: np.ndarray, one: int, other: int) -> None:
    one, other = _root(parents, one), _root(parents, other)
    if one < other:
        parents[other] = one
    else:
        parents[one] = other


@njit(nogil=True, cache=True)
def _gaps(bone: np.ndarray, count: bool, runs: np.ndarray) -> int:
    # Stretches (row, start, stop) without bone; an empty one at either end of a row that begins or ends with bone,
    # so that between two gaps of a row there is bone.
    many = 0
    height, width = bone.shape
    for y in range(height):
        start = 0
        for x in range(width):
            if bone[y, x]:
                if x == 0 or not bone[y, x - 1]:
                    if not count:
                        runs[many, 0], runs[many, 1], runs[many, 2] = y, start, x
                    many += 1
                start = x + 1
        if not count:
            runs[many, 0], runs[many, 1], runs[many, 2] = y, start, width
        many += 1
    return many


@njit(nogil=True, cache=True)
def _connect(runs: np.ndarray, parents: np.ndarray, aside: int) -> None:
    # Joins stretches of neighbouring rows that share a column, or lie `aside` columns apart.
    above, here = 0, 0
    while here < len(runs):
        row = runs[here, 0]
        while above < here and runs[above, 0] < row - 1:
            above += 1
        other = above
        end = here
        while end < len(runs) and runs[end, 0] == row:
            while other < here and runs[other, 2] + aside <= runs[end, 1]:
                other += 1
            look = other
            while look < here and runs[look, 0] == row - 1 and runs[look, 1] < runs[end, 2] + aside:
                if runs[look, 2] > runs[look, 1] and runs[end, 2] > runs[end, 1]:
                    _join(parents, look, end)
                look += 1
            end += 1
        above, here = here, end


@njit(nogil=True, cache=True)
def outlines_of(bone: np.ndarray) -> np.ndarray:
    """What the bone of a slice encloses, holes filled.

    Parameters
    ----------
    bone : ndarray of bool, (y, x)

    Returns
    -------
    ndarray of int32, (n, 4)
        Row, first column, column after the last, and the piece (8-connected, counted from 0) of every stretch.
    """
    height, width = bone.shape
    gaps = np.empty((_gaps(bone, True, np.empty((0, 3), np.int32)), 3), np.int32)
    _gaps(bone, False, gaps)
    outside = len(gaps)
    parents = np.arange(outside + 1)
    _connect(gaps, parents, 0)
    for n in range(len(gaps)):
        row, start, stop = gaps[n]
        if stop > start and (start == 0 or stop == width or row in (0, height - 1)):
            _join(parents, n, outside)
    air = _root(parents, outside)
    filled = np.empty((len(gaps), 4), np.int32)
    many = 0
    for n in range(len(gaps) - 1):
        if gaps[n + 1, 0] != gaps[n, 0]:
            continue
        row, start, stop = gaps[n, 0], gaps[n, 2], gaps[n + 1, 1]
        hole = gaps[n, 2] > gaps[n, 1] and _root(parents, n) != air
        if hole and many and filled[many - 1, 0] == row:
            filled[many - 1, 2] = stop
        else:
            filled[many, 0], filled[many, 1], filled[many, 2] = row, start, stop
            many += 1
    return _number(filled[:many].copy())


@njit(nogil=True, cache=True)
def _number(runs: np.ndarray) -> np.ndarray:
    parents = np.arange(len(runs))
    _connect(runs, parents, 1)
    numbers, many = np.full(len(runs), -1, np.int32), 0
    for n in range(len(runs)):
        root = _root(parents, n)
        if numbers[root] < 0:
            numbers[root] = many
            many += 1
        runs[n, 3] = numbers[root]
    return runs


@njit(nogil=True, cache=True)
def measure_pieces(runs: np.ndarray) -> np.ndarray:
    """Area and middle of every piece of a slice.

    Parameters
    ----------
    runs : ndarray of int32, (n, 4)
        From :func:`outlines_of`.

    Returns
    -------
    ndarray of float64, (pieces, 3)
        Area in voxels, mean row, mean column.
    """
    many = 0
    for n in range(len(runs)):
        many = max(many, runs[n, 3] + 1)
    table = np.zeros((many, 3))
    for n in range(len(runs)):
        row, start, stop, piece = runs[n]
        length = stop - start
        table[piece, 0] += length
        table[piece, 1] += length * row
        table[piece, 2] += length * (start + stop - 1) / 2
    for piece in range(many):
        table[piece, 1:] /= table[piece, 0]
    return table


@njit(nogil=True, cache=True)
def overlap_of(runs: np.ndarray, piece: int, others: np.ndarray, pieces: int) -> np.ndarray:
    """Voxels that a piece of one slice shares with each of the `pieces` of another, (pieces,)."""
    shared = np.zeros(pieces, np.int64)
    here = 0
    for n in range(len(runs)):
        if runs[n, 3] != piece:
            continue
        row, start, stop = runs[n, 0], runs[n, 1], runs[n, 2]
        while here < len(others) and others[here, 0] < row:
            here += 1
        look = here
        while look < len(others) and others[look, 0] == row:
            low, high = max(start, others[look, 1]), min(stop, others[look, 2])
            if high > low:
                shared[others[look, 3]] += high - low
            look += 1
    return shared


@njit(nogil=True, cache=True)
def paint(runs: np.ndarray, piece: int, inside: bool, plane: np.ndarray) -> None:
    """Draw a piece (or, with `inside` false, all other pieces) of a slice into an empty plane (y, x) of uint8."""
    plane[:] = 0
    for n in range(len(runs)):
        if (runs[n, 3] == piece) == inside:
            plane[runs[n, 0], runs[n, 1] : runs[n, 2]] = 1


@njit(nogil=True, cache=True)
def cast_rays(
    plane: np.ndarray, centre: tuple[float, float], angles: np.ndarray, reach: tuple, out: np.ndarray
) -> None:
    """Nearest and furthest voxel of a plane along rays from a point.

    Parameters
    ----------
    plane : ndarray of uint8, (y, x)
    centre : tuple of float
        Row and column.
    angles : ndarray, (rays,)
        From the columns' direction towards the rows', radians.
    reach : tuple of float
        How far rays go, and by what steps, in voxels.
    out : ndarray, (rays, 2)
        Filled here: distance of the nearest and of the furthest voxel that is set; -1 where none is.
    """
    furthest, step = reach
    height, width = plane.shape
    for n in range(angles.size):
        down, along = np.sin(angles[n]), np.cos(angles[n])
        out[n, 0] = out[n, 1] = -1.0
        for k in range(int(furthest / step)):
            y, x = int(np.rint(centre[0] + k * step * down)), int(np.rint(centre[1] + k * step * along))
            if y < 0 or x < 0 or y >= height or x >= width:
                break
            if plane[y, x]:
                if out[n, 0] < 0:
                    out[n, 0] = k * step
                out[n, 1] = k * step
