"""Which voxels of a resampled scan its scanner saw: outside the field of view there is no bone, nor is there none.

A resampled scan is zero where its source does not reach. Taken for data, that zero is bone lost; so whoever
compares weeks asks here first. The answer comes from the scan's history, and survives on disk with it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from napari_bonemet.geometry import Grid, Region, Shape, as_triple, stride
from napari_bonemet.provenance import Json, Step
from napari_bonemet.scan import Scan
from napari_bonemet.slabs import over_slabs
from napari_bonemet.transform import RigidTransform

_MARGIN = 1e-4
_SLAB = 32
_MOST_VOXELS = 2_000_000
_TOLERATED = 0.005
_ENOUGH = 1 / 3


def record_of_grid(grid: Grid) -> dict[str, Json]:
    """A source's grid as it is kept in the history, units in the names."""
    return {
        "source_shape_zyx": list(grid.shape),
        "source_spacing_um_zyx": list(grid.spacing),
        "source_origin_um_zyx": list(grid.origin),
    }


def covered(scan: Scan) -> np.ndarray | None:
    """Where the scanner saw something.

    Returns
    -------
    ndarray of bool, (z, y, x), or None
        None where the scan was never resampled, hence is covered throughout.
    """
    rows = covered_rows(scan)
    return None if rows is None else _mask_of(rows, scan.shape)


def covered_by_all(scans: Iterable[Scan], *, step: int = 1) -> np.ndarray | None:
    """Where every scan (all on one grid) saw something, at every `step`-th voxel; None where all do everywhere."""
    scans = tuple(scans)
    rows = covered_rows_by_all(scans)
    if rows is None:
        return None
    z, y, x = (-(-count // step) for count in scans[0].shape)
    return _mask_of(-(-rows[::step, ::step] // step), (z, y, x))


def covered_rows(scan: Scan) -> np.ndarray | None:
    """Where the scanner saw something, at a hundredth of the memory: of each row along x that is one stretch.

    Returns
    -------
    ndarray of int32, (z, y, 2), or None
        The first voxel seen and the one after the last, (0, 0) where none is; None where the scan was never
        resampled.
    """
    rows: np.ndarray | None = None
    way = RigidTransform()
    # Newest first: each earlier resampling is asked where the later ones took its voxels from.
    for step in reversed(scan.history):
        if "source_shape_zyx" in step.parameters:
            way = RigidTransform.from_record(step.parameters).after(way)
            rows = _whole(scan.shape) if rows is None else rows
            _narrow(rows, scan.grid, way, _source(step))
    return rows


def covered_rows_by_all(scans: Iterable[Scan]) -> np.ndarray | None:
    """What :func:`covered_rows` says of all scans (on one grid) together; None where all saw everything."""
    together: np.ndarray | None = None
    for scan in scans:
        rows = covered_rows(scan)
        if rows is None or (rows == (0, scan.shape[2])).all():
            continue
        together = rows if together is None else _common(together, rows)
    return together


def _whole(shape: Shape) -> np.ndarray:
    rows = np.zeros((*shape[:2], 2), np.int32)
    rows[..., 1] = shape[2]
    return rows


def _common(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    first, stop = np.maximum(one[..., 0], other[..., 0]), np.minimum(one[..., 1], other[..., 1])
    return np.stack([first, stop], axis=-1) * (first < stop)[..., None]


def _mask_of(rows: np.ndarray, shape: Shape) -> np.ndarray:
    from napari_bonemet.coverage_kernels import fill_rows

    mask = np.empty(shape, dtype=bool)
    over_slabs(lambda start, stop: fill_rows(mask[start:stop], rows[start:stop]), shape[0], slab=_SLAB)
    return mask


def _source(step: Step) -> Grid:
    found: Any = step.parameters
    return Grid(
        tuple(found["source_shape_zyx"]),
        as_triple(found["source_spacing_um_zyx"]),
        as_triple(found["source_origin_um_zyx"], "origin"),
    )


def _narrow(rows: np.ndarray, grid: Grid, transform: RigidTransform, source: Grid) -> None:
    from napari_bonemet.coverage_kernels import narrow_rows

    offset = (transform(grid.origin) - np.asarray(source.origin)) / source.spacing
    steps = transform.matrix * np.asarray(grid.spacing) / np.asarray(source.spacing)[:, None]
    for axis, count in enumerate(source.shape):
        # Between the outermost voxel centres: beyond them interpolation mixes in the zeros outside.
        bounds = np.array([-_MARGIN, count - 1 + _MARGIN], np.float32)
        narrow_rows(rows, float(offset[axis]), np.ascontiguousarray(steps[axis]), bounds)


def common_box(scans: Sequence[Scan], bone: np.ndarray) -> Region | None:
    """The box in which every scan saw the bone.

    Whole slices where that leaves a third of the bone or more: the longest run of slices of which every scan saw
    all but a two-hundredth of the bone. Else the box that is left after cutting from the sides that cost the
    least bone.

    Parameters
    ----------
    scans : sequence of Scan
        On one grid.
    bone : ndarray of bool, (z, y, x)
        What has to be seen; the air around it does not.

    Returns
    -------
    three slices (z, y, x), or None
        None where nothing is missed, or no such box is left.
    """
    rows = covered_rows_by_all(scans)
    if rows is None:
        return None
    per_slice, missed_per_slice = _per_slice(bone, rows)
    run = _longest_run(missed_per_slice <= _TOLERATED * per_slice)
    if per_slice[run].sum() >= _ENOUGH * per_slice.sum():
        whole = run == slice(0, len(per_slice))
        return None if whole else (run, slice(0, bone.shape[1]), slice(0, bone.shape[2]))
    return _cut_from_all_sides(rows, bone)


def _per_slice(bone: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from napari_bonemet.coverage_kernels import count_missed

    counts = np.zeros((bone.shape[0], 2), np.int64)

    def work(start: int, stop: int) -> None:
        count_missed(bone[start:stop], rows[start:stop], counts[start:stop])

    over_slabs(work, len(counts), slab=_SLAB)
    return counts[:, 0], counts[:, 1]


def _longest_run(good: np.ndarray) -> slice:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], good.astype(int), [0]])))
    starts, stops = edges[::2], edges[1::2]
    if not len(starts):
        return slice(0, 0)
    longest = int(np.argmax(stops - starts))
    return slice(int(starts[longest]), int(stops[longest]))


def _cut_from_all_sides(rows: np.ndarray, bone: np.ndarray) -> Region | None:
    step = stride(bone.size, _MOST_VOXELS)
    thinned = (slice(None, None, step),) * 3
    shape, bone, rows = bone.shape, bone[thinned], rows[thinned[:2]]
    x = np.arange(0, shape[2], step)
    missed = bone & ~((x >= rows[..., :1]) & (x < rows[..., 1:]))
    low, high = [0, 0, 0], list(missed.shape)
    while missed[_box(low, high)].any():
        axis, depth, first = _best_cut(missed[_box(low, high)], bone[_box(low, high)])
        low[axis], high[axis] = low[axis] + depth * first, high[axis] - depth * (not first)
        if high[axis] <= low[axis]:
            return None
    # Of thinned voxels the next whole step inside is safe.
    inner = [a if a == 0 else (a - 1) * step + 1 for a in low]
    outer = [n if b == m else (b - 1) * step + 1 for b, m, n in zip(high, missed.shape, shape, strict=True)]
    return _box(inner, outer)


def _best_cut(missed: np.ndarray, bone: np.ndarray) -> tuple[int, int, bool]:
    """Axis, number of slices, and whether from the first: the cut that removes the most missed bone for its price."""
    cuts = []
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        missing, price = missed.sum(axis=others), bone.sum(axis=others)
        for first in (True, False):
            profile, cost = (missing, price) if first else (missing[::-1], price[::-1])
            depth = int(np.flatnonzero(profile)[0]) + 1
            cuts.append((float(profile[:depth].sum() / cost[:depth].sum()), axis, depth, first))
    _, axis, depth, first = max(cuts, key=lambda cut: cut[0])
    return axis, depth, first


def _box(low: Sequence[int], high: Sequence[int]) -> Region:
    z, y, x = (slice(a, b) for a, b in zip(low, high, strict=True))
    return (z, y, x)
