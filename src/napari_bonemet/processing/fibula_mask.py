"""Which voxels are the fibula's: its own piece where it has one, else what stands out beyond the tibia's surface."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy import ndimage

from napari_bonemet.geometry import Region
from napari_bonemet.processing.fibula_rays import Rays, cast
from napari_bonemet.processing.fibula_track import FibulaTrack
from napari_bonemet.processing.outlines import Outlines
from napari_bonemet.processing.roi_landmarks import half_width
from napari_bonemet.processing.tibia_surface import fit_surface

_FULL = np.ones((3, 3), dtype=bool)
_REACH = 0.75
# What stands out is followed to this part of the fibula's area, and moves so far from slice to slice.
_LEAST_AREA = 0.12
_SHIFT = 2
_ROUNDS = 3
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
    bone : ndarray of bool
        All that bone encloses there, the fibula included.
    """

    region: Region
    mask: np.ndarray
    bone: np.ndarray

    @property
    def others(self) -> np.ndarray:
        """All bone but the fibula, marrow filled."""
        return self.bone & ~self.mask

    @property
    def corner(self) -> np.ndarray:
        """First row and column of the box."""
        return np.array([self.region[1].start, self.region[2].start])


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
    drawn = Painted(box, mask, bone)
    for step in (-1, 1):
        _go_on(outlines, track, step, drawn)
    return drawn


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


def _go_on(outlines: Outlines, track: FibulaTrack, step: int, drawn: Painted) -> None:
    # Slice by slice away from where the fibula is a piece of its own, as long as it stands out of the tibia.
    edge, how_far = (track.first, _PROXIMAL) if step < 0 else (track.last, _DISTAL)
    path = np.arange(edge, edge + step * (1 + round(how_far * track.diameter)), step)
    path = path[(path >= drawn.region[0].start) & (path < drawn.region[0].stop)]
    apart = edge - step * np.arange(round(_APART * track.diameter))
    apart = apart[(apart >= track.first) & (apart <= track.last)]
    for _ in range(_ROUNDS if len(path) > 1 else 0):
        rays = cast(outlines, track, np.union1d(path, apart))
        width = half_width(rays)
        surface = fit_surface(rays, track.pieces[rays.slices] >= 0, width + _SPARE / 2)
        if surface is None:
            return
        reached = _follow(drawn, path, rays, surface.radius, width + _SPARE)
        # Where it went tells where to look for the tibia beside it.
        track = _led_by(track, drawn, path, reached)


def _follow(drawn: Painted, path: np.ndarray, rays: Rays, radius: np.ndarray, width: float) -> np.ndarray:
    # Paints the fibula in the slices of `path`, one after another from its first, and says in which there was one.
    start, mask, bone = drawn.region[0].start, drawn.mask, drawn.bone
    places = np.indices(mask.shape[1:]).reshape(2, -1).T + drawn.corner
    usual = mask[path[0] - start].sum()
    for done, (before, z) in enumerate(pairwise(path)):
        k = int(np.searchsorted(rays.slices, z))
        out = places - rays.centre[k]
        angle = (np.arctan2(out[:, 0], out[:, 1]) - rays.middle[k] + np.pi) % (2 * np.pi) - np.pi
        far = np.hypot(out[:, 0], out[:, 1]) > np.interp(angle, rays.fan, radius[k])
        stands_out = (far & (np.abs(angle) < width)).reshape(mask.shape[1:]) & bone[z - start]
        kept = stands_out & ndimage.binary_dilation(mask[before - start], _FULL, iterations=_SHIFT)
        mask[z - start] = kept
        if kept.sum() < _LEAST_AREA * usual:
            mask[path[done + 1 :] - start] = False
            return path[1 : done + 1]
    return path[1:]


def _led_by(track: FibulaTrack, drawn: Painted, path: np.ndarray, reached: np.ndarray) -> FibulaTrack:
    # The middle where it was drawn, and from there straight on.
    middle = track.middle.copy()
    for z in reached:
        middle[z] = np.argwhere(drawn.mask[z - drawn.region[0].start]).mean(axis=0) + drawn.corner
    late = reached[-max(2, round(track.diameter)) :]
    rest = path[1 + len(reached) :]
    for axis in range(2) if len(late) > 1 and len(rest) else ():
        slope, start = np.polyfit(late - late[-1], middle[late, axis], 1)
        middle[rest, axis] = start + slope * (rest - late[-1])
    return replace(track, middle=middle)
