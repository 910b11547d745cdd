"""Where to begin: the long axes laid on each other, turns about them, and offsets along them.

A leg lies in the scanner turned about its long axis by any angle, tilted by some degrees, and not always with both of
its ends in the field; a bone without a long axis (a short field of view) starts from tilts of the scanner's axes.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.spatial.transform import Rotation

from napari_bonemet.processing.register.images import Level, bone_at
from napari_bonemet.processing.register.result import RegistrationOptions

# From this ratio of the standard deviations along and across on, a bone has a long axis.
_LONG = 2.0
_OFFSETS = np.arange(-4, 5)
# Between neighbouring offsets, as a share of the standard deviation along the axis.
_STEP = 0.16


@dataclass(frozen=True, eq=False)
class Shape:
    """Moments of a bone.

    Parameters
    ----------
    centre : ndarray, (3,)
        (z, y, x), micrometres.
    axes : ndarray, (3, 3)
        Rows: principal axes, the longest first, right-handed, the longest pointing along z.
    lengths : ndarray, (3,)
        Standard deviations along them, micrometres.
    """

    centre: np.ndarray
    axes: np.ndarray
    lengths: np.ndarray

    @property
    def is_long(self) -> bool:
        """Whether the bone has a long axis."""
        return bool(self.lengths[0] > _LONG * self.lengths[1])

    @property
    def across(self) -> float:
        """Mean of the standard deviations across the long axis, micrometres."""
        return float(np.sqrt(self.lengths[1] * self.lengths[2]))

    def mirrored(self) -> "Shape":
        """The mirror image, left for right, about the centre."""
        axes = self.axes * np.array([1.0, 1.0, -1.0])
        axes[2] *= -1
        return Shape(self.centre, axes, self.lengths)


def shape_of(level: Level, threshold: float) -> Shape:
    """The moments of the bone of a level."""
    index = np.argwhere(bone_at(level, threshold))
    places = index * np.asarray(level.grid.spacing) + level.grid.origin
    centre = places.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov((places - centre).T))
    axes = vectors.T[::-1].copy()
    axes[0] *= np.sign(axes[0, 0]) or 1.0
    axes[2] *= np.sign(np.linalg.det(axes))
    return Shape(centre, axes, np.sqrt(np.maximum(values[::-1], 1e-9)))


def starting_poses(
    fixed: Shape, moving: Shape, options: RegistrationOptions, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """Turns and shifts to try, in units of `radius` about both centres.

    Returns
    -------
    turns, shifts : ndarray, (k, 3, 3) and (k, 3)
    """
    azimuths = np.arange(options.azimuths) * (360 / options.azimuths)
    if fixed.is_long and moving.is_long:
        return _along_the_axes(fixed, moving, azimuths, radius)
    tilts = [-options.tilt, 0.0, options.tilt] if options.tilt else [0.0]
    turns = [
        (
            Rotation.from_rotvec([0, y, x], degrees=True) * Rotation.from_rotvec([azimuth, 0, 0], degrees=True)
        ).as_matrix()
        for azimuth, y, x in product(azimuths, tilts, tilts)
    ]
    # The pose as scanned is right when a bone runs through the whole field and its centre says little.
    as_scanned = (fixed.centre - moving.centre) / radius
    shifts = np.concatenate([np.zeros((len(turns), 3)), np.tile(as_scanned, (len(turns), 1))])
    return np.asarray(turns * 2), shifts


def _along_the_axes(fixed: Shape, moving: Shape, azimuths: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
    turns, shifts = [], []
    for sense in (1.0, -1.0):
        # The moving axes, the long one either way: a scan may lie upside down.
        aim = moving.axes * np.array([sense, 1.0, sense])[:, None]
        for azimuth in azimuths:
            spin = Rotation.from_rotvec([azimuth, 0, 0], degrees=True).as_matrix()
            turn = aim.T @ spin @ fixed.axes
            for offset in _OFFSETS:
                turns.append(turn)
                shifts.append(aim[0] * (offset * _STEP * fixed.lengths[0] / radius))
    return np.asarray(turns), np.asarray(shifts)
