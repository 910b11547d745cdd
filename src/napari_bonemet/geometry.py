"""The one owner of geometry: where voxels lie in space, and what cropping and padding do to that.

Axes are (z, y, x), z from proximal to distal; lengths are in micrometres; the origin is the centre of
the first voxel.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_bonemet.errors import InputError

Triple = tuple[float, float, float]
Shape = tuple[int, int, int]
Region = tuple[slice, slice, slice]

AXES = ("z", "y", "x")

# Readings of the same voxel size from different files differ in the last printed digit.
SPACING_TOLERANCE = 1e-4


def as_triple(value: float | Sequence[float], what: str = "spacing") -> Triple:
    """Three values (z, y, x) from one value or three.

    Raises
    ------
    InputError
        When there are neither one nor three finite numbers.
    """
    values = np.atleast_1d(np.asarray(value, dtype=float))
    if values.size == 1:
        values = np.repeat(values, 3)
    if values.shape != (3,) or not np.isfinite(values).all():
        raise InputError(
            f"The {what} cannot be used", expected="one number, or three in the order z y x", found=f"{value!r}"
        )
    return (float(values[0]), float(values[1]), float(values[2]))


def is_cube(spacing: Triple) -> bool:
    """Whether the edges of a voxel agree, to the digits that files print."""
    return bool(np.allclose(spacing, spacing[0], rtol=SPACING_TOLERANCE, atol=0))


def box_around(mask: np.ndarray) -> Region:
    """The smallest box (z, y, x) that holds all of a mask, which holds something."""
    spans = (np.flatnonzero(mask.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1)))
    z, y, x = (slice(int(span[0]), int(span[-1]) + 1) for span in spans)
    return (z, y, x)


def grown(box: Sequence[slice], margin: int, shape: Sequence[int]) -> Region:
    """A box with `margin` more on every side, as far as a volume of `shape` (z, y, x) goes."""
    z, y, x = (
        slice(max(0, part.start - margin), min(side, part.stop + margin)) for part, side in zip(box, shape, strict=True)
    )
    return (z, y, x)


def stride(voxels: float, most: float) -> int:
    """Every how many-th voxel along each axis leaves about `most` of `voxels`."""
    return max(1, round((voxels / most) ** (1 / 3)))


@dataclass(frozen=True)
class Grid:
    """A regular grid of voxels in space.

    Parameters
    ----------
    shape : tuple of int
        Voxels along (z, y, x).
    spacing : tuple of float
        Size of a voxel along (z, y, x), micrometres.
    origin : tuple of float
        Centre of the first voxel, (z, y, x), micrometres.

    Raises
    ------
    InputError
        For a spacing that is not positive, or a shape that is not three positive integers.
    """

    shape: Shape
    spacing: Triple
    origin: Triple = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))
        object.__setattr__(self, "spacing", as_triple(self.spacing))
        object.__setattr__(self, "origin", as_triple(self.origin, "origin"))
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise InputError("A scan needs three axes (z, y, x) with voxels along each", found=f"shape {self.shape}")
        if min(self.spacing) <= 0:
            raise InputError("The voxel size cannot be used", expected="positive micrometres", found=f"{self.spacing}")

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel, cubic millimetres."""
        return float(np.prod(self.spacing)) * 1e-9

    @property
    def voxel_um(self) -> float:
        """Size of a voxel, geometric mean of its edges, micrometres."""
        return float(np.prod(self.spacing)) ** (1 / 3)

    @property
    def size(self) -> Triple:
        """Extent along (z, y, x), outer edge to outer edge, micrometres."""
        z, y, x = (n * s for n, s in zip(self.shape, self.spacing, strict=True))
        return (z, y, x)

    @property
    def centre(self) -> Triple:
        """Centre of the grid, (z, y, x), micrometres."""
        return self.to_um(tuple((n - 1) / 2 for n in self.shape))

    def to_um(self, index: Sequence[float]) -> Triple:
        """Position in micrometres of a voxel index (z, y, x), fractions allowed."""
        z, y, x = np.asarray(index, dtype=float) * self.spacing + self.origin
        return (float(z), float(y), float(x))

    def to_index(self, position: Sequence[float]) -> Triple:
        """Voxel index (z, y, x), with fractions, of a position in micrometres."""
        z, y, x = (np.asarray(position, dtype=float) - self.origin) / self.spacing
        return (float(z), float(y), float(x))

    def region(self, region: Sequence[slice]) -> Region:
        """`region` with its ends made explicit and inside the grid, steps of one.

        Raises
        ------
        InputError
            When a slice has a step, or nothing of it lies inside the grid.
        """
        if len(region) != 3:
            raise InputError("A region has three slices (z, y, x)", found=str(region))
        bounds = [s.indices(n) for s, n in zip(region, self.shape, strict=True)]
        for axis, (start, stop, step), n in zip(AXES, bounds, self.shape, strict=True):
            if step != 1 or stop <= start:
                raise InputError(
                    f"The region holds nothing along {axis}", expected=f"a stretch of 0 to {n}", found=f"{start}:{stop}"
                )
        z, y, x = (slice(start, stop) for start, stop, _ in bounds)
        return (z, y, x)

    def crop(self, region: Sequence[slice]) -> "Grid":
        """The grid of the voxels in `region`; it overlays this one."""
        z, y, x = self.region(region)
        starts = (z.start, y.start, x.start)
        return Grid((z.stop - z.start, y.stop - y.start, x.stop - x.start), self.spacing, self.to_um(starts))

    def pad(self, before: Shape, after: Shape) -> "Grid":
        """The grid with whole voxels added before and after along (z, y, x)."""
        if min(*before, *after) < 0:
            raise InputError("Padding adds voxels; to take some away, crop", found=f"{before} and {after}")
        z, y, x = (n + b + a for n, b, a in zip(self.shape, before, after, strict=True))
        return Grid((z, y, x), self.spacing, self.to_um(tuple(-b for b in before)))

    def with_spacing(self, spacing: float | Sequence[float]) -> "Grid":
        """A grid over the same outer box (to within half a voxel) with another voxel size."""
        new = np.asarray(as_triple(spacing))
        count = np.maximum(1, np.round(np.asarray(self.size) / new)).astype(int)
        corner = np.asarray(self.centre) - (count - 1) / 2 * new
        return Grid(tuple(count.tolist()), as_triple(new.tolist()), as_triple(corner.tolist(), "origin"))

    def moved_to(self, origin: Sequence[float]) -> "Grid":
        """The same grid with its first voxel centred on `origin` (z, y, x), micrometres."""
        return replace(self, origin=as_triple(tuple(origin), "origin"))

    def region_of(self, part: "Grid") -> Region:
        """The slices of this grid that `part`, cut from it, covers.

        Raises
        ------
        InputError
            When voxels of `part` are no voxels of this grid.
        """
        start = np.asarray(self.to_index(part.origin))
        low = np.rint(start).astype(int)
        high = low + part.shape
        aligned = self.same_spacing(part) and bool((np.abs(start - low) < 0.01).all())
        if not aligned or (low < 0).any() or (high > self.shape).any():
            raise InputError(
                "The scans do not lie on one grid",
                expected=f"a part of {self.shape} voxels of {self.spacing} µm from {self.origin}",
                found=f"{part.shape} voxels of {part.spacing} µm from {part.origin}",
                remedy="Register the weeks first",
            )
        z, y, x = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        return (z, y, x)

    def same_spacing(self, other: "Grid") -> bool:
        """Whether voxel sizes agree, to the digits that files print."""
        return bool(np.allclose(self.spacing, other.spacing, rtol=SPACING_TOLERANCE, atol=0))

    def matches(self, other: "Grid") -> bool:
        """Whether voxel i of one is voxel i of the other: same shape, spacing, and origin to 0.01 voxel."""
        shift = np.abs(np.subtract(self.origin, other.origin)) / self.spacing
        return self.shape == other.shape and self.same_spacing(other) and bool((shift < 0.01).all())
