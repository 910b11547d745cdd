"""The last step onto another animal's bone: each slice laid on its counterpart, then one straight axis through all.

Shafts are bowed, some more than others. Laid on each other as a whole, a more and a less bowed bone meet over a part
of their length, and the axis tilts. So each slice of the outline is compared by itself (where it lies, how it is
turned, how large it is), and the pose takes the straight part of how they lie: a bow, which bends to one side and
comes back, is left to the animal.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from napari_bonemet.processing.register.alignment import Aligned, Frame
from napari_bonemet.processing.register.images import Level
from napari_bonemet.processing.register.points import Points

_ROUNDS = 8
# Outlines run from 0 to 100; a point that differs by more says nothing of where the edge is.
_CUT = 80.0
_FEWEST = 12
# Keeps slices that show no more than a circle from turning freely.
_RIDGE = 1e-3


def straighten(points: Points, moving: Level, start: Aligned, frame: Frame, slice_um: float) -> Aligned:
    """The pose near `start` whose axis is straight through both bones.

    Parameters
    ----------
    points : Points
        Edges of the reference's outline.
    moving : Level
        Outline of the moving bone.
    start : Aligned
        The best pose of the outlines as a whole.
    frame : Frame
        Units.
    slice_um : float
        Thickness of the reference's slices, micrometres.
    """
    from napari_bonemet.processing.register.align_kernels import look_up, turned

    places, slopes = frame.units(points)
    per_unit, zero = frame.index_of(moving)
    turn, shift = frame.into(start.pose)
    number = np.rint((points.places[:, 0] - points.places[:, 0].min()) / slice_um).astype(np.int64)
    greys, seen = np.empty(len(places)), np.empty(len(places), bool)
    for _ in range(_ROUNDS):
        look_up(places, moving.grey, turn, shift, per_unit, zero, greys, seen)
        rest = greys - points.values
        weight = np.where(seen, np.clip(1 - (rest / _CUT) ** 2, 0, None) ** 2, 0)
        step = _one_step(places, slopes, rest, weight, number)
        if step is None:
            return start
        turn, shift = turned(turn, shift, step)
    return replace(start, pose=frame.pose(turn, shift))


def _one_step(
    places: np.ndarray, slopes: np.ndarray, rest: np.ndarray, weight: np.ndarray, number: np.ndarray
) -> np.ndarray | None:
    depths, motions, trust = [], [], []
    for depth, here in _slices(places, weight, number):
        motion = _motion_of(places[here], slopes[here], rest[here], weight[here])
        depths.append(depth)
        motions.append(motion)
        trust.append(float(weight[here].sum()))
    if len(depths) < _FEWEST:
        return None
    z, moved, w = np.asarray(depths), np.asarray(motions), np.sqrt(np.asarray(trust))
    middle = (z.min() + z.max()) / 2
    half = max((z.max() - z.min()) / 2, 1e-9)
    u = (z - middle) / half
    # Straight, and what bends and comes back.
    shape = np.stack([np.ones_like(u), u, u**2 - 1 / 3, u**4 - 1 / 5], axis=1)
    fitted, *_ = np.linalg.lstsq(shape * w[:, None], moved[:, :2] * w[:, None], rcond=None)
    (y0, x0), (y1, x1) = fitted[0], fitted[1] / half
    along = slopes[:, 0]
    z0 = float((weight * along * rest).sum() / max((weight * along**2).sum(), 1e-12))
    # A turn about the middle of the slices, told about the frame's own centre.
    return np.array([_middle_of(moved[:, 2], w), -x1, y1, z0, y0 - y1 * middle, x0 - x1 * middle])


def _slices(places: np.ndarray, weight: np.ndarray, number: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
    order = np.argsort(number, kind="stable")
    ends = np.searchsorted(number[order], np.arange(number.max() + 2))
    for first, last in pairwise(ends):
        here = order[first:last]
        here = here[weight[here] > 0]
        if here.size >= _FEWEST:
            yield float(places[here, 0].mean()), here


def _motion_of(places: np.ndarray, slopes: np.ndarray, rest: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """How one slice has to move: along y, along x, and its turn; its size is fitted along and left out."""
    y, x = (places[:, a] - np.average(places[:, a], weights=weight) for a in (1, 2))
    g, h = slopes[:, 1], slopes[:, 2]
    columns = np.stack([g, h, h * y - g * x, g * y + h * x], axis=1)
    sums = (columns * weight[:, None]).T @ columns
    sums += _RIDGE * np.diag(np.diag(sums)) + 1e-12 * np.eye(4)
    return np.asarray(np.linalg.solve(sums, (columns * weight[:, None]).T @ rest)[:3])


def _middle_of(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
