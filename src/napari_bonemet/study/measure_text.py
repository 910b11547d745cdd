"""Measures of one leg as text, line by line as CTAn writes them: description, abbreviation, value, unit."""

from collections.abc import Iterator

from napari_bonemet.morphometry.catalogue import MEASURES, Where
from napari_bonemet.morphometry.cohort.weekly import Leg, LegWeek, WeeklyTable
from napari_bonemet.provenance import __version__

_PARTS: tuple[Where, ...] = ("whole bone", "trabecular", "cortical")
_DIGITS = 6


def text_of_leg(table: WeeklyTable, leg: Leg) -> str:
    """The report of one leg, week after week."""
    rows = [row for row in table.rows if row.leg == leg]
    lines = [f"napari-bonemet {__version__}", "MORPHOMETRY RESULTS", "", f"Dataset,{rows[0].name}"]
    lines += [f"Group,{_cell(rows[0].group)}"]
    if any(row.synthetic for row in rows):
        lines.append("SYNTHETIC DATA: made by a generator, no data of any animal")
    for row in rows:
        lines += ["", *_week(table, row)]
    return "\n".join(lines) + "\n"


def _week(table: WeeklyTable, row: LegWeek) -> Iterator[str]:
    sizes = " x ".join(f"{size:g}" for size in row.spacing)
    yield f"----- week {row.week:g} -----"
    yield f"Pixel size,{sizes},um"
    yield f"Number of layers,{row.layers}"
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
