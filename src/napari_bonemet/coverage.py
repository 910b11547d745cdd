"""Which voxels of a resampled scan its scanner saw: outside the field of view there is no bone, nor is there none.

A resampled scan is zero where its source does not reach. Taken for data, that zero is bone lost; so whoever
compares weeks asks here first. The answer comes from the scan's history, and survives on disk with it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from napari_bonemet.geometry import Grid, Region, as_triple
from napari_bonemet.provenance import Json, Step
from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform

_MARGIN = 1e-4
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
    inside: np.ndarray | None = None
    way = RigidTransform()
    # Newest first: each earlier resampling is asked where the later ones took its voxels from.
    for step in reversed(scan.history):
        if "source_shape_zyx" in step.parameters:
            way = RigidTransform.from_record(step.parameters).after(way)
            here = _inside(scan.grid, way, _source(step))
            inside = here if inside is None else inside & here
    return inside


def covered_by_all(scans: Iterable[Scan]) -> np.ndarray | None:
    """Where every scan (all on one grid) saw something; None where all do everywhere."""
    masks = [mask for scan in scans if (mask := covered(scan)) is not None]
    together = np.logical_and.reduce(masks) if masks else None
    return None if together is None or bool(together.all()) else together


def _source(step: Step) -> Grid:
    found: Any = step.parameters
    return Grid(
        tuple(found["source_shape_zyx"]),
        as_triple(found["source_spacing_um_zyx"]),
        as_triple(found["source_origin_um_zyx"], "origin"),
    )


def _inside(grid: Grid, transform: RigidTransform, source: Grid) -> np.ndarray:
    inside = np.ones(grid.shape, dtype=bool)
    offset = (transform(grid.origin) - np.asarray(source.origin)) / source.spacing
    steps = transform.matrix * np.asarray(grid.spacing) / np.asarray(source.spacing)[:, None]
    z, y, x = np.ogrid[tuple(slice(0, n) for n in grid.shape)]
    for axis, count in enumerate(source.shape):
        along_zy = offset[axis] + steps[axis, 0] * z + steps[axis, 1] * y
        place = along_zy.astype(np.float32) + (steps[axis, 2] * x).astype(np.float32)
        # Between the outermost voxel centres: beyond them interpolation mixes in the zeros outside.
        inside &= (place >= -_MARGIN) & (place <= count - 1 + _MARGIN)
    return inside


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
    seen = covered_by_all(scans)
    if seen is None:
        return None
    missed = bone & ~seen
    per_slice, missed_per_slice = bone.sum(axis=(1, 2)), missed.sum(axis=(1, 2))
    run = _longest_run(missed_per_slice <= _TOLERATED * per_slice)
    if per_slice[run].sum() >= _ENOUGH * per_slice.sum():
        whole = run == slice(0, len(per_slice))
        return None if whole else (run, slice(0, bone.shape[1]), slice(0, bone.shape[2]))
    return _cut_from_all_sides(missed, bone)


def _longest_run(good: np.ndarray) -> slice:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], good.astype(int), [0]])))
    starts, stops = edges[::2], edges[1::2]
    if not len(starts):
        return slice(0, 0)
    longest = int(np.argmax(stops - starts))
    return slice(int(starts[longest]), int(stops[longest]))


def _cut_from_all_sides(missed: np.ndarray, bone: np.ndarray) -> Region | None:
    step = max(1, round((bone.size / _MOST_VOXELS) ** (1 / 3)))
    thinned = (slice(None, None, step),) * 3
    shape, (missed, bone) = bone.shape, (missed[thinned], bone[thinned])
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
