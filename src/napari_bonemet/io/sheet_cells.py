"""The cells of a table, and the form it was kept in."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

Cell = str | int | float | date | None


@dataclass(frozen=True)
class TextForm:
    """How a text table is written: what parts its cells, its letters, its decimal mark."""

    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: str = "."


@dataclass(frozen=True, eq=False)
class Sheet:
    """The cells of a table, all rows of one length.

    Parameters
    ----------
    path : Path
        The file.
    rows : tuple of tuple
        Text, numbers, dates or None; cells of a text table are text. Every cell of a merged area holds its value.
    form : TextForm or None
        Of a text table; None for a workbook.
    name : str
        The worksheet's, or empty.
    merged : frozenset of (int, int)
        Row and column of the cells that lie in a merged area.
    """

    path: Path
    rows: tuple[tuple[Cell, ...], ...]
    form: TextForm | None = None
    name: str = ""
    merged: frozenset[tuple[int, int]] = frozenset()

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.rows[0]) if self.rows else 0

    def line(self, row: int) -> str:
        """Where a row stands, for messages: "records.csv, row 3"."""
        sheet = f", sheet {self.name}" if self.name else ""
        return f"{self.path.name}{sheet}, row {row + 1}"
