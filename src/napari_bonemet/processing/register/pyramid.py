"""Two bones at several resolutions, ready to be brought onto each other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from napari_bonemet.geometry import Grid, stride
from napari_bonemet.processing.register.alignment import Frame
from napari_bonemet.processing.register.images import Bone, Level, bone_at, level_of
from napari_bonemet.processing.register.starts import Shape, shape_of
from napari_bonemet.progress import Progress

# Voxels of the coarsest level across the bone's smaller radius, and how much coarser than scanned it may be.
_COARSEST, _MOST_FACTOR = 2.6, 16.0
# And voxels along its shortest side.
_LEAST_VOXELS = 10
# On coarse levels an edge is brighter than the background by this part of the contrast: skin and holder are not.
_FAINT = 0.15
# Larger levels are not smoothed: the mean of many voxels has little noise, and it would take long.
_SMOOTHED_VOXELS = 8_000_000
# The grey of bone is read off about so many voxels.
_SAMPLED = 4_000_000


@dataclass(frozen=True, eq=False)
class Pyramid:
    """A bone at several resolutions, coarse to fine."""

    levels: tuple[Level, ...]
    background: float
    bone: float
    threshold: float

    @property
    def contrast(self) -> float:
        """Greys between bone and background, on a middle level, whose bone is thinned by averaging."""
        return self.bone - self.background

    @cached_property
    def full_contrast(self) -> float:
        """The same on the finest level: what is left over is measured by it, whatever the bone's pose and box."""
        grey = self.levels[-1].grey
        step = stride(grey.size, _SAMPLED)
        sampled = grey[::step, ::step, ::step]
        inside = sampled[sampled > self.threshold]
        return float(np.median(inside)) - self.background if inside.size else self.contrast

    def bright(self, number: int) -> float:
        """The grey from which an edge counts: of bone on the finest two levels, where averaging has not thinned it."""
        fine = number >= len(self.levels) - 2
        return self.threshold if fine else self.background + _FAINT * self.contrast

    def mirrored(self, middle: float) -> "Pyramid":
        """The mirror image, left for right, about x = `middle` micrometres."""
        return replace(self, levels=tuple(_mirrored(level, middle) for level in self.levels))


@dataclass(frozen=True, eq=False)
class Couple:
    """Two bones at the same resolutions.

    Parameters
    ----------
    fixed, moving : Pyramid
        Levels of equal number and about equal voxel sizes.
    shapes : tuple of Shape
        Their moments.
    frame : Frame
        The units in which poses are sought.
    """

    fixed: Pyramid
    moving: Pyramid
    shapes: tuple[Shape, Shape]
    frame: Frame

    def mirrored(self) -> "Couple":
        """With the mirror image of the fixed bone, about its own centre."""
        shape = self.shapes[0]
        image = self.fixed.mirrored(float(shape.centre[2]))
        return replace(self, fixed=image, shapes=(shape.mirrored(), self.shapes[1]))

    def coarser(self) -> "Couple":
        """Without the finest level, where there is another."""
        if len(self.fixed.levels) == 1:
            return self
        fixed, moving = (replace(one, levels=one.levels[:-1]) for one in (self.fixed, self.moving))
        return replace(self, fixed=fixed, moving=moving)


def couple(fixed: Bone, moving: Bone, progress: Progress) -> Couple:
    """Both bones, from a few voxels across to the voxels of the coarser scan."""
    shape, other = (shape_of(level_of(bone, bone.radius / 12), bone.threshold) for bone in (fixed, moving))
    sizes = level_sizes(fixed, moving, shape.across)
    first, second = (build_pyramid(bone, sizes, progress) for bone in (fixed, moving))
    return Couple(first, second, (shape, other), Frame(shape.centre, other.centre, fixed.radius))


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


def level_sizes(fixed: Bone, moving: Bone, across: float) -> list[float]:
    """Voxel sizes of the levels, coarse to fine, micrometres, each twice as fine as the one before."""
    finest = max(bone.grid.voxel_um for bone in (fixed, moving))
    coarsest = min(across / _COARSEST, _MOST_FACTOR * finest, min(fixed.grid.size) / _LEAST_VOXELS)
    count = 1 + max(0, round(np.log2(max(coarsest, finest) / finest)))
    return [finest * 2**i for i in reversed(range(count))]


def _mirrored(level: Level, middle: float) -> Level:
    grid = level.grid
    last = grid.origin[2] + (grid.shape[2] - 1) * grid.spacing[2]
    origin = (grid.origin[0], grid.origin[1], 2 * middle - last)
    return replace(
        level, grey=np.ascontiguousarray(level.grey[:, :, ::-1]), grid=Grid(grid.shape, grid.spacing, origin)
    )
