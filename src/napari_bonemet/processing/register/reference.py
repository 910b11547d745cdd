"""A bone brought onto another animal's: by its outer shape, since nothing inside it is alike.

The published way puts week 0 onto a reference tibia by mutual information (BoneMet supplementary, section A). Two
animals' trabeculae and cortices differ everywhere; their outlines, filled and smoothed, differ by some percent.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy import ndimage

from napari_bonemet.processing.register.alignment import Aligned, Frame
from napari_bonemet.processing.register.images import Bone, Level, bone_at, level_of
from napari_bonemet.processing.register.points import choose_points
from napari_bonemet.processing.register.pyramid import Couple, Pyramid, level_sizes
from napari_bonemet.processing.register.result import RegistrationOptions
from napari_bonemet.processing.register.robust import refine_levels, search
from napari_bonemet.processing.register.slicewise import straighten
from napari_bonemet.processing.register.starts import shape_of
from napari_bonemet.progress import PartOf, Progress

# Outlines are filled at this many voxels of the coarsest level's size, and finer detail is left out.
_FINEST_ACROSS = 12.0
_FULL = 100.0
_CLOSING_SHARE = 0.12
_POINTS = 50_000
# Of the largest piece of bone.
_LEAST_PIECE = 0.02


def fit_reference(
    reference: Bone, moving: Bone, options: RegistrationOptions, progress: Progress
) -> tuple[Aligned, Aligned]:
    """The pose of `moving` on another animal's bone, and on the mirror image of that bone, for comparison.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    shape = shape_of(level_of(reference, reference.radius / 12), reference.threshold)
    other = shape_of(level_of(moving, moving.radius / 12), moving.threshold)
    finest = max(shape.across / _FINEST_ACROSS, level_sizes(reference, moving, shape.across)[-1])
    sizes = [finest * 4, finest * 2, finest]
    one, two = (outlines(bone, sizes, shape.across, progress) for bone in (reference, moving))
    progress.advance(0.3)
    both = Couple(one, two, (shape, other), Frame(shape.centre, other.centre, reference.radius))
    found = _fit(both, options, PartOf(progress, 0.3, 0.65))
    return found, _fit(both.mirrored(), options, PartOf(progress, 0.65, 1.0))


def _fit(both: Couple, options: RegistrationOptions, progress: Progress) -> Aligned:
    poses = search(both, options=options, progress=PartOf(progress, 0.0, 0.4))
    whole = refine_levels(both, poses, PartOf(progress, 0.4, 0.9), tighten=False)
    if not both.shapes[0].is_long:
        return whole
    one = both.fixed
    finest = one.levels[-1]
    points = choose_points(finest, _POINTS, one.contrast, one.bright(len(one.levels) - 1))
    return straighten(points, both.moving.levels[-1], whole, both.frame, finest.grid.spacing[0])


def outlines(bone: Bone, sizes: Sequence[float], across: float, progress: Progress) -> Pyramid:
    """The filled and smoothed outline of a bone, 0 outside and 100 inside, at several resolutions."""
    level = level_of(bone, sizes[-1], smooth=False)
    progress.check()
    solid = _filled(_pieces(bone_at(level, bone.threshold)), max(1, round(_CLOSING_SHARE * across / level.voxel_um)))
    progress.check()
    grey = ndimage.gaussian_filter(solid.astype(np.float32) * _FULL, 1.5)
    finest = Level(grey, level.grid, level.share)
    coarser = [level_of(finest, size) for size in sizes[:-1]]
    return Pyramid((*coarser, finest), 0.0, _FULL, _FULL / 2)


def _pieces(bone: np.ndarray) -> np.ndarray:
    """The bone without specks: bridging would knit noise in flesh, and the skin, into one great body."""
    labels, count = ndimage.label(bone)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    return np.asarray((sizes >= _LEAST_PIECE * sizes.max(initial=1))[labels])


def _filled(bone: np.ndarray, reach: int) -> np.ndarray:
    """Bone and all that it encloses, in 3D and in each slice; gaps of twice `reach` voxels are bridged."""
    solid = np.zeros_like(bone)
    for box in ndimage.find_objects(bone.astype(np.uint8)):
        solid[box] = _filled_box(bone[box], reach)
    return solid


def _filled_box(bone: np.ndarray, reach: int) -> np.ndarray:
    near = ndimage.distance_transform_edt(np.pad(~bone, reach + 1, constant_values=True)) <= reach
    closed = ndimage.distance_transform_edt(near) > reach
    inner = (slice(reach + 1, -reach - 1),) * 3
    solid = closed[inner] | bone
    outside = _reaches_the_rim(~solid, np.ones((3, 3, 3), bool), range(3))
    in_slices = np.zeros((3, 3, 3), bool)
    in_slices[1] = True
    return ~_reaches_the_rim(outside, in_slices, (1, 2))


def _reaches_the_rim(empty: np.ndarray, structure: np.ndarray, axes: Iterable[int]) -> np.ndarray:
    """Where connected emptiness reaches the rim of the field along one of the axes; the rest is enclosed."""
    labels, count = ndimage.label(empty, structure)
    outer = np.zeros(count + 1, bool)
    for axis in axes:
        for end in (0, -1):
            outer[np.take(labels, end, axis=axis)] = True
    outer[0] = False
    return np.asarray(outer[labels])
