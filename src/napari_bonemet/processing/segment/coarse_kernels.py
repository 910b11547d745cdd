"""Sums over blocks of voxels, compiled."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def add_slice(
    voxels: np.ndarray, block: tuple[int, int], threshold: float, total: np.ndarray, above: np.ndarray
) -> None:
    """Add one slice to a row of blocks.

    Parameters
    ----------
    voxels : ndarray, (y, x)
        One slice.
    block : tuple of int
        Voxels of a block along (y, x).
    threshold : float
        Bone is above it.
    total, above : ndarray, (Y, X) float32
        Sum of greys and number of voxels above the threshold so far; changed in place.
    """
    height, width = block
    rows, columns = voxels.shape
    for y in range(rows):
        for place in range(total.shape[1]):
            grey_sum, count = np.float32(0), np.float32(0)
            for x in range(place * width, min((place + 1) * width, columns)):
                grey = np.float32(voxels[y, x])
                grey_sum += grey
                count += np.float32(grey > threshold)
            total[y // height, place] += grey_sum
            above[y // height, place] += count


@njit(nogil=True, cache=True)
def add_slice_of_mixtures(voxels: np.ndarray, low: float, high: float, total: np.ndarray, above: np.ndarray) -> None:
    """Add one slice whose voxels are themselves mixtures: its greys from `low` to `high` are shares of bone, 0 to 1.

    Parameters
    ----------
    voxels : ndarray, (y, x)
        One slice.
    total, above : ndarray, (y, x) float32
        Greys and shares; changed in place.
    """
    scale = np.float32(1 / (high - low))
    for y in range(voxels.shape[0]):
        for x in range(voxels.shape[1]):
            grey = np.float32(voxels[y, x])
            total[y, x] += grey
            above[y, x] += min(max((grey - np.float32(low)) * scale, np.float32(0)), np.float32(1))
