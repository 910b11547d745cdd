"""Rigid registration of the weeks of one leg, in micrometres, by mutual information.

The later weeks are brought onto the baseline week; with a reference scan the baseline is brought onto that, and
the later weeks follow through it (BoneMet supplementary, section A). Transforms are composed and every week is
interpolated once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from napari_bonemet.processing.register.images import Bone, Level, around_bone, find_bone, level_of
from napari_bonemet.processing.register.mi_refine import Frame, refine
from napari_bonemet.processing.register.mi_search import coarse_poses, score
from napari_bonemet.processing.register.quality import Fit, assess, baseline_quality
from napari_bonemet.processing.register.result import (
    RegistrationOptions,
    RegistrationQuality,
    RegistrationResult,
)
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Source, Step, fingerprint
from napari_bonemet.resample import resample
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.transform import RigidTransform

__all__ = ["RegistrationOptions", "RegistrationQuality", "RegistrationResult", "register_weeks"]

_SEARCH, _FITTED = 0.1, 0.75
# Coarse levels keep at least this many voxels across the radius of the bone.
_COARSEST = 6
# Of degrees and micrometres.
_DIGITS = 6


def register_weeks(
    series: ScanSeries,
    *,
    options: RegistrationOptions | None = None,
    reference: Scan | None = None,
    progress: Progress = NO_PROGRESS,
) -> RegistrationResult:
    """Bring every week onto the grid of the baseline, or of `reference` where one is given.

    Parameters
    ----------
    series : ScanSeries
        The weeks as scanned; grids and voxel sizes may differ.
    options : RegistrationOptions, optional
        The defaults when None.
    reference : Scan, optional
        A reference bone; only the baseline is compared with it.

    Returns
    -------
    RegistrationResult
        Series on one grid, transforms and quality, in the order of the weeks.

    Raises
    ------
    InputError
        When a week shows no bone (it is named), or there is no scan of the baseline week.
    Cancelled
        When the user asked to stop.
    """
    options = options or RegistrationOptions()
    baseline = series.baseline if options.baseline_week is None else series.at_week(options.baseline_week)
    bones = {scan.day: _bone_of(scan, options, progress) for scan in series}
    parts = iter(_shares(progress, len(series) - (reference is None)))
    base = _lay_baseline(baseline, bones[baseline.day], reference, options, parts)
    weeks = {baseline.day: base}
    onto = _Onto(base.scan, options)
    for scan in series:
        if scan is not baseline:
            fit, part = _fit(bones[baseline.day], bones[scan.day], scan.title, options, next(parts))
            weeks[scan.day] = _lay(
                onto, scan, fit.through(base.fit.pose), options=options, target="baseline", progress=part
            )
    progress.advance(1.0)
    ordered = [weeks[scan.day] for scan in series]
    return RegistrationResult(
        ScanSeries(tuple(week.scan for week in ordered)),
        tuple(week.fit.pose for week in ordered),
        tuple(week.quality for week in ordered),
    )


@dataclass(frozen=True, eq=False)
class _Week:
    scan: Scan
    fit: Fit
    quality: RegistrationQuality


def _bone_of(scan: Scan, options: RegistrationOptions, progress: Progress) -> Bone:
    progress.message(f"Looking for the bone of {scan.title}")
    progress.check()
    return find_bone(scan, options.bone_threshold)


def _shares(progress: Progress, count: int) -> list[Progress]:
    return [PartOf(progress, i / count, (i + 1) / count) for i in range(count)]


def _lay_baseline(
    baseline: Scan, bone: Bone, reference: Scan | None, options: RegistrationOptions, parts: Iterator[Progress]
) -> _Week:
    if reference is None:
        scan = baseline.with_voxels(baseline.voxels, step=Step("register", options.as_record()), kind=Kind.REGIST)
        return _Week(scan, Fit(RigidTransform(), (), 0.0), baseline_quality(baseline))
    fixed = find_bone(reference, options.bone_threshold)
    fit, part = _fit(fixed, bone, f"{baseline.title}, to the reference", options, next(parts))
    return _lay(_Onto(reference, options), baseline, fit, options=options, target="reference", progress=part)


def _fit(
    fixed: Bone, moving: Bone, title: str, options: RegistrationOptions, progress: Progress
) -> tuple[Fit, Progress]:
    """The pose of `moving`, and the progress that is left for its resampling."""
    progress.message(f"Registering {title}")
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
    pose = _settled(pose, fixed)
    return Fit(pose, trace, pose.angle), PartOf(progress, _FITTED, 1.0)


def _settled(pose: RigidTransform, fixed: Bone) -> RigidTransform:
    """The pose without the last digits, in which sums of several threads differ from run to run."""
    centre = fixed.centre.tolist()
    turn, shift = (np.round(values, _DIGITS).tolist() for values in (pose.degrees, pose.shift_at(centre)))
    return RigidTransform.about(centre, degrees=turn, shift=shift)


def _stretches(progress: Progress, count: int) -> list[Progress]:
    width = (_FITTED - _SEARCH) / count
    return [PartOf(progress, _SEARCH + i * width, _SEARCH + (i + 1) * width) for i in range(count)]


def _pyramid(fixed: Bone, moving: Bone, options: RegistrationOptions, progress: Progress) -> list[tuple[Level, Level]]:
    """Pairs of levels, coarse to fine; the finest at the coarser of both voxel sizes."""
    finest = max(float(np.prod(bone.grid.spacing)) ** (1 / 3) for bone in (fixed, moving))
    coarsest = max(finest, fixed.radius / _COARSEST)
    sizes = sorted({min(finest * 2**i, coarsest) for i in range(options.levels)}, reverse=True)
    pairs = []
    for size in sizes:
        first = level_of(fixed, size)
        progress.check()
        pairs.append((first, level_of(moving, size)))
        progress.check()
    return pairs


@dataclass(frozen=True, eq=False)
class _Onto:
    """The scan that weeks are laid onto."""

    scan: Scan
    options: RegistrationOptions

    @cached_property
    def step(self) -> Step:
        """What the history says; the scan is hashed once for all weeks."""
        source = Source(self.scan.title, fingerprint(self.scan.voxels))
        return Step("register", self.options.as_record(), (source,))


def _lay(
    onto: _Onto, moving: Scan, fit: Fit, *, options: RegistrationOptions, target: str, progress: Progress
) -> _Week:
    laid = resample(moving, onto.scan.grid, fit.pose, kind=Kind.REGIST, progress=progress)
    scan = laid.with_voxels(laid.voxels, step=onto.step)
    quality = assess(onto.scan, moving, scan, fit, options, target=target)
    progress.message(f"{moving.title}: {quality.verdict}, {quality.reason}")
    return _Week(scan, fit, quality)
