"""Solids of joined and hollowed capsules: how the bones and the skin of the hindlimb field are written down."""

import numpy as np

from napari_bonemet.geometry import Triple

# Thirteen numbers: start z y x, from start to end z y x, radius there, change of radius to the end, what distances
# along z y x are multiplied by, the blend's length, and 1 for joined or -1 for hollowed out.
Row = np.ndarray


def capsule(
    start: Triple,
    end: Triple,
    radius: float,
    end_radius: float | None = None,
    *,
    squash: Triple = (1.0, 1.0, 1.0),
    blend: float = 150.0,
    hollow: bool = False,
) -> Row:
    """A rod with round ends, micrometres.

    Parameters
    ----------
    start, end : tuple of float
        The ends of its axis (z, y, x).
    radius, end_radius : float
        At the start, and at the end (the same when None).
    squash : tuple of float
        How much flatter it is along (z, y, x) than the radius says.
    blend : float
        Over what length it goes over into what is already there.
    hollow : bool
        Take it away instead.
    """
    last = radius if end_radius is None else end_radius
    along = np.subtract(end, start)
    return np.array([*start, *along, radius, last - radius, *squash, blend, -1.0 if hollow else 1.0])


def ellipsoid(centre: Triple, radii: Triple, *, blend: float = 150.0, hollow: bool = False) -> Row:
    """An ellipsoid along the axes, to first order; radii along (z, y, x), micrometres."""
    largest = max(radii)
    z, y, x = (largest / r for r in radii)
    return capsule(centre, centre, largest, squash=(z, y, x), blend=blend, hollow=hollow)


def solid(rows: list[Row], axes: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    """Depth below the surface of a solid on a grid, micrometres, positive inside, -1000 where it is far away.

    Parameters
    ----------
    rows : list of ndarray
        From :func:`capsule` and :func:`ellipsoid`, in the order in which they are joined and hollowed.
    axes : tuple of ndarray
        Coordinates along (z, y, x), micrometres.

    Returns
    -------
    ndarray, (z, y, x) float32
    """
    from napari_bonemet.phantom.hindlimb_kernels import shape_depth

    table = np.stack(rows)
    out = np.empty(tuple(axis.size for axis in axes), np.float32)
    z, y, x = (np.asarray(axis, float) for axis in axes)
    shape_depth(table, z, y, x, out)
    return out


def reach(rows: list[Row], aside: float) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and highest (z, y, x) that joined rows take, `aside` further out, micrometres."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for row in rows:
        if row[12] < 0:
            continue
        radius = max(row[6], row[6] + row[7]) / row[8:11]
        for end in (row[:3], row[:3] + row[3:6]):
            low, high = np.minimum(low, end - radius), np.maximum(high, end + radius)
    return low - aside, high + aside
