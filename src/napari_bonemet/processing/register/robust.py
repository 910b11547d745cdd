"""The pose of one bone on another, coarse to fine: many starts, the best of them followed, one refined to the voxel."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from napari_bonemet.processing.register.alignment import TIGHT, WIDE, Aligned, Frame, align
from napari_bonemet.processing.register.images import Bone
from napari_bonemet.processing.register.points import Points, choose_points, finer_points
from napari_bonemet.processing.register.pyramid import Couple, build_pyramid
from napari_bonemet.processing.register.result import RegistrationOptions
from napari_bonemet.processing.register.starts import starting_poses
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.slabs import over_slabs
from napari_bonemet.transform import RigidTransform

_START_POINTS, _START_ROUNDS = 2500, 12
# How many poses are followed up; how many go on from each level, and at how many points they are compared there.
_TRIED = 6
_FOLLOWED = (3, 2, 1)
_POINTS, _MOST_POINTS = 6_000, 200_000
# For the mirror image's agreement, which needs no place to the hundredth of a voxel, and has to be better by so much.
_IMAGE_POINTS, _BETTER = 50_000, 0.05
_FEW_LEVELS = 3
# Poses closer than this lead to the same end.
_APART_DEGREES, _APART_RADII = 8.0, 0.08


def fit_robust(
    both: Couple, options: RegistrationOptions, progress: Progress, *, most_points: int = _MOST_POINTS
) -> Aligned:
    """The pose of the moving bone on the fixed, the same bone, in which most of it agrees.

    Parameters
    ----------
    both : Couple
        The two scans' bones.
    options : RegistrationOptions
        How many turns are tried.
    most_points : int
        On the finest level.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    poses = search(both, options=options, progress=PartOf(progress, 0.0, 0.4))
    return refine_levels(both, poses, PartOf(progress, 0.4, 1.0), most_points=most_points)


def search(both: Couple, *, options: RegistrationOptions, progress: Progress) -> list[RigidTransform]:
    """The most promising poses on the coarsest level, best first, no two alike."""
    from napari_bonemet.processing.register.align_kernels import descend

    fixed, frame = both.fixed, both.frame
    points = choose_points(fixed.levels[0], _START_POINTS, fixed.contrast, fixed.bright(0))
    turns, shifts = starting_poses(*both.shapes, options, frame.radius)
    level = both.moving.levels[0]
    places, slopes = frame.units(points)
    losses = np.full(len(turns), np.inf)
    looked_up = (places, points.values, slopes, level.grey, *frame.index_of(level))
    arguments = (*looked_up, turns, shifts, losses, fixed.contrast, _START_ROUNDS)
    over_slabs(lambda start, stop: descend(*arguments, start, stop), len(turns), slab=8, progress=progress)
    order = np.argsort(losses, kind="stable")
    return _apart((frame.pose(turns[k], shifts[k]) for k in order), frame)


def _apart(poses: Iterable[RigidTransform], frame: Frame) -> list[RigidTransform]:
    kept: list[RigidTransform] = []
    for pose in poses:
        middle = pose(frame.fixed_centre)
        near = any(
            pose.after(other.inverse()).angle < _APART_DEGREES
            and np.linalg.norm(middle - other(frame.fixed_centre)) < _APART_RADII * frame.radius
            for other in kept
        )
        if not near:
            kept.append(pose)
        if len(kept) == _TRIED:
            break
    return kept


def refine_levels(
    both: Couple,
    poses: Sequence[RigidTransform],
    progress: Progress,
    *,
    tighten: bool = True,
    most_points: int = _MOST_POINTS,
) -> Aligned:
    """Follow the poses through the levels, fewer at each, to the finest; there with tight cuts where asked."""
    fixed, frame = both.fixed, both.frame
    tried = [Aligned(pose, 1.0, 0.0, np.inf, np.inf, 0.0, ()) for pose in poses]
    depth = len(fixed.levels)
    points: Points | None = None
    for number, (one, other) in enumerate(zip(fixed.levels, both.moving.levels, strict=True)):
        part = PartOf(progress, number / depth, (number + 1) / depth)
        last = number == depth - 1
        if last and points is not None:
            points = finer_points(points, one, fixed.contrast, fixed.bright(number))
        else:
            # The finest level takes its points from the one before.
            most = most_points if number >= depth - 2 else min(most_points, _POINTS * 3**number)
            points = choose_points(one, most, fixed.contrast, fixed.bright(number))
        cuts = TIGHT if last and tighten else WIDE
        settings: dict[str, Any] = {"contrast": fixed.contrast, "cuts": cuts, "drifts": tighten and number >= depth - 2}
        settings["measure"] = fixed.full_contrast
        ends = [align(points, other, pose, frame, progress=part, **settings) for pose in tried]
        tried = sorted(ends, key=lambda end: end.loss)[: _FOLLOWED[min(number, len(_FOLLOWED) - 1)]]
        part.advance(1.0)
    return tried[0]


def mirror_image_fits_better(both: Couple, found: Aligned, options: RegistrationOptions, progress: Progress) -> bool:
    """Whether the mirror image of the fixed bone agrees better than the bone itself as `found`.

    Half the resolution tells, where that leaves enough of it.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    half = both.coarser() if len(both.fixed.levels) > _FEW_LEVELS else both
    fixed = half.fixed
    points = choose_points(fixed.levels[-1], _IMAGE_POINTS, fixed.contrast, fixed.threshold)
    settings: dict[str, Any] = {"contrast": fixed.contrast, "measure": fixed.full_contrast, "progress": progress}
    own = align(points, half.moving.levels[-1], found, half.frame, cuts=(), **settings)
    image = fit_robust(half.mirrored(), options, progress, most_points=_IMAGE_POINTS)
    return image.agreement > own.agreement + _BETTER


def compare(fixed: Bone, moving: Bone, pose: RigidTransform) -> Aligned:
    """How well a pose from elsewhere fits: its figures, as :func:`fit_robust` gives them; the pose stays."""
    return polish(fixed, moving, pose, NO_PROGRESS, cuts=())


def polish(
    fixed: Bone, moving: Bone, pose: RigidTransform, progress: Progress, *, cuts: Sequence[float] = TIGHT
) -> Aligned:
    """The best pose near `pose`, from the finest two levels alone; gain and offset are fitted where it lies.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    finest = max(bone.grid.voxel_um for bone in (fixed, moving))
    first, second = (build_pyramid(bone, [2 * finest, finest], progress) for bone in (fixed, moving))
    frame = Frame(fixed.centre, pose(fixed.centre), fixed.radius)
    gain = second.contrast / max(first.contrast, 1e-9)
    tried = Aligned(pose, gain, second.background - gain * first.background, np.inf, np.inf, 0.0, ())
    settings: dict[str, Any] = {"contrast": first.contrast, "measure": first.full_contrast}
    points = choose_points(first.levels[0], _MOST_POINTS, first.contrast, first.threshold)
    if cuts:
        tried = align(points, second.levels[0], tried, frame, progress=progress, **settings)
    points = finer_points(points, first.levels[1], first.contrast, first.threshold)
    return align(points, second.levels[1], tried, frame, progress=progress, cuts=cuts, **settings)
