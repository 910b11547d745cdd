"""Compiled clusters of the noise rule: walks from the cores alone, in the composite itself, without any labels."""

import numpy as np
from numba import njit

from napari_bonemet.processing.composite_kernels import CORE, COUNTED, CROSSES, LARGE, NEAR, _with


@njit(nogil=True, cache=True)
def _walk(codes: np.ndarray, start: int, states: tuple, mark: int, found: np.ndarray) -> tuple[np.ndarray, int]:
    # Marks all that touches `start` through voxels of either state, and lists it.
    _, height, width = codes.shape
    flat = codes.ravel()
    flat[start] = mark
    found[0] = start
    many, done = 1, 0
    while done < many:
        here = found[done]
        done += 1
        z, y, x = here // (height * width), here // width % height, here % width
        for k in range(max(z - 1, 0), min(z + 2, codes.shape[0])):
            for j in range(max(y - 1, 0), min(y + 2, height)):
                for i in range(max(x - 1, 0), min(x + 2, width)):
                    code = codes[k, j, i]
                    if code == states[0] or code == states[1]:
                        codes[k, j, i] = mark
                        found = _with(found, many, (k * height + j) * width + i)
                        many += 1
    return found, many


@njit(nogil=True, cache=True)
def _grow(codes: np.ndarray, members: np.ndarray, many: int, base: int, reach: int) -> tuple[np.ndarray, int]:
    # From the large cores over crossing voxels, one voxel a round.
    _, height, width = codes.shape
    begin = 0
    for _ in range(reach):
        end = many
        for n in range(begin, end):
            z, y, x = members[n] // (height * width), members[n] // width % height, members[n] % width
            for k in range(max(z - 1, 0), min(z + 2, codes.shape[0])):
                for j in range(max(y - 1, 0), min(y + 2, height)):
                    for i in range(max(x - 1, 0), min(x + 2, width)):
                        if codes[k, j, i] == base + CROSSES:
                            codes[k, j, i] = base + NEAR
                            members = _with(members, many, (k * height + j) * width + i)
                            many += 1
        begin = end
        if begin == many:
            break
    return members, many


@njit(nogil=True, cache=True)
def count_clusters(codes: np.ndarray, cores: np.ndarray, base: int, least: tuple[int, int], reach: int) -> None:
    """Mark what counts, in place: large cores, what crosses near them, where all that is a large cluster.

    Parameters
    ----------
    codes : ndarray of uint8, (z, y, x), contiguous
        Published values plus states; cores marked.
    cores : ndarray of int64
        Where the cores are.
    base : int
        The published value: lost or formed.
    least : tuple of int
        Fewest voxels of a core, and of a cluster (26-connected).
    reach : int
        How far a cluster extends from its core, voxels.
    """
    flat = codes.ravel()
    found, members, many = np.empty(64, np.int64), np.empty(64, np.int64), 0
    for core in cores:
        if flat[core] != base + CORE:
            continue
        found, size = _walk(codes, core, (base + CORE, base + CORE), base + LARGE, found)
        for n in range(size):
            if size < least[0]:
                flat[found[n]] = base + CROSSES
            else:
                members = _with(members, many, found[n])
                many += 1
    members, many = _grow(codes, members, many, base, reach)
    for n in range(many):
        if flat[members[n]] != base + LARGE and flat[members[n]] != base + NEAR:
            continue
        found, size = _walk(codes, members[n], (base + LARGE, base + NEAR), base + COUNTED, found)
        if size < least[1]:
            for k in range(size):
                flat[found[k]] = base + CROSSES
