"""Which voxels are the fibula's: its own piece where it has one, else what stands out beyond the tibia's surface."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_bonemet.geometry import Region
from napari_bonemet.processing.fibula_rays import cast
from napari_bonemet.processing.fibula_track import FibulaTrack
from napari_bonemet.processing.outlines import Outlines
from napari_bonemet.processing.roi_landmarks import half_width
from napari_bonemet.processing.tibia_surface import fit_surface

_FULL = np.ones((3, 3), dtype=bool)
# What stands out is taken so far from where the fibula should be, in diameters, and down to this part of its area.
_REACH = 0.75
_LEAST_AREA = 0.12
# How far one bone is looked for beside the other once they have met, in diameters: above, and below.
_PROXIMAL, _DISTAL = 1.7, 9.0
_APART = 2.5
_SPARE = np.deg2rad(5)


@dataclass(frozen=True, eq=False)
class Painted:
    """The fibula in the box that holds it.

    Parameters
    ----------
    region : three slices (z, y, x)
        The box.
    mask : ndarray of bool
        The fibula's voxels and its marrow's, in that box.
    others : ndarray of bool
        All other bone there, marrow filled.
    """

    region: Region
    mask: np.ndarray
    others: np.ndarray


def paint_fibula(outlines: Outlines, track: FibulaTrack, room: int) -> Painted:
    """Draw the fibula that was followed, on into the slices in which it is one with the tibia.

    Parameters
    ----------
    outlines : Outlines
        Of the baseline.
    track : FibulaTrack
        The fibula in them.
    room : int
        Voxels to keep free around it in its box.
    """
    from napari_bonemet.processing.outline_kernels import paint

    box = _box(outlines, track, room)
    z, y, x = box
    shape = (z.stop - z.start, y.stop - y.start, x.stop - x.start)
    mask, bone = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    plane = np.empty(outlines.shape[1:], np.uint8)
    for n in range(shape[0]):
        runs, piece = outlines.runs[z.start + n], int(track.pieces[z.start + n])
        paint(runs, -1, False, plane)
        bone[n] = plane[y, x]
        if piece >= 0:
            paint(runs, piece, True, plane)
            mask[n] = plane[y, x]
    for n in range(track.first - z.start, track.last - z.start):
        if not mask[n].any():
            mask[n] = _carried(mask[n - 1], track.middle[z.start + n] - track.middle[z.start + n - 1]) & bone[n]
    for step in (-1, 1):
        _go_on(outlines, track, step, box, (mask, bone))
    return Painted(box, mask, bone & ~mask)


def _box(outlines: Outlines, track: FibulaTrack, room: int) -> Region:
    first = max(0, round(track.first - _PROXIMAL * track.diameter))
    last = min(outlines.shape[0], round(track.last + 1 + _DISTAL * track.diameter))
    aside = round(_REACH * track.diameter) + room + 1
    sides = []
    for axis, length in enumerate(outlines.shape[1:]):
        column = _span(outlines, track, axis)
        middle = track.middle[first:last, axis]
        low = min(column[0], float(middle.min()) - aside) - room
        high = max(column[1], float(middle.max()) + aside) + room
        sides.append(slice(max(0, int(low)), min(length, int(np.ceil(high)) + 1)))
    return (slice(first, last), sides[0], sides[1])


def _span(outlines: Outlines, track: FibulaTrack, axis: int) -> tuple[int, int]:
    """The first and last row (axis 0) or column (axis 1) that the fibula's own pieces reach."""
    low, high = np.inf, -np.inf
    for z in track.own:
        runs = outlines.runs[z]
        mine = runs[runs[:, 3] == track.pieces[z]]
        low = min(low, mine[:, axis].min())
        high = max(high, mine[:, 0].max() if axis == 0 else mine[:, 2].max())
    return int(low), int(high)


def _carried(plane: np.ndarray, shift: np.ndarray) -> np.ndarray:
    return np.asarray(ndimage.shift(plane.astype(np.uint8), np.rint(shift), order=0) > 0)


def _go_on(
    outlines: Outlines, track: FibulaTrack, step: int, box: Region, planes: tuple[np.ndarray, np.ndarray]
) -> None:
    # Slice by slice away from where the fibula is a piece of its own, as long as it stands out of the tibia.
    edge, how_far = (track.first, _PROXIMAL) if step < 0 else (track.last, _DISTAL)
    beyond = np.arange(edge + step, edge + step * (1 + round(how_far * track.diameter)), step)
    beyond = beyond[(beyond >= box[0].start) & (beyond < box[0].stop)]
    if not beyond.size:
        return
    mask, bone = planes
    apart = edge - step * np.arange(round(_APART * track.diameter))
    apart = apart[(apart >= track.first) & (apart <= track.last)]
    slices = np.sort(np.concatenate([beyond, apart]))
    rays = cast(outlines, track, slices)
    width = half_width(rays) + _SPARE
    surface = fit_surface(rays, track.pieces[slices] >= 0, width - _SPARE / 2)
    if surface is None:
        return
    places = np.indices(mask.shape[1:]).reshape(2, -1).T + np.array([box[1].start, box[2].start])
    usual = np.pi / 4 * track.diameter**2
    for z in beyond:
        n, k = z - box[0].start, int(np.searchsorted(slices, z))
        out = places - rays.centre[k]
        angle = (np.arctan2(out[:, 0], out[:, 1]) - rays.middle[k] + np.pi) % (2 * np.pi) - np.pi
        far = np.hypot(out[:, 0], out[:, 1]) > np.interp(angle, rays.fan, surface.radius[k])
        near = np.hypot(*(places - track.middle[z]).T) < _REACH * track.diameter
        stands_out = (far & near & (np.abs(angle) < width)).reshape(mask.shape[1:]) & bone[n]
        labels, many = ndimage.label(stands_out, _FULL)
        touching = np.unique(labels[ndimage.binary_dilation(mask[n - step], _FULL)])
        kept = np.isin(labels, touching[touching > 0]) if many else stands_out
        if kept.sum() < _LEAST_AREA * usual:
            return
        mask[n] = kept
