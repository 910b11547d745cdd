"""Write what the chain made of one leg: the leg's folder appears whole, or not at all."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from napari_bonemet.figures.export import save_figure
from napari_bonemet.forecast.output import write_forecast
from napari_bonemet.io.atomic import atomic_folder, write_json, write_table
from napari_bonemet.io.names import safe_name, week_name
from napari_bonemet.io.transforms import write_transform
from napari_bonemet.io.write import write_scan
from napari_bonemet.options import record_of
from napari_bonemet.processing.composite_result import CompositeResult
from napari_bonemet.processing.register.result import RegistrationResult
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Json, Source, __version__, fingerprint
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.leg import LegStudy


def write_leg(
    study: LegStudy,
    out: str | Path,
    progress: Progress = NO_PROGRESS,
    *,
    registered_weeks: bool = False,
    overwrite: bool = False,
) -> tuple[Path, ...]:
    """Write one leg's results into ``out/<leg>``.

    ``figure.png`` and ``figure.pdf`` with their records; ``metrics.csv`` where the forecast's week was scanned;
    ``diagnosis.csv`` where the weeks were diagnosed; ``volumes.csv``; ``registration.json`` and ``week N.tfm``
    where the weeks were registered; ``composite/week N`` slices; ``forecast.zarr``; ``record.json``; on request
    ``week N`` slices of the registered weeks.

    Parameters
    ----------
    study : LegStudy
        From :func:`napari_bonemet.study.leg.run_leg`.
    out : path
        The folder above the leg's.
    registered_weeks : bool
        Write the registered weeks, too.
    overwrite : bool
        Replace the leg's folder where it is there. It is never merged with what is there.

    Returns
    -------
    tuple of Path
        What was written.

    Raises
    ------
    OutputError
        When the leg's folder is there and may not be replaced, or the disk refuses; nothing is left of it then.
    """
    folder = Path(out) / safe_name(study.leg)
    with atomic_folder(folder, overwrite=overwrite) as new:
        fill_leg(study, new, progress, registered_weeks=registered_weeks)
        names = sorted(path.relative_to(new) for path in new.iterdir())
    progress.advance(1.0)
    return tuple(folder / name for name in names)


def fill_leg(
    study: LegStudy, folder: Path, progress: Progress = NO_PROGRESS, *, registered_weeks: bool = False
) -> None:
    """Write what :func:`write_leg` writes into `folder`, which has to be there."""
    write_tables(study, folder)
    save_figure(study.figure.figure, folder / "figure.png", study.figure.record)
    save_figure(study.figure.figure, folder / "figure.pdf", study.figure.record)
    progress.advance(0.3)
    if study.registration is not None:
        write_registration(study.scanned, study.registration, folder)
    _write_volumes(study, folder, registered_weeks, PartOf(progress, 0.3, 1.0))
    write_json(folder / "record.json", record_of_leg(study))


def write_tables(study: LegStudy, folder: Path) -> None:
    """``metrics.csv``, ``volumes.csv`` and ``diagnosis.csv`` of one leg."""
    if study.scores is not None:
        write_table(folder / "metrics.csv", [study.scores.as_row()])
    if study.composites:
        write_table(folder / "volumes.csv", [*volume_rows(study.registered, study.composites)])
    if study.diagnoses:
        write_table(folder / "diagnosis.csv", [*diagnosis_rows(study)])


def volume_rows(
    registered: ScanSeries, composites: tuple[tuple[float, CompositeResult], ...]
) -> Iterator[dict[str, object]]:
    """One row per later week: bone kept, formed and lost, after and before the noise rule, cubic millimetres."""
    for week, result in composites:
        yield {
            "leg": registered.leg,
            "baseline_week": registered.weeks[0],
            "week": week,
            "synthetic": registered.synthetic,
            **result.volumes.as_record(),
            **{f"before_noise_rule_{name}": value for name, value in result.raw.as_record().items()},
            "noise_rule": result.rule,
        }


def diagnosis_rows(study: LegStudy) -> Iterator[dict[str, object]]:
    """One row per week; slices are those of the registered weeks as they are written, counted from 0."""
    first = study.registered.baseline.grid.region_of(study.common.baseline.grid)[0].start
    for diagnosis in study.diagnoses:
        yield dict(replace(diagnosis, slice_index=diagnosis.slice_index + first).as_row())


def registration_rows(registration: RegistrationResult) -> list[Json]:
    """Per week: angles, shift, quality figures, verdict, and the transform."""
    pairs = zip(registration.quality, registration.transforms, strict=True)
    return [{**quality.as_record(), "transform": transform.as_record()} for quality, transform in pairs]


def write_registration(scanned: ScanSeries, registration: RegistrationResult, folder: Path) -> None:
    """``registration.json`` and ``week N.tfm``, which maps points of the fixed scan to the week as scanned."""
    write_transforms(scanned, registration, folder)
    write_json(
        folder / "registration.json",
        {"leg": scanned.leg, "version": __version__, "weeks": registration_rows(registration)},
    )


def write_transforms(scanned: ScanSeries, registration: RegistrationResult, folder: Path) -> None:
    """``week N.tfm`` of each week (ITK: x y z, millimetres)."""
    fixed = registration.series.baseline.grid
    for scan, transform in zip(scanned, registration.transforms, strict=True):
        write_transform(transform, folder / f"{week_name(scan.day or 0.0)}.tfm", fixed=fixed, moving=scan.grid)


def _write_volumes(study: LegStudy, folder: Path, registered_weeks: bool, progress: Progress) -> None:
    weeks = study.registered.scans if registered_weeks else ()
    count = len(study.composites) + len(weeks) + 1
    shares = iter([PartOf(progress, number / count, (number + 1) / count) for number in range(count)])
    for week, result in study.composites:
        progress.message(f"{study.leg}, week {week:g}: writing the composite")
        write_scan(
            result.scan, folder / "composite" / week_name(result.scan.day or 0.0), format="png", progress=next(shares)
        )
    if study.forecast is not None:
        progress.message(f"{study.leg}: writing the forecast")
        write_forecast(study.forecast, folder / "forecast.zarr", progress=next(shares))
    for scan in weeks:
        progress.message(f"{scan.title}: writing the registered scan")
        write_scan(scan, folder / week_name(scan.day or 0.0), format="png", progress=next(shares))
    progress.check()
    progress.advance(1.0)


def record_of_leg(study: LegStudy) -> dict[str, Json]:
    """How the results were made: options, sources, and what came out, as plain JSON values."""
    sources = [Source(scan.title, fingerprint(scan.voxels)) for scan in study.scanned]
    return {
        "made_by": "napari-bonemet",
        "version": __version__,
        "leg": study.leg,
        "synthetic": study.scanned.synthetic,
        "weeks": list(study.scanned.weeks),
        "options": study.options.as_record(),
        "sources": [{"name": source.name, "sha256": source.sha256} for source in sources],
        "registration": None if study.registration is None else registration_rows(study.registration),
        "volumes": [*volume_rows(study.registered, study.composites)],
        "forecast": record_of_forecast(study),
        "diagnoses": [record_of(row) for row in diagnosis_rows(study)],
        "metrics": None if study.scores is None else dict(study.scores.as_row()),
        "notes": list(study.notes),
    }


def record_of_forecast(study: LegStudy) -> dict[str, Json] | None:
    """What was forecast, by what, and how much bone each sample has lost; None where nothing was."""
    if study.forecast is None:
        return None
    return {
        "week": study.forecast.week,
        "model": study.forecast.model,
        "seed": study.forecast.seed,
        "samples": len(study.forecast.samples),
        "lost_mm3": list(study.lost_mm3),
        "true_lost_mm3": None if study.scores is None else study.scores.true_lost_mm3,
        "note": study.forecast.note,
        "use": "predicted, research use",
    }
