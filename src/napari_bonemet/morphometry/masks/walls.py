"""The cortex as two surfaces around the shaft's axis: the periosteum and the endosteum, smooth, holes bridged.

Seen from the axis the bone's outer surface is a distance for every slice and direction, and the cortex a thickness.
Both are smooth along the shaft and around it, so what a lesion took, or a trabecula added, stands out of its
surroundings and is left out, and the surface carried on from them: from the ring and from slices above and below.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_bonemet.morphometry.masks.levels import Levels
from napari_bonemet.morphometry.masks.polar import Field, Frame, Mask
from napari_bonemet.morphometry.masks.smooth_surface import Stiffness, fit_splines, follow
from napari_bonemet.morphometry.masks.wall_thickness import wall_thickness
from napari_bonemet.progress import NO_PROGRESS, Progress

__all__ = ["Walls", "find_walls"]

_SMOOTH = Stiffness(knot_um=500.0, harmonics=10, ripple=1e-4)
# How far an edge may lie from the surface, from round to round.
_OFF_UM = (60.0, 40.0, 30.0, 25.0)
# The stretch along the shaft, and the directions, across which a hole is bridged at first; how far around the surface
# edges are looked for then.
_HOLE_UM, _HOLE_RAYS = 3000.0, 121
_LOOK_UM = 90.0
# Beside what was cut away an edge is none of the bone's; so far outside it that is looked for, in pixels.
_BESIDE = (0.5, 1.5, 2.5)


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
        Not 0 where something was cut away.
    levels : Levels
        Greys of the edges.
    progress : Progress
        Told after each surface.
    """
    outer, outer_seen = _periosteum(frame, barred, levels.outer)
    progress.advance(0.5)
    thickness, inner_seen = wall_thickness(frame, outer, levels.inner)
    progress.advance(1.0)
    inner = np.maximum(outer - thickness * frame.obliquity(outer), 0.0)
    return Walls(frame, outer, inner, outer_seen, inner_seen)


def _periosteum(frame: Frame, barred: np.ndarray | None, level: float) -> tuple[Field, Mask]:
    edges = frame.outer_edges(level, np.full(frame.shape, frame.reach), np.zeros(frame.shape))
    usable = np.isfinite(edges) & ~_beside(frame, edges, barred)
    seen = usable & (edges > _envelope(frame, np.where(usable, edges, 0.0)) - frame.least(_OFF_UM[0]))
    surface = fit_splines(edges, seen.astype(float), frame.spacing[0], _SMOOTH)
    for off in _OFF_UM:
        edges = frame.outer_edges(level, surface + _LOOK_UM, surface - _LOOK_UM)
        seen = np.isfinite(edges) & ~_beside(frame, edges, barred) & (np.abs(edges - surface) < frame.least(off))
        surface = fit_splines(edges, seen.astype(float), frame.spacing[0], _SMOOTH)
        surface = follow(edges, seen.astype(float), surface, frame.widths(surface))
    return surface, seen


def _beside(frame: Frame, edges: Field, barred: np.ndarray | None) -> Mask:
    if barred is None:
        return np.zeros(frame.shape, dtype=bool)
    step = max(frame.pixel)
    return np.logical_or.reduce([frame.greys(edges + pixels * step, barred) > 0 for pixels in _BESIDE])


def _envelope(frame: Frame, edges: Field) -> Field:
    # A hole is bridged both along the shaft and around it; a waist only along, a hollow side only around.
    # Mirrored at the ends of the scan, a hole that runs out of it is bridged too.
    along = min(max(3, round(_HOLE_UM / frame.spacing[0])), 2 * len(edges) - 1) | 1
    more = (along // 2, along // 2)
    closed = ndimage.grey_closing(np.pad(edges, (more, (0, 0)), mode="symmetric"), size=(along, 1))
    closed = closed[along // 2 : along // 2 + len(edges)]
    around = ndimage.grey_closing(edges, size=(1, _HOLE_RAYS), mode="wrap")
    return np.asarray(np.minimum(closed, around))
