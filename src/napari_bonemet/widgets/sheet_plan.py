"""Where things lie on the sheet of two projections: coronal on the left, sagittal beside it, z downwards in both."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from napari_bonemet.geometry import Grid, Region, Triple

Picture = Literal["coronal", "sagittal"]
# Lower and upper outer edges along z, y, x.
Box = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]

_GAP = 0.06


@dataclass(frozen=True)
class SheetPlan:
    """Maps places in a scan to places on the sheet, and back; micrometres.

    The sheet lies in the plane of z and x, so that the coronal picture is where the scan is. The sagittal picture
    has y where the sheet has x, moved aside.

    Parameters
    ----------
    grid : Grid
        The voxels that the projections were made of.
    """

    grid: Grid

    @property
    def low(self) -> Triple:
        """Outer edges of the first voxel, (z, y, x)."""
        z, y, x = (o - s / 2 for o, s in zip(self.grid.origin, self.grid.spacing, strict=True))
        return (z, y, x)

    @property
    def depth(self) -> tuple[float, float]:
        """Size of the scan along the line of sight of the coronal picture, and its middle."""
        return self.grid.size[1], self.grid.centre[1]

    @property
    def aside(self) -> float:
        """How far y is moved along x."""
        _, height, width = self.grid.size
        return self.low[2] + width + _GAP * (width + height) - self.low[1]

    def spread(self, picture: Picture) -> tuple[float, float]:
        """Left and right edge of a picture on the sheet."""
        axis, move = (2, 0.0) if picture == "coronal" else (1, self.aside)
        return self.low[axis] + move, self.low[axis] + self.grid.size[axis] + move

    def rectangle(self, box: Box, picture: Picture) -> np.ndarray:
        """Corners of a box on a picture, (4, 3): z, 0, place on the sheet."""
        (top, bottom), ys, xs = box
        left, right = xs if picture == "coronal" else (ys[0] + self.aside, ys[1] + self.aside)
        return np.array([[top, 0, left], [top, 0, right], [bottom, 0, right], [bottom, 0, left]], dtype=float)

    def moved(self, box: Box, corners: np.ndarray, picture: Picture) -> Box:
        """`box` with its edges on `picture` as `corners` have them; upright also where these were turned."""
        z, _, along = (np.sort(values) for values in np.asarray(corners, dtype=float).T)
        # Of a turned rectangle the middle of its sides counts, not how far its corners reach.
        top, bottom = float(z[:2].mean()), float(z[2:].mean())
        left, right = float(along[:2].mean()), float(along[2:].mean())
        if picture == "coronal":
            return ((top, bottom), box[1], (left, right))
        return ((top, bottom), (left - self.aside, right - self.aside), box[2])


def box_of(region: Region, grid: Grid) -> Box:
    """The outer edges of a region of voxels of `grid`, micrometres."""
    z, y, x = (
        (o + (r.start - 0.5) * s, o + (r.stop - 0.5) * s)
        for r, o, s in zip(region, grid.origin, grid.spacing, strict=True)
    )
    return (z, y, x)


def region_of(box: Box, grid: Grid) -> Region:
    """The voxels of `grid` that lie in `box`, at least one along each axis, never outside the grid."""
    z, y, x = (
        _stretch(edges, o, s, n) for edges, o, s, n in zip(box, grid.origin, grid.spacing, grid.shape, strict=True)
    )
    return (z, y, x)


def _stretch(edges: tuple[float, float], origin: float, size: float, count: int) -> slice:
    start, stop = (round((edge - origin) / size + 0.5) for edge in edges)
    start = min(max(start, 0), count - 1)
    return slice(start, min(max(stop, start + 1), count))
