"""What a session says was done, done again: the leg opened, its weeks laid and cropped as they were."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid
from napari_bonemet.io.bonemet import LegFiles, find_legs, read_series
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.processing.composite import CompositeResult, compose_weeks
from napari_bonemet.processing.register.result import RegistrationResult
from napari_bonemet.processing.register.weeks import put
from napari_bonemet.processing.roi import RoiResult, crop_roi
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Step, fingerprint
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.session import Composed, Cropped, LegSource, Registered
from napari_bonemet.study.session_file import place_in

__all__ = ["composed_again", "cropped_again", "files_of", "open_leg", "registered_again"]

LOCATE = "Give the folder that holds the scans now (Locate folder…)"
# A registered grid may be larger than the scans laid on it; one this much larger is no leg's.
_LARGER = 8


def files_of(
    source: LegSource,
    session: str | Path,
    *,
    folder: Path | None = None,
    outside: bool = True,
    progress: Progress = NO_PROGRESS,
) -> tuple[LegFiles, Path]:
    """The files of the leg that a session names, and the folder that they were found in.

    Parameters
    ----------
    source : LegSource
        The leg.
    session : path
        The session's file, which relative folders are counted from.
    folder : Path, optional
        Where the scans lie now, if no longer there.
    outside : bool
        As in :func:`~napari_bonemet.study.session_file.place_in`.

    Raises
    ------
    InputError
        When the folder is not there or may not be named, or the leg is not in it.
    """
    place = folder or place_in(source.folder or "", session, outside=outside)
    if not place.exists():
        raise InputError(f"The scans of {source.leg} are no longer there", expected=str(place), remedy=LOCATE)
    for files in find_legs(place, progress=progress):
        if files.leg == source.leg and str(files.kind) == source.kind:
            return files, place
    raise InputError(
        f"{place} no longer holds what the session was saved with",
        expected=f"{source.leg}, {source.kind}",
        remedy=LOCATE,
    )


def open_leg(
    source: LegSource,
    session: str | Path,
    *,
    folder: Path | None = None,
    outside: bool = True,
    progress: Progress = NO_PROGRESS,
) -> tuple[ScanSeries, LegFiles | None, Path | None, tuple[str, ...]]:
    """The weeks of a leg as they were on the table: read from their folder, or made again if synthetic.

    Parameters are those of :func:`files_of`.

    Returns
    -------
    series : ScanSeries
        Lazy where the format allows it.
    files, folder : LegFiles, Path or None
        Where they lie; None for the synthetic ones.
    notes : tuple of str
        What is other than it was, in words.

    Raises
    ------
    InputError
        When the scans are not there, or cannot be read.
    """
    if source.sample is not None:
        made = make_leg(source.sample, progress=progress)
        return (made.registered() if source.registered else made.series), None, None, ()
    files, place = files_of(source, session, folder=folder, outside=outside, progress=PartOf(progress, 0.0, 0.2))
    known = {week.week: week.grid for week in source.weeks}
    usual = next(iter(known.values())).spacing if known else None
    scans: list[Scan] = []
    for number, (week, path) in enumerate(files.weeks):
        part = PartOf(progress, 0.2 + 0.8 * number / len(files.weeks), 0.2 + 0.8 * (number + 1) / len(files.weeks))
        spacing = known[week].spacing if week in known else usual
        scans += read_series(replace(files, weeks=((week, path),)), spacing=spacing, progress=part).scans
    series = ScanSeries(tuple(scans))
    return series, files, place, _differences(series, known)


def _differences(series: ScanSeries, known: dict[float, Grid]) -> tuple[str, ...]:
    now = {week: scan.grid for week, scan in zip(series.weeks, series, strict=True)}
    gone, new = sorted(set(known) - set(now)), sorted(set(now) - set(known))
    notes = [f"Week {week:g} of {series.leg} is no longer there." for week in gone]
    notes += [f"Week {week:g} of {series.leg} is new since the session was saved." for week in new]
    for week in sorted(set(now) & set(known)):
        if not now[week].matches(known[week]):
            notes.append(f"Week {week:g} of {series.leg} has another size, voxel size or place than when it was saved.")
    return tuple(notes)


def registered_again(
    series: ScanSeries, made: Registered, *, progress: Progress = NO_PROGRESS
) -> tuple[RegistrationResult, tuple[str, ...]]:
    """The weeks on the grid where a session says they lay, by the transforms in it; nothing is searched for.

    Returns
    -------
    result : RegistrationResult
        Voxel for voxel what it was, if the scans are what they were.
    notes : tuple of str
        Where they are not.

    Raises
    ------
    InputError
        When a week is not there, or the grid is none that these scans could have been laid on.
    """
    _check(series, made)
    options = made.options
    laid: list[Scan] = []
    notes: list[str] = []
    hashes = {source.sha256 for source in made.onto if source is not None}
    for number, (week, pose, onto) in enumerate(zip(made.weeks, made.transforms, made.onto, strict=True)):
        scan = series.at_week(week)
        part = PartOf(progress, number / len(made.weeks), (number + 1) / len(made.weeks))
        part.message(f"{scan.title}, laid where it was")
        step = Step("register", options.as_record(), () if onto is None else (onto,))
        if onto is None:
            # The week that the others lie on was never moved.
            cut = scan if options.around_bone is None else scan.crop(scan.grid.region_of(made.grid))
            laid.append(cut.with_voxels(cut.voxels, step=step, kind=Kind.REGIST))
            if hashes and fingerprint(laid[-1].voxels) not in hashes:
                notes.append(f"The voxels of {scan.title} are not those that the session was saved with.")
        else:
            laid.append(put(scan, made.grid, pose, options, step, progress=part))
    result = RegistrationResult(ScanSeries(tuple(laid)), made.transforms, made.quality, made.mirrored)
    return result, tuple(notes)


def _check(series: ScanSeries, made: Registered) -> None:
    if not made.weeks or {len(made.transforms), len(made.quality), len(made.onto)} != {len(made.weeks)}:
        raise InputError(
            "The registration in the session cannot be used",
            expected="one transform and one judgement a week",
            found=f"{len(made.weeks)} weeks, {len(made.transforms)} transforms, {len(made.quality)} judgements",
        )
    largest = max(math.prod(scan.shape) for scan in series)
    if math.prod(made.grid.shape) > _LARGER * largest:
        raise InputError(
            "The registration in the session cannot be used",
            expected=f"a grid of at most {_LARGER} times the largest scan",
            found=f"{made.grid.shape} voxels",
        )


def cropped_again(series: ScanSeries, made: Cropped, *, progress: Progress = NO_PROGRESS) -> RoiResult:
    """The region of interest as it was, by its first slice; the landmark is not searched for again.

    Raises
    ------
    InputError
        When the first slice lies outside, or the fibula that was taken out is not found.
    """
    roi = crop_roi(series, options=made.options, progress=progress)
    return replace(
        roi,
        landmark=made.landmark,
        landmark_slice=made.landmark_slice,
        confidence=made.confidence,
        reason=made.reason,
    )


def composed_again(
    series: ScanSeries, made: Sequence[Composed], *, progress: Progress = NO_PROGRESS
) -> dict[float, CompositeResult]:
    """The composites that there were, week to composite.

    Raises
    ------
    InputError
        When a week is not there.
    """
    alike: dict[tuple[float, str], list[Composed]] = {}
    for one in made:
        alike.setdefault((one.baseline, repr(one.options)), []).append(one)
    found: dict[float, CompositeResult] = {}
    for number, ((baseline, _), several) in enumerate(alike.items()):
        part = PartOf(progress, number / len(alike), (number + 1) / len(alike))
        weeks = series.select([baseline, *(one.later for one in several)])
        found |= dict(compose_weeks(weeks, options=several[0].options, baseline_week=baseline, progress=part))
    return {one.later: found[one.later] for one in made if one.later in found}
