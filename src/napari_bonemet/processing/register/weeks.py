"""Rigid registration of the weeks of one leg, in micrometres.

The later weeks are brought onto the baseline week; with a reference scan the baseline is brought onto that, and
the later weeks follow through it (BoneMet supplementary, section A). Transforms are composed and every week is
interpolated once.
"""

from dataclasses import dataclass, replace
from functools import cached_property

from napari_bonemet.geometry import Grid
from napari_bonemet.processing.register.fitting import Fit, fit_follow_up, fit_to_reference
from napari_bonemet.processing.register.images import Bone, find_bone
from napari_bonemet.processing.register.quality import assess, baseline_quality
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

# How far a week's bar has come when it is read, and when its pose is found.
_READ, _FITTED = 0.3, 0.75
# Where nothing reaches this part of the bone threshold, interpolation may be plain.
_PLAIN = 0.8


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
    parts = iter(_shares(progress, len(series)))
    part = next(parts)
    baseline = _read(baseline, part)
    bone = _bone_of(baseline, options, part)
    mirror = reference is not None and reference.side is not None and baseline.side not in (None, reference.side)
    target = mirror_image(reference) if reference is not None and mirror else reference
    base = _lay_baseline(baseline, bone, target, options, PartOf(part, _READ, 1.0))
    weeks = {baseline.day: base}
    onto = Onto(base.scan, options)
    for scan in series:
        if scan.day != baseline.day:
            weeks[scan.day] = _register(onto, bone, scan, base.fit.pose, next(parts))
    progress.advance(1.0)
    ordered = [weeks[scan.day] for scan in series]
    return RegistrationResult(
        ScanSeries(tuple(week.scan for week in ordered)),
        tuple(week.fit.pose for week in ordered),
        tuple(week.quality for week in ordered),
        mirror,
    )


def mirror_image(scan: Scan) -> Scan:
    """`scan` mirrored left for right in place, so that a leg of the other side can lie on it; its history says so."""
    step = Step("mirror", {"axis": "x"})
    side = {"left": "right", "right": "left"}.get(scan.side or "")
    flipped = scan.with_voxels(scan.to_numpy()[:, :, ::-1], step=step)
    return replace(flipped, side=side)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Week:
    scan: Scan
    fit: Fit
    quality: RegistrationQuality


def _read(scan: Scan, part: Progress) -> Scan:
    """The scan with its voxels in memory: they are asked for several times, and unpacking slices takes long."""
    part.message(f"Reading {scan.title}")
    part.check()
    return scan.in_memory(PartOf(part, 0.0, _READ))


def _bone_of(scan: Scan, options: RegistrationOptions, progress: Progress) -> Bone:
    progress.message(f"Looking for the bone of {scan.title}")
    progress.check()
    return find_bone(scan, options.bone_threshold)


def _shares(progress: Progress, count: int) -> list[Progress]:
    return [PartOf(progress, i / count, (i + 1) / count) for i in range(count)]


def _lay_baseline(
    baseline: Scan, bone: Bone, reference: Scan | None, options: RegistrationOptions, progress: Progress
) -> Week:
    if reference is None:
        baseline = _around(bone, baseline, options.around_bone)
        scan = baseline.with_voxels(baseline.voxels, step=Step("register", options.as_record()), kind=Kind.REGIST)
        return Week(scan, Fit(RigidTransform(), (), 0.0), baseline_quality(baseline))
    fixed = find_bone(reference, options.bone_threshold)
    progress.message(f"Registering {baseline.title}, to the reference")
    fit = fit_to_reference(fixed, bone, options, PartOf(progress, 0.0, _FITTED))
    # What has no side, a head or a spine, is its own mirror image nearly.
    fit = replace(fit, other_side=fit.other_side and baseline.side is not None)
    part = PartOf(progress, _FITTED, 1.0)
    onto = Onto(_around(fixed, reference, options.around_bone), options)
    return lay(onto, baseline, fit, target="reference", progress=part)


def _around(bone: Bone, scan: Scan, margin: float | None) -> Scan:
    """The scan around its bone's box, which is a tenth larger than the bone, and `margin` micrometres more; or all."""
    if margin is None:
        return scan
    region = []
    box = scan.grid.region_of(bone.grid)
    for part, count, spacing in zip(box, scan.shape, scan.spacing, strict=True):
        more = round(margin / spacing)
        region.append(slice(max(0, part.start - more), min(count, part.stop + more)))
    return scan.crop(region)


def _register(onto: "Onto", bone: Bone, scan: Scan, first: RigidTransform, progress: Progress) -> Week:
    """One later week onto the baseline's bone, and through its pose `first` onto the common grid."""
    scan = _read(scan, progress)
    moving = _bone_of(scan, onto.options, progress)
    progress.message(f"Registering {scan.title}")
    fit = fit_follow_up(bone, moving, onto.options, PartOf(progress, _READ, _FITTED))
    return lay(onto, scan, fit.through(first), target="baseline", progress=PartOf(progress, _FITTED, 1.0))


@dataclass(frozen=True, eq=False)
class Onto:
    """The scan that weeks are laid onto."""

    scan: Scan
    options: RegistrationOptions

    @cached_property
    def step(self) -> Step:
        """What the history says; the scan is hashed once for all weeks."""
        source = Source(self.scan.title, fingerprint(self.scan.voxels))
        return Step("register", self.options.as_record(), (source,))


def lay(onto: Onto, moving: Scan, fit: Fit, *, target: str, progress: Progress) -> Week:
    """Put a week onto the common grid, by one interpolation, and judge it."""
    scan = put(moving, onto.scan.grid, fit.pose, onto.options, onto.step, progress=progress)
    quality = assess(onto.scan, moving, scan, fit, onto.options, target=target)
    progress.message(f"{moving.title}: {quality.verdict}, {quality.reason}")
    return Week(scan, fit, quality)


def put(
    moving: Scan, grid: Grid, pose: RigidTransform, options: RegistrationOptions, step: Step, *, progress: Progress
) -> Scan:
    """A week on `grid`, by one interpolation; `pose` maps points of the grid to the week as scanned."""
    plain_below = _PLAIN * options.bone_threshold
    laid = resample(moving, grid, pose, plain_below=plain_below, kind=Kind.REGIST, progress=progress)
    return laid.with_voxels(laid.voxels, step=step)
