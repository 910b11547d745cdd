"""Put a scan on another grid, once: every interpolation blurs, so steps compose transforms and call this last."""

from typing import Literal

import numpy as np
from scipy import ndimage

from napari_bonemet.coverage import record_of_grid
from napari_bonemet.geometry import Grid
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.transform import RigidTransform

Interpolation = Literal["nearest", "linear", "cubic"]

_ORDER: dict[Interpolation, int] = {"nearest": 0, "linear": 1, "cubic": 3}
# Small enough that a wish to stop is heard within a second on large scans.
_SLAB = 8


def resample(
    scan: Scan,
    grid: Grid,
    transform: RigidTransform | None = None,
    *,
    interpolation: Interpolation = "cubic",
    kind: Kind | None = None,
    progress: Progress = NO_PROGRESS,
) -> Scan:
    """Bring `scan` onto `grid`, in its own grey type, zero where the scan does not reach.

    Parameters
    ----------
    scan : Scan
        The moving scan.
    grid : Grid
        Where the result lies (the fixed scan's grid).
    transform : RigidTransform, optional
        Maps points of `grid` to points of `scan`; identity when None.
    interpolation : {"nearest", "linear", "cubic"}
        B-spline order 0, 1 or 3.
    kind : Kind, optional
        What the result is; the scan's own kind when None.

    Returns
    -------
    Scan
        With the grid, and the step in its history.
    """
    transform = transform or RigidTransform()
    voxels = scan.to_numpy()
    order = _ORDER[interpolation]
    smooth = voxels.astype(np.float32)
    if order > 1:
        smooth = ndimage.spline_filter(smooth, order=order, output=np.float32)
    matrix, offset = _index_map(grid, scan.grid, transform)
    out = np.empty(grid.shape, dtype=voxels.dtype)
    for start in range(0, grid.shape[0], _SLAB):
        progress.advance(start / grid.shape[0])
        slab = out[start : start + _SLAB]
        shifted = offset + matrix[:, 0] * start
        values = ndimage.affine_transform(
            smooth, matrix, shifted, output_shape=slab.shape, order=order, prefilter=False, output=np.float32
        )
        slab[...] = _to_type(values, voxels.dtype)
    progress.advance(1.0)
    step = Step("resample", {"interpolation": interpolation, **transform.as_record(), **record_of_grid(scan.grid)})
    return scan.with_voxels(out, grid=grid, step=step, kind=kind)


def _index_map(grid: Grid, source: Grid, transform: RigidTransform) -> tuple[np.ndarray, np.ndarray]:
    scale = 1 / np.asarray(source.spacing)
    matrix = scale[:, None] * transform.matrix * np.asarray(grid.spacing)
    offset = scale * (transform(grid.origin) - np.asarray(source.origin))
    return matrix, offset


def _to_type(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if dtype.kind == "b":
        return values > 0.5
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        return np.clip(np.rint(values), limits.min, limits.max).astype(dtype)
    return values.astype(dtype)
