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
_STEP_UM, _SHIN_UM, _THIGH_UM = 400.0, 800.0, 6000.0


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
        From knee to ankle, along the shaft.
    shin : Axis
        The same along the lower end, since a tibia is bowed.
    femur : Axis, optional
        From knee to hip.
    length : float
        Of the tibia, micrometres; the usual one where its ankle is not seen.
    """

    leg: Leg
    knee: Joint | None
    ankle: Joint | None
    tibia: Axis
    shin: Axis
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
    shin, ankle = tibia, None
    for _ in range(2):
        ankle = find_ankle(coarse, shin.start, shin.way, (_SHORTEST_TIBIA_UM, _LONGEST_TIBIA_UM))
        shin = _lower_end(coarse, tibia, (ankle.along if ankle else _SHORTEST_TIBIA_UM) - 1000)
    length = ankle.along if ankle else TIBIA_UM
    femur = _femur_axis(coarse, leg, knee) if knee else None
    return Limb(leg, knee, ankle, tibia, shin, femur, length)


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
    points, mass = bone_around(coarse, knee.point, _THIGH_UM)
    far = np.linalg.norm(points - knee.point, axis=1)
    above = knee.height(points) > 300
    condyles, shaft = above & (far < 2300), above & (far > 2800) & (far < _THIGH_UM)
    if mass[shaft].sum() < 0.3e9:
        return None
    middle = np.average(points[condyles], axis=0, weights=mass[condyles])
    way = np.average(points[shaft], axis=0, weights=mass[shaft]) - middle
    way /= np.linalg.norm(way)
    return Axis(middle + ((knee.point - middle) @ way) * way, way)


def _lower_end(coarse: Coarse, tibia: Axis, stop: float) -> Axis:
    """The axis of a tibia's last 4 mm before `stop`, followed section by section down its bow."""
    points, mass = bone_around(coarse, tibia.start + 0.75 * stop * tibia.way, 0.25 * stop + 2500)
    along = tibia.along(points)
    centre = tibia.start + 0.6 * stop * tibia.way
    line: list[np.ndarray] = []
    for at in np.arange(0.6 * stop, stop, _STEP_UM):
        centre = centre + _STEP_UM * tibia.way if line else centre
        slab = np.abs(along - at) < _STEP_UM / 2
        close = slab & (np.linalg.norm(points - centre, axis=1) < _SHIN_UM)
        if mass[close].sum() > 0:
            centre = np.average(points[close], axis=0, weights=mass[close])
            line.append(centre)
    last = np.asarray(line[-int(4000 / _STEP_UM) :])
    if len(last) < 5:
        return tibia
    middle = last.mean(0)
    way = np.linalg.svd(last - middle)[2][0]
    way = way if way @ tibia.way > 0 else -way
    # Counted from the knee, as the shaft's axis is.
    return Axis(middle - tibia.along(middle) * way, way)
