"""The table of a leg's measures and the plots of the one that is chosen."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from napari_bonemet.morphometry.catalogue import BY_SYMBOL
from napari_bonemet.morphometry.definitions import definition_of
from napari_bonemet.morphometry.result import ScanMeasures
from napari_bonemet.widgets.measures_plot import AlongBone, GroupLine, WeeklyPlot
from napari_bonemet.widgets.measures_rows import SHOWN, rows_of, values_of
from napari_bonemet.widgets.measures_table import MeasuresTable

__all__ = ["MeasuresResult"]

USUAL = "BV/TV"


class MeasuresResult(QWidget):
    """Table, plot over the weeks, and plot along the bone where the measure is of slices.

    Attributes
    ----------
    week_asked : Signal(float)
        A week was clicked.
    slice_asked : Signal(int)
        A slice was clicked, counted in the scan.
    chosen : Signal(str)
        Another measure was chosen, by its symbol.
    """

    week_asked = Signal(float)
    slice_asked = Signal(int)
    chosen = Signal(str)

    def __init__(self, theme: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.weeks: tuple[ScanMeasures, ...] = ()
        self.groups: Sequence[GroupLine] = ()
        self.symbol = USUAL
        self._week: float | None = None
        self._slice = 0
        self.whose, self.meaning = QLabel(), QLabel()
        self.show_as = QComboBox()
        self.show_as.addItems(["values", "change", "change in %"])
        self.show_as.setToolTip("What the table holds; changes are counted from the first week.")
        self.export = QPushButton("Copy, export")
        self.export.setToolTip("The table as text on the clipboard, or as CSV, JSON or a page in a folder.")
        self.table = MeasuresTable()
        self.plot, self.along = WeeklyPlot(theme), AlongBone(theme)
        self._lay_out()
        self.show_as.currentIndexChanged.connect(self._fill)
        self.table.picked.connect(self._picked)
        self.plot.asked.connect(self.week_asked)
        self.along.picked.connect(self.slice_asked)

    def _lay_out(self) -> None:
        self.export.setMenu(QMenu(self.export))
        row = QHBoxLayout()
        row.addWidget(self.show_as, 1)
        row.addWidget(self.export, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for label in (self.whose, self.meaning):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self.whose)
        column.addLayout(row)
        for widget in (self.table, self.meaning, self.plot, self.along):
            column.addWidget(widget)

    def offer_export(self, words: str, act: Any) -> None:
        """Add a line to the export menu."""
        self.export.menu().addAction(words, act)

    def show_weeks(self, weeks: Sequence[ScanMeasures], whose: str = "") -> None:
        """Show the measures of a leg, and what is to be known of all of them."""
        self.weeks = tuple(weeks)
        self.whose.setText(whose)
        self.whose.setVisible(bool(whose))
        self._fill()

    def show_groups(self, groups: Sequence[GroupLine]) -> None:
        """Draw groups around the leg."""
        self.groups = tuple(groups)
        self._draw()

    def turn_to(self, week: float | None) -> None:
        """The canvas shows another week."""
        self._week = week
        self.table.mark_week(self._column())
        self.plot.turn_to(week)
        self._draw_along()

    def mark_slice(self, index: int) -> None:
        """The canvas shows another slice."""
        self._slice = index
        self.along.mark(index)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a napari theme."""
        self.plot.set_theme(theme)
        self.along.set_theme(theme)

    @property
    def current(self) -> ScanMeasures | None:
        """The measures of the week on the canvas, else of the first."""
        column = self._column()
        return self.weeks[max(column, 0)] if self.weeks else None

    def _column(self) -> int:
        return next((n for n, week in enumerate(self.weeks) if week.scan.week == self._week), -1)

    def _fill(self) -> None:
        rows = rows_of(self.weeks, SHOWN[self.show_as.currentIndex()])
        self.table.show_rows(rows, [_heading(week) for week in self.weeks])
        self.table.choose(self.symbol)
        self.table.mark_week(self._column())
        self._draw()

    def _picked(self, symbol: str, column: int) -> None:
        if symbol != self.symbol:
            self.symbol = symbol
            self.chosen.emit(symbol)
            self._draw()
        if 0 <= column < len(self.weeks) and self.weeks[column].scan.week is not None:
            self.week_asked.emit(self.weeks[column].scan.week)

    def _draw(self) -> None:
        if not self.weeks:
            return
        measure = BY_SYMBOL[self.symbol]
        self.meaning.setText(f"<b>{measure.column}</b>: {measure.meaning}. {definition_of(measure.symbol)}")
        weeks = np.array([np.nan if week.scan.week is None else week.scan.week for week in self.weeks])
        title = f"{measure.symbol} over the weeks"
        label, leg = measure.unit or measure.symbol, self.weeks[0].scan.leg
        self.plot.show_weeks(
            weeks, values_of(self.weeks, self.symbol), title=title, label=label, leg=leg, groups=self.groups
        )
        self.plot.turn_to(self._week)
        self._draw_along()

    def _draw_along(self) -> None:
        current = self.current
        there = current is not None and self.symbol in current.slices
        self.along.setVisible(there)
        if current is None or not there:
            return
        others = [w for w in self.weeks if w is not current and w.scan.shape[0] == current.scan.shape[0]]
        measure, week = BY_SYMBOL[self.symbol], current.scan.week
        when = "" if week is None else f", week {week:g}"
        self.along.show_slices(
            laid(current, self.symbol),
            [laid(other, self.symbol) for other in others if self.symbol in other.slices],
            title=f"{measure.symbol} along the bone{when}",
            label=measure.unit or measure.symbol,
        )
        self.along.mark(self._slice)


def _heading(week: ScanMeasures) -> str:
    return "?" if week.scan.week is None else f"{week.scan.week:g}"


def laid(week: ScanMeasures, symbol: str) -> np.ndarray:
    """A measure slice by slice, laid on all slices of the scan, (z,); NaN where it has none."""
    whole = np.full(week.scan.shape[0], np.nan)
    whole[week.slice_index] = week.slices[symbol]
    return whole
