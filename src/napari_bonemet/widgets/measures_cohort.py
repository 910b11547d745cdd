"""The tables of a cohort beside the measures of one leg: which files, and what animals are grouped by."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_bonemet.widgets.measures_groups import CohortRow, groups_in, joined, lines_of
from napari_bonemet.widgets.measures_plot import GroupLine
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.settings import start_in

__all__ = ["CohortBox"]

ABOUT = "Medical records, or a table of measures of other animals: their means are drawn around this leg."
KINDS = "Tables (*.csv *.tsv *.txt *.xlsx)"
Read = Callable[[Path], tuple[tuple[CohortRow, ...], str]]


class CohortBox(QWidget):
    """Add tables one by one; those with measures are joined with those that say who belongs to which group.

    Attributes
    ----------
    changed : Signal
        There are other groups.

    Parameters
    ----------
    read : callable
        Reads a file: its rows, and what to say of it. Runs beside the screen.
    """

    changed = Signal()

    def __init__(self, read: Read, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._read = read
        self._tables: dict[Path, tuple[CohortRow, ...]] = {}
        self._said: dict[Path, str] = {}
        self.rows: tuple[CohortRow, ...] = ()
        self.add_button, self.clear_button = QPushButton("Medical records…"), QPushButton("Remove")
        self.by = QComboBox()
        self.by.setToolTip("What the animals are grouped by.")
        self.said = QLabel(ABOUT)
        self.said.setWordWrap(True)
        self.bar = RunBar("Read")
        self._lay_out()
        self.add_button.clicked.connect(self.ask)
        self.clear_button.clicked.connect(self.clear)
        self.by.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.bar.runner.started.connect(self.bar.show)
        self.bar.lock(self.add_button, self.clear_button)
        self._offer()

    def _lay_out(self) -> None:
        self.add_button.setToolTip(f"{ABOUT} Add a second file to join both.")
        self.clear_button.setToolTip("Forget the records that were read.")
        self.bar.run_button.hide()
        self.bar.hide()
        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button, 2)
        buttons.addWidget(self.clear_button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(buttons)
        for widget in (self.by, self.said, self.bar):
            column.addWidget(widget)

    def lines(self, symbol: str) -> tuple[GroupLine, ...]:
        """The groups of a measure, for the plot."""
        return lines_of(self.rows, symbol, str(self.by.currentData() or "")) if self.rows else ()

    def ask(self) -> None:
        """Ask for a file, and add it."""
        chosen, _ = QFileDialog.getOpenFileName(self, "Medical records or a table of measures", start_in(), KINDS)
        if chosen:
            self.add(Path(chosen))

    def add(self, path: Path) -> None:
        """Read a table beside the screen, and join it with those that are there."""
        self.bar.start(f"Reading {path.name}", lambda _: self._read(path), lambda made: self._keep(path, made))

    def clear(self) -> None:
        """Forget every table."""
        self._tables, self._said = {}, {}
        self._offer()

    def _keep(self, path: Path, made: tuple[tuple[CohortRow, ...], str]) -> None:
        self._tables[path], self._said[path] = made
        self.bar.say("")
        self.bar.hide()
        self._offer()

    def _offer(self) -> None:
        before: Any = self.by.currentData() if self.rows else None
        self.rows = joined(tuple(self._tables.values()))
        self.by.blockSignals(True)
        self.by.clear()
        for name in groups_in(self.rows):
            self.by.addItem(f"mean and SD by {name}", name)
        self.by.addItem("mean and SD of all animals", "")
        self.by.setCurrentIndex(max(self.by.findData(before), 0))
        self.by.blockSignals(False)
        self.by.setVisible(bool(self.rows))
        self.clear_button.setVisible(bool(self._tables))
        missing = "No table with measures yet: add one, a week and a leg in each row."
        lines = [*self._said.values(), *([missing] if self._tables and not self.rows else [])]
        self.said.setText("<br>".join(lines) or ABOUT)
        self.changed.emit()
