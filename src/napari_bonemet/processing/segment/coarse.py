"""The small volumes on which anatomy is read: one pass over the scan, a few slices at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid, Shape
from napari_bonemet.processing.segment.options import SeparationOptions
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Scan, on_this_thread
from napari_bonemet.slabs import over_slabs

# Joints are looked at with half the coarse voxel size.
_FINER = 2
_CHUNK_SLICES = 8


@dataclass(frozen=True, eq=False)
class Coarse:
    """A hindlimb, small enough to think about.

    Parameters
    ----------
    fine : ndarray, (z, y, x) uint8
        How much of each block of about 40 micrometres is bone: 0 none, 255 all.
    share : ndarray, (Z, Y, X) float32
        The same for blocks of about 80 micrometres, 0 to 1.
    grey : ndarray, (Z, Y, X) float32
        Mean grey of those.
    grid, fine_grid : Grid
        Where the blocks lie; the first block begins where the scan begins.
    finer : tuple of int
        Fine blocks in a coarse one, along (z, y, x).
    background : float
        The grey of what lies around the bones.
    """

    fine: np.ndarray
    share: np.ndarray
    grey: np.ndarray
    grid: Grid
    fine_grid: Grid
    finer: Shape
    background: float


def make_coarse(scan: Scan, options: SeparationOptions, progress: Progress = NO_PROGRESS) -> Coarse:
    """Read the whole scan once, slab by slab on all cores, into blocks.

    Raises
    ------
    InputError
        When nothing is above the bone threshold.
    """
    block = _times(scan.grid.spacing, options.coarse_um / _FINER)
    fine_grid = _blocks(scan.grid, block)
    finer = _times(fine_grid.spacing, options.coarse_um)
    grid = _blocks(fine_grid, finer)
    fine = np.zeros(fine_grid.shape, np.uint8)
    grey, share = np.zeros(grid.shape, np.float32), np.zeros(grid.shape, np.float32)
    reader = _Reader(scan, block, options.bone_threshold)
    # Slices of a folder are kept a few to a chunk, which is unpacked whole.
    rows_at_once = -(-_CHUNK_SLICES // (block[0] * finer[0]))

    def work(start: int, stop: int) -> None:
        inner_rows = range(start * finer[0], min(stop * finer[0], len(fine)))
        for inner, (total, above) in zip(inner_rows, reader.rows(inner_rows), strict=True):
            fine[inner] = np.rint(above * 255)
            grey[inner // finer[0]] += _pooled(total, finer[1:])
            share[inner // finer[0]] += _pooled(above, finer[1:])

    over_slabs(work, len(grey), slab=rows_at_once, progress=progress)
    rows = np.minimum(finer[0], len(fine) - np.arange(0, len(fine), finer[0])).astype(np.float32)[:, None, None]
    grey /= rows
    share /= rows
    if not fine.any():
        raise InputError(
            f"{scan.title} shows no bone",
            expected=f"greys above {options.bone_threshold:g}",
            remedy="Lower the bone threshold",
        )
    return Coarse(fine, share, grey, grid, fine_grid, finer, _background(grey, share))


@dataclass(frozen=True, eq=False)
class _Reader:
    """Reads rows of fine blocks."""

    scan: Scan
    block: Shape
    threshold: float

    def rows(self, wanted: range) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Mean grey and share of bone of the blocks of each row, (Y, X) float32; their slices are read at once."""
        depth = self.block[0]
        first, last = wanted.start * depth, min(wanted.stop * depth, self.scan.shape[0])
        slices = read_part(self.scan.voxels, (slice(first, last), slice(None), slice(None)))
        for start in range(0, last - first, depth):
            yield self._means(slices[start : start + depth])

    def _means(self, slices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        from napari_bonemet.processing.segment.coarse_kernels import add_slice, add_slice_of_mixtures

        _, height, width = self.block
        counts = _counts(slices.shape[1:], (height, width)) * len(slices)
        total, above = np.zeros(counts.shape, np.float32), np.zeros(counts.shape, np.float32)
        for values in slices:
            if self.block == (1, 1, 1):
                # Soft tissue and its noise stay well below; how far above solid bone is, the scanner's gain says.
                add_slice_of_mixtures(values, 0.7 * self.threshold, 1.6 * self.threshold, total, above)
            else:
                add_slice(values, (height, width), self.threshold, total, above)
        return total / counts, above / counts


def read_part(voxels: Any, region: tuple[slice, ...]) -> np.ndarray:
    """Some voxels in memory; the callers are threads already."""
    return on_this_thread(voxels[region])


def _times(spacing: tuple[float, ...], wanted: float) -> Shape:
    """How many voxels along (z, y, x) make a block of about `wanted` micrometres."""
    z, y, x = (max(1, round(wanted / size)) for size in spacing)
    return (z, y, x)


def _blocks(grid: Grid, block: Shape) -> Grid:
    z, y, x = (-(-n // b) for n, b in zip(grid.shape, block, strict=True))
    a, b, c = (s * n for s, n in zip(grid.spacing, block, strict=True))
    return Grid((z, y, x), (a, b, c), grid.to_um([(n - 1) / 2 for n in block]))


def _counts(shape: tuple[int, ...], block: tuple[int, ...]) -> np.ndarray:
    """Voxels in each block of a slice; those at the far ends may be cut."""
    y, x = (np.minimum(b, n - np.arange(0, n, b)).astype(np.float32) for n, b in zip(shape, block, strict=True))
    return np.asarray(y[:, None] * x[None, :])


def _pooled(values: np.ndarray, by: tuple[int, ...]) -> np.ndarray:
    sums = np.add.reduceat(
        np.add.reduceat(values, np.arange(0, values.shape[0], by[0]), 0), np.arange(0, values.shape[1], by[1]), 1
    )
    return np.asarray(sums / _counts(values.shape, by))


def _background(grey: np.ndarray, share: np.ndarray) -> float:
    """The grey around the bones: the median of blocks beside bone that hold none of it."""
    from scipy import ndimage

    bone = share > 0.5
    near = ndimage.binary_dilation(bone, iterations=6) & (ndimage.maximum_filter(share, 3) < 0.02)
    if not near.any():
        near = ~bone
    return float(np.median(grey[near])) if near.any() else 0.0
