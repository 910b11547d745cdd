"""Measures of one leg as text, line by line as CTAn writes them: description, abbreviation, value, unit."""

from collections.abc import Iterator, Sequence

from napari_bonemet.morphometry.catalogue import MEASURES, Where
from napari_bonemet.morphometry.result import ScanMeasures
from napari_bonemet.morphometry.weekly import LegWeek, WeeklyTable
from napari_bonemet.provenance import __version__

_PARTS: tuple[Where, ...] = ("whole bone", "trabecular", "cortical")
_DIGITS = 6


def text_of_leg(table: WeeklyTable, measured: Sequence[ScanMeasures]) -> str:
    """The report of one leg, week after week.

    Parameters
    ----------
    table : WeeklyTable
        With this leg in it, for its group and the changes.
    measured : sequence of ScanMeasures
        Of one leg.
    """
    first = measured[0].scan
    leg = (first.subject or "unnamed", first.side, first.part)
    lines = [f"napari-bonemet {__version__}", "MORPHOMETRY RESULTS", "", f"Dataset,{first.leg}"]
    lines += [f"Group,{_cell(table.group_of(leg))}"]
    if any(each.scan.synthetic for each in measured):
        lines.append("SYNTHETIC DATA: made by a generator, no data of any animal")
    for each in sorted(measured, key=lambda one: one.scan.week or 0.0):
        row = table.row(leg, each.scan.week or 0.0)
        if row is not None:
            lines += ["", *_week(table, row, each)]
    return "\n".join(lines) + "\n"


def _week(table: WeeklyTable, row: LegWeek, each: ScanMeasures) -> Iterator[str]:
    sizes = " x ".join(f"{size:g}" for size in each.scan.spacing)
    yield f"----- week {row.week:g} -----"
    yield f"Pixel size,{sizes},um"
    yield f"Number of layers,{each.scan.shape[0]}"
    for part in _PARTS:
        measures = [measure for measure in MEASURES if measure.where == part]
        if not any(measure.symbol in row.values or measure.symbol in row.absent for measure in measures):
            continue
        yield ""
        yield f"{part.upper()}"
        yield f"Description,Abbreviation,Value,Unit,Change since week {table.baseline:g}"
        for measure in measures:
            if measure.symbol in row.values:
                value = f"{row.values[measure.symbol]:.{_DIGITS}g}"
                change = table.change(row.leg, row.week, measure.symbol)
                gained = "" if change is None else f"{change:+.{_DIGITS}g}"
                yield f"{_cell(measure.meaning)},{measure.symbol},{value},{measure.unit},{gained}"
            elif measure.symbol in row.absent:
                yield f"{_cell(measure.meaning)},{measure.symbol},not measured,{_cell(row.absent[measure.symbol])},"
    for note in row.notes:
        yield f"Note,{_cell(note)}"


def _cell(text: str) -> str:
    """Words as one cell of such a line."""
    return f'"{text}"' if "," in text else text
