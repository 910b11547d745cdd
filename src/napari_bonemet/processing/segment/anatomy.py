"""The joints of each leg, and where its bones begin and end."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.processing.segment.coarse import Coarse
from napari_bonemet.processing.segment.joints import Joint, bone_around, find_ankle, find_joint
from napari_bonemet.processing.segment.legs import Leg

# From the knee's gap to the ankle's; and how long a femur is beside its tibia (0.85 to 0.9 in adult mice).
TIBIA_UM = 17000.0
FEMUR_OF_TIBIA = 0.88
_SHORTEST_TIBIA_UM, _LONGEST_TIBIA_UM = 11000.0, 20500.0


@dataclass(frozen=True, eq=False)
class Axis:
    """A bone's straight axis, micrometres from the first corner of the scan.

    Parameters
    ----------
    start : ndarray, (3,)
        At the knee.
    way : ndarray, (3,)
        Unit vector away from the knee.
    """

    start: np.ndarray
    way: np.ndarray

    def along(self, points: np.ndarray) -> np.ndarray:
        """How far along the axis points are."""
        return np.asarray((points - self.start) @ self.way)

    def aside(self, points: np.ndarray) -> np.ndarray:
        """How far from the axis points are."""
        away = points - self.start
        return np.asarray(np.linalg.norm(away - (away @ self.way)[..., None] * self.way, axis=-1))


@dataclass(frozen=True, eq=False)
class Limb:
    """A leg with its joints.

    Parameters
    ----------
    leg : Leg
        Its shafts.
    knee : Joint, optional
        Normal towards the femur; None where the field ends before it.
    ankle : Joint, optional
        Normal towards the foot.
    tibia : Axis
        From knee to ankle.
    femur : Axis, optional
        From knee to hip.
    length : float
        Of the tibia, micrometres; the usual one where its ankle is not seen.
    """

    leg: Leg
    knee: Joint | None
    ankle: Joint | None
    tibia: Axis
    femur: Axis | None
    length: float

    @property
    def middle(self) -> np.ndarray:
        """A point in the upper half of the tibia's shaft."""
        return np.asarray(self.tibia.start + 0.4 * self.length * self.tibia.way)

    @property
    def hip(self) -> np.ndarray | None:
        """About where the hip is; None where the femur's direction is not known."""
        if self.femur is None:
            return None
        return np.asarray(self.femur.start + FEMUR_OF_TIBIA * self.length * self.femur.way)


def find_limb(coarse: Coarse, leg: Leg) -> Limb:
    """The joints of a leg."""
    slim = float(np.percentile(leg.tibia.areas, 30))
    point, way = leg.tibia.turned().end()
    knee = find_joint(coarse, point, way, (-2500.0, 7500.0), least=(1.3 * slim, 0.5 * slim))
    top = knee.point if knee else point
    tibia = _tibia_axis(leg, top)
    ankle = find_ankle(coarse, tibia.start, tibia.way, (_SHORTEST_TIBIA_UM, _LONGEST_TIBIA_UM))
    length = float(tibia.along(ankle.point)) if ankle else TIBIA_UM
    return Limb(leg, knee, ankle, tibia, _femur_axis(coarse, leg, knee) if knee else None, length)


def _tibia_axis(leg: Leg, top: np.ndarray) -> Axis:
    """From the knee through the straight lower part of the shaft."""
    points = leg.tibia.points
    far = np.linalg.norm(points - top, axis=1)
    shaft = points[(far > 5000) & (far < 13000)]
    if len(shaft) < 4:
        shaft = points
    middle = shaft.mean(0)
    way = np.linalg.svd(shaft - middle)[2][0]
    way = way if way @ leg.tibia.direction > 0 else -way
    return Axis(middle + ((top - middle) @ way) * way, way)


def _femur_axis(coarse: Coarse, leg: Leg, knee: Joint) -> Axis | None:
    """From the knee to the hip: by the femur's shaft, else by the bone above the knee."""
    if leg.femur is not None:
        middle = leg.femur.points.mean(0)
        way = -leg.femur.direction
        if np.linalg.norm(leg.femur.points[-1] - knee.point) < 6500:
            return Axis(middle + ((knee.point - middle) @ way) * way, way)
    points, mass = bone_around(coarse, knee.point, 5500.0)
    far = np.linalg.norm(points - knee.point, axis=1)
    above = (knee.height(points) > 300) & (far > 2500) & (far < 5500)
    if mass[above].sum() < 0.3e9:
        return None
    way = np.average(points[above], axis=0, weights=mass[above]) - knee.point
    return Axis(knee.point, way / np.linalg.norm(way))
