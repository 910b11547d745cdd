"""The cortex as two surfaces around the shaft's axis: the periosteum and the endosteum, smooth, holes bridged.

Seen from the axis the tibia's outer surface is a distance for every slice and direction, and the cortex a thickness.
Both are smooth along the shaft and around it, so what a lesion took, or a trabecula added, stands out of its
surroundings and is left out, and the surface carried on from them: from the ring and from slices above and below.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_bonemet.morphometry.levels import Levels
from napari_bonemet.morphometry.polar import Frame
from napari_bonemet.morphometry.smooth_surface import Stiffness, fit_splines, follow
from napari_bonemet.progress import NO_PROGRESS, Progress

Field = NDArray[np.floating]
Mask = NDArray[np.bool_]

# Periosteum: how smooth it is, how far an edge may lie from it (from round to round), the stretch along the shaft
# and the directions across which a hole is bridged at first, and how far edges are looked for.
_OUTER = Stiffness(knot_um=500.0, harmonics=10, ripple=1e-4)
_OUTER_OFF_UM = (60.0, 40.0, 30.0, 25.0)
_HOLE_UM, _HOLE_RAYS = 3000.0, 121
_LOOK_UM = 90.0
# Endosteum likewise; thickness is smoother than its surroundings let it look.
_INNER = Stiffness(knot_um=400.0, harmonics=4, ripple=1e-2)
_INNER_OFF_UM = (45.0, 35.0, 28.0, 25.0)
_BEGINS_UM, _PORE_UM = 40.0, 30.0
# Struts begin at this part of that; around what is too thin, or not there, lies more that was taken.
_STRUT = 0.4
_RIM_UM = 80.0
# Votes for the thickness: slices and directions that vote together, and how finely.
_VOTE_UM, _VOTE_RAYS, _VOTE_BIN_UM, _MOST_UM = 100.0, 10, 8.0, 640.0
_LEAST_UM = 16.0
# Widths of the local means that draw a surface to its edges, coarse and fine.
_DRAWN_UM = (120.0, 45.0)


@dataclass(frozen=True, eq=False)
class Walls:
    """Both surfaces of the cortex.

    Parameters
    ----------
    frame : Frame
        The slices and the axis that the surfaces are seen from.
    outer, inner : ndarray, (slices, rays)
        Distance of periosteum and endosteum from the axis, micrometres.
    outer_seen, inner_seen : ndarray of bool, (slices, rays)
        Where the surface was seen; elsewhere it was carried on from its surroundings.
    """

    frame: Frame
    outer: Field
    inner: Field
    outer_seen: Mask
    inner_seen: Mask

    def paint(self) -> np.ndarray:
        """1 between the surfaces, 2 within the inner, 0 outside; uint8 (z, y, x)."""
        return self.frame.paint(self.outer, self.inner)


def find_walls(frame: Frame, barred: np.ndarray | None, levels: Levels, progress: Progress = NO_PROGRESS) -> Walls:
    """Both surfaces of the cortex.

    Parameters
    ----------
    frame : Frame
        Greys and axis.
    barred : ndarray of uint8, (z, y, x), or None
        Not 0 where something was cut away: an edge beside it is none of the bone's.
    levels : Levels
        Greys of the edges.
    progress : Progress
        Told after each surface.
    """
    outer, outer_seen = _periosteum(frame, barred, levels.outer)
    progress.advance(0.5)
    thickness, inner_seen = _thickness(frame, outer, levels.inner)
    progress.advance(1.0)
    inner = np.maximum(outer - thickness * frame.obliquity(outer), 0.0)
    return Walls(frame, outer, inner, outer_seen, inner_seen)


def _periosteum(frame: Frame, barred: np.ndarray | None, level: float) -> tuple[Field, Mask]:
    edges = frame.outer_edges(level, np.full(frame.shape, frame.reach), np.zeros(frame.shape))
    usable = np.isfinite(edges) & ~_beside(frame, edges, barred)
    seen = usable & (edges > _envelope(frame, np.where(usable, edges, 0.0)) - frame.least(_OUTER_OFF_UM[0]))
    surface = _splined(frame, edges, seen.astype(float), _OUTER)
    for off in _OUTER_OFF_UM:
        edges = frame.outer_edges(level, surface + _LOOK_UM, surface - _LOOK_UM)
        seen = np.isfinite(edges) & ~_beside(frame, edges, barred) & (np.abs(edges - surface) < frame.least(off))
        surface = _splined(frame, edges, seen.astype(float), _OUTER)
        surface = follow(edges, seen.astype(float), surface, _widths(frame, surface))
    return surface, seen


def _thickness(frame: Frame, outer: Field, level: float) -> tuple[Field, Mask]:
    oblique = frame.obliquity(outer)
    inner = frame.inner_edges(level, outer, _BEGINS_UM, _PORE_UM)
    # Bone that goes on to the axis says nothing of the cortex.
    thick = np.where(inner > 0, (outer - inner) / oblique, np.nan)
    there = np.isfinite(thick)
    surface = _voted(frame, thick)
    for off in _INNER_OFF_UM:
        tolerance = frame.least(off)
        taken = ~there | (thick < surface - tolerance)
        # Trabeculae spread where they meet the cortex, so that what is a little too thick is suspect already.
        strut = ndimage.binary_dilation(there & (thick > surface + _STRUT * tolerance), np.ones((3, 3)))
        seen = there & ~strut & (thick > surface - tolerance) & ~_grown(frame, taken, outer)
        surface = _splined(frame, thick, seen.astype(float), _INNER)
        surface = follow(thick, seen.astype(float), surface, _widths(frame, outer))
    return np.maximum(surface, _LEAST_UM), seen


def _splined(frame: Frame, values: Field, weights: Field, stiffness: Stiffness) -> Field:
    return fit_splines(values, weights, frame.spacing[0], stiffness)


def _beside(frame: Frame, edges: Field, barred: np.ndarray | None) -> Mask:
    if barred is None:
        return np.zeros(frame.shape, dtype=bool)
    step = max(frame.pixel)
    return np.logical_or.reduce([frame.greys(edges + k * step, barred) > 0 for k in (0.5, 1.5, 2.5)])


def _envelope(frame: Frame, edges: Field) -> Field:
    # A hole is bridged both along the shaft and around it; a waist only along, a hollow side only around.
    # Mirrored at the ends of the scan, a hole that runs out of it is bridged too.
    along = min(max(3, round(_HOLE_UM / frame.spacing[0])), 2 * len(edges) - 1) | 1
    more = (along // 2, along // 2)
    closed = ndimage.grey_closing(np.pad(edges, (more, (0, 0)), mode="symmetric"), size=(along, 1))
    closed = closed[along // 2 : along // 2 + len(edges)]
    around = ndimage.grey_closing(edges, size=(1, _HOLE_RAYS), mode="wrap")
    return np.asarray(np.minimum(closed, around))


def _widths(frame: Frame, surface: Field) -> tuple[tuple[float, float], ...]:
    ray = 2 * np.pi * max(float(np.median(surface)), 1.0) / frame.shape[1]
    return tuple((um / frame.spacing[0], um / ray) for um in _DRAWN_UM)


def _grown(frame: Frame, taken: Mask, surface: Field) -> Mask:
    (z, a), *_ = _widths(frame, surface)
    share = _RIM_UM / _DRAWN_UM[0]
    size = (2 * max(1, round(z * share)) + 1, 2 * max(1, round(a * share)) + 1)
    # A single ray that falls short is noise or a canal.
    taken = ndimage.binary_opening(np.pad(taken, ((0, 0), (1, 1)), mode="wrap"), np.ones((1, 3)))[:, 1:-1]
    return ndimage.maximum_filter(taken.view(np.uint8), size, mode=("nearest", "wrap")) > 0


def _voted(frame: Frame, thick: Field) -> Field:
    # The thickness that most rays nearby agree on: trabeculae add to it here and there, lesions take from it, each
    # by other amounts.
    slices, rays = thick.shape
    there = np.isfinite(thick) & (thick >= _LEAST_UM) & (thick < _MOST_UM)
    z, a = np.nonzero(there)
    blocks = max(1, round(slices * frame.spacing[0] / _VOTE_UM))
    shape = (blocks, rays // _VOTE_RAYS, round(_MOST_UM / _VOTE_BIN_UM))
    votes = np.zeros(shape)
    np.add.at(votes, (z * blocks // slices, a // _VOTE_RAYS, (thick[there] / _VOTE_BIN_UM).astype(int)), 1.0)
    modes = ("nearest", "wrap", "constant")
    local = ndimage.gaussian_filter(votes, (1.0, 1.5, 1.2), mode=modes)
    ring = ndimage.gaussian_filter1d(local, 1.5, axis=0, mode="nearest").mean(axis=1, keepdims=True)
    best = (np.argmax(local + 0.5 * ring, axis=2) + 0.5) * _VOTE_BIN_UM
    sure = (local + 0.5 * ring).max(axis=2)
    at = ((np.arange(slices) + 0.5) * blocks / slices - 0.5, (np.arange(rays) + 0.5) / _VOTE_RAYS - 0.5)
    where = np.meshgrid(*at, indexing="ij")
    whole, weight = (ndimage.map_coordinates(f, where, order=1, mode="grid-wrap") for f in (best, sure))
    return _splined(frame, whole, weight / max(float(weight.mean()), 1e-9), _INNER)
