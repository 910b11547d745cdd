"""Compiled medians of many small groups, which are most of what taking off the drift costs."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def settled_medians(rest, seen, order, ends, fewest, width, out):  # type: ignore[no-untyped-def]
    """The median of what lies near the median of each cell: bone that is gone does not pull it.

    Parameters
    ----------
    rest : ndarray of float64, (n,)
    seen : ndarray of bool, (n,)
        Others are left out.
    order, ends : ndarray of int64
        Cell k holds the points ``order[ends[k]:ends[k + 1]]``.
    fewest : int
        Cells of no more points are nan.
    width : float
        Within which values are near.
    out : ndarray of float64, one a cell
    """
    for k in range(out.size):
        here = np.empty(ends[k + 1] - ends[k])
        count = 0
        for i in order[ends[k] : ends[k + 1]]:
            if seen[i]:
                here[count] = rest[i]
                count += 1
        out[k] = np.nan
        if count > fewest:
            here = here[:count]
            middle = np.median(here)
            for _ in range(2):
                near = here[np.abs(here - middle) < width]
                if near.size:
                    middle = np.median(near)
            out[k] = middle
