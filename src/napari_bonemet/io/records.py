"""Medical records, one row per animal, leg and week: MiceMediRec and the tables that labs keep like it.

Columns: BoneMet, supplementary material, table 2.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from napari_bonemet.errors import InputError
from napari_bonemet.io.record_cells import animal_key, is_missing, number_of
from napari_bonemet.io.record_columns import Column, Role, columns_of, find_header, named_column, one_line, plain
from napari_bonemet.io.record_roles import RecordColumns, choose
from napari_bonemet.io.record_rows import Row, read_rows
from napari_bonemet.io.sheet import read_sheets
from napari_bonemet.io.sheet_cells import Sheet
from napari_bonemet.scan import DAYS_PER_WEEK, Side

__all__ = ["RecordColumns", "Records", "read_records"]

# A scan of day 22 is the row of week 3.
_NEAR_WEEKS = 3.5 / DAYS_PER_WEEK


@dataclass(frozen=True, eq=False)
class Records:
    """A table of medical records.

    Parameters
    ----------
    sheet : Sheet
        The cells as they are in the file.
    header : int
        The row that names the columns.
    columns : tuple of Column
        In the file's order.
    chosen : mapping of role to Column
        The columns that say whose row it is and how the animal was treated.
    rows : tuple of Row
        Whose each row is; a row without a side is of both legs, one without a week of all weeks.
    notes : tuple of str
        What was passed over or understood in a way that the reader should know.
    """

    sheet: Sheet
    header: int
    columns: tuple[Column, ...]
    chosen: Mapping[Role, Column]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    _by_animal: Mapping[str, tuple[Row, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rows: dict[str, tuple[Row, ...]] = {}
        for row in self.rows:
            rows[animal_key(row.animal)] = (*rows.get(animal_key(row.animal), ()), row)
        object.__setattr__(self, "_by_animal", rows)

    @property
    def animals(self) -> tuple[str, ...]:
        """The animals as they are written, each once."""
        return tuple(rows[0].animal for rows in self._by_animal.values())

    @property
    def weeks(self) -> tuple[float, ...]:
        """The weeks that rows state, in order."""
        return tuple(sorted({row.week for row in self.rows if row.week is not None}))

    def column(self, name: str) -> Column:
        """The column of this header, written in any case and with any signs.

        Raises
        ------
        InputError
            When there is none, or several; the headers are named.
        """
        return named_column(self.columns, name, self.sheet.path)

    def has(self, animal: str | None) -> bool:
        """Whether any row is this animal's."""
        return animal_key(animal) in self._by_animal

    def rows_of(self, animal: str | None, side: Side | None, week: float | None = None) -> tuple[Row, ...]:
        """The rows of a leg, those of its side before those of both, and with `week` only the nearest in time.

        Parameters
        ----------
        week : float, optional
            Rows of another week than the nearest within half a week are left out; rows of all weeks come last.
        """
        every = self._by_animal.get(animal_key(animal), ())
        of_leg = [row for row in every if side is None or row.side in (side, None)]
        if week is not None:
            away = [abs(row.week - week) for row in of_leg if row.week is not None]
            nearest = min(away, default=0.0)
            of_leg = [
                row
                for row in of_leg
                if row.week is None or (abs(row.week - week) == nearest and nearest <= _NEAR_WEEKS)
            ]
        return tuple(sorted(of_leg, key=lambda row: (row.side is None, row.week is None)))

    def text(self, row: Row, column: Column) -> str:
        """What a cell says, on one line; empty where it says that there is nothing."""
        cell = self.sheet.rows[row.index][column.index]
        return "" if is_missing(cell) else one_line(cell)

    def number(self, row: Row, column: Column) -> float | None:
        """The number in a cell, None where there is none."""
        decimal = self.sheet.form.decimal if self.sheet.form else "."
        return number_of(self.sheet.rows[row.index][column.index], decimal)


def read_records(path: str | Path, *, sheet: str | None = None, columns: RecordColumns | None = None) -> Records:
    """Read medical records.

    Title rows above the header, units in headers or in a row below it, merged cells, blank rows, rows of means,
    any case and spelling of the headers, any kind of text file and .xlsx are understood.

    Parameters
    ----------
    path : path
        .csv, .tsv, .txt or .xlsx.
    sheet : str, optional
        The worksheet; needed where several hold records.
    columns : RecordColumns, optional
        Headers of the columns of animals, sides and weeks, where they cannot be told.

    Raises
    ------
    InputError
        When it cannot be read, has no column of animals, two columns could be the same and differ, a side or week
        cannot be read, or two rows are of one animal, side and week.
    """
    columns = columns or RecordColumns()
    page = _choose_sheet(read_sheets(path), sheet, columns)
    header = _header_of(page, columns)
    if header is None:
        first = next((row for row in page.rows if any(map(one_line, row))), ())
        raise InputError(
            f"{page.path} has no row that names its columns",
            expected="one with the animals' column among others: Mouse ID, Animal, Subject, ID or #",
            found=", ".join(filter(None, map(one_line, first[:8]))) or "nothing",
            remedy="Name the columns in one row, or say which column has the animals (--animal-column)",
        )
    every, first_row = columns_of(page, header)
    chosen = choose(page, every, first_row, columns)
    rows, notes = read_rows(page, first_row, chosen)
    if not rows:
        raise InputError(f"{page.path} has no animal below its header, row {header + 1}")
    return Records(page, header, every, chosen, rows, notes)


def _header_of(page: Sheet, columns: RecordColumns) -> int | None:
    if columns.animal is None:
        return find_header(page)
    wanted = plain(columns.animal)
    for number, row in enumerate(page.rows):
        if wanted in {plain(one_line(cell)) for cell in row}:
            return number
    return None


def _choose_sheet(sheets: tuple[Sheet, ...], name: str | None, columns: RecordColumns) -> Sheet:
    names = ", ".join(sheet.name for sheet in sheets)
    if name is not None:
        found = [sheet for sheet in sheets if plain(sheet.name) == plain(name)]
        if not found:
            raise InputError(f"{sheets[0].path} has no sheet {name!r}", found=names)
        return found[0]
    fitting = [sheet for sheet in sheets if _header_of(sheet, columns) is not None]
    if len(fitting) > 1:
        raise InputError(
            f"{sheets[0].path} has several sheets with animals",
            found=", ".join(sheet.name for sheet in fitting),
            remedy="Say which one: --sheet NAME",
        )
    return fitting[0] if fitting else sheets[0]
