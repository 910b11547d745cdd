"""One plane through a scan, as a picture with its place in millimetres."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.scan import Scan

Plane = Literal["transverse", "coronal", "sagittal"]

# The axis of (z, y, x) that each plane is cut across.
_ACROSS: dict[Plane, int] = {"transverse": 0, "coronal": 1, "sagittal": 2}
_UM_PER_MM = 1000.0


@dataclass(frozen=True)
class Window:
    """A rectangle of the plane, millimetres; rows grow downwards."""

    top: float
    bottom: float
    left: float
    right: float

    @property
    def height(self) -> float:
        """From top to bottom, millimetres."""
        return self.bottom - self.top

    @property
    def width(self) -> float:
        """From left to right, millimetres."""
        return self.right - self.left

    def holds(self, row: float, column: float, margin: float = 0.0) -> bool:
        """Whether a point lies inside, at least `margin` (mm) from each edge."""
        return self.top + margin <= row <= self.bottom - margin and self.left + margin <= column <= self.right - margin


@dataclass(frozen=True, eq=False)
class Slice:
    """A plane of a scan.

    Parameters
    ----------
    pixels : ndarray, (rows, columns)
        The plane's voxels.
    window : Window
        Where the picture lies, outer edge to outer edge, millimetres.
    """

    pixels: np.ndarray
    window: Window

    @property
    def step(self) -> tuple[float, float]:
        """Size of a pixel along rows and columns, millimetres."""
        rows, columns = self.pixels.shape
        return (self.window.height / rows, self.window.width / columns)

    def centre_of(self, row: float, column: float) -> tuple[float, float]:
        """Where the pixel with this index lies (row, column), millimetres."""
        high, wide = self.step
        return (self.window.top + (row + 0.5) * high, self.window.left + (column + 0.5) * wide)

    def value_at(self, row: float, column: float) -> float:
        """The pixel under a point given in millimetres, zero outside."""
        if not self.window.holds(row, column):
            return 0.0
        high, wide = self.step
        i = min(int((row - self.window.top) / high), self.pixels.shape[0] - 1)
        j = min(int((column - self.window.left) / wide), self.pixels.shape[1] - 1)
        return float(self.pixels[i, j])


def across(plane: Plane) -> int:
    """The axis (0 z, 1 y, 2 x) that `plane` is cut across."""
    return _ACROSS[plane]


def require_slice(plane: Plane, index: int, count: int) -> None:
    """Refuse a slice that is not there.

    Raises
    ------
    InputError
        When `index` is not among `count` slices.
    """
    if not 0 <= index < count:
        raise InputError(f"The {plane} slice is not there", expected=f"0 to {count - 1}", found=str(index))


def in_plane(plane: Plane) -> tuple[int, int]:
    """The axes of the picture's rows and columns."""
    first, second = (axis for axis in range(3) if axis != across(plane))
    return (first, second)


def project(point: Sequence[float], plane: Plane) -> tuple[float, float]:
    """Row and column in millimetres of a point (z, y, x) in micrometres."""
    rows, columns = in_plane(plane)
    return (point[rows] / _UM_PER_MM, point[columns] / _UM_PER_MM)


def cut(scan: Scan, plane: Plane, position_um: float) -> Slice:
    """The plane of `scan` nearest to `position_um` along the axis that it is cut across.

    Raises
    ------
    InputError
        When the scan does not reach there.
    """
    axis = across(plane)
    index = round((position_um - scan.origin[axis]) / scan.spacing[axis])
    if not 0 <= index < scan.shape[axis]:
        raise InputError(
            f"{scan.title} has no slice there",
            expected=f"slice 0 to {scan.shape[axis] - 1}",
            found=f"slice {index}",
        )
    key = tuple(index if a == axis else slice(None) for a in range(3))
    pixels = np.asarray(scan.voxels[key])
    return Slice(pixels, _window(scan, plane))


def _window(scan: Scan, plane: Plane) -> Window:
    rows, columns = in_plane(plane)
    half = [s / 2 for s in scan.spacing]
    start = [o - h for o, h in zip(scan.origin, half, strict=True)]
    stop = [a + n for a, n in zip(start, scan.grid.size, strict=True)]
    return Window(
        start[rows] / _UM_PER_MM, stop[rows] / _UM_PER_MM, start[columns] / _UM_PER_MM, stop[columns] / _UM_PER_MM
    )


def around_bone(slices: Sequence[Slice], bone_threshold: float, margin: float) -> Window:
    """The smallest window that holds the bone of every slice, widened by `margin` (a share) on each side.

    The whole of the first slice where there is no bone, and never more than that.
    """
    whole = slices[0].window
    boxes = [box for one in slices if (box := _bone_box(one, bone_threshold)) is not None]
    if not boxes:
        return whole
    top, left = min(b.top for b in boxes), min(b.left for b in boxes)
    bottom, right = max(b.bottom for b in boxes), max(b.right for b in boxes)
    edge = margin * max(bottom - top, right - left)
    return Window(
        max(whole.top, top - edge),
        min(whole.bottom, bottom + edge),
        max(whole.left, left - edge),
        min(whole.right, right + edge),
    )


def _bone_box(one: Slice, bone_threshold: float) -> Window | None:
    rows, columns = np.nonzero(one.pixels > bone_threshold)
    if not rows.size:
        return None
    high, wide = one.step
    return Window(
        one.window.top + rows.min() * high,
        one.window.top + (rows.max() + 1) * high,
        one.window.left + columns.min() * wide,
        one.window.left + (columns.max() + 1) * wide,
    )
