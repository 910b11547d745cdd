"""From joints to labels: what is certain around each joint, then everything else by flooding the coarse volume."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.processing.segment.anatomy import FEMUR_OF_TIBIA, Limb
from napari_bonemet.processing.segment.boxes import WALL, Box, open_box, settle, small_bones
from napari_bonemet.processing.segment.coarse import Coarse
from napari_bonemet.processing.segment.shafts import Shaft

OTHER = 200
BONE_SHARE = 0.12
_KNEE_UM, _ANKLE_UM, _HIP_UM = 3600.0, 2600.0, 4500.0
# Within this of a joint's plane it is left to the flood whose bone is.
_UNSURE_UM = 350.0
_LARGEST_SESAMOID_UM3 = 0.7e9
_CORE_UM = 900.0


@dataclass(frozen=True)
class Owners:
    """The labels of one leg's bones while they are told apart."""

    tibia: int
    femur: int


def label_bones(coarse: Coarse, limbs: list[tuple[Limb, Owners]], strangers: list[Shaft]) -> np.ndarray:
    """Whose each coarse voxel of bone is.

    Parameters
    ----------
    coarse : Coarse
        The scan.
    limbs : list of (Limb, Owners)
        The legs.
    strangers : list of Shaft
        Shafts of no leg: tail, hip bones, feet.

    Returns
    -------
    ndarray, (z, y, x) uint8
        The owner, OTHER for any other bone, 0 for none.
    """
    from napari_bonemet.processing.segment.cut_kernels import flood

    bone = coarse.share > BONE_SHARE
    owner = np.where(bone, 0, WALL).astype(np.uint8)
    index = np.argwhere(bone)
    points = (index + 0.5) * coarse.grid.spacing
    certain = np.zeros(len(points), np.uint8)
    _mark_far(certain, points, limbs)
    for shaft in strangers:
        _mark_core(certain, points, shaft, OTHER)
    for limb, who in limbs:
        _mark_core(certain, points, limb.leg.tibia, who.tibia, limb)
        if limb.leg.femur is not None:
            _mark_core(certain, points, limb.leg.femur, who.femur)
    owner[tuple(index.T)] = certain
    for limb, who in limbs:
        for box, centre, reach in _joint_boxes(coarse, limb, who):
            _put(owner, coarse, box, centre, reach)
    level = np.clip(coarse.share * 254, 0, 254).astype(np.uint8)
    flood(level, owner)
    owner[owner == WALL] = 0
    owner[bone & (owner == 0)] = OTHER
    return owner


def _mark_core(certain: np.ndarray, points: np.ndarray, shaft: Shaft, who: int, limb: Limb | None = None) -> None:
    """Bone around a shaft's middle line; a tibia's only between its joints."""
    from scipy.spatial import cKDTree

    low, high = shaft.points.min(0) - 1500, shaft.points.max(0) + 1500
    near = np.flatnonzero(((points > low) & (points < high)).all(1))
    here = points[near]
    close = cKDTree(shaft.points).query(here, distance_upper_bound=_CORE_UM)[0] < _CORE_UM
    if limb is not None:
        close &= (limb.tibia.along(here) < limb.length - 2000) & (limb.tibia.along(here) > 1500)
    certain[near[close]] = who


def _mark_far(certain: np.ndarray, points: np.ndarray, limbs: list[tuple[Limb, Owners]]) -> None:
    """Bone that is too far from every leg's axes is some other bone."""
    far = np.ones(len(points), bool)
    for limb, _ in limbs:
        along, aside = limb.tibia.along(points), limb.tibia.aside(points)
        far &= (along < -6000) | (along > limb.length + 1600) | (aside > 3200)
        if limb.femur is not None:
            along, aside = limb.femur.along(points), limb.femur.aside(points)
            length = FEMUR_OF_TIBIA * limb.length
            # A stump tells its direction less well than a shaft.
            wide = 2600.0 if limb.leg.femur is not None else 3400.0
            far &= (along < -3500) | (along > length + 1500) | (aside > np.where(along > length - 6000, 3600, wide))
    certain[far] = OTHER


def _joint_boxes(coarse: Coarse, limb: Limb, who: Owners) -> list[tuple[Box, np.ndarray, float]]:
    found = []
    for box, centre, reach in (_knee(coarse, limb, who), _ankle(coarse, limb, who), _hip(coarse, limb, who)):
        if box is not None and centre is not None:
            found.append((box, centre, reach))
    return found


def _knee(coarse: Coarse, limb: Limb, who: Owners) -> tuple[Box | None, np.ndarray | None, float]:
    knee = limb.knee
    box = None if knee is None else open_box(coarse, knee.point, _KNEE_UM)
    if knee is None or box is None:
        return None, None, 0.0

    def certain(points: np.ndarray) -> np.ndarray:
        height = knee.height(points)
        owner = np.zeros(len(points), np.uint8)
        beside = np.linalg.norm(points - knee.point, axis=1)
        owner[(height < -_UNSURE_UM) & (limb.tibia.aside(points) < 1900)] = who.tibia
        owner[(height > _UNSURE_UM) & (beside < 2600)] = who.femur
        if limb.femur is not None and limb.leg.femur is not None:
            # Much bent, a femur comes down behind its tibia: there each has what is nearer to its axis.
            below = (height < 0) & (limb.femur.along(points) > 1200)
            nearer = limb.femur.aside(points) / np.maximum(limb.tibia.aside(points), 1.0)
            owner[below & (nearer < 0.7)] = who.femur
            owner[below & (nearer >= 0.7) & (nearer < 1.4)] = 0
        return owner

    box = settle(box, certain)
    box = small_bones(box, who.femur, _LARGEST_SESAMOID_UM3, OTHER)
    return small_bones(box, who.tibia, 0.15e9, OTHER), knee.point, _KNEE_UM


def _ankle(coarse: Coarse, limb: Limb, who: Owners) -> tuple[Box | None, np.ndarray | None, float]:
    ankle = limb.ankle
    box = None if ankle is None else open_box(coarse, ankle.point, _ANKLE_UM)
    if ankle is None or box is None:
        return None, None, 0.0

    def certain(points: np.ndarray) -> np.ndarray:
        height, aside = ankle.height(points), limb.shin.aside(points)
        owner = np.zeros(len(points), np.uint8)
        owner[(height < -250) & (aside < 700)] = who.tibia
        owner[(height > 1100) | ((height > 450) & (aside < 350)) | (aside > 2200)] = OTHER
        return owner

    return settle(box, certain), ankle.point, _ANKLE_UM


def _hip(coarse: Coarse, limb: Limb, who: Owners) -> tuple[Box | None, np.ndarray | None, float]:
    femur = limb.femur
    if femur is None:
        return None, None, 0.0
    length = FEMUR_OF_TIBIA * limb.length
    centre = femur.start + (length - 1500) * femur.way
    box = open_box(coarse, centre, _HIP_UM)
    if box is None:
        return None, None, 0.0

    def certain(points: np.ndarray) -> np.ndarray:
        along, aside = femur.along(points), femur.aside(points)
        owner = np.zeros(len(points), np.uint8)
        owner[(along < length - 4200) & (aside < 1300)] = who.femur
        owner[(along > length + 1300) | (aside > 3400)] = OTHER
        return owner

    return settle(box, certain), centre, _HIP_UM


def _put(owner: np.ndarray, coarse: Coarse, box: Box, centre: np.ndarray, reach: float) -> None:
    """Hand what a box says to the coarse voxels: each goes to whom most of its bone belongs to."""
    size = np.asarray(coarse.grid.spacing)
    finer = np.asarray(coarse.finer)
    low = box.low // finer
    shape = -(-(box.low + box.owner.shape) // finer) - low
    best = np.zeros(shape, np.float32)
    winner = np.zeros(shape, np.uint8)
    index = np.argwhere(box.owner > 0)
    who, weight = box.owner[tuple(index.T)], box.share[tuple(index.T)].astype(np.float32)
    target = (index + box.low) // finer - low
    for name in np.unique(who):
        mass = np.zeros(shape, np.float32)
        mine = who == name
        np.add.at(mass, tuple(target[mine].T), weight[mine])
        more = mass > best
        best[more], winner[more] = mass[more], name
    place = tuple(slice(a, a + n) for a, n in zip(low, shape, strict=True))
    grid = np.stack(np.meshgrid(*(np.arange(a, a + n) for a, n in zip(low, shape, strict=True)), indexing="ij"), -1)
    inside = np.linalg.norm((grid + 0.5) * size - centre, axis=-1) < reach
    there = owner[place]
    there[(winner > 0) & inside & (there != WALL)] = winner[(winner > 0) & inside & (there != WALL)]
