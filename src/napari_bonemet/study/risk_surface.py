"""The surface of the bone, coloured by how likely the bone there is lost."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Scan

__all__ = ["RiskSurface", "risk_surface"]

# Triangles beyond this are smaller than a pixel of any screen, and slow every turn of the bone.
MOST_VOXELS = 6_000_000
REACH_UM = 60.0


@dataclass(frozen=True, eq=False)
class RiskSurface:
    """A surface of triangles with a value at every corner.

    Parameters
    ----------
    vertices : ndarray of float32, (n, 3)
        Corners, z y x, micrometres.
    faces : ndarray of int, (m, 3)
        Three corners of each triangle.
    values : ndarray of float32, (n,)
        The largest risk within reach of each corner, 0 to 1.
    step : int
        Of so many voxels along each axis one was taken.
    reach_um : float
        How far the risk is looked for.
    """

    vertices: np.ndarray
    faces: np.ndarray
    values: np.ndarray
    step: int
    reach_um: float


def risk_surface(
    bone: Scan,
    risk: Scan,
    *,
    bone_threshold: float = 75.0,
    reach_um: float = REACH_UM,
    most_voxels: int = MOST_VOXELS,
    progress: Progress = NO_PROGRESS,
) -> RiskSurface:
    """Lay a risk map on the surface of the last seen week's bone.

    Lost bone lies behind the surface, not on it, so that a corner takes the largest risk within `reach_um`.

    Parameters
    ----------
    bone : Scan, (z, y, x)
        Greys of the last seen week.
    risk : Scan, (z, y, x)
        Share of samples, or probability, that bone is lost; on the same grid.
    bone_threshold : float
        The surface lies at this grey value.
    reach_um : float
        Micrometres.
    most_voxels : int
        Larger volumes are thinned out to this; the surface is a picture, not a measure.

    Raises
    ------
    InputError
        When the grids differ, or there is no bone.
    """
    from skimage.measure import marching_cubes

    if not risk.grid.matches(bone.grid):
        raise InputError(
            "The risk does not lie on the grid of the bone", expected=f"{bone.shape}", found=f"{risk.shape}"
        )
    step = max(1, int(np.ceil((np.prod(bone.shape) / most_voxels) ** (1 / 3))))
    progress.message("thinning out" if step > 1 else "smoothing")
    greys = bone.to_numpy()[::step, ::step, ::step].astype(np.float32)
    # A rim without bone closes the surface where the bone leaves the field.
    greys = np.pad(ndimage.gaussian_filter(greys, 0.6), 1)
    progress.advance(0.3)
    if not greys.min() < bone_threshold < greys.max():
        raise InputError(
            f"{bone.title} has no bone to be shown",
            expected=f"greys above and below {bone_threshold:g}",
            found=f"{greys.min():g} to {greys.max():g}",
            remedy="Choose another threshold",
        )
    progress.message("finding the surface")
    corners, faces, _, _ = marching_cubes(greys, bone_threshold)
    progress.advance(0.7)
    index = (corners - 1) * step
    spacing = np.asarray(bone.spacing)
    reach = tuple(2 * max(1, round(reach_um / size)) + 1 for size in spacing)
    widest = ndimage.maximum_filter(risk.to_numpy().astype(np.float32), reach)
    at = [np.clip(np.round(index[:, axis]).astype(int), 0, bone.shape[axis] - 1) for axis in range(3)]
    values = widest[tuple(at)]
    progress.advance(1.0)
    place = (np.asarray(bone.origin) + index * spacing).astype(np.float32)
    return RiskSurface(place, faces, values.astype(np.float32), step, reach_um)
