"""Measures written back into medical records: the records' own columns, order and units, nothing replaced."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from napari_bonemet.io.record_cells import animal_key
from napari_bonemet.io.record_columns import one_line
from napari_bonemet.io.record_rows import Row
from napari_bonemet.io.records import Records
from napari_bonemet.io.sheet import write_sheet
from napari_bonemet.io.sheet_cells import Cell
from napari_bonemet.morphometry.catalogue import Measure
from napari_bonemet.morphometry.cohort.record_measures import MeasureColumn, measure_columns
from napari_bonemet.morphometry.cohort.weekly import LegWeek, WeeklyTable

__all__ = ["FilledRecords", "fill_records", "write_records"]

_DIGITS = 6
_MEASURED = "measured"


@dataclass
class FilledRecords:
    """Cells to be written into the records.

    Parameters
    ----------
    cells : dict of (row, column) to cell
        In the sheet's rows and columns, those below and to the right of it too.
    notes : list of str
        Which columns were left as they are, and which scans got rows of their own.
    """

    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def fill_records(records: Records, table: WeeklyTable) -> FilledRecords:
    """The measures as cells of the records.

    A column of a measure that is empty from top to bottom is filled, in the unit that its header states. One that holds
    anything stays as it is, so that no two instruments' values stand in one column, and a column "... measured" is
    added at the end; so are measures that have no column. A scan that no single row is about gets a row at the end.

    Parameters
    ----------
    records : Records
        Read before.
    table : WeeklyTable
        What was measured.
    """
    filled = FilledRecords()
    known, notes = measure_columns(records.columns)
    filled.notes += notes
    places: dict[str, tuple[int, float]] = {}
    end = records.sheet.width
    for measure in table.measures:
        held = known.get(measure.symbol)
        if held is not None and _is_empty(records, held):
            places[measure.symbol] = held.column.index, held.factor
            continue
        filled.cells[records.header, end] = _new_header(measure, held, filled)
        places[measure.symbol] = end, held.factor if held else 1.0
        end += 1
    rows = _rows_for(records, table, filled, end)
    for each, row in rows:
        for symbol, value in each.values.items():
            if symbol in places:
                column, factor = places[symbol]
                filled.cells[row, column] = float(f"{value / factor:.{_DIGITS}g}")
    return filled


def write_records(records: Records, table: WeeklyTable, path: Path, *, overwrite: bool = False) -> tuple[str, ...]:
    """Write the records with the measures to a new file of the same kind; returns what the reader has to know.

    Raises
    ------
    OutputError
        When `path` is the records' own file, of another kind, or there already, or the disk refuses.
    """
    filled = fill_records(records, table)
    write_sheet(records.sheet, path, filled.cells, overwrite=overwrite)
    return tuple(filled.notes)


def _is_empty(records: Records, held: MeasureColumn) -> bool:
    below = range(records.header + 1, len(records.sheet.rows))
    first = min((row.index for row in records.rows), default=records.header + 1)
    index = held.column.index
    merged = any((row, index) in records.sheet.merged for row in below)
    return not merged and not any(one_line(records.sheet.rows[row][index]) for row in below if row >= first)


def _new_header(measure: Measure, held: MeasureColumn | None, filled: FilledRecords) -> str:
    if held is None:
        return f"{measure.record} ({measure.unit})" if measure.record and measure.unit else measure.column
    name = f"{held.column.header} {_MEASURED}"
    filled.notes.append(f"{held.column.header} holds values and stays as it is; ours are in {name!r}")
    return name


def _rows_for(records: Records, table: WeeklyTable, filled: FilledRecords, end: int) -> Iterator[tuple[LegWeek, int]]:
    """The row of each scan: the one that is about it alone, or a new one below."""
    own = [(each, _own_row(records, each)) for each in table.rows]
    taken = [row.index for _, row in own if row]
    new = len(records.sheet.rows)
    added: list[LegWeek] = []
    for each, row in own:
        if row is not None and taken.count(row.index) == 1:
            yield each, row.index
        else:
            added.append(each)
    for number, each in enumerate(added):
        _say_whose(records, each, filled, new + number, end)
        yield each, new + number
    if added:
        name = records.sheet.path.name
        filled.notes.append(f"{name}: {len(added)} scans have no row of their own there; they stand below the others")


def _own_row(records: Records, each: LegWeek) -> Row | None:
    rows = records.rows_of(each.animal, each.side, each.week)
    return rows[0] if rows and animal_key(rows[0].animal) == animal_key(each.animal) else None


def _say_whose(records: Records, each: LegWeek, filled: FilledRecords, row: int, end: int) -> None:
    """Animal, side and week of a new row, in the records' columns, or in new ones where there are none."""
    values: dict[str, Cell] = {"animal": each.animal, "side": each.side, "week": _whole(each.week)}
    for role in ("animal", "side", "week"):
        column = records.chosen.get(role)
        if role == "week" and column is None and "day" in records.chosen:
            column, values[role] = records.chosen["day"], _whole(each.week * 7)
        if column is not None:
            filled.cells[row, column.index] = values[role]
            continue
        filled.cells[records.header, end] = role
        filled.cells[row, end] = values[role]
        end += 1


def _whole(number: float) -> Cell:
    return int(number) if number.is_integer() else number
