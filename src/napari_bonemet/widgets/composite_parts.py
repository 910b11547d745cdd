"""What the Composite and RoI dock runs beside the screen, and the files that it saves."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from napari_bonemet.errors import InputError
from napari_bonemet.io.atomic import write_json, write_table
from napari_bonemet.processing.composite import CompositeOptions, CompositeResult, compose_weeks
from napari_bonemet.processing.roi import RoiOptions, RoiResult, crop_roi
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.series import ScanSeries

CLASSES = ("conserved", "formed", "resorbed")


@dataclass(frozen=True, eq=False)
class Recipe:
    """How the composites on the desk were made, to make them again of other slices."""

    baseline: float
    options: CompositeOptions


def check_weeks(baseline: float | None, later: float | None) -> tuple[float, float]:
    """The two weeks of a composite.

    Raises
    ------
    InputError
        When one is missing, or the later one is not later.
    """
    if baseline is None or later is None:
        raise InputError("A composite needs two weeks", remedy="Open a leg with two weeks or more, and register it")
    if later <= baseline:
        raise InputError(
            "The later week must come after the baseline",
            expected=f"a week after week {baseline:g}",
            found=f"week {later:g}",
        )
    return baseline, later


def composites_of(
    series: ScanSeries, weeks: Mapping[float, Recipe], progress: Progress = NO_PROGRESS
) -> dict[float, CompositeResult]:
    """The composite of each week in `weeks` with its recipe's baseline, which is read once for all that share it."""
    made: dict[float, CompositeResult] = {}
    alike: dict[tuple[float, str], list[float]] = {}
    for week, recipe in weeks.items():
        alike.setdefault((recipe.baseline, repr(recipe.options)), []).append(week)
    for (baseline, _), later in alike.items():
        progress.message(f"week {baseline:g}, and after it {', '.join(f'{week:g}' for week in later)}")
        part = PartOf(progress, len(made) / len(weeks), (len(made) + len(later)) / len(weeks))
        options = weeks[later[0]].options
        made |= compose_weeks(series.select([baseline, *later]), options=options, baseline_week=baseline, progress=part)
    return {week: made[week] for week in weeks}


def crop_and_repeat(
    series: ScanSeries, options: RoiOptions, weeks: Mapping[float, Recipe], progress: Progress = NO_PROGRESS
) -> tuple[RoiResult, dict[float, CompositeResult]]:
    """Crop to the region of interest, and make the composites that were there again of what is left."""
    progress.message("looking for the landmark")
    roi = crop_roi(series, options=options, progress=PartOf(progress, 0.0, 0.5))
    return roi, composites_of(roi.series, weeks, PartOf(progress, 0.5, 1.0))


def volume_rows(result: CompositeResult) -> list[list[str]]:
    """The table of the dock: class, mm³ after the rule, mm³ before it."""
    after, before = result.volumes, result.raw
    rows = [[name, f"{getattr(after, f'{name}_mm3'):.4f}", f"{getattr(before, f'{name}_mm3'):.4f}"] for name in CLASSES]
    rows.append(["bone, baseline", f"{after.baseline_mm3:.4f}", f"{before.baseline_mm3:.4f}"])
    rows.append(["bone, later week", f"{after.later_mm3:.4f}", f"{before.later_mm3:.4f}"])
    return rows


def roi_sentence(roi: RoiResult) -> str:
    """What the region of interest was measured from, and how sure that is."""
    sure = "sure" if roi.confidence >= 0.8 else "look at it before you trust it" if roi.confidence >= 0.5 else "unsure"
    fibula = roi.fibula
    removed = "" if fibula is None else f" Fibula taken out, confidence {fibula.confidence:.0%}: {fibula.reason}."
    return (
        f"Slices {roi.first_slice} to {roi.last_slice}, from the {roi.landmark}. "
        f"Confidence {roi.confidence:.0%} ({sure}): {roi.reason}.{removed}"
    )


def save_composites(
    results: Mapping[float, CompositeResult],
    recipes: Mapping[float, Recipe],
    folder: Path,
    progress: Progress = NO_PROGRESS,
) -> tuple[Path, ...]:
    """Write the composites' slices in the BoneMet layout, the volumes and the record.

    Returns
    -------
    tuple of Path
        `volumes.csv`, `composite.json`, and one folder of slices per week.

    Raises
    ------
    OutputError
        When something cannot be written; what bears its final name is whole.
    """
    from napari_bonemet.io import write_scan

    rows, record, written = [], [], []
    for number, (week, result) in enumerate(sorted(results.items())):
        part = PartOf(progress, number / len(results), (number + 1) / len(results))
        scan = result.scan
        place = folder / scan.leg / f"week {week:g} composite"
        written.append(write_scan(scan, place, format="png", overwrite=True, progress=part))
        about: dict[str, object] = {
            "leg": scan.leg,
            "baseline_week": recipes[week].baseline,
            "later_week": week,
            "synthetic": scan.synthetic,
        }
        before = {f"{name}_before_rule": value for name, value in result.raw.as_record().items()}
        rows.append({**about, **result.volumes.as_record(), **before})
        record.append({**about, "options": recipes[week].options.as_record(), "rule": result.rule})
    table, json = folder / "volumes.csv", folder / "composite.json"
    write_table(table, rows)
    write_json(json, {"composites": record})
    return (table, json, *written)
