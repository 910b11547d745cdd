"""A table as people keep it, cell by cell: CSV of any kind, or a worksheet; written back in the same form."""

from collections.abc import Mapping
from pathlib import Path

from napari_bonemet.errors import InputError, OutputError
from napari_bonemet.io.sheet_cells import Cell, Sheet

_TEXT = (".csv", ".tsv", ".txt")
_WORKBOOK = (".xlsx", ".xlsm")
_OTHERS = (".xls", ".ods", ".numbers")


def read_sheets(path: str | Path) -> tuple[Sheet, ...]:
    """The tables of a file: one of a text file, each worksheet with anything in it of a workbook.

    Raises
    ------
    InputError
        When it is missing, empty, or no such file.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if not path.is_file():
        raise InputError(f"{path} is not there" if not path.exists() else f"{path} is a folder, not a table")
    if suffix in _TEXT:
        from napari_bonemet.io.sheet_text import read_text_table

        sheets: tuple[Sheet, ...] = (read_text_table(path),)
    elif suffix in _WORKBOOK:
        from napari_bonemet.io.sheet_workbook import read_workbook

        sheets = read_workbook(path)
    else:
        remedy = "Save it as .xlsx or .csv" if suffix in _OTHERS else ""
        raise InputError(
            f"{path} is no table that can be read", expected=", ".join(_TEXT + _WORKBOOK), found=suffix, remedy=remedy
        )
    if not any(sheet.rows for sheet in sheets):
        raise InputError(f"{path} is empty")
    return tuple(sheet for sheet in sheets if sheet.rows)


def write_sheet(sheet: Sheet, path: str | Path, cells: Mapping[tuple[int, int], Cell], *, overwrite: bool) -> Path:
    """Write a table again with some cells changed or added, to another file of the same kind.

    Parameters
    ----------
    cells : mapping of (row, column) to cell
        May lie below and to the right of what is there.
    overwrite : bool
        Replace another file that is there; the table's own file is never replaced.

    Raises
    ------
    OutputError
        When `path` is the table's own file, of another kind, there already, or the disk refuses.
    """
    path = Path(path)
    if path.exists() and path.resolve() == sheet.path.resolve():
        raise OutputError(f"{path} is the table that was read, and is not replaced", remedy="Choose another name")
    kinds = _WORKBOOK if sheet.form is None else _TEXT
    if path.suffix.lower() not in kinds:
        raise OutputError(f"{path} is of another kind than {sheet.path.name}", expected=" or ".join(kinds))
    if sheet.form is None:
        from napari_bonemet.io.sheet_workbook import write_workbook

        return write_workbook(sheet, path, cells, overwrite=overwrite)
    from napari_bonemet.io.sheet_text import write_text_table

    return write_text_table(sheet, path, cells, overwrite=overwrite)
