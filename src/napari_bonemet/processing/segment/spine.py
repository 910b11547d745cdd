"""The spine: what lies between the hips and towards the head; not the tail and the hip bones."""

import numpy as np

from napari_bonemet.processing.segment.anatomy import Limb
from napari_bonemet.processing.segment.assemble import OTHER
from napari_bonemet.processing.segment.body import Body
from napari_bonemet.processing.segment.boxes import WALL
from napari_bonemet.processing.segment.coarse import Coarse
from napari_bonemet.processing.segment.shafts import Shaft

# Half of what a mouse's lumbar vertebra is wide with its processes, and how far its body reaches.
_HALF_WIDTH_UM, _BODY_UM = 4500.0, 900.0
_BEHIND_HIPS_UM, _BELOW_HIPS_UM = 1500.0, -1500.0
_BESIDE_UM = 1800.0
_LEAST_MM3 = 1.5
_SPINE, _HIP_BONE = 1, 2


def find_spine(
    coarse: Coarse, limbs: list[Limb], body: Body, labels: np.ndarray, strangers: list[Shaft]
) -> np.ndarray | None:
    """The spine's coarse voxels, or None where too little of it is in the field.

    Parameters
    ----------
    labels : ndarray, (z, y, x) uint8
        From :func:`label_bones`.
    strangers : list of Shaft
        Shafts of no leg; those beside the middle plane are hip bones.
    """
    from napari_bonemet.processing.segment.cut_kernels import flood

    hips = [limb.hip for limb in limbs if limb.hip is not None]
    index = np.argwhere(labels == OTHER)
    if not hips or len(index) == 0:
        return None
    away = (index + 0.5) * coarse.grid.spacing - np.mean(hips, axis=0)
    lateral = away @ body.left
    there = (away @ body.caudal < _BEHIND_HIPS_UM) & (away @ body.dorsal > _BELOW_HIPS_UM)
    there &= np.abs(lateral) < _HALF_WIDTH_UM
    if not there.any():
        return None
    index, lateral = index[there], lateral[there]
    weights = coarse.share[tuple(index.T)]
    # Hip bones lie on both sides alike, so that the middle is where half of the bone is on either side.
    order = np.argsort(lateral)
    middle = lateral[order][np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)]
    owner = np.full(labels.shape, WALL, np.uint8)
    certain = np.where(np.abs(lateral - middle) < _BODY_UM, _SPINE, 0).astype(np.uint8)
    points = (index + 0.5) * coarse.grid.spacing
    hip = np.mean(hips, axis=0)
    for shaft in strangers:
        if abs((shaft.points.mean(0) - hip) @ body.left - middle) > _BESIDE_UM:
            gaps = np.linalg.norm(points[:, None] - shaft.points[None, ::2], axis=2).min(1)
            certain[gaps < 800] = _HIP_BONE
    owner[tuple(index.T)] = certain
    flood(np.clip(coarse.share * 254, 0, 254).astype(np.uint8), owner)
    mask = owner == _SPINE
    volume = float(coarse.share[mask].sum()) * float(np.prod(coarse.grid.spacing)) * 1e-9
    return mask if volume > _LEAST_MM3 else None
