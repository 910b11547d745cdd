"""Worksheets of .xlsx files, by openpyxl: their values, merged areas filled; written back with their formats."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from napari_bonemet.errors import InputError, OutputError
from napari_bonemet.io.atomic import atomic_file
from napari_bonemet.io.sheet_cells import Cell, Sheet

# A sheet whose empty rows were once formatted claims a million of them.
_BLANK_ROWS_AT_THE_END = 500
_MOST_COLUMNS = 2000


def read_workbook(path: Path) -> tuple[Sheet, ...]:
    """The visible worksheets with anything in them; of formulas, the values last computed.

    Raises
    ------
    InputError
        When it is no workbook, or locked.
    """
    return tuple(_read(path, each) for each in _open(path, values=True).worksheets if each.sheet_state == "visible")


def write_workbook(sheet: Sheet, path: Path, cells: Mapping[tuple[int, int], Cell], *, overwrite: bool) -> Path:
    """Write the whole workbook again with changed cells in one of its sheets; formulas and formats stay.

    Charts and pictures are lost, as openpyxl cannot keep them.
    """
    book = _open(sheet.path, values=False)
    try:
        page = book[sheet.name]
        for (row, column), value in cells.items():
            _part_merged(page, row + 1, column + 1)
            page.cell(row + 1, column + 1).value = value
        with atomic_file(path, overwrite=overwrite) as temporary:
            book.save(temporary)
    finally:
        book.close()
    return path


def _part_merged(page: Any, row: int, column: int) -> None:
    """Take the merged area apart that a cell lies in: all but its first cell hold nothing, and take nothing."""
    for area in list(page.merged_cells.ranges):
        if area.min_row <= row <= area.max_row and area.min_col <= column <= area.max_col:
            try:
                page.unmerge_cells(str(area))
            except KeyError as error:
                raise OutputError(
                    f"Sheet {page.title} has merged areas that overlap, and cannot be written again",
                    remedy="Take the merged cells apart, or save the table as .csv",
                ) from error


def _open(path: Path, *, values: bool) -> Any:
    import zipfile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        return load_workbook(path, data_only=values)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, InvalidFileException) as error:
        raise InputError(
            f"The workbook {path} cannot be read",
            found=" ".join(str(error).split()) or type(error).__name__,
            remedy="Save it again as .xlsx without a password, or as .csv",
        ) from error


def _read(path: Path, page: Any) -> Sheet:
    rows = list(_rows(page))
    merged = set()
    for area in page.merged_cells.ranges:
        value = page.cell(area.min_row, area.min_col).value
        for row in range(area.min_row - 1, min(area.max_row, len(rows))):
            for column in range(area.min_col - 1, min(area.max_col, len(rows[row]))):
                rows[row][column] = value
                merged.add((row, column))
    width = max((_filled(row) for row in rows), default=0)
    return Sheet(path, tuple(tuple(row[:width]) for row in rows if width), None, page.title, frozenset(merged))


def _rows(page: Any) -> Iterator[list[Cell]]:
    waiting: list[list[Cell]] = []
    for cells in page.iter_rows(max_col=min(page.max_column, _MOST_COLUMNS)):
        row = [_plain(cell) for cell in cells]
        waiting.append(row)
        if any(cell is not None for cell in row):
            yield from waiting
            waiting = []
        elif len(waiting) > _BLANK_ROWS_AT_THE_END:
            return


def _filled(row: list[Cell]) -> int:
    return max((number + 1 for number, cell in enumerate(row) if cell not in (None, "")), default=0)


def _plain(cell: Any) -> Cell:
    """A cell's value as it is shown: 0.125 formatted as a percentage is 12.5."""
    value = cell.value
    if isinstance(value, (int, float)) and not isinstance(value, bool) and "%" in str(cell.number_format):
        return float(f"{100 * value:.15g}")
    if value is None or isinstance(value, (str, int, float, date)):
        return value
    return str(value)
