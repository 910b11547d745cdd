"""The spine: what lies between the legs towards the head, its hip bones and tail left out where they can be told."""

import numpy as np

from napari_bonemet.processing.segment.anatomy import FEMUR_OF_TIBIA, Limb
from napari_bonemet.processing.segment.assemble import OTHER
from napari_bonemet.processing.segment.body import Body
from napari_bonemet.processing.segment.coarse import Coarse

_HALF_WIDTH_UM = 4200.0
_LEAST_MM3 = 1.5


def find_spine(coarse: Coarse, limbs: list[Limb], body: Body, labels: np.ndarray) -> np.ndarray | None:
    """The spine's coarse voxels, or None where too little of it is in the field."""
    index = np.argwhere(labels == OTHER)
    points = (index + 0.5) * coarse.grid.spacing
    hips = [
        limb.femur.start + FEMUR_OF_TIBIA * limb.length * limb.femur.way for limb in limbs if limb.femur is not None
    ]
    if not hips or len(points) == 0:
        return None
    hip = np.mean(hips, axis=0)
    away = points - hip
    # Towards the head of the hips, near the middle plane, and on the back's side.
    there = (away @ body.caudal < 1500) & (np.abs(away @ body.left) < _HALF_WIDTH_UM) & (away @ body.dorsal > -1500)
    weights = coarse.share[tuple(index[there].T)]
    volume = float(weights.sum()) * float(np.prod(coarse.grid.spacing)) * 1e-9
    if volume < _LEAST_MM3:
        return None
    mask = np.zeros(labels.shape, bool)
    mask[tuple(index[there].T)] = True
    return mask
