"""Tibia and fibula seen from the shaft's axis: along a fan of rays, how far out either reaches in each slice."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_bonemet.processing.fibula_track import FibulaTrack
from napari_bonemet.processing.outlines import Outlines
from napari_bonemet.slabs import over_slabs

_STEP = 0.25
_SLAB = 8
# The fan: so far to either side of the fibula, one ray a degree.
_FAN = np.deg2rad(np.arange(-60, 61))


@dataclass(frozen=True, eq=False)
class Rays:
    """Distances from the shaft's axis in voxels; each (slices, rays), -1 where there is nothing.

    Parameters
    ----------
    slices : ndarray of int, (slices,)
        Which slices.
    centre : ndarray, (slices, 2)
        Row and column of the shaft's axis.
    middle : ndarray, (slices,)
        Direction of the fibula's middle, radians.
    fan : ndarray, (rays,)
        Directions of the rays, measured from `middle`.
    tibia : ndarray
        Outermost voxel of all that is not the fibula's own piece.
    inner, outer : ndarray
        Nearest and furthest voxel of the fibula's own piece.
    """

    slices: np.ndarray
    centre: np.ndarray
    middle: np.ndarray
    fan: np.ndarray
    tibia: np.ndarray
    inner: np.ndarray
    outer: np.ndarray


def cast(outlines: Outlines, track: FibulaTrack, slices: np.ndarray) -> Rays:
    """Look from the shaft's axis towards the fibula in some slices."""
    from napari_bonemet.processing.outline_kernels import cast_rays, paint

    centre = shaft_axis(outlines, track)[slices]
    towards = track.middle[slices] - centre
    middle = np.arctan2(towards[:, 0], towards[:, 1])
    found = np.empty((2, len(slices), len(_FAN), 2))
    reach = (float(np.hypot(*towards.T).max()) + 2 * track.diameter, _STEP)

    def work(start: int, stop: int) -> None:
        plane = np.empty(outlines.shape[1:], np.uint8)
        for n in range(start, stop):
            runs, piece = outlines.runs[slices[n]], int(track.pieces[slices[n]])
            for which, inside in enumerate((False, True)):
                paint(runs, piece, inside, plane)
                cast_rays(plane, tuple(centre[n]), middle[n] + _FAN, reach, found[which, n])

    over_slabs(work, len(slices), slab=_SLAB)
    return Rays(slices, centre, middle, _FAN, found[0, ..., 1], found[1, ..., 0], found[1, ..., 1])


def shaft_axis(outlines: Outlines, track: FibulaTrack) -> np.ndarray:
    """The middle of all bone but the fibula's own piece, smoothed along the shaft; row and column, (z, 2)."""
    middles = np.full((outlines.shape[0], 2), np.nan)
    for z, table in enumerate(outlines.pieces):
        others = np.arange(len(table)) != track.pieces[z]
        weight = table[others, 0].sum()
        if weight:
            middles[z] = (table[others, 0] @ table[others, 1:]) / weight
    there = np.flatnonzero(np.isfinite(middles[:, 0]))
    every = [np.interp(np.arange(len(middles)), there, middles[there, axis]) for axis in range(2)]
    width = max(1.0, track.diameter)
    return np.stack(
        [ndimage.gaussian_filter1d(ndimage.median_filter(axis, round(2 * width) | 1), width) for axis in every], axis=1
    )
