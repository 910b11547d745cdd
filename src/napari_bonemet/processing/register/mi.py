"""The published way: mutual information, coarse to fine, by SimpleITK (BoneMet supplementary, sections A and C.2)."""

from napari_bonemet.processing.register.images import Bone, Level, around_bone, level_of
from napari_bonemet.processing.register.mi_refine import Frame, refine
from napari_bonemet.processing.register.mi_search import coarse_poses, score
from napari_bonemet.processing.register.result import RegistrationOptions
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.transform import RigidTransform

_SEARCH = 0.13
# Coarse levels keep at least this many voxels across the radius of the bone.
_COARSEST = 6


def fit_mi(
    fixed: Bone, moving: Bone, options: RegistrationOptions, progress: Progress
) -> tuple[RigidTransform, tuple[float, ...]]:
    """The pose of `moving` on `fixed` with the most mutual information, and the metric after every step.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    levels = _pyramid(fixed, moving, options, progress)
    frame = Frame(fixed.centre, fixed.radius)
    masks = [around_bone(pair[0], fixed.threshold) for pair in levels]
    progress.check()
    poses = coarse_poses(fixed, moving, levels[0], options, progress)
    stretches = iter(_stretches(progress, len(poses) + len(levels) - 1))
    tried = [refine(levels[0], pose, frame, mask=masks[0], options=options, progress=next(stretches)) for pose in poses]
    pose, trace = max(tried, key=lambda end: score(levels[0], fixed.threshold, end[0], options.seed))
    for pair, mask in zip(levels[1:], masks[1:], strict=True):
        pose, more = refine(pair, pose, frame, mask=mask, options=options, progress=next(stretches))
        trace += more
    return pose, trace


def _stretches(progress: Progress, count: int) -> list[Progress]:
    width = (1 - _SEARCH) / count
    return [PartOf(progress, _SEARCH + i * width, _SEARCH + (i + 1) * width) for i in range(count)]


def _pyramid(fixed: Bone, moving: Bone, options: RegistrationOptions, progress: Progress) -> list[tuple[Level, Level]]:
    """Pairs of levels, coarse to fine; the finest at the coarser of both voxel sizes."""
    finest = max(bone.grid.voxel_um for bone in (fixed, moving))
    coarsest = max(finest, fixed.radius / _COARSEST)
    sizes = sorted({min(finest * 2**i, coarsest) for i in range(options.levels)}, reverse=True)
    pairs = []
    for size in sizes:
        first = level_of(fixed, size)
        progress.check()
        pairs.append((first, level_of(moving, size)))
        progress.check()
    return pairs
