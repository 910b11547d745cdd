"""The pose of one bone on another, coarse to fine: many starts, the best of them followed, one refined to the voxel."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_bonemet.processing.register.alignment import TIGHT, WIDE, Aligned, Frame, align
from napari_bonemet.processing.register.images import Bone, Level, bone_at, level_of
from napari_bonemet.processing.register.points import Points, choose_points, finer_points
from napari_bonemet.processing.register.result import RegistrationOptions
from napari_bonemet.processing.register.starts import Shape, shape_of, starting_poses
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.slabs import over_slabs
from napari_bonemet.transform import RigidTransform

# Voxels of the coarsest level across the bone's smaller radius, and how much coarser than scanned it may be.
_COARSEST, _MOST_FACTOR = 2.6, 16.0
# And voxels along its shortest side.
_LEAST_VOXELS = 10
# On coarse levels an edge is brighter than the background by this part of the contrast: skin and holder are not.
_FAINT = 0.15
_START_POINTS, _START_ROUNDS = 2500, 12
# How many poses are followed up; how many go on from each level, and at how many points they are compared there.
_TRIED = 6
_FOLLOWED = (3, 2, 1)
_POINTS, _MOST_POINTS = 6_000, 200_000
# Poses closer than this lead to the same end.
_APART_DEGREES, _APART_RADII = 8.0, 0.08


@dataclass(frozen=True, eq=False)
class Pyramid:
    """A bone at several resolutions, coarse to fine."""

    levels: tuple[Level, ...]
    background: float
    bone: float
    threshold: float

    @property
    def contrast(self) -> float:
        """Greys between bone and background."""
        return self.bone - self.background

    def bright(self, number: int) -> float:
        """The grey from which an edge counts: of bone on the finest two levels, where averaging has not thinned it."""
        fine = number >= len(self.levels) - 2
        return self.threshold if fine else self.background + _FAINT * self.contrast


def build_pyramid(bone: Bone, sizes: Sequence[float], progress: Progress) -> Pyramid:
    """Levels of about the voxel sizes given, micrometres, coarse to fine; the finest may be the scan itself."""
    levels: list[Level] = []
    finer: Bone | Level = bone
    for size in reversed(sizes):
        progress.check()
        finer = level_of(finer, size, smooth=False)
        levels.insert(0, finer)
    smoothed = [
        level_of(level, level.voxel_um) if level.grey.size < _SMOOTHED_VOXELS else level for level in levels[:-1]
    ]
    middle = levels[max(0, len(levels) - 3)]
    inside = bone_at(middle, bone.threshold)
    outside = middle.grey[~inside]
    background = float(np.median(outside)) if outside.size else 0.0
    return Pyramid((*smoothed, levels[-1]), background, float(np.median(middle.grey[inside])), bone.threshold)


# Larger levels are not smoothed: the mean of many voxels has little noise, and it would take long.
_SMOOTHED_VOXELS = 8_000_000


def level_sizes(fixed: Bone, moving: Bone, across: float) -> list[float]:
    """Voxel sizes of the levels, coarse to fine, micrometres, each twice as fine as the one before."""
    finest = max(float(np.prod(bone.grid.spacing)) ** (1 / 3) for bone in (fixed, moving))
    coarsest = min(across / _COARSEST, _MOST_FACTOR * finest, min(fixed.grid.size) / _LEAST_VOXELS)
    count = 1 + max(0, round(np.log2(max(coarsest, finest) / finest)))
    return [finest * 2**i for i in reversed(range(count))]


def fit_robust(fixed: Bone, moving: Bone, options: RegistrationOptions, progress: Progress) -> Aligned:
    """The pose of `moving` on `fixed`, the same bone, in which most of it agrees.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    shape, other = (shape_of(level_of(bone, bone.radius / 12), bone.threshold) for bone in (fixed, moving))
    sizes = level_sizes(fixed, moving, float(np.sqrt(shape.lengths[1] * shape.lengths[2])))
    first, second = (build_pyramid(bone, sizes, progress) for bone in (fixed, moving))
    frame = Frame(shape.centre, other.centre, fixed.radius)
    progress.advance(0.2)
    poses = search(first, second, (shape, other), frame, options=options, progress=PartOf(progress, 0.2, 0.5))
    return refine_levels(first, second, poses, frame, PartOf(progress, 0.5, 1.0))


def search(
    fixed: Pyramid,
    moving: Pyramid,
    shapes: tuple[Shape, Shape],
    frame: Frame,
    *,
    options: RegistrationOptions,
    progress: Progress,
) -> list[RigidTransform]:
    """The most promising poses on the coarsest level, best first, no two alike."""
    from napari_bonemet.processing.register.align_kernels import descend

    points = choose_points(fixed.levels[0], _START_POINTS, fixed.contrast, fixed.bright(0))
    turns, shifts = starting_poses(*shapes, options, frame.radius)
    level = moving.levels[0]
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
    fixed: Pyramid,
    moving: Pyramid,
    poses: Sequence[RigidTransform],
    frame: Frame,
    progress: Progress,
    *,
    tighten: bool = True,
) -> Aligned:
    """Follow the poses through the levels, fewer at each, to the finest; there with tight cuts where asked."""
    tried = [Aligned(pose, 1.0, 0.0, np.inf, np.inf, 0.0, ()) for pose in poses]
    depth = len(fixed.levels)
    points: Points | None = None
    for number, (one, other) in enumerate(zip(fixed.levels, moving.levels, strict=True)):
        part = PartOf(progress, number / depth, (number + 1) / depth)
        last = number == depth - 1
        if last and points is not None:
            points = finer_points(points, one, fixed.contrast, fixed.bright(number))
        else:
            # The finest level takes its points from the one before.
            most = _MOST_POINTS if number >= depth - 2 else min(_MOST_POINTS, _POINTS * 3**number)
            points = choose_points(one, most, fixed.contrast, fixed.bright(number))
        cuts = TIGHT if last and tighten else WIDE
        settings: dict[str, Any] = {"contrast": fixed.contrast, "cuts": cuts, "drifts": tighten and number >= depth - 2}
        ends = [align(points, other, pose, frame, progress=part, **settings) for pose in tried]
        tried = sorted(ends, key=lambda end: end.loss)[: _FOLLOWED[min(number, len(_FOLLOWED) - 1)]]
        part.advance(1.0)
    return tried[0]


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
    finest = max(float(np.prod(bone.grid.spacing)) ** (1 / 3) for bone in (fixed, moving))
    first, second = (build_pyramid(bone, [2 * finest, finest], progress) for bone in (fixed, moving))
    frame = Frame(fixed.centre, pose(fixed.centre), fixed.radius)
    gain = second.contrast / max(first.contrast, 1e-9)
    tried = Aligned(pose, gain, second.background - gain * first.background, np.inf, np.inf, 0.0, ())
    points = choose_points(first.levels[0], _MOST_POINTS, first.contrast, first.threshold)
    if cuts:
        tried = align(points, second.levels[0], tried, frame, contrast=first.contrast, progress=progress)
    points = finer_points(points, first.levels[1], first.contrast, first.threshold)
    return align(points, second.levels[1], tried, frame, contrast=first.contrast, progress=progress, cuts=cuts)
