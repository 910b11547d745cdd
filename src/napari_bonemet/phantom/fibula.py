"""The truth about the fibula of a synthetic leg: which voxels are its own, and where it parts from the tibia."""

import numpy as np

from napari_bonemet.geometry import Grid, Triple
from napari_bonemet.phantom.anatomy import (
    FIBULA_ANGLE,
    LENGTH_UM,
    Anatomy,
    anatomy_of,
    axis_of,
    fibula_reach,
    joint_surface,
    radius,
)
from napari_bonemet.phantom.bone import _FIBULA_HEAD_UM
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.transform import RigidTransform

_SLAB = 16


def fibula_side(options: LegOptions, *, grid: Grid | None = None, pose: RigidTransform | None = None) -> np.ndarray:
    """Where a voxel of bone is the fibula's: nearer to its outer surface than to the tibia's, and outside the tibia.

    Where the two are one, the tibia's outer surface tells them apart, as in
    :class:`~napari_bonemet.phantom.bone.Compartment`; the rim of partial volume goes with the nearer bone.

    Parameters
    ----------
    options : LegOptions
        The animal and its field of view.
    grid : Grid, optional
        Where the voxels lie; the animal's own grid when None.
    pose : RigidTransform, optional
        Maps points of the baseline to points of `grid`'s frame, as in ``LegTruth.poses``; at rest when None.

    Returns
    -------
    ndarray of bool, (z, y, x)
    """
    grid, anatomy = grid or options.grid, anatomy_of(options)
    back = (pose or RigidTransform()).inverse()
    mine = np.empty(grid.shape, dtype=bool)
    for start in range(0, grid.shape[0], _SLAB):
        z, y, x = _model_points(options, grid, back, slice(start, min(start + _SLAB, grid.shape[0])))
        tibia, fibula = depths(anatomy, z, y, x)
        mine[start : start + _SLAB] = (fibula > tibia) & (tibia <= 0)
    return mine


def depths(anatomy: Anatomy, z: np.ndarray, y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How deep points of the model's frame lie in the tibia and in the fibula, micrometres; negative outside."""
    y_local = y - axis_of(anatomy, z).astype(np.float32)
    rho = np.hypot(y_local, x) + np.float32(1e-3)
    outer, oblique = radius(anatomy, z, x / rho, y_local / rho)
    tibia = np.minimum((outer - rho) / oblique, z - joint_surface(x, y_local))
    tibia = np.minimum(tibia, np.float32(LENGTH_UM) - z)
    reach, size = fibula_reach(anatomy, z)
    from_axis = np.hypot(y_local - reach * np.sin(FIBULA_ANGLE), x - reach * np.cos(FIBULA_ANGLE))
    return tibia, np.minimum(size - from_axis, z - _FIBULA_HEAD_UM)


def junction_point(options: LegOptions) -> Triple:
    """Where the outer surfaces of tibia and fibula part, (z, y, x) on the baseline's grid, micrometres.

    In a scan that lies askew, the junction is in the slice to which this point comes.
    """
    anatomy = anatomy_of(options)
    z = np.asarray(anatomy.junction)
    cos, sin = np.cos(FIBULA_ANGLE), np.sin(FIBULA_ANGLE)
    outer = float(radius(anatomy, z, np.asarray(cos), np.asarray(sin))[0])
    _, middle_y, middle_x = options.grid.centre
    mirror = 1 if options.side == "left" else -1
    y = float(axis_of(anatomy, z)) + outer * sin
    return (options.plate_um + anatomy.junction, middle_y + y, middle_x + mirror * outer * cos)


def plate_point(options: LegOptions) -> Triple:
    """The middle of the growth plate on the shaft's axis, (z, y, x) on the baseline's grid, micrometres."""
    _, middle_y, middle_x = options.grid.centre
    return (options.plate_um, middle_y, middle_x)


def _model_points(
    options: LegOptions, grid: Grid, back: RigidTransform, slab: slice
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    z, y, x = np.ix_(*(np.arange(n) * s + o for n, s, o in zip(grid.shape, grid.spacing, grid.origin, strict=True)))
    z = z[slab]
    shift = back((0.0, 0.0, 0.0))
    points = [
        (back.matrix[axis, 0] * z + back.matrix[axis, 1] * y + back.matrix[axis, 2] * x + shift[axis]).astype(
            np.float32
        )
        for axis in range(3)
    ]
    _, middle_y, middle_x = options.grid.centre
    mirror = np.float32(1 if options.side == "left" else -1)
    return (
        points[0] - np.float32(options.plate_um),
        points[1] - np.float32(middle_y),
        mirror * (points[2] - np.float32(middle_x)),
    )
