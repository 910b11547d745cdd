"""Two bones that touch, told apart at full resolution: compiled."""

import numpy as np
from numba import njit

_FACES = np.array([(-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)], np.int64)


@njit(nogil=True, cache=True)
def flood(level: np.ndarray, owner: np.ndarray) -> None:
    """Let owners spread from bright to dark, so that they meet where the bone between them is thinnest.

    A watershed by flooding (Meyer 1994): the brightest voxel beside an owned one is owned next.

    Parameters
    ----------
    level : ndarray, (z, y, x) uint8
        Brightness.
    owner : ndarray, (z, y, x) uint8
        0 nobody's yet, else whose; 255 is never entered. Filled in place.
    """
    depth, height, width = owner.shape
    # One list of voxels per brightness, each voxel in one list once: `after` links them.
    head = np.full(256, -1, np.int64)
    after = np.full(owner.size, -1, np.int64)
    claim = np.zeros(owner.size, np.uint8)
    flat_owner, flat_level = owner.ravel(), level.ravel()
    for index in range(owner.size):
        if 0 < flat_owner[index] < 255:
            claim[index] = flat_owner[index]
            bright = 255
            after[index] = head[bright]
            head[bright] = index
    bright = 255
    while bright >= 0:
        index = head[bright]
        if index < 0:
            bright -= 1
            continue
        head[bright] = after[index]
        flat_owner[index] = claim[index]
        z, rest = divmod(index, height * width)
        y, x = divmod(rest, width)
        for face in range(6):
            u, v, w = z + _FACES[face, 0], y + _FACES[face, 1], x + _FACES[face, 2]
            if u < 0 or v < 0 or w < 0 or u >= depth or v >= height or w >= width:
                continue
            other = (u * height + v) * width + w
            if flat_owner[other] == 0 and claim[other] == 0:
                claim[other] = claim[index]
                place = flat_level[other]
                after[other] = head[place]
                head[place] = other
                bright = max(bright, place)
