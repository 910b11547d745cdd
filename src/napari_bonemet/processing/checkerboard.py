"""Two volumes in the squares of one board: edges that run on from square to square lie on each other."""

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.scan import Voxels


def checkerboard(first: Voxels, second: Voxels, *, squares: int = 8) -> np.ndarray:
    """Alternate `first` and `second` in cubes, so that every plane through them is a chequered board.

    Parameters
    ----------
    first, second : array-like, (z, y, x)
        On one grid.
    squares : int
        Squares along the longest axis; the same number of voxels along every axis.

    Returns
    -------
    ndarray, (z, y, x)
        In the type that holds both.

    Raises
    ------
    InputError
        When the shapes differ, or there is not at least one square.
    """
    if tuple(first.shape) != tuple(second.shape):
        raise InputError(
            "A checkerboard needs two volumes on one grid",
            expected=f"shape {tuple(first.shape)}",
            found=f"{tuple(second.shape)}",
            remedy="Register the weeks first",
        )
    if squares < 1:
        raise InputError("The number of squares cannot be used", expected="1 or more", found=str(squares))
    side = max(1, -(-max(first.shape) // squares))
    z, y, x = (np.arange(n) // side for n in first.shape)
    odd = (z[:, None, None] + y[None, :, None] + x[None, None, :]) % 2 == 1
    return np.where(odd, np.asarray(second), np.asarray(first))
