"""Small tables inside a dock: numbers to the right, the whole table to copy, no more height than rows."""

from collections.abc import Sequence

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QColor, QGuiApplication, QIcon, QKeySequence, QShortcut
from qtpy.QtWidgets import QHeaderView, QSizePolicy, QTableWidget, QTableWidgetItem, QWidget

# Four weeks of numbers beside their names in a dock 320 px wide.
_COMPACT = "QTableWidget { font-size: 11px; } QTableWidget::item { padding: 0 1px; } QHeaderView { font-size: 11px; }"
COMPACT_ROW = 20


class SmallTable(QTableWidget):
    """A read-only table as narrow as a dock and as high as its rows.

    Parameters
    ----------
    headings : sequence of str
        The first column holds names, the others numbers.
    """

    def __init__(self, headings: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(0, len(headings), parent)
        self._highest: int | None = None
        self.setHorizontalHeaderLabels(list(headings))
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QTableWidget.SelectionMode.ContiguousSelection)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(20)
        # A name that no longer fits takes a second line.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._fit_again)
        header.sectionResized.connect(lambda *_: self._soon.start())
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy)
        # It is read, not filled in: Tab goes on to what comes next.
        self.setTabKeyNavigation(False)
        self.setToolTip("Ctrl+C copies the table")
        self._fit()

    def make_compact(self, highest: int) -> None:
        """Small print and low rows, for tables of many numbers; what is more than `highest` pixels scrolls."""
        self._highest = highest
        self.setShowGrid(False)
        self.setWordWrap(False)
        # What an ellipsis needs is what a number needs.
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setStyleSheet(_COMPACT)
        self.verticalHeader().setMinimumSectionSize(COMPACT_ROW)
        self.verticalHeader().setDefaultSectionSize(COMPACT_ROW)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollMode(QTableWidget.ScrollMode.ScrollPerPixel)
        self._fit()

    def fill(self, rows: Sequence[Sequence[str]]) -> None:
        """Show `rows` in place of what is there."""
        self.setRowCount(len(rows))
        for index, row in enumerate(rows):
            for column, text in enumerate(row):
                item = QTableWidgetItem(text)
                side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                item.setToolTip(text)
                self.setItem(index, column, item)
        self._fit()

    def mark(self, row: int, column: int, *, icon: QIcon | None = None, colour: str = "", tip: str = "") -> None:
        """Give a cell an icon and a colour; what the tip says is said on the whole row."""
        cell = self.item(row, column)
        if cell is not None and icon is not None:
            cell.setIcon(icon)
        if cell is not None and colour:
            cell.setForeground(QColor(colour))
        for item in (self.item(row, c) for c in range(self.columnCount())):
            if item is not None and tip:
                item.setToolTip(tip)

    def rows(self) -> list[list[str]]:
        """The texts that are shown."""
        return [
            [item.text() if (item := self.item(row, column)) else "" for column in range(self.columnCount())]
            for row in range(self.rowCount())
        ]

    def copy(self) -> None:
        """Put the table on the clipboard, tabs between columns, as spreadsheets take it."""
        headings = [item.text() for c in range(self.columnCount()) if (item := self.horizontalHeaderItem(c))]
        QGuiApplication.clipboard().setText("\n".join("\t".join(row) for row in [headings, *self.rows()]))

    def _fit_again(self) -> None:
        if self._highest is None:
            self._fit()

    def _fit(self) -> None:
        if self._highest is None:
            self.resizeRowsToContents()
        height = self.horizontalHeader().sizeHint().height() + sum(self.rowHeight(r) for r in range(self.rowCount()))
        height += 2 * self.frameWidth() + 2
        if self._highest is None and self.horizontalHeader().length() > self.viewport().width() > 0:
            # The bar that scrolls it sideways would lie on its last row.
            height += self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(height if self._highest is None else min(height, self._highest))
