"""Smaller copies of a volume: how large each is, where its voxels lie, and how a voxel comes of many."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.geometry import Grid, Shape

_SMALL = 128
_FEW = 64


@dataclass(frozen=True)
class Plan:
    """The levels of a pyramid: by what each is smaller than the one before, and where its voxels lie."""

    factors: tuple[Shape, ...]
    grids: tuple[Grid, ...]


def plan(grid: Grid, by_mean: bool) -> Plan:
    """Levels that halve the axes longer than 64 voxels until none is longer than 128; `grid` itself is the first.

    Parameters
    ----------
    grid : Grid
        Of the finest level.
    by_mean : bool
        A voxel is the mean of those it stands for; else the first of them (codes and masks).
    """
    factors, grids = [(1, 1, 1)], [grid]
    while max(grids[-1].shape) > _SMALL:
        last = grids[-1]
        z, y, x = (2 if n > _FEW else 1 for n in last.shape)
        factor = (z, y, x)
        shape = tuple(-(-n // f) for n, f in zip(last.shape, factor, strict=True))
        spacing = tuple(s * f for s, f in zip(last.spacing, factor, strict=True))
        # The mean of two voxels lies between them; the first of two lies where it lay.
        first = tuple((f - 1) / 2 if by_mean else 0.0 for f in factor)
        factors.append(factor)
        grids.append(Grid((shape[0], shape[1], shape[2]), (spacing[0], spacing[1], spacing[2]), last.to_um(first)))
    return Plan(tuple(factors), tuple(grids))


def smaller(voxels: np.ndarray, factor: Shape, by_mean: bool) -> np.ndarray:
    """`voxels` (z, y, x) made smaller by whole factors, in their own type; odd last voxels stand for themselves."""
    if factor == (1, 1, 1):
        return voxels
    z, y, x = factor
    if not by_mean:
        return voxels[::z, ::y, ::x]
    # An odd last voxel is averaged with itself.
    padded = np.pad(voxels, [(0, -n % f) for n, f in zip(voxels.shape, factor, strict=True)], mode="edge")
    blocks = padded.reshape(padded.shape[0] // z, z, padded.shape[1] // y, y, padded.shape[2] // x, x)
    mean = blocks.mean(axis=(1, 3, 5), dtype=np.float64 if voxels.dtype.itemsize > 2 else np.float32)
    return (np.rint(mean) if voxels.dtype.kind in "iu" else mean).astype(voxels.dtype)
