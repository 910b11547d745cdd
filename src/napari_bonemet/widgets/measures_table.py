"""The weekly table: measures under the name of their compartment, weeks side by side."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from napari_bonemet.morphometry.definitions import definition_of
from napari_bonemet.widgets.measures_rows import Row
from napari_bonemet.widgets.tables import SmallTable

__all__ = ["MeasuresTable"]

HIGHEST = 330
_SYMBOL = Qt.ItemDataRole.UserRole
_HEADING_ROOM, _SPARE, _LEAST_NAME = 16, 3, 78


class MeasuresTable(SmallTable):
    """Rows are measures, columns weeks; the rows of a compartment fold away under its name.

    Attributes
    ----------
    picked : Signal(str, int)
        A measure, by its symbol, and the number of a week, or -1 where its name was clicked.
    """

    picked = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._rows: tuple[Row, ...] = ()
        self._weeks: tuple[str, ...] = ()
        super().__init__([""], parent)
        self._current = -1
        self._symbol = ""
        self._folded: set[str] = set()
        self.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.make_compact(HIGHEST)
        self.setToolTip("Click a number to plot its measure and go to its week; Ctrl+C copies the table")
        self.cellClicked.connect(self._clicked)
        self.currentCellChanged.connect(self._moved)

    @property
    def symbol(self) -> str:
        """The measure that is chosen."""
        return self._symbol

    def show_rows(self, rows: Sequence[Row], weeks: Sequence[str]) -> None:
        """Show measures over weeks, each headed by its name."""
        self._rows, self._weeks = tuple(rows), tuple(weeks)
        self.setColumnCount(1 + len(weeks))
        self.setHorizontalHeaderLabels(["week", *weeks])
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._lay_out()

    def mark_week(self, column: int) -> None:
        """Head the week that the canvas shows in bold; none where it is -1."""
        self._current = column
        for index in range(1, self.columnCount()):
            item = self.horizontalHeaderItem(index)
            if item is not None:
                font = item.font()
                font.setBold(index - 1 == column)
                item.setFont(font)

    def choose(self, symbol: str) -> None:
        """Mark the row of a measure, where it is not folded away."""
        self._symbol = symbol
        self.blockSignals(True)
        self.clearSelection()
        for row in range(self.rowCount()):
            item = self.item(row, 0)
            if item is not None and item.data(_SYMBOL) == symbol:
                self.setCurrentCell(row, 0)
                self.selectRow(row)
        self.blockSignals(False)

    def _lay_out(self) -> None:
        self.blockSignals(True)
        self.clearSpans()
        self.setRowCount(0)
        for where, group in groupby(self._rows, key=lambda row: row.measure.where):
            self._add_group(where)
            if where not in self._folded:
                for row in group:
                    self._add_row(row)
        self.blockSignals(False)
        self._fit()
        self.mark_week(self._current)
        self.choose(self._symbol)

    def _add_group(self, where: str) -> None:
        folded = where in self._folded
        item = QTableWidgetItem(f"{'▸' if folded else '▾'} {where[:1].upper()}{where[1:]}")
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item.setToolTip("Click to fold away, or to unfold")
        font = item.font()
        font.setBold(True)
        item.setFont(font)
        at = self.rowCount()
        self.insertRow(at)
        self.setItem(at, 0, item)
        if self.columnCount() > 1:
            self.setSpan(at, 0, 1, self.columnCount())

    def _add_row(self, row: Row) -> None:
        measure, at = row.measure, self.rowCount()
        self.insertRow(at)
        name = QTableWidgetItem(f"{measure.symbol} {measure.unit}".strip())
        name.setData(_SYMBOL, measure.symbol)
        name.setToolTip(f"{measure.column}: {measure.meaning}. {definition_of(measure.symbol)}")
        self.setItem(at, 0, name)
        for column, cell in enumerate(row.cells, start=1):
            item = QTableWidgetItem(cell.text)
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setToolTip(cell.tip)
            self.setItem(at, column, item)

    def _symbol_at(self, row: int) -> str:
        item = self.item(row, 0)
        return str(item.data(_SYMBOL) or "") if item is not None else ""

    def _clicked(self, row: int, column: int) -> None:
        symbol = self._symbol_at(row)
        if symbol:
            self._symbol = symbol
            self.picked.emit(symbol, column - 1)
            return
        where = (item.text()[2:].lower() if (item := self.item(row, 0)) is not None else "").strip()
        self._folded ^= {where}
        self._lay_out()

    def _moved(self, row: int, _column: int, before: int, _before_column: int) -> None:
        """The arrow keys go from measure to measure, and leave the week as it is."""
        symbol = self._symbol_at(row)
        if symbol and row != before and symbol != self._symbol:
            self._symbol = symbol
            self.picked.emit(symbol, -1)

    def copy(self) -> None:
        """Put the whole table on the clipboard, what is folded away too, as spreadsheets take it."""
        lines = [["measure", *self._weeks]]
        lines += [[row.measure.column, *(cell.text for cell in row.cells)] for row in self._rows]
        QGuiApplication.clipboard().setText("\n".join("\t".join(line) for line in lines))

    def _fit(self) -> None:
        super()._fit()
        self._share_width()

    def resizeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Share the new width."""
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        """Each week as wide as its numbers, the names what is left; too many weeks scroll."""
        numbers = 0
        for column in range(1, self.columnCount()):
            heading = self.fontMetrics().horizontalAdvance(self._weeks[column - 1]) + _HEADING_ROOM
            width = max(self.sizeHintForColumn(column) - _SPARE, heading)
            self.setColumnWidth(column, width)
            numbers += width
        self.setColumnWidth(0, max(self.viewport().width() - numbers, _LEAST_NAME))
