"""The lesions of a leg over the weeks: found, listed, and flown to."""

from functools import partial

import numpy as np
from qtpy.QtCore import QSize, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QFileDialog, QHeaderView, QLabel, QMenu, QPushButton, QTableWidget, QVBoxLayout, QWidget

from napari_bonemet.io.atomic import write_table
from napari_bonemet.widgets.measures_layers import lesion_colour
from napari_bonemet.widgets.measures_lesion_list import (
    CHANGE_TIPS,
    CHANGES,
    HEADINGS,
    TIPS,
    LesionLine,
    change_rows,
    lesion_rows,
    said_of,
    story,
)
from napari_bonemet.widgets.measures_lesion_run import LegLesions
from napari_bonemet.widgets.measures_plot import WeeklyPlot
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.settings import start_in
from napari_bonemet.widgets.tables import SmallTable

__all__ = ["LesionList"]

HIGHEST = 230


class LesionList(QWidget):
    """Find lesions, list them, and ask for the view to go to the one that is chosen.

    Attributes
    ----------
    asked : Signal(int)
        The number of the lesion that was chosen.
    run_bar, saver : RunBar
        Find lesions, and save the table.
    """

    asked = Signal(int)

    def __init__(self, theme: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: LegLesions | None = None
        self._number = 0
        self._week: float | None = None
        self.run_bar = RunBar("Find lesions")
        self.since, self.said, self.story = QLabel(), QLabel(), QLabel()
        self.table, self.changes = SmallTable(HEADINGS), SmallTable(CHANGES)
        self.plot = WeeklyPlot(theme)
        self.save_button = QPushButton("Save")
        self.saver = RunBar("Save")
        self._lay_out()
        self.table.cellClicked.connect(self._clicked)
        menu = QMenu(self.save_button)
        for name in ("lesions", "remodelling"):
            menu.addAction(f"Save {name} (CSV)…", partial(self._save, name))
        self.save_button.setMenu(menu)
        self.show_lesions(None)

    def _lay_out(self) -> None:
        self.saver.run_button.hide()
        self.saver.hide()
        self.saver.runner.started.connect(self.saver.show)
        self.table.setIconSize(QSize(10, 10))
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for column in (0, 2, 3, 4):
            self.table.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.table.make_compact(HIGHEST)
        self.table.setToolTip("Click a lesion to go there; Ctrl+C copies the table")
        self.changes.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.changes.make_compact(HIGHEST)
        for table, tips in ((self.table, TIPS), (self.changes, CHANGE_TIPS)):
            for column, tip in enumerate(tips):
                table.horizontalHeaderItem(column).setToolTip(tip)
        for label in (self.since, self.said, self.story):
            label.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (
            *(self.run_bar, self.since, self.changes, self.said, self.table, self.story, self.plot),
            *(self.save_button, self.saver),
        ):
            column.addWidget(widget)

    def show_lesions(self, found: LegLesions | None) -> None:
        """List what was found; nothing where nobody looked."""
        self._found = found
        self._number = 0
        self.said.setText("" if found is None else _said(found))
        self.said.setVisible(found is not None)
        self.table.setVisible(bool(self.lesions))
        for widget in (self.since, self.changes, self.save_button):
            widget.setVisible(found is not None)
        if found is not None:
            self.since.setText(f"% since week {min(found.weeks):g}: M formed, E resorbed")
            self._fill_changes(found)
            self.table.horizontalHeaderItem(4).setToolTip(f"{TIPS[4]} from the {found.position_from}")
        self._fill()

    @property
    def lesions(self) -> tuple[LesionLine, ...]:
        """The lesions, row by row."""
        return self._found.lesions if self._found is not None else ()

    def turn_to(self, week: float | None) -> None:
        """The canvas shows another week."""
        self._week = week
        self.plot.turn_to(week)
        self._fill()

    def choose(self, number: int) -> None:
        """Mark a lesion, and tell its story."""
        self._number = number
        self._fill()

    def lesion(self, number: int) -> LesionLine | None:
        """The lesion with this number."""
        return next((lesion for lesion in self.lesions if lesion.number == number), None)

    def _fill(self) -> None:
        self.table.fill(lesion_rows(self.lesions, self._week))
        for row, lesion in enumerate(self.lesions):
            self.table.mark(row, 0, icon=_swatch(lesion_colour(lesion.number)), tip=story(lesion))
            if lesion.number == self._number:
                self.table.selectRow(row)
        chosen = self.lesion(self._number)
        self.story.setVisible(chosen is not None)
        self.plot.setVisible(chosen is not None)
        if chosen is None or self._found is None:
            return
        self.story.setText(story(chosen))
        weeks = np.array(self._found.weeks, dtype=float)
        # Before it is seen, nothing is lost there.
        values = np.array([chosen.weeks[week].volume_mm3 if week in chosen.weeks else 0.0 for week in weeks])
        title = f"lesion {chosen.number} over the weeks"
        self.plot.show_weeks(weeks, values, title=title, label="mm³ lost", leg=title)

    def _clicked(self, row: int, _column: int) -> None:
        self.asked.emit(self.lesions[row].number)

    def _fill_changes(self, found: LegLesions) -> None:
        rows = change_rows(found.remodelling)
        self.changes.fill([row for row, _ in rows])
        for number, (_, tip) in enumerate(rows):
            self.changes.mark(number, 0, tip=tip)

    def _save(self, name: str) -> None:
        found = self._found
        if found is None:
            return
        chosen, _ = QFileDialog.getSaveFileName(self, f"Save the {name}", start_in(f"{name}.csv"), "CSV (*.csv)")
        if chosen:
            self.saver.start(
                f"Saving the {name}",
                lambda _: write_table(chosen, found.tables[name]),
                lambda at: self.saver.say(f"Saved {at}"),
            )


def _said(found: LegLesions) -> str:
    notes = [f"{note[:1].upper()}{note[1:].rstrip('.')}." for note in found.notes]
    return " ".join([said_of(found.lesions, found.weeks), *notes])


def _swatch(colour: str) -> QIcon:
    picture = QPixmap(10, 10)
    picture.fill(QColor(colour))
    return QIcon(picture)
