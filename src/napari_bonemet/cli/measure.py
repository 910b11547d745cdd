"""``napari-bonemet measure``: the measures of each leg and week; of a cohort with its records, plots and a report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.cohort.statistics import StatisticsOptions
from napari_bonemet.morphometry.measure import MeasureOptions
from napari_bonemet.options import Doc
from napari_bonemet.progress import PartOf, Progress

if TYPE_CHECKING:
    from napari_bonemet.series import ScanSeries
    from napari_bonemet.study.measuring import CohortMeasures, Joined

ABOUT = """Measure bone in each leg and week: ASBMR names and units, one row per leg and week.

With --out NAME.csv it writes that table. With --out FOLDER it writes measures.csv, changes.csv (since the baseline),
measures-long.csv (for R and Prism), statistics.csv, plots/, legs/<leg>.txt and report.html; with --records, a table of
the animals (.csv or .xlsx), groups are compared and the records written again with the measures in them.

Example: napari-bonemet measure Regist-CT --records MiceMediRec.csv --out measured"""
STEPS = (MeasureOptions, StatisticsOptions)

_FILES = (".xlsx", ".xls", ".tsv", ".txt", ".json", ".html")
# As many as a terminal has room for; the table has all.
_SHOWN = ("Tt.BV", "BV/TV", "Tb.Th", "Tb.Sp", "Ct.Ar", "Ct.Th")


@dataclass(frozen=True)
class Arguments:
    """What to measure, and what is known of the animals."""

    source: Annotated[Positional[Path], Doc("A folder of weekly scans in a BoneMet layout, or a single scan.")]
    records: Annotated[Path | None, Doc("Medical records: one row per animal, leg and week (.csv or .xlsx).")] = None
    groups: Annotated[
        str | None,
        Doc("What is compared: tumour, treatment, or a column of the records; tumour and treatment when not given."),
    ] = None
    baseline_week: Annotated[float | None, Doc("Changes are counted from this week; the first when not given.")] = None
    sheet: Annotated[str | None, Doc("Worksheet of the records, where several hold animals.")] = None
    animal_column: Annotated[str | None, Doc("Column of the records that names the animals, where it is unclear.")] = (
        None
    )
    side_column: Annotated[str | None, Doc("Column of the records that names the side.")] = None
    week_column: Annotated[str | None, Doc("Column of the records that names the week or day.")] = None
    common: EveryCommand = field(default_factory=Common)

    def __post_init__(self) -> None:
        about = [self.groups, self.sheet, self.animal_column, self.side_column, self.week_column]
        if self.records is None and any(word is not None for word in about):
            raise InputError("These flags are about the medical records", remedy="Name them: --records FILE")


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Measure leg after leg, then write what was asked for.

    Raises
    ------
    InputError
        When there is nothing to measure or the records do not fit; or legs could not be measured, once all of the
        others is written.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.cli.reading import read_grey_legs
    from napari_bonemet.study.measure_legs import measure_legs
    from napari_bonemet.study.measuring import compare_cohort

    out = _place(own.common)
    legs = read_grey_legs(own.source, own.common, PartOf(progress, 0.0, 0.05))
    joined = _join(own, legs)
    refused: dict[str, str] = {}

    def refuse(leg: str, error: InputError) -> None:
        refused[leg] = str(error)
        terminal.warn(f"{leg} is left out. {error}")

    options, statistics = chosen(MeasureOptions), chosen(StatisticsOptions)
    measured = measure_legs(legs, options=options, refuse=refuse, progress=PartOf(progress, 0.05, 0.9))
    if not measured:
        raise _not_done(refused, len(legs))
    cohort = compare_cohort(measured, joined, options=statistics, baseline=own.baseline_week, refused=refused)
    said = _write(cohort, out, own, chosen, PartOf(progress, 0.9, 1.0))
    _show(terminal, cohort)
    for note in (*cohort.notes, *cohort.absent_in_words(), *said):
        terminal.warn(note)
    terminal.say(f"The table is {out}" if out.suffix == ".csv" else f"Tables, plots and report.html are in {out}")
    if refused:
        raise _not_done(refused, len(legs))
    return {
        "out": str(out),
        "rows": [*cohort.table.as_rows()],
        "groups": list(cohort.table.groups),
        "synthetic": cohort.table.synthetic,
        "options": options.as_record(),
    }


def _place(common: Common) -> Path:
    """A file for the table, or a folder for all there is."""
    from napari_bonemet.study.write_measures import require_own_folder

    out = common.new_place()
    if out.suffix.lower() in _FILES:
        raise InputError("The measures cannot be written so", expected="--out NAME.csv or a folder", found=str(out))
    if out.suffix != ".csv":
        require_own_folder(out)
    return out


def _join(own: Arguments, legs: Sequence["ScanSeries"]) -> "Joined":
    from napari_bonemet.io.records import RecordColumns, read_records
    from napari_bonemet.study.measuring import join_records

    scans = [scan for leg in legs for scan in leg]
    if own.records is None:
        return join_records(scans, None)
    columns = RecordColumns(own.animal_column, own.side_column, own.week_column)
    return join_records(scans, read_records(own.records, sheet=own.sheet, columns=columns), own.groups)


def _write(cohort: "CohortMeasures", out: Path, own: Arguments, chosen: Chosen, progress: Progress) -> tuple[str, ...]:
    from napari_bonemet.io.atomic import write_table
    from napari_bonemet.study.write_measures import write_cohort_measures

    if out.suffix == ".csv":
        write_table(out, [*cohort.table.as_rows()], overwrite=own.common.overwrite)
        return ()
    return write_cohort_measures(
        cohort,
        out,
        options=chosen(MeasureOptions),
        statistics=chosen(StatisticsOptions),
        title=f"Bone measures of {own.source.resolve().name}",
        overwrite=own.common.overwrite,
        progress=progress,
    )


def _show(terminal: Terminal, cohort: "CohortMeasures") -> None:
    from rich.table import Table

    measures = [measure for measure in cohort.table.measures if measure.symbol in _SHOWN]
    title = "synthetic legs" if cohort.table.synthetic else None
    shown = Table("leg", "week", "group", *(measure.column for measure in measures), title=title)
    for row in cohort.table.rows:
        values = [row.values.get(measure.symbol) for measure in measures]
        numbers = ["" if value is None else f"{value:.4g}" for value in values]
        shown.add_row(row.name, f"{row.week:g}", row.group, *numbers)
    terminal.show(shown)


def _not_done(refused: Mapping[str, str], count: int) -> InputError:
    reasons = " ".join(f"{leg}: {reason}" for leg, reason in refused.items())
    return InputError(f"{len(refused)} of {count} legs could not be measured. {reasons.rstrip('.')}")
