"""Which voxels of a registered week the scanner saw: what lies outside its field is unknown, not lost."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_bonemet.geometry import Grid, as_triple
from napari_bonemet.provenance import Json, Step
from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform

_SLAB = 16


def field_record(moving: Grid, transform: RigidTransform) -> dict[str, Json]:
    """What a registration's history keeps, so that the field of view can be told later.

    Parameters
    ----------
    moving : Grid
        The week as scanned.
    transform : RigidTransform
        From the common grid to the week as scanned.
    """
    return {
        "scanned_shape_zyx": list(moving.shape),
        "scanned_spacing_um_zyx": list(moving.spacing),
        "scanned_origin_um_zyx": list(moving.origin),
        **transform.as_record(),
    }


def field_of_view(scan: Scan) -> np.ndarray | None:
    """Voxels of a registered scan, (z, y, x), that lay inside the field of the week as scanned.

    Returns
    -------
    ndarray of bool or None
        None when the history names no registration, or the scan was resampled since: all of it counts as seen.
    """
    step = _registration(scan)
    return None if step is None else _inside(scan.grid, *_read(step.parameters))


def common_field(one: Scan, other: Scan) -> np.ndarray | None:
    """Voxels (z, y, x) that both of two scans on one grid saw, or None for all of them."""
    fields = [field for field in map(field_of_view, (one, other)) if field is not None]
    if not fields:
        return None
    return fields[0] if len(fields) == 1 else fields[0] & fields[1]


def _registration(scan: Scan) -> Step | None:
    for step in reversed(scan.history):
        if step.name == "resample":
            return None
        if step.name == "register":
            return step if "scanned_shape_zyx" in step.parameters else None
    return None


def _read(parameters: Mapping[str, Any]) -> tuple[Grid, RigidTransform]:
    grid = Grid(
        tuple(parameters["scanned_shape_zyx"]),
        as_triple(parameters["scanned_spacing_um_zyx"]),
        as_triple(parameters["scanned_origin_um_zyx"], "origin"),
    )
    return grid, RigidTransform.from_record(parameters)


def _inside(grid: Grid, scanned: Grid, transform: RigidTransform) -> np.ndarray:
    matrix = transform.matrix * np.asarray(grid.spacing) / np.asarray(scanned.spacing)[:, None]
    offset = (transform(grid.origin) - np.asarray(scanned.origin)) / scanned.spacing
    out = np.empty(grid.shape, dtype=bool)
    y, x = (np.arange(n, dtype=np.float32) for n in grid.shape[1:])
    for start in range(0, grid.shape[0], _SLAB):
        z = np.arange(start, min(start + _SLAB, grid.shape[0]), dtype=np.float32)
        seen = np.ones((z.size, *grid.shape[1:]), dtype=bool)
        for row, first, length in zip(matrix, offset, scanned.shape, strict=True):
            place = first + row[0] * z[:, None, None] + row[1] * y[:, None] + row[2] * x
            seen &= (place > -1e-3) & (place < length - 1 + 1e-3)
        out[start : start + _SLAB] = seen
    return out
