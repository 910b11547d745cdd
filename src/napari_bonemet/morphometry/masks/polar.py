"""Slices seen from the shaft's axis: edges and greys along rays, and what rays say drawn back into slices."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_bonemet.slabs import over_slabs

Field = NDArray[np.floating]
Mask = NDArray[np.bool_]

RAYS = 360
_SLAB = 8
# Widths of the local means that draw a surface to its edges, coarse and fine.
_DRAWN_UM = (120.0, 45.0)


@dataclass(frozen=True, eq=False)
class Frame:
    """Slices seen from the shaft's axis; fields over it are (slices, rays), rays from x towards y.

    Parameters
    ----------
    voxels : ndarray, (z, y, x)
        Greys.
    spacing : tuple of float
        Voxel size (z, y, x), micrometres.
    centre : ndarray, (z, 2)
        Row and column of the axis in each slice.
    reach : float
        How far rays go, micrometres.
    """

    voxels: np.ndarray
    spacing: tuple[float, float, float]
    centre: Field
    reach: float

    @property
    def pixel(self) -> tuple[float, float]:
        """Height and width of a pixel, micrometres."""
        return self.spacing[1:]

    @property
    def shape(self) -> tuple[int, int]:
        """Slices and rays."""
        return (len(self.voxels), RAYS)

    def least(self, limit_um: float) -> float:
        """A limit, or a pixel where that is more."""
        return max(limit_um, *self.pixel)

    def width(self, um: float, surface: Field) -> tuple[float, float]:
        """How many slices and rays a length on a surface is."""
        ray = 2 * np.pi * max(float(np.median(surface)), 1.0) / self.shape[1]
        return (um / self.spacing[0], um / ray)

    def widths(self, surface: Field) -> tuple[tuple[float, float], ...]:
        """Over how many slices and rays a surface is drawn to what is seen of it, from coarse to fine."""
        return tuple(self.width(um, surface) for um in _DRAWN_UM)

    def outer_edges(self, level: float, start: Field, stop: Field) -> Field:
        """Distance of the outermost edge of bone between two distances, micrometres; NaN where there is none."""
        from napari_bonemet.morphometry.masks.wall_kernels import outer_edges

        return self._each(
            lambda z, out: outer_edges(self.voxels[z], self._at(z), self.pixel, level, start[z], stop[z], out)
        )

    def inner_edges(self, level: float, outer: Field, begins_um: float, pore_um: float) -> Field:
        """Distance at which bone ends inwards of a surface, micrometres; NaN where none begins beneath it."""
        from napari_bonemet.morphometry.masks.wall_kernels import inner_edges

        depths = (begins_um, pore_um)
        return self._each(
            lambda z, out: inner_edges(self.voxels[z], self._at(z), self.pixel, level, outer[z], depths, out)
        )

    def greys(self, distances: Field, voxels: np.ndarray | None = None) -> Field:
        """The grey (of other voxels where given) at one distance along each ray; -1 outside the slices."""
        from napari_bonemet.morphometry.masks.wall_kernels import greys_along

        volume = self.voxels if voxels is None else voxels
        return self._each(lambda z, out: greys_along(volume[z], self._at(z), self.pixel, distances[z], out))

    def paint(self, outer: Field, inner: Field) -> np.ndarray:
        """1 between two surfaces, 2 within the inner, 0 outside; uint8 (z, y, x)."""
        from napari_bonemet.morphometry.masks.wall_kernels import paint_walls

        labels = np.zeros(self.voxels.shape, np.uint8)

        def work(first: int, last: int) -> None:
            for z in range(first, last):
                paint_walls(self._at(z), self.pixel, outer[z], inner[z], labels[z])

        over_slabs(work, len(labels), slab=_SLAB)
        return labels

    def obliquity(self, surface: Field) -> Field:
        """Distance along a ray over distance square to the surface, at least 1."""
        turn = 2 * np.pi / self.shape[1]
        around = (np.roll(surface, -1, 1) - np.roll(surface, 1, 1)) / (2 * turn) / np.maximum(surface, 1.0)
        along = np.gradient(surface, self.spacing[0], axis=0) if len(surface) > 1 else np.zeros_like(surface)
        return np.asarray(np.sqrt(1 + around**2 + along**2))

    def _at(self, z: int) -> tuple[float, float]:
        return (float(self.centre[z, 0]), float(self.centre[z, 1]))

    def _each(self, fill: Callable[[int, np.ndarray], None]) -> Field:
        out = np.empty(self.shape)

        def work(first: int, last: int) -> None:
            for z in range(first, last):
                fill(z, out[z])

        over_slabs(work, len(out), slab=_SLAB)
        return out
