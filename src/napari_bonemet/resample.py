"""Put a scan on another grid, once: every interpolation blurs, so steps compose transforms and call this last."""

from typing import Any, Literal

import numpy as np
from scipy import ndimage

from napari_bonemet.coverage import record_of_grid
from napari_bonemet.geometry import Grid
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.slabs import over_slabs
from napari_bonemet.transform import RigidTransform

Interpolation = Literal["nearest", "linear", "cubic"]

_ORDER: dict[Interpolation, int] = {"nearest": 0, "linear": 1, "cubic": 3}
# A multiple of the blocks; small enough that a wish to stop is heard within a second on large scans.
_SLAB = 16
# The kernel's width beyond the voxel itself.
_TAPS = 2


def resample(
    scan: Scan,
    grid: Grid,
    transform: RigidTransform | None = None,
    *,
    interpolation: Interpolation = "cubic",
    plain_below: float | None = None,
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
        "cubic" is cubic convolution (Keys 1981).
    plain_below : float, optional
        Where no grey near reaches this value, linear interpolation does: soft tissue and air have little to lose,
        and it is several times faster. Cubic everywhere when None.
    kind : Kind, optional
        What the result is; the scan's own kind when None.

    Returns
    -------
    Scan
        With the grid, and the step in its history.
    """
    transform = transform or RigidTransform()
    voxels = scan.to_numpy()
    matrix, offset = _index_map(grid, scan.grid, transform)
    out = _fill(voxels, grid, (matrix, offset), _ORDER[interpolation], plain_below, progress=progress)
    progress.advance(1.0)
    step = Step("resample", {"interpolation": interpolation, **transform.as_record(), **record_of_grid(scan.grid)})
    return scan.with_voxels(out, grid=grid, step=step, kind=kind)


def _fill(
    voxels: np.ndarray,
    grid: Grid,
    mapping: tuple[np.ndarray, np.ndarray],
    order: int,
    plain_below: float | None,
    *,
    progress: Progress,
) -> np.ndarray:
    from napari_bonemet.resample_kernels import interpolate

    matrix, offset = mapping
    # Booleans are interpolated as numbers, more than half is True.
    source = np.ascontiguousarray(voxels.astype(np.float32) if voxels.dtype == bool else voxels)
    out = np.empty(grid.shape, source.dtype)
    busy = _busy_cells(source, matrix, plain_below) if order > 1 else np.ones((1, 1, 1), bool)
    low, high, whole = _limits(out.dtype)

    def work(start: int, stop: int) -> None:
        interpolate(source, matrix, offset, order, busy, low, high, whole, out, start, stop)

    over_slabs(work, grid.shape[0], slab=_SLAB, progress=progress)
    return out > 0.5 if voxels.dtype == bool else out


def _busy_cells(voxels: np.ndarray, matrix: np.ndarray, plain_below: float | None) -> np.ndarray:
    """Per cell of the source: whether a block of the output whose middle lies in it may touch structure."""
    from napari_bonemet.resample_kernels import BLOCK, CELL, highest_of_cells

    shape = tuple(-(-n // CELL) for n in voxels.shape)
    if plain_below is None:
        return np.ones(shape, bool)
    highest = np.full(shape, _limits(voxels.dtype)[0], voxels.dtype)
    over_slabs(lambda start, stop: highest_of_cells(voxels, highest, start, stop), shape[0], slab=4)
    reach = np.linalg.norm(matrix, 2) * np.sqrt(3) * BLOCK / 2 + _TAPS
    return np.asarray(ndimage.maximum_filter(highest >= plain_below, size=1 + 2 * int(np.ceil(reach / CELL))))


def _limits(dtype: Any) -> tuple[float, float, bool]:
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        return float(limits.min), float(limits.max), True
    return float(np.finfo(np.float32).min), float(np.finfo(np.float32).max), False


def _index_map(grid: Grid, source: Grid, transform: RigidTransform) -> tuple[np.ndarray, np.ndarray]:
    scale = 1 / np.asarray(source.spacing)
    matrix = scale[:, None] * transform.matrix * np.asarray(grid.spacing)
    offset = scale * (transform(grid.origin) - np.asarray(source.origin))
    return matrix, offset
