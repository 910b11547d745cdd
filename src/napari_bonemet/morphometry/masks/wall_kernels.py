"""Compiled rays from the shaft's axis: where the cortex begins and ends along each, and which voxels lie in it.

Along a ray distances are micrometres, and greys lie on straight lines between voxels.
"""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def _grey(plane: np.ndarray, y: float, x: float) -> float:
    # Between the four voxels around a point; -1 outside the plane.
    height, width = plane.shape
    if y < 0 or x < 0 or y > height - 1 or x > width - 1:
        return -1.0
    row, column = min(int(y), height - 2), min(int(x), width - 2)
    down, along = y - row, x - column
    upper = plane[row, column] * (1 - along) + plane[row, column + 1] * along
    lower = plane[row + 1, column] * (1 - along) + plane[row + 1, column + 1] * along
    return upper * (1 - down) + lower * down


@njit(nogil=True, cache=True)
def outer_edges(
    plane: np.ndarray, centre: tuple, pixel: tuple, level: float, start: np.ndarray, stop: np.ndarray, out: np.ndarray
) -> None:
    """The outermost edge of bone along each ray of a slice, between two distances.

    Parameters
    ----------
    plane : ndarray, (y, x)
        Greys.
    centre : tuple of float
        Row and column that the rays leave from.
    pixel : tuple of float
        Height and width of a pixel, micrometres.
    level : float
        Bone is at least this grey.
    start, stop : ndarray, (rays,)
        Distances from the centre to look between, from the larger `start` inwards, micrometres.
    out : ndarray, (rays,)
        Filled here: the distance of the edge, micrometres; NaN where there is none.
    """
    rays = out.size
    step = 0.5 * min(pixel[0], pixel[1])
    for n in range(rays):
        out[n] = np.nan
        down, along = np.sin(2 * np.pi * n / rays) / pixel[0], np.cos(2 * np.pi * n / rays) / pixel[1]
        before = 1e9
        distance = start[n]
        while distance > stop[n]:
            here = _grey(plane, centre[0] + distance * down, centre[1] + distance * along)
            if here >= level and before < level:
                further = distance - 2 * step
                # One sample is a speck of noise.
                if _grey(plane, centre[0] + further * down, centre[1] + further * along) >= level:
                    out[n] = distance + step * (here - level) / (here - before) if before >= 0 else distance
                    break
            before = here
            distance -= step


@njit(nogil=True, cache=True)
def inner_edges(
    plane: np.ndarray,
    centre: tuple,
    pixel: tuple,
    level: float,
    outer: np.ndarray,
    depths: tuple,
    out: np.ndarray,
) -> None:
    """How far bone goes inwards from the outer surface along each ray of a slice, pores bridged.

    Parameters
    ----------
    plane, centre, pixel, level
        As in :func:`outer_edges`.
    outer : ndarray, (rays,)
        Distance of the outer surface, micrometres.
    depths : tuple of float
        How deep bone must begin, and how long a gap must be to be none of a pore's, micrometres.
    out : ndarray, (rays,)
        Filled here: distance of the inner edge, micrometres; NaN where no bone begins, 0 where it does not end.
    """
    begins, pore = depths
    rays = out.size
    step = 0.5 * min(pixel[0], pixel[1])
    for n in range(rays):
        out[n] = np.nan
        down, along = np.sin(2 * np.pi * n / rays) / pixel[0], np.cos(2 * np.pi * n / rays) / pixel[1]
        distance, before, edge = outer[n], 0.0, -1.0
        inside = False
        while distance > 0:
            here = _grey(plane, centre[0] + distance * down, centre[1] + distance * along)
            if here >= level:
                inside, edge = True, -1.0
            elif not inside:
                if outer[n] - distance > begins:
                    break
            elif edge < 0:
                edge = distance + step * (level - here) / (before - here)
            if edge >= 0 and edge - distance > pore:
                break
            before = here
            distance -= step
        if inside:
            out[n] = max(edge, 0.0)


@njit(nogil=True, cache=True)
def greys_along(plane: np.ndarray, centre: tuple, pixel: tuple, distances: np.ndarray, out: np.ndarray) -> None:
    """The grey at one distance along each ray of a slice; -1 outside the slice, NaN where the distance is."""
    rays = out.size
    for n in range(rays):
        down, along = np.sin(2 * np.pi * n / rays) / pixel[0], np.cos(2 * np.pi * n / rays) / pixel[1]
        out[n] = np.nan
        if np.isfinite(distances[n]):
            out[n] = _grey(plane, centre[0] + distances[n] * down, centre[1] + distances[n] * along)


@njit(nogil=True, cache=True)
def paint_walls(centre: tuple, pixel: tuple, outer: np.ndarray, inner: np.ndarray, plane: np.ndarray) -> None:
    """Draw a slice's compartments into an empty plane: 1 between inner and outer surface, 2 within the inner.

    Parameters
    ----------
    centre, pixel
        As in :func:`outer_edges`.
    outer, inner : ndarray, (rays,)
        Distances of both surfaces from the centre, micrometres.
    plane : ndarray of uint8, (y, x)
        Filled here.
    """
    rays = outer.size
    furthest = outer.max()
    height, width = plane.shape
    top, bottom = max(0, int(centre[0] - furthest / pixel[0])), min(height, int(centre[0] + furthest / pixel[0]) + 2)
    left, right = max(0, int(centre[1] - furthest / pixel[1])), min(width, int(centre[1] + furthest / pixel[1]) + 2)
    for y in range(top, bottom):
        down = (y - centre[0]) * pixel[0]
        for x in range(left, right):
            along = (x - centre[1]) * pixel[1]
            distance = np.hypot(down, along)
            if distance > furthest:
                continue
            turn = np.arctan2(down, along) / (2 * np.pi) * rays
            if turn < 0:
                turn += rays
            ray = int(turn)
            share = turn - ray
            this, following = ray % rays, (ray + 1) % rays
            if distance < inner[this] * (1 - share) + inner[following] * share:
                plane[y, x] = 2
            elif distance < outer[this] * (1 - share) + outer[following] * share:
                plane[y, x] = 1
