"""One synthetic leg: its weeks as scanned, and the truth about them."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid
from napari_bonemet.phantom import scanner
from napari_bonemet.phantom.anatomy import FUSION_UM, anatomy_of
from napari_bonemet.phantom.bone import Compartment
from napari_bonemet.phantom.growth import Grown, grow_leg
from napari_bonemet.phantom.lesions import Lesion, grow
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import DAYS_PER_WEEK, Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.transform import RigidTransform

__all__ = ["Compartment", "LegOptions", "LegTruth", "SyntheticLeg", "continue_leg", "make_leg"]


@dataclass(frozen=True, eq=False)
class LegTruth:
    """What is known of a synthetic leg, one entry per week, on the baseline's grid.

    Parameters
    ----------
    poses : tuple of RigidTransform
        Maps points of the baseline to points of that week's scan, micrometres.
    bone : tuple of ndarray, (z, y, x) bool
        Where more than half of the voxel is bone.
    lesion_labels : tuple of ndarray, (z, y, x) uint8
        Bone of the baseline that was lost to lesion 1, 2, ...; 0 elsewhere.
    clean : tuple of Scan
        The week without pose and noise, uint8.
    landmarks_um : dict
        Depth z on the baseline's grid of "growth plate", "tibia-fibula junction" and "tibia-fibula fusion",
        micrometres; outside the grid where the field of view does not reach.
    compartments : ndarray, (z, y, x) uint8
        The :class:`Compartment` of each voxel of the healthy animal.
    lesions : tuple of Lesion
        Where the lesions start, on the baseline's grid, and how far each came in each week.
    added_labels : tuple of ndarray, (z, y, x) uint8
        Marrow of the baseline that blastic or mixed lesion 1, 2, ... made bone; all 0 for lytic ones.
    """

    poses: tuple[RigidTransform, ...]
    bone: tuple[np.ndarray, ...]
    lesion_labels: tuple[np.ndarray, ...]
    clean: tuple[Scan, ...]
    landmarks_um: dict[str, float]
    compartments: np.ndarray
    lesions: tuple[Lesion, ...]
    added_labels: tuple[np.ndarray, ...] = ()


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
        Noise-free greys of each week around the bones, float32, in the baseline's frame and reaching
        beyond its grid, so that motion brings bone into view and not emptiness; soft tissue is flat.
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
        options = self.options
        scans = []
        for week, volume, motion in zip(options.weeks, self.volumes, motions, strict=True):
            voxels = scanner.take(volume, motion, options, options.weekly(purpose, week))
            history = (*volume.history, *steps)
            scans.append(replace(volume, voxels=voxels, origin=options.grid.origin, kind=kind, history=history))
        return ScanSeries(tuple(scans))


def make_leg(options: LegOptions | None = None, *, progress: Progress = NO_PROGRESS) -> SyntheticLeg:
    """Make the leg of the animal `options.seed`: the same options give the same voxels.

    Parameters
    ----------
    options : LegOptions, optional
        The animal, its weeks, and how it is scanned.
    progress : Progress
        Told how far it is.
    """
    options = options or LegOptions()
    reach = scanner.margin(options)
    wide = options.grid.pad((reach,) * 3, (reach,) * 3)
    lesions = grow(anatomy_of(options), options)
    grown = grow_leg(options, wide, lesions, PartOf(progress, 0.0, 0.8))
    volumes = []
    for done, (week, occupancy) in enumerate(zip(options.weeks, grown.occupancy, strict=True)):
        progress.advance(0.8 + 0.2 * done / len(options.weeks))
        voxels = scanner.expose(occupancy, grown.compartments, options)
        volumes.append(_as_scan(voxels, grown.grid, options, week))
    progress.advance(1.0)
    return SyntheticLeg(options, _truth(options, grown, lesions, tuple(volumes)), tuple(volumes))


def continue_leg(
    leg: SyntheticLeg | LegOptions, after_week: int, seed: int, *, progress: Progress = NO_PROGRESS
) -> SyntheticLeg:
    """Another future of the same past: all that happens after a week is drawn anew.

    Every front, every new lesion and every later scan changes; the weeks up to `after_week` stay as
    they are to a grey level. Futures of one past are what a forecast's uncertainty can be held to.

    Parameters
    ----------
    leg : SyntheticLeg or LegOptions
        The past.
    after_week : int
        The last week that stays.
    seed : int
        Which future.

    Raises
    ------
    InputError
        When no week comes after `after_week`.
    """
    options = leg.options if isinstance(leg, SyntheticLeg) else leg
    if after_week >= options.weeks[-1]:
        raise InputError(
            "There is no future to draw",
            expected=f"a week before {options.weeks[-1]}, the last one scanned",
            found=f"week {after_week}",
        )
    kept = [(a, s) for a, s in zip(options.continued_after, options.continued_seeds, strict=True) if a < after_week]
    chain = [*kept, (after_week, seed)]
    future = replace(options, continued_after=tuple(a for a, _ in chain), continued_seeds=tuple(s for _, s in chain))
    return make_leg(future, progress=progress)


def _truth(options: LegOptions, grown: Grown, lesions: tuple[Lesion, ...], volumes: tuple[Scan, ...]) -> LegTruth:
    grid = options.grid
    bone = tuple(scanner.onto(grid, occupancy > 0.5, grown.grid) for occupancy in grown.occupancy)
    if grown.lost_to:
        labels = tuple(np.where(bone[0], scanner.onto(grid, lost, grown.grid), 0) for lost in grown.lost_to)
    else:
        labels = (np.zeros(grid.shape, np.uint8),) * len(bone)
    added = tuple(scanner.onto(grid, each, grown.grid) for each in grown.added_by)
    plate = options.plate_um
    landmarks = {
        "growth plate": plate,
        "tibia-fibula junction": plate + anatomy_of(options).junction,
        "tibia-fibula fusion": plate + FUSION_UM,
    }
    return LegTruth(
        poses=tuple(scanner.pose(options, week) for week in options.weeks),
        bone=bone,
        lesion_labels=labels,
        clean=tuple(_clean(volume, options) for volume in volumes),
        landmarks_um=landmarks,
        compartments=scanner.onto(grid, grown.compartments, grown.grid),
        lesions=tuple(_on_grid(lesion, options) for lesion in lesions),
        added_labels=added or (np.zeros(grid.shape, np.uint8),) * len(bone),
    )


def _on_grid(lesion: Lesion, options: LegOptions) -> Lesion:
    _, middle_y, middle_x = options.grid.centre
    z, y, x = lesion.seed_um
    mirror = 1 if options.side == "left" else -1
    return replace(lesion, seed_um=(z + options.plate_um, y + middle_y, mirror * x + middle_x))


def _as_scan(voxels: np.ndarray, grid: Grid, options: LegOptions, week: int) -> Scan:
    return Scan(
        voxels,
        grid.spacing,
        grid.origin,
        subject=options.subject,
        side=options.side,
        day=week * DAYS_PER_WEEK,
        synthetic=True,
        history=(Step("synthetic", {**options.as_record(), "week": week, "generator": options.generator}),),
    )


def _clean(volume: Scan, options: LegOptions) -> Scan:
    still = scanner.take(volume, RigidTransform(), options, None)
    return replace(volume, voxels=still, origin=options.grid.origin, kind=Kind.REGIST)
