"""Composite of two weeks: bone kept, lost and formed (BoneMet supplementary, section A), less what noise fakes."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.processing.composite_result import CompositeOptions, CompositeResult, RemodellingVolumes
from napari_bonemet.processing.composite_slabs import lay_slabs, lowest_bone, settle_noise
from napari_bonemet.processing.noise_rule import Greys, rule_in_words
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Source, Step, fingerprint
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries

__all__ = ["CompositeOptions", "CompositeResult", "RemodellingVolumes", "compose_weeks", "make_composite"]


@dataclass(frozen=True)
class _Baseline:
    """What every composite over one baseline has in common."""

    scan: Scan
    source: Source
    greys: Greys | None


def make_composite(
    baseline: Scan,
    later: Scan,
    *,
    options: CompositeOptions | None = None,
    out: np.ndarray | None = None,
    progress: Progress = NO_PROGRESS,
) -> CompositeResult:
    """Lay a later week over the baseline and tell bone kept, lost and formed apart.

    Lazy weeks are read slab by slab; with the noise rule the baseline is held in memory, the later week never.

    Parameters
    ----------
    baseline, later : Scan
        Registered: on one grid.
    options : CompositeOptions, optional
        The defaults when None.
    out : ndarray of uint8, (z, y, x), optional
        Where the composite is written; a new array when None.

    Returns
    -------
    CompositeResult
        Composite, volumes before and after the noise rule, and the rule in words.

    Raises
    ------
    InputError
        When the scans lie on different grids, one shows no bone, or `out` cannot hold the composite.
    """
    options = options or CompositeOptions()
    _require_one_grid(baseline, later)
    prepared = _prepare(baseline, options, PartOf(progress, 0.0, 0.4))
    return _over(prepared, later, options, _room(out, baseline), PartOf(progress, 0.4, 1.0))


def compose_weeks(
    series: ScanSeries,
    *,
    options: CompositeOptions | None = None,
    baseline_week: float | None = None,
    progress: Progress = NO_PROGRESS,
) -> tuple[tuple[float, CompositeResult], ...]:
    """Lay every later week over one baseline, which is read, hashed and measured once.

    Parameters
    ----------
    series : ScanSeries
        Registered weeks on one grid.
    options : CompositeOptions, optional
        The defaults when None.
    baseline_week : float, optional
        The week that the later ones are compared with; the earliest when None.

    Returns
    -------
    tuple of (week, CompositeResult)
        One for each week after the baseline's.

    Raises
    ------
    InputError
        When the weeks lie on different grids, one shows no bone, or the baseline week is not there.
    """
    options = options or CompositeOptions()
    series.require_one_grid("A composite")
    baseline = series.baseline if baseline_week is None else series.at_week(baseline_week)
    later = [(week, scan) for week, scan in zip(series.weeks, series.scans, strict=True) if week > (baseline.week or 0)]
    if not later:
        return ()
    if len(later) > 1:
        baseline = baseline.in_memory(PartOf(progress, 0.0, 0.1))
    prepared = _prepare(baseline, options, PartOf(progress, 0.1, 0.2))
    made = []
    for number, (week, scan) in enumerate(later):
        progress.message(f"{scan.title}: bone lost and formed since week {baseline.week:g}")
        part = PartOf(progress, 0.2 + 0.8 * number / len(later), 0.2 + 0.8 * (number + 1) / len(later))
        made.append((week, _over(prepared, scan, options, _room(None, baseline), part)))
    return tuple(made)


def _prepare(baseline: Scan, options: CompositeOptions, progress: Progress) -> _Baseline:
    if options.noise_rule:
        baseline = baseline.in_memory(PartOf(progress, 0.0, 0.3))
    source = Source(baseline.title, fingerprint(baseline.voxels))
    progress.advance(0.5)
    greys = None
    if options.noise_rule and lowest_bone(baseline.voxels.dtype, options.bone_threshold) is not None:
        greys = Greys.of(baseline.to_numpy(), options.bone_threshold, progress=PartOf(progress, 0.5, 1.0))
    progress.advance(1.0)
    return _Baseline(baseline, source, greys)


def _over(
    prepared: _Baseline, later: Scan, options: CompositeOptions, out: np.ndarray, progress: Progress
) -> CompositeResult:
    baseline, greys = prepared.scan, prepared.greys
    laid = lay_slabs(baseline, later, options, greys, out, progress=PartOf(progress, 0.0, 0.6))
    for scan, count in ((baseline, laid.bone), (later, laid.bone_later)):
        if not count:
            raise _no_bone(scan, options.bone_threshold)
    unseen = laid.unseen / laid.bone
    raw = _volumes(laid.bone, laid.lost, laid.formed, baseline)
    volumes = raw
    if greys is not None:
        lost, formed = settle_noise(out, laid, options, progress=PartOf(progress, 0.6, 1.0))
        volumes = _volumes(laid.bone, lost, formed, baseline)
    rule = rule_in_words(options, greys, unseen)
    step = Step("composite", {**options.as_record(), "rule": rule}, (prepared.source,))
    progress.advance(1.0)
    return CompositeResult(later.with_voxels(out, step=step, kind=Kind.COMPOSITE), raw, volumes, rule)


def _require_one_grid(baseline: Scan, later: Scan) -> None:
    if not baseline.grid.matches(later.grid):
        raise InputError(
            f"{later.title} does not lie on the grid of {baseline.title}",
            expected=f"{baseline.shape} voxels of {baseline.spacing} µm",
            found=f"{later.shape} voxels of {later.spacing} µm",
            remedy="Register the weeks first",
        )


def _room(out: np.ndarray | None, baseline: Scan) -> np.ndarray:
    if out is None:
        return np.empty(baseline.shape, np.uint8)
    if out.shape != baseline.shape or out.dtype != np.uint8 or not out.flags.c_contiguous or not out.flags.writeable:
        raise InputError(
            "The composite cannot be written into the array given",
            expected=f"a writeable, contiguous array of uint8, shape {baseline.shape}",
            found=f"{out.dtype}, shape {out.shape}",
        )
    return out


def _no_bone(scan: Scan, threshold: float) -> InputError:
    return InputError(
        f"{scan.title} shows no bone",
        expected=f"grey values above {threshold:g}",
        found=f"at most {float(scan.to_numpy().max()):g}",
        remedy="Lower the bone threshold",
    )


def _volumes(bone: int, lost: int, formed: int, scan: Scan) -> RemodellingVolumes:
    kept, voxel = bone - lost, scan.grid.voxel_volume_mm3
    return RemodellingVolumes(kept * voxel, formed * voxel, lost * voxel, bone * voxel, (kept + formed) * voxel)
