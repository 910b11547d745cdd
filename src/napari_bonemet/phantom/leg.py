"""One synthetic leg: its weeks as scanned, and the truth about them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy import ndimage

from napari_bonemet.geometry import Grid
from napari_bonemet.phantom import scanner
from napari_bonemet.phantom.bone import Anatomy, Bone, shape_bone
from napari_bonemet.phantom.lesions import advance, begin, grow
from napari_bonemet.phantom.options import LegOptions, stream
from napari_bonemet.phantom.texture import Axes
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import DAYS_PER_WEEK, Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.transform import RigidTransform

__all__ = ["LegOptions", "LegTruth", "SyntheticLeg", "make_leg"]

# Bone that hangs on nothing is not there; whole bones cut by the field of view are larger than this.
_LOOSE_MM3 = 0.004
_MOST_ABOVE_PLATE_UM = 600.0
_SHARE_ABOVE_PLATE = 0.16
# Off each trabecular surface per week; it costs a control about 2 points of BV/TV in six weeks.
_AGEING_UM = 0.5


@dataclass(frozen=True, eq=False)
class LegTruth:
    """What is known of a synthetic leg, one entry per week, on the baseline's grid.

    Parameters
    ----------
    poses : tuple of RigidTransform
        Maps points of the baseline to points of that week's scan, micrometres.
    bone : tuple of ndarray, (z, y, x) bool
        Where more than half of the voxel is bone.
    lesion_labels : tuple of ndarray, (z, y, x) int16
        Bone of the baseline that was lost to lesion 1, 2, ...; 0 elsewhere.
    clean : tuple of Scan
        The week without pose and noise, uint8.
    landmarks_um : dict
        Depth z on the baseline's grid of "growth plate" and "tibia-fibula junction", micrometres.
    """

    poses: tuple[RigidTransform, ...]
    bone: tuple[np.ndarray, ...]
    lesion_labels: tuple[np.ndarray, ...]
    clean: tuple[Scan, ...]
    landmarks_um: dict[str, float]


@dataclass(frozen=True, eq=False)
class SyntheticLeg:
    """A synthetic leg.

    Parameters
    ----------
    options : LegOptions
        What was asked for.
    truth : LegTruth
        What is known of it.
    volumes : tuple of Scan
        Noise-free greys of each week, float32, in the baseline's frame and reaching beyond its grid, so
        that motion brings bone into view and not emptiness.
    """

    options: LegOptions
    truth: LegTruth
    volumes: tuple[Scan, ...] = field(repr=False)

    @cached_property
    def series(self) -> ScanSeries:
        """The weeks as scanned, each in its own pose (Kind.SEG, uint8)."""
        return self._taken("noise", self.truth.poses, Kind.SEG)

    def registered(self, jitter_voxels: float | None = None) -> ScanSeries:
        """The weeks on the baseline's grid as a good registration would leave them (Kind.REGIST, uint8).

        Parameters
        ----------
        jitter_voxels : float, optional
            Standard deviation of the remaining shift along each axis; the options' own when None.
        """
        jitter = self.options.jitter_voxels if jitter_voxels is None else jitter_voxels
        options = replace(self.options, jitter_voxels=jitter)
        motions = tuple(scanner.residual(options, week) for week in options.weeks)
        step = Step("synthetic registration", {"jitter_voxels": jitter})
        return self._taken("registered noise", motions, Kind.REGIST, step)

    def _taken(self, purpose: str, motions: tuple[RigidTransform, ...], kind: Kind, *steps: Step) -> ScanSeries:
        grid = self.options.grid
        scans = []
        for week, volume, motion in zip(self.options.weeks, self.volumes, motions, strict=True):
            noise = stream(self.options.seed, purpose, week)
            voxels = scanner.take(volume, motion, grid, noise, self.options.noise_sd)
            history = (*volume.history, *steps)
            scans.append(replace(volume, voxels=voxels, origin=grid.origin, kind=kind, history=history))
        return ScanSeries(tuple(scans))


def make_leg(options: LegOptions | None = None, *, progress: Progress = NO_PROGRESS) -> SyntheticLeg:
    """Make the leg of the animal `options.seed`: the same options give the same voxels.

    Parameters
    ----------
    options : LegOptions, optional
        The animal, its weeks, and how it is scanned.
    progress : Progress
        Told once a week.
    """
    options = options or LegOptions()
    grid = options.grid
    reach = scanner.margin(options)
    wide = grid.pad((reach,) * 3, (reach,) * 3)
    inner = tuple(slice(reach, reach + n) for n in grid.shape)
    axes = _model_axes(options, wide)
    anatomy = Anatomy.draw(options.seed)
    healthy = shape_bone(anatomy, options.seed, axes)
    bone, labels, volumes = [], [], []
    weeks = _weeks(anatomy, healthy, axes, options)
    for done, (week, occupancy, taken) in enumerate(weeks):
        progress.advance(done / len(options.weeks))
        volumes.append(_as_scan(scanner.expose(healthy, occupancy, options), wide, options, week))
        bone.append(occupancy[inner] > 0.5)
        labels.append(np.where(bone[0], taken[inner], 0).astype(np.int16))
    progress.advance(1.0)
    plate = _plate_um(options)
    truth = LegTruth(
        poses=tuple(scanner.pose(options, week) for week in options.weeks),
        bone=tuple(bone),
        lesion_labels=tuple(labels),
        clean=tuple(_clean(volume, grid) for volume in volumes),
        landmarks_um={"growth plate": plate, "tibia-fibula junction": plate + anatomy.junction},
    )
    return SyntheticLeg(options, truth, tuple(volumes))


def _weeks(
    anatomy: Anatomy, healthy: Bone, axes: Axes, options: LegOptions
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    # Each scanned week: its number, the share of bone in each voxel, and which lesion took the bone
    # that age alone would have left.
    last = options.weeks[-1]
    lesions = grow(anatomy, options.seed, last) if options.tumour else ()
    passed = begin(healthy, axes, lesions)
    for week in range(last + 1):
        if week and lesions:
            advance(passed, axes, lesions, options.seed, week)
        if week not in options.weeks:
            continue
        aged = np.maximum(healthy.cortex, healthy.trabeculae - np.float32(_AGEING_UM * week))
        left = remaining = _occupancy(aged, healthy.fibula, options)
        taken = np.zeros(left.shape, np.int16)
        if week and lesions:
            remaining = _occupancy(np.minimum(aged, -passed.max(axis=0)), healthy.fibula, options)
            lost = (left > 0.5) & (remaining <= 0.5)
            taken[lost] = passed[:, lost].argmax(axis=0) + 1
        yield week, remaining, taken


def _occupancy(depth: np.ndarray, fibula: np.ndarray, options: LegOptions) -> np.ndarray:
    occupancy = np.clip(0.5 + np.maximum(depth, fibula) / np.float32(options.spacing_um), 0, 1)
    return _without_loose(occupancy, options.grid.voxel_volume_mm3)


def _without_loose(occupancy: np.ndarray, voxel_mm3: float) -> np.ndarray:
    parts, _ = ndimage.label(occupancy > 0.25, output=np.int32)
    loose = np.bincount(parts.ravel()) * voxel_mm3 < _LOOSE_MM3
    loose[0] = False
    return np.where(loose[parts], np.float32(0), occupancy)


def _plate_um(options: LegOptions) -> float:
    return min(_MOST_ABOVE_PLATE_UM, _SHARE_ABOVE_PLATE * options.grid.size[0])


def _model_axes(options: LegOptions, grid: Grid) -> Axes:
    _, middle_y, middle_x = options.grid.centre
    z, y, x = (np.arange(n) * s + o for n, s, o in zip(grid.shape, grid.spacing, grid.origin, strict=True))
    mirror = 1 if options.side == "left" else -1
    return (z - _plate_um(options), y - middle_y, mirror * (x - middle_x))


def _as_scan(voxels: np.ndarray, grid: Grid, options: LegOptions, week: int) -> Scan:
    return Scan(
        voxels,
        grid.spacing,
        grid.origin,
        subject=options.subject,
        side=options.side,
        day=week * DAYS_PER_WEEK,
        synthetic=True,
        history=(Step("synthetic", {**options.as_record(), "week": week}),),
    )


def _clean(volume: Scan, grid: Grid) -> Scan:
    still = scanner.take(volume, RigidTransform(), grid, np.random.default_rng(0), 0.0)
    return replace(volume, voxels=still, origin=grid.origin, kind=Kind.REGIST)
