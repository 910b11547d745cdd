"""The growth plate: a thin plate without bone between epiphysis and metaphysis, seldom quite square to the slices."""

import numpy as np
from scipy import ndimage

from napari_bonemet.processing.roi_landmarks import Landmark
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Voxels

_MOST_POINTS = 60_000
_SLAB = 32
_SMOOTH = 1.5
# Slopes of the plate that are tried, along y and x: to 14 degrees.
_SLOPES = np.tan(np.deg2rad(np.arange(-14, 15, 2)))
# A plate has less bone than its surroundings by at least this share; they are this part of the bone's width away.
_DIP = 0.12
_AROUND = 0.1
_LEAST_AROUND = 6


def find_growth_plate(bone: Voxels, threshold: float = 0.0, *, progress: Progress = NO_PROGRESS) -> Landmark | None:
    """The growth plate: of all planes across the proximal half, the one with least bone for what is beside it.

    Cartilage is no bone, so the area of bone falls in the plate and rises again beyond it. A scan's slices cut the
    plate askew, which smears that dip out; so planes of several slopes are tried.

    Parameters
    ----------
    bone : array-like, (z, y, x)
        z grows from proximal to distal; read slab by slab.
    threshold : float
        Bone is above this value.

    Returns
    -------
    Landmark or None
        None when there is no such dip.
    """
    points = _points(bone, threshold, progress)
    if len(points) == 0:
        return None
    centre = points[:, 1:].mean(axis=0)
    reach = max(_LEAST_AROUND, round(_AROUND * 4 * float(points[:, 1:].std(axis=0).mean())))
    around = points[:, 1:] - centre
    best = (0.0, 0, (0.0, 0.0))
    for a in _SLOPES:
        for b in _SLOPES:
            share, z = _dip(points[:, 0] + around @ (a, b), bone.shape[0], reach)
            # Of equal dips the one that lies squarest.
            share -= 0.05 * float(np.hypot(a, b))
            if share > best[0]:
                best = (share, z, (float(a), float(b)))
    share, depth, slope = best
    if share < _DIP:
        return None
    near = np.abs(points[:, 0] + around @ slope - depth) < reach
    z = round(depth - float(around[near].mean(axis=0) @ slope))
    z = min(max(z, 0), bone.shape[0] - 1)
    tilt = np.rad2deg(np.arctan(np.hypot(*slope)))
    return Landmark(
        z,
        min(1.0, 1.3 * share),
        f"the bone's area dips by {share:.0%} at slice {z} between two fuller stretches, in a plane that leans by "
        f"{tilt:.0f}°",
    )


def _points(bone: Voxels, threshold: float, progress: Progress) -> np.ndarray:
    # A sample of the bone's voxels, every slice but not every row and column.
    depth, height, width = bone.shape
    step = max(1, round(np.sqrt(depth * height * width / (20 * _MOST_POINTS))))
    parts = []
    for start in range(0, depth, _SLAB):
        part = np.asarray(bone[start : start + _SLAB])[:, ::step, ::step]
        parts.append(np.argwhere(part > threshold) * (1, step, step) + (start, 0, 0))
        progress.advance(0.8 * start / depth)
    points = np.concatenate(parts).astype(np.float32)
    # The plate lies in the proximal half, and leans into the other by no more than that.
    points = points[points[:, 0] < 0.6 * depth]
    return points[:: max(1, len(points) // _MOST_POINTS)]


def _dip(places: np.ndarray, depth: int, reach: int) -> tuple[float, int]:
    # The deepest dip of the bone's area in the proximal half: by which share of its lower neighbour, and where.
    inside = places[(places >= 0) & (places <= depth - 1)]
    area = np.bincount(np.rint(inside).astype(np.int64), minlength=depth)
    area = ndimage.gaussian_filter1d(area.astype(float), _SMOOTH, mode="nearest")
    above = ndimage.maximum_filter1d(area, reach, origin=(reach - 1) // 2, mode="constant")
    below = ndimage.maximum_filter1d(area, reach, origin=-(reach // 2), mode="constant")
    beside = np.minimum(above, below)
    share = np.where(beside > 0.1 * area.max(), 1 - area / np.maximum(beside, 1e-9), 0)
    share[depth // 2 :] = 0
    z = int(np.argmax(share))
    return float(share[z]), z
