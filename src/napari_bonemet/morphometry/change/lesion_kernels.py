"""Compiled walks over bone that was lost: pieces that lie close are one, and what each lies against."""

import numpy as np
from numba import njit

from napari_bonemet.io.composite_codes import KEPT, LOST

_SEEN = LOST + 1


@njit(nogil=True, cache=True)
def gather_pieces(codes: np.ndarray, starts: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lost voxels, piece by piece.

    Parameters
    ----------
    codes : ndarray of uint8, (z, y, x), contiguous
        The composite; overwritten.
    starts : ndarray of int64
        Where bone was lost, as positions in the flat composite.
    offsets : ndarray of int64, (n, 3)
        How far apart two voxels of one piece may be.

    Returns
    -------
    members : ndarray of int64
        The positions, those of one piece together.
    bounds : ndarray of int64, (pieces + 1,)
        Where each piece begins among them.
    """
    depth, height, width = codes.shape
    flat = codes.ravel()
    members, many = np.empty(starts.size, np.int64), 0
    bounds = [np.int64(0)]
    for start in starts:
        if flat[start] != LOST:
            continue
        flat[start] = _SEEN
        members[many] = start
        done, many = many, many + 1
        while done < many:
            here = members[done]
            done += 1
            z, y, x = here // (height * width), here // width % height, here % width
            for n in range(len(offsets)):
                k, j, i = z + offsets[n, 0], y + offsets[n, 1], x + offsets[n, 2]
                if 0 <= k < depth and 0 <= j < height and 0 <= i < width and codes[k, j, i] == LOST:
                    codes[k, j, i] = _SEEN
                    members[many] = (k * height + j) * width + i
                    many += 1
        bounds.append(np.int64(many))
    return members[:many], np.array(bounds)


@njit(nogil=True, cache=True)
def contact_shares(
    codes: np.ndarray, members: np.ndarray, bounds: np.ndarray, faces: tuple[float, float, float]
) -> np.ndarray:
    """Of each piece's surface, the share that lies against bone which stays.

    Parameters
    ----------
    codes : ndarray of uint8, (z, y, x), contiguous
        The composite.
    members, bounds : ndarray of int64
        From :func:`gather_pieces`.
    faces : tuple of float
        Area of a voxel's face across each axis (z, y, x).

    Returns
    -------
    ndarray of float64, (pieces,)
    """
    _, height, width = codes.shape
    out = np.zeros(bounds.size - 1)
    for piece in range(out.size):
        against, every = 0.0, 0.0
        for here in members[bounds[piece] : bounds[piece + 1]]:
            place = (here // (height * width), here // width % height, here % width)
            for axis in range(3):
                for step in (-1, 1):
                    if not (0 <= place[axis] + step < codes.shape[axis]):
                        continue
                    other = codes[
                        place[0] + step * (axis == 0), place[1] + step * (axis == 1), place[2] + step * (axis == 2)
                    ]
                    if other != LOST:
                        every += faces[axis]
                        against += faces[axis] * (other == KEPT)
        out[piece] = against / every if every else 0.0
    return out
