"""The weeks of one animal on its baseline's grid: how much of each voxel is bone, and what took the rest.

The bone is made slab by slab, so that a whole tibia at full resolution does not need dozens of volumes
of its size in memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_bonemet.geometry import Grid, Region
from napari_bonemet.phantom.anatomy import anatomy_of, extent
from napari_bonemet.phantom.bone import Bone, shape_bone
from napari_bonemet.phantom.lesions import Fronts, Lesion
from napari_bonemet.phantom.options import LegOptions, about_one
from napari_bonemet.phantom.sclerosis import lost_depth, lytic_part, woven_share
from napari_bonemet.phantom.texture import Axes
from napari_bonemet.progress import NO_PROGRESS, Progress

_SLAB_VOXELS = 3_000_000
# Bone that hangs on nothing is not there; whole bones cut by the field of view are larger than this.
_LOOSE_MM3 = 0.004
_SPREAD_OF_AGEING = 0.4
# New bone is woven: a fifth of its mineral is still missing.
_WOVEN = 0.8


@dataclass(frozen=True)
class Grown:
    """An animal's weeks.

    Parameters
    ----------
    grid : Grid
        Around the bones, in the baseline's frame and in step with its voxels.
    compartments : ndarray, (z, y, x) uint8
        The healthy animal's :class:`~napari_bonemet.phantom.bone.Compartment`.
    occupancy : tuple of ndarray, (z, y, x) float16
        Share of each voxel that is bone, one per scanned week.
    lost_to : tuple of ndarray, (z, y, x) uint8
        Which lesion took the bone that age alone would have left, one per scanned week.
    added_by : tuple of ndarray, (z, y, x) uint8
        Which blastic or mixed lesion added bone where there was none, one per scanned week; empty for lytic ones.
    """

    grid: Grid
    compartments: np.ndarray
    occupancy: tuple[np.ndarray, ...]
    lost_to: tuple[np.ndarray, ...]
    added_by: tuple[np.ndarray, ...] = ()


def grow_leg(options: LegOptions, wide: Grid, lesions: tuple[Lesion, ...], progress: Progress = NO_PROGRESS) -> Grown:
    """Grow the animal's bones and lesions on the part of `wide` that they fill.

    Parameters
    ----------
    options : LegOptions
        The animal and its weeks.
    wide : Grid
        All that may come into view.
    lesions : tuple of Lesion
        From :func:`napari_bonemet.phantom.lesions.grow`.
    progress : Progress
        Told once a slab.
    """
    grid = wide.crop(_around_bones(options, wide))
    axes = model_axes(options, grid)
    weeks = options.weeks
    compartments = np.empty(grid.shape, np.uint8)
    occupancy = [np.empty(grid.shape, np.float16) for _ in weeks]
    # Without lesions what is left is what age leaves.
    left = [np.empty(grid.shape, np.float16) for _ in weeks] if lesions else occupancy
    near = [np.zeros(grid.shape, np.uint8) for _ in weeks] if lesions else []
    thick = max(8, _SLAB_VOXELS // (grid.shape[1] * grid.shape[2]))
    for start in range(0, grid.shape[0], thick):
        progress.advance(start / grid.shape[0])
        slab = slice(start, start + thick)
        part = (axes[0][slab], axes[1], axes[2])
        bone_weeks = _grow_slab(options, part, lesions, compartments[slab])
        for index, (remaining, aged, lesion) in enumerate(bone_weeks):
            occupancy[index][slab] = remaining
            if lesions:
                left[index][slab], near[index][slab] = aged, lesion
    for week in (*occupancy, *left) if lesions else occupancy:
        drop_loose(week, grid)
    added = () if options.lesion_kind == "lytic" else tuple(map(_added_by, occupancy, left, near))
    return Grown(grid, compartments, tuple(occupancy), _lost_to(occupancy, left, near), added)


def _grow_slab(
    options: LegOptions, axes: Axes, lesions: tuple[Lesion, ...], compartments: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    # Each scanned week: the share of bone in each voxel, what age alone would have left, the nearest lesion.
    anatomy = anatomy_of(options)
    healthy = shape_bone(anatomy, options.seed, axes)
    compartments[...] = healthy.compartments
    fronts = Fronts(healthy, axes, lesions, options)
    age = ageing_um(options)
    nowhere = np.zeros(healthy.cavity.shape, np.uint8)
    for week in range(options.weeks[-1] + 1):
        if week and not fronts.idle:
            fronts.advance(week)
        if week not in options.weeks:
            continue
        aged = np.maximum(healthy.cortex, healthy.trabeculae - np.float32(age[week]))
        left = _share(aged, healthy.fibula, options)
        if not week or fronts.idle:
            yield left, left, nowhere
            continue
        passed, lesion, healed = fronts.now()
        if options.lesion_kind != "lytic":
            yield _with_sclerosis(options, axes, healthy, aged, passed), left, lesion
            continue
        remaining = _share(np.minimum(aged, -passed), healthy.fibula, options)
        # Less mineral, but bone where it was bone.
        new = remaining[healed]
        remaining[healed] = np.where(new > 0.5, np.maximum(new * _WOVEN, 0.51), new)
        yield remaining, left, lesion


def _with_sclerosis(options: LegOptions, axes: Axes, healthy: Bone, aged: np.ndarray, passed: np.ndarray) -> np.ndarray:
    lytic = lytic_part(options, axes)
    remaining = _share(np.minimum(aged, -lost_depth(passed, lytic)), healthy.fibula, options)
    return np.maximum(remaining, woven_share(options, axes, healthy, passed, lytic))


def _added_by(occupancy: np.ndarray, left: np.ndarray, near: np.ndarray) -> np.ndarray:
    return np.where((occupancy > 0.5) & (left <= 0.5), near, np.uint8(0))


def ageing_um(options: LegOptions) -> list[float]:
    """What age has taken off every trabecular surface by each week from 0 to the last, micrometres."""
    weekly_loss = anatomy_of(options).ageing
    taken = [0.0]
    for week in range(1, options.weeks[-1] + 1):
        taken.append(taken[-1] + weekly_loss * about_one(options.weekly("ageing", week), _SPREAD_OF_AGEING))
    return taken


def _share(depth: np.ndarray, fibula: np.ndarray, options: LegOptions) -> np.ndarray:
    share = np.maximum(depth, fibula)
    share *= np.float32(1 / options.spacing_um)
    share += np.float32(0.5)
    return np.asarray(np.clip(share, 0, 1, out=share))


def _lost_to(occupancy: list[np.ndarray], left: list[np.ndarray], near: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    # What a lesion took stays its own until bone is there again, whatever age would have done.
    lost: list[np.ndarray] = []
    for remaining, aged, lesion in zip(occupancy, left, near, strict=bool(near)):
        now = np.where(aged > 0.5, lesion, lost[-1] if lost else np.uint8(0))
        now[remaining > 0.5] = 0
        lost.append(now)
    return tuple(lost)


def drop_loose(occupancy: np.ndarray, grid: Grid) -> None:
    """Take away, in place, bone that hangs on nothing."""
    parts, _ = ndimage.label(occupancy > 0.25, output=np.int32)
    loose = np.bincount(parts.ravel()) * grid.voxel_volume_mm3 < _LOOSE_MM3
    loose[0] = False
    occupancy[loose[parts]] = 0


def _around_bones(options: LegOptions, wide: Grid) -> Region:
    axes = model_axes(options, wide)
    (y_low, y_high), (x_low, x_high) = extent(anatomy_of(options), axes[0])
    aside = 4 * options.spacing_um * (1 + options.total_blur_voxels)
    y = np.flatnonzero((axes[1] > y_low - aside) & (axes[1] < y_high + aside))
    x = np.flatnonzero((axes[2] > x_low - aside) & (axes[2] < x_high + aside))
    return (slice(0, wide.shape[0]), slice(int(y[0]), int(y[-1]) + 1), slice(int(x[0]), int(x[-1]) + 1))


def model_axes(options: LegOptions, grid: Grid) -> Axes:
    """Coordinates (z, y, x) of a grid's voxels in the model's frame, micrometres."""
    _, middle_y, middle_x = options.grid.centre
    z, y, x = (np.arange(n) * s + o for n, s, o in zip(grid.shape, grid.spacing, grid.origin, strict=True))
    mirror = 1 if options.side == "left" else -1
    return (z - options.plate_um, y - middle_y, mirror * (x - middle_x))
