"""One leg of a batch, done where a worker runs: read, register, compose, crop, written whole or not at all."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_bonemet.errors import OutputError
from napari_bonemet.io.atomic import atomic_folder, write_json, write_table
from napari_bonemet.io.bonemet import read_series
from napari_bonemet.io.names import week_name
from napari_bonemet.io.registry import read_scan
from napari_bonemet.io.write import write_scan
from napari_bonemet.processing.composite import make_composite
from napari_bonemet.processing.register import RegistrationResult, register_weeks
from napari_bonemet.processing.roi import RoiResult, crop_roi
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Json
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.batch_job import (
    RECORD,
    LegJob,
    contents_of_job,
    record_of_job,
    refuse_to_replace,
    standing_of,
)
from napari_bonemet.study.leg import require_greys, run_leg
from napari_bonemet.study.notes import about_registration, about_roi, about_spacing
from napari_bonemet.study.options import StudyOptions
from napari_bonemet.study.write import fill_leg, volume_rows, write_registration

_HASHED, _REGISTERED, _WRITTEN = 0.05, 0.6, 0.8


@dataclass(frozen=True)
class LegDone:
    """What came of one leg.

    Parameters
    ----------
    record : dict
        As it stands in the leg's folder.
    again : bool
        Whether it was done before, by somebody else in the meantime, and only found.
    """

    record: dict[str, Any]
    again: bool = False


def do_leg(job: LegJob, progress: Progress = NO_PROGRESS) -> LegDone:
    """Do one leg, unless its result is there and was made from the same.

    Raises
    ------
    InputError
        When a scan cannot be read, a step refuses it, or a result made otherwise is in the way.
    OutputError
        When the disk refuses; nothing is left of the leg then.
    Cancelled
        When the user asked to stop; nothing is left of the leg then.
    """
    progress.message(f"{job.leg}: reading")
    contents = contents_of_job(job)
    before = standing_of(job, contents)
    if before.done:
        return LegDone(before.record or {}, again=True)
    if refusal := refuse_to_replace(job, before):
        raise refusal
    progress.advance(_HASHED)
    try:
        with atomic_folder(job.folder, overwrite=bool(before.differs)) as new:
            with _warnings() as said:
                summary = _fill(job, new, PartOf(progress, _HASHED, 1.0))
            summary["notes"] = [*dict.fromkeys([*said, *summary["notes"]])]
            record = record_of_job(job, contents, summary)
            write_json(new / RECORD, record)
    except OutputError:
        # Two that did the same leg, one of them given up for dead: the first one's result stands.
        now = standing_of(job, contents)
        if not now.done:
            raise
        return LegDone(now.record or {}, again=True)
    progress.advance(1.0)
    return LegDone(record)


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """Collect what reading and the steps warn of, for the notes."""
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield said
    said += [str(one.message) for one in caught if issubclass(one.category, UserWarning)]


def _fill(job: LegJob, folder: Path, progress: Progress) -> dict[str, Any]:
    series = read_series(job.files, spacing=job.spacing)
    if job.options.whole_chain:
        return _whole_chain(job, series, folder, progress)
    require_greys(series)
    registration = _register(job, series, PartOf(progress, 0.0, _REGISTERED))
    registered = registration.series if registration else series
    registered.require_one_grid("A batch without registration")
    if registration is not None:
        write_registration(series, registration, folder)
    if job.options.weeks:
        _write_weeks(registered, folder, job.options.format, PartOf(progress, _REGISTERED, _WRITTEN))
    study = job.options.study
    roi = crop_roi(registered, options=study.roi) if study.crop_to_roi else None
    kept = roi.series if roi else registered
    rows = _compose(kept, study, folder, PartOf(progress, _WRITTEN, 0.9)) if job.options.composites else []
    if roi is not None:
        _write_weeks(roi.series, folder / "roi", job.options.format, PartOf(progress, 0.9, 0.93))
    return {
        **_summary(series, registration),
        "volumes": rows,
        "measures": _measure(job, kept, folder, PartOf(progress, 0.93, 1.0)),
        "roi": None if roi is None else _record_of_roi(roi),
        "notes": [*(about_spacing(series) if registration else ()), *about_registration(registration)]
        + ([about_roi(series, roi)] if roi else []),
    }


def _register(job: LegJob, series: ScanSeries, progress: Progress) -> RegistrationResult | None:
    """The weeks on one grid; None where they came so, and no reference asks for another."""
    from napari_bonemet.study.leg import register_leg

    if job.reference is None:
        return register_leg(series, job.options.study, progress)
    reference = read_scan(job.reference, spacing=job.spacing)
    return register_weeks(series, options=job.options.study.registration, reference=reference, progress=progress)


def _whole_chain(job: LegJob, series: ScanSeries, folder: Path, progress: Progress) -> dict[str, Any]:
    start = 0.0 if job.reference is None else 0.4
    registration = None if job.reference is None else _register(job, series, PartOf(progress, 0.0, start))
    part = PartOf(progress, start, 0.8)
    study = run_leg(series, options=job.options.study, progress=part, registration=registration)
    fill_leg(study, folder, PartOf(progress, 0.8, 0.95), registered_weeks=job.options.weeks)
    return {
        **_summary(series, study.registration),
        "volumes": [*volume_rows(study.registered, study.composites)],
        "measures": _measure(job, study.registered, folder, PartOf(progress, 0.95, 1.0)),
        "roi": None if study.roi is None else _record_of_roi(study.roi),
        "metrics": None if study.scores is None else dict(study.scores.as_row()),
        "notes": list(study.notes),
    }


def _write_weeks(series: ScanSeries, folder: Path, form: str, progress: Progress) -> None:
    ending = ".zarr" if form == "zarr" else ""
    for number, scan in enumerate(series):
        progress.message(f"{scan.title}: writing")
        part = PartOf(progress, number / len(series), (number + 1) / len(series))
        place = folder / f"{week_name(scan.day or 0.0)}{ending}"
        write_scan(scan, place, format="zarr" if form == "zarr" else "png", progress=part)


def _compose(series: ScanSeries, study: StudyOptions, folder: Path, progress: Progress) -> list[dict[str, object]]:
    """One composite after the other, so that a single one is in memory; a row of volumes for each."""
    rows: list[dict[str, object]] = []
    for number, (week, scan) in enumerate(zip(series.weeks[1:], series.scans[1:], strict=True)):
        progress.message(f"{scan.title}: bone lost and formed since week {series.weeks[0]:g}")
        part = PartOf(progress, number / (len(series) - 1), (number + 1) / (len(series) - 1))
        made = make_composite(series.baseline, scan, options=study.composite, progress=PartOf(part, 0.0, 0.6))
        place = folder / "composite" / week_name(scan.day or 0.0)
        write_scan(made.scan, place, format="png", progress=PartOf(part, 0.6, 1.0))
        rows += volume_rows(series, ((week, made),))
    if rows:
        write_table(folder / "volumes.csv", rows)
    return rows


def _measure(job: LegJob, series: ScanSeries, folder: Path, progress: Progress) -> list[dict[str, Any]] | None:
    """The measures of each week; None where they were not asked for."""
    from napari_bonemet.study.batch_measures import measure_into

    if not job.options.measures:
        return None
    progress.message(f"{series.leg}: measuring")
    return measure_into(series, job.options.measuring, folder, progress)


def _summary(series: ScanSeries, registration: RegistrationResult | None) -> dict[str, Any]:
    verdicts = {f"{q.week:g}": q.verdict for q in registration.quality} if registration else {}
    return {
        "weeks": list(series.weeks),
        "synthetic": series.synthetic,
        "verdicts": verdicts,
        "reference_mirrored": registration.mirrored if registration else False,
    }


def _record_of_roi(roi: RoiResult) -> dict[str, Json]:
    return {
        "first_slice": roi.first_slice,
        "last_slice": roi.last_slice,
        "landmark": roi.landmark,
        "confidence": roi.confidence,
        "reason": roi.reason,
        "origin_um_zyx": list(roi.series.baseline.origin),
    }
