"""Compiled loops of :mod:`napari_bonemet.coverage`: along x, what a scanner saw of a row is one stretch."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def _within(place: np.float32, bound: np.float32, upper: bool) -> bool:
    return bool(place <= bound) if upper else bool(place >= bound)


@njit(nogil=True, cache=True)
def narrow_rows(rows: np.ndarray, offset: float, steps: np.ndarray, bounds: np.ndarray) -> None:
    """Narrow the stretch of every row, in place, to where one coordinate in the source lies within its bounds.

    Parameters
    ----------
    rows : ndarray of int32, (z, y, 2)
        First voxel seen and the one after the last; (0, 0) where none is.
    offset : float
        The coordinate at voxel (0, 0, 0), in voxels of the source.
    steps : ndarray of float, (3,)
        By what it grows with a voxel along z, y and x.
    bounds : ndarray of float32, (2,)
        Lowest and highest, both included.
    """
    along = steps[2]
    for z in range(rows.shape[0]):
        for y in range(rows.shape[1]):
            first, stop = rows[z, y, 0], rows[z, y, 1]
            start = np.float32(offset + steps[0] * z + steps[1] * y)
            # Rounding keeps the order of the voxels, so each bound holds from one voxel on, or up to one.
            for which in range(2):
                upper, bound = which == 1, bounds[which]
                x = first
                if along != 0:
                    x = int(min(max((bound - start) / along, float(first)), float(stop)))
                rises = (along >= 0) != upper
                if rises:
                    while x > first and _within(start + np.float32(along * (x - 1)), bound, upper):
                        x -= 1
                    while x < stop and not _within(start + np.float32(along * x), bound, upper):
                        x += 1
                    first = x
                else:
                    while x < stop and _within(start + np.float32(along * x), bound, upper):
                        x += 1
                    while x > first and not _within(start + np.float32(along * (x - 1)), bound, upper):
                        x -= 1
                    stop = x
            empty = first >= stop
            rows[z, y, 0] = 0 if empty else first
            rows[z, y, 1] = 0 if empty else stop


@njit(nogil=True, cache=True)
def fill_rows(mask: np.ndarray, rows: np.ndarray) -> None:
    """Set `mask` (z, y, x) where the stretches `rows` (z, y, 2) say so, in place."""
    for z in range(mask.shape[0]):
        for y in range(mask.shape[1]):
            mask[z, y, : rows[z, y, 0]] = False
            mask[z, y, rows[z, y, 0] : rows[z, y, 1]] = True
            mask[z, y, rows[z, y, 1] :] = False


@njit(nogil=True, cache=True)
def count_missed(bone: np.ndarray, rows: np.ndarray, counts: np.ndarray) -> None:
    """Per slice of `bone` (z, y, x): how many voxels there are, and how many lie outside the stretches `rows`.

    Parameters
    ----------
    counts : ndarray of int64, (z, 2)
        Filled here.
    """
    for z in range(bone.shape[0]):
        there, missed = 0, 0
        for y in range(bone.shape[1]):
            row = bone[z, y]
            all_of_it, inside = 0, 0
            for x in range(row.size):
                all_of_it += row[x]
            for x in range(rows[z, y, 0], rows[z, y, 1]):
                inside += row[x]
            there += all_of_it
            missed += all_of_it - inside
        counts[z, 0], counts[z, 1] = there, missed
