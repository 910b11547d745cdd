"""Text tables: comma, semicolon or tab; UTF-8 with or without its mark, UTF-16, Windows; decimal point or comma."""

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from napari_bonemet.errors import InputError
from napari_bonemet.io.atomic import atomic_file
from napari_bonemet.io.sheet_cells import Cell, Sheet, TextForm

_DELIMITERS = (";", "\t", ",")
# 0,5 and 12,34 and 0,123 have decimals; 1,234 may be a thousand.
_DECIMAL_COMMA = re.compile(r"-?(?:0,\d+|\d+,\d{1,2}|\d+,\d{4,}|\d{4,},\d+)")
_DECIMAL_POINT = re.compile(r"-?\d*\.\d+")


def read_text_table(path: Path) -> Sheet:
    """The cells of a text table.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    try:
        text, encoding = _decoded(path.read_bytes())
        delimiter, text = _stated_delimiter(text)
        delimiter = delimiter or _likely_delimiter(text)
        rows = _parsed(text, delimiter)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"The table {path} cannot be read", found=getattr(error, "strerror", None) or str(error)
        ) from error
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    width = max((len(row) for row in rows), default=0)
    cells = tuple(tuple(row + [""] * (width - len(row))) for row in rows)
    return Sheet(path, cells, TextForm(delimiter, encoding, _decimal_mark(rows, delimiter)))


def write_text_table(sheet: Sheet, path: Path, cells: Mapping[tuple[int, int], Cell], *, overwrite: bool) -> Path:
    """Write a text table with changed cells, in its own form.

    Letters that its encoding lacks make it UTF-8 with its mark, which spreadsheets understand.
    """
    form = sheet.form or TextForm()
    height = max([len(sheet.rows), *(row + 1 for row, _ in cells)])
    width = max([sheet.width, *(column + 1 for _, column in cells)])
    grid = [[*map(str, row), *[""] * (width - sheet.width)] for row in sheet.rows]
    grid += [[""] * width for _ in range(height - len(grid))]
    for (row, column), value in cells.items():
        grid[row][column] = _as_text(value, form.decimal)
    page = io.StringIO(newline="")
    csv.writer(page, delimiter=form.delimiter, lineterminator="\n").writerows(grid)
    try:
        content = page.getvalue().encode(form.encoding)
    except UnicodeEncodeError:
        content = page.getvalue().encode("utf-8-sig")
    with atomic_file(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(content)
    return path


def _decoded(content: bytes) -> tuple[str, str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16"), "utf-16"
    if content.startswith(b"\xef\xbb\xbf"):
        return content.decode("utf-8-sig"), "utf-8-sig"
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        return content.decode("latin-1"), "latin-1"


def _stated_delimiter(text: str) -> tuple[str, str]:
    """What a first line ``sep=;`` states, as spreadsheets write it, and the text without that line."""
    stated = re.match(r"sep=(.)\r?\n", text)
    return (stated[1], text[stated.end() :]) if stated else ("", text)


def _likely_delimiter(text: str) -> str:
    """The one that parts the lines into the most cells; in a file with decimal commas that is the semicolon."""

    def cells(delimiter: str) -> float:
        widths = [len(row) for row in _parsed(text, delimiter) if any(cell.strip() for cell in row)]
        return float(median(widths)) if widths else 0.0

    return max(_DELIMITERS, key=cells)


def _parsed(text: str, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def _decimal_mark(rows: list[list[str]], delimiter: str) -> str:
    numbers = [cell.strip() for row in rows for cell in row]
    if any(_DECIMAL_COMMA.fullmatch(cell) for cell in numbers):
        return ","
    point = any(_DECIMAL_POINT.fullmatch(cell) for cell in numbers)
    return "," if delimiter == ";" and not point else "."


def _as_text(value: Cell, decimal: str) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value).replace(".", decimal)
    return str(value)
