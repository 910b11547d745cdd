"""A bone seen from outside, shaded by the slope of its surface: parallel rays, no screen and no graphics card.

Each ray takes the first place where the grey, interpolated between voxels, passes the threshold of bone; the slope
there is the gradient of the greys (Hoehne and Bernstein, 1986, doi:10.1109/TMI.1986.4307738).
"""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.slabs import over_slabs

__all__ = ["Outside", "View", "see_from_outside"]

_LIGHT = (0.45, 0.5, 1.0)  # over the viewer's left shoulder: downwards, to the right, away from the eye
_ROWS = 16
_PIXELS = 640  # along the longer side of a picture
_FINEST = 8  # pixels to the side of a voxel, at the most


@dataclass(frozen=True)
class View:
    """From where a bone is seen.

    Parameters
    ----------
    azimuth : float
        Turned about the bone's axis (z), degrees; at 0 the eye looks along +y.
    elevation : float
        From above the middle, degrees; at 90 the eye looks along +z, from the proximal end.
    bone_threshold : float
        Bone is above this grey value.
    """

    azimuth: float
    elevation: float
    bone_threshold: float = 75.0


@dataclass(frozen=True, eq=False)
class Outside:
    """A bone seen from outside.

    Parameters
    ----------
    shades : ndarray of uint8, (rows, columns)
        0 where no bone is seen, at least 1 where there is.
    hit : ndarray of bool, (rows, columns)
        Where bone is seen.
    points : ndarray of float32, (rows, columns, 3)
        The place on the surface, voxels (z, y, x); nothing where none is seen.
    pixel_um : float
        Side of a pixel, micrometres.
    view : View
        From where.
    """

    shades: np.ndarray
    hit: np.ndarray
    points: np.ndarray
    pixel_um: float
    view: View


def axes_of(view: View) -> np.ndarray:
    """The picture's axes in the volume, unit vectors (z, y, x): downwards, to the right, away from the eye."""
    turn, tilt = np.deg2rad(view.azimuth), np.deg2rad(view.elevation)
    ahead = np.array([0.0, np.cos(turn), np.sin(turn)])
    right = np.array([0.0, -np.sin(turn), np.cos(turn)])
    down = np.array([1.0, 0.0, 0.0])
    away = np.cos(tilt) * ahead + np.sin(tilt) * down
    below = np.cos(tilt) * down - np.sin(tilt) * ahead
    return np.stack([below, right, away])


def see_from_outside(
    scan: Scan,
    view: View,
    *,
    pixels: int = _PIXELS,
    radius_um: float | None = None,
    progress: Progress = NO_PROGRESS,
) -> Outside:
    """Look at the bone of a scan from outside.

    Parameters
    ----------
    scan : Scan, (z, y, x)
        Greys.
    view : View
        From where.
    pixels : int
        Along the picture's longer side, unless that makes more than eight to a voxel. All scans on one grid make
        pictures of one size, pixel by pixel of the same place.
    radius_um : float, optional
        Show what lies so near to the box's axis: pictures of one size, whatever the azimuth.

    Returns
    -------
    Outside
    """
    from napari_bonemet.figures.render_kernels import cast_rays

    voxels = np.ascontiguousarray(scan.to_numpy())
    spacing = np.asarray(scan.spacing)
    axes = axes_of(view)
    half = (np.asarray(scan.shape) + 1) * spacing / 2
    # The box's reach along each of the picture's axes.
    reach = np.abs(axes) @ half
    if radius_um is not None:
        tilt = np.deg2rad(view.elevation)
        reach[:2] = half[0] * abs(np.cos(tilt)) + radius_um * abs(np.sin(tilt)), radius_um
    pixel = max(float(spacing.min()) / _FINEST, 2 * float(reach[:2].max()) / pixels)
    rows, columns = (int(np.ceil(2 * length / pixel)) for length in reach[:2])
    middle = (np.asarray(scan.shape) - 1) / 2
    steps = axes / spacing  # micrometres along a picture's axis to voxels
    light = np.asarray(_LIGHT) @ axes
    light = light / np.linalg.norm(light)
    shades = np.zeros((rows, columns), np.uint8)
    points = np.full((rows, columns, 3), np.nan, np.float32)
    stride = 0.5 * float(spacing.min())
    count = int(np.ceil(2 * reach[2] / stride))

    def work(start: int, stop: int) -> None:
        cast_rays(
            voxels,
            float(view.bone_threshold),
            middle,
            steps,
            spacing,
            light,
            axes[2],
            np.array([rows, columns, count], np.int64),
            np.array([pixel, stride]),
            shades,
            points,
            start,
            stop,
        )

    over_slabs(work, rows, slab=_ROWS, progress=progress)
    return Outside(shades, shades > 0, points, pixel, view)
