"""Poses changed by hand: small shifts and turns of what is seen, on top of a pose."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_bonemet.geometry import Triple
from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform

_COARSE = 4


@dataclass(frozen=True)
class Nudge:
    """How far the week is moved on the screen.

    Parameters
    ----------
    shift_um : tuple of float
        Along (z, y, x), micrometres.
    degrees : tuple of float
        Turns about z, then y, then x, through `centre`.
    """

    shift_um: Triple = (0.0, 0.0, 0.0)
    degrees: Triple = (0.0, 0.0, 0.0)

    def motion(self, centre: Sequence[float]) -> RigidTransform:
        """Where points of the picture go."""
        whole = RigidTransform()
        for axis, angle in enumerate(self.degrees):
            turn = [0.0, 0.0, 0.0]
            turn[axis] = angle
            whole = RigidTransform.about(centre, degrees=turn).after(whole)
        return RigidTransform(shift=self.shift_um).after(whole)

    def of(self, pose: RigidTransform, centre: Sequence[float]) -> RigidTransform:
        """The pose (fixed to moving) with which the week is seen where this moves it."""
        return pose.after(self.motion(centre).inverse())


def turn_between(centre: Sequence[float], start: Sequence[float], now: Sequence[float], axis: int) -> float:
    """The turn about `axis` (0 z, 1 y, 2 x) through `centre` that brings the direction of `start` to that of `now`.

    Returns
    -------
    float
        Degrees, -180 to 180, in the sense of :meth:`RigidTransform.about`.
    """
    first, second = (axis + 1) % 3, (axis + 2) % 3
    before, after = (np.subtract(point, centre) for point in (start, now))
    angle = np.arctan2(after[second], after[first]) - np.arctan2(before[second], before[first])
    return float((np.degrees(angle) + 180) % 360 - 180)


def centre_of_bone(scan: Scan, threshold: float) -> Triple:
    """The middle of what is above `threshold`, micrometres; of the scan where nothing is."""
    first = [min(_COARSE // 2, n - 1) for n in scan.shape]
    z, y, x = (slice(start, None, _COARSE) for start in first)
    inside = np.argwhere(np.asarray(scan.voxels[z, y, x]) > threshold)
    return scan.grid.to_um(inside.mean(axis=0) * _COARSE + first) if len(inside) else scan.grid.centre
