"""What a separation found: a table of the parts, their boxes on projections, and what the user corrects."""

from typing import Any

from napari.layers import Image
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QGroupBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_bonemet.errors import BoneMetError
from napari_bonemet.processing.segment import SeparationResult, swap_sides, with_region
from napari_bonemet.widgets.limb_boxes import LimbBoxes, colour_of, verdict_of
from napari_bonemet.widgets.separate_steps import USUAL, add_part, missing
from napari_bonemet.widgets.sheet import Pictures, Sheet
from napari_bonemet.widgets.tables import SmallTable
from napari_bonemet.widgets.verdicts import verdict_icon
from napari_bonemet.widgets.week_view import WeekView

__all__ = ["ReviewBox"]

HINT = "Click a box, then drag it or its corners. The sagittal picture shows the box that is picked."
NOT_FOUND = "Add a part that is missing…"


class ReviewBox(QGroupBox):
    """The parts of one result; every correction makes a new one.

    Attributes
    ----------
    changed : Signal(object)
        The corrected result.
    sheet_toggled : Signal
        The projections came or went.
    table : SmallTable
        Part (ticked where it is to be cut out), confidence, size.
    swap_button, undo_button, boxes_button : QPushButton
        What is pressed.
    """

    changed = Signal(object)
    sheet_toggled = Signal()

    def __init__(self, viewer: Any, view: WeekView, parent: QWidget | None = None) -> None:
        super().__init__("Parts", parent)
        self.result: SeparationResult | None = None
        self._found: SeparationResult | None = None
        self._ticks: dict[str, bool] = {}
        self.sheet = Sheet(viewer, view, self)
        self.boxes = LimbBoxes(viewer, self.sheet, self)
        self.table = SmallTable(("Part", "Sure", "Length"))
        self.reason, self.hint = QLabel(), QLabel(HINT)
        self.missing = QComboBox()
        self.swap_button, self.undo_button = QPushButton("Swap left and right"), QPushButton("Undo changes")
        self.boxes_button = QPushButton("Show the boxes")
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.missing.setToolTip("A part that was not found: choose it to get a box that you drag to its place.")
        for label in (self.reason, self.hint):
            label.setWordWrap(True)
        self.table.setSelectionBehavior(SmallTable.SelectionBehavior.SelectRows)
        self.swap_button.setToolTip("For scanners that store a mirror image, or where anatomy was read wrongly.")
        self.undo_button.setToolTip("Back to what was found, every box of yours forgotten.")
        self.boxes_button.setToolTip("The boxes on projections of the scan, from the front and from the side.")
        row = QHBoxLayout()
        row.addWidget(self.swap_button)
        row.addWidget(self.undo_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        for widget in (self.boxes_button, self.hint, self.table, self.reason, self.missing):
            column.addWidget(widget)
        column.addLayout(row)

    def _connect(self) -> None:
        self.boxes_button.clicked.connect(self._toggle)
        self.swap_button.clicked.connect(self._swap)
        self.undo_button.clicked.connect(self._undo)
        self.missing.activated.connect(self._add)
        self.table.itemSelectionChanged.connect(self._row_picked)
        self.table.itemChanged.connect(self._ticked)
        self.boxes.drawn.connect(self._drawn)
        self.boxes.picked.connect(self._pick)
        self.sheet.left.connect(self._left)

    def leave(self) -> None:
        """Give the canvas back."""
        self.sheet.leave()

    @property
    def images(self) -> list[Image]:
        """The projections that are on the canvas."""
        return list(self.sheet.images)

    def forget(self) -> None:
        """Show nothing any more."""
        self.sheet.leave()
        self.result = self._found = None
        self.table.fill([])

    def show_result(self, result: SeparationResult) -> None:
        """Show what was found in a scan; the boxes, too, where the projections are on the canvas."""
        if result is self.result:
            return
        if self.result is None or self.result.scan is not result.scan:
            self._found = result
        elif result.found is not self.result.found:
            self._found = result  # found anew
        self.result = result
        self._fill()
        if self.sheet.shown:
            self.open()

    def open(self) -> None:
        """Put the projections and the boxes on the canvas."""
        result = self.result
        if result is None:
            return
        shown = self.sheet.pictures
        if shown is None or shown.scan is not result.scan or shown.coronal is not result.projections["coronal"]:
            views = result.projections
            self.sheet.show(Pictures(result.scan, result.labels_grid, views["coronal"], views["sagittal"]))
            self.boxes.start_anew()
        self.boxes.show(result, self.boxes.number)
        self._say()
        self.sheet_toggled.emit()

    def close_sheet(self) -> None:
        """Back to the slices."""
        self.sheet.leave()

    def _left(self) -> None:
        self._say()
        self.sheet_toggled.emit()

    def _toggle(self) -> None:
        if self.sheet.shown:
            self.sheet.leave()
        else:
            self.open()

    def _fill(self) -> None:
        result = self.result
        if result is None:
            return
        self.table.blockSignals(True)
        self.table.fill([_row(result, index) for index in range(len(result.parts))])
        for row, part in enumerate(result.parts):
            icon = verdict_icon(verdict_of(part))
            self.table.mark(row, 1, icon=icon, colour=colour_of(part), tip=f"{part.title}: {part.reason}")
            item = self.table.item(row, 0)
            if item is not None:
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                ticked = self._ticks.get(part.title, part.name in USUAL)
                item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        self.table.blockSignals(False)
        self.missing.clear()
        self.missing.addItems([NOT_FOUND, *missing(result)])
        self.missing.setVisible(self.missing.count() > 1)
        self._say()

    def _say(self) -> None:
        result = self.result
        self.hint.setVisible(self.sheet.shown)
        self.boxes_button.setText("Back to the slices" if self.sheet.shown else "Show the boxes")
        if result is None:
            return
        lines = [f"{note[:1].upper()}{note[1:]}." for note in result.notes]
        if self.boxes.number < len(result.parts):
            part = result.parts[self.boxes.number]
            lines.append(f"<b>{part.title}</b>: {part.reason}.")
        self.reason.setText("<br>".join(lines))
        self.undo_button.setEnabled(result is not self._found)

    def _pick(self, number: int) -> None:
        self.table.blockSignals(True)
        self.table.selectRow(number)
        self.table.blockSignals(False)
        self.boxes.pick(number)
        self._say()

    def _row_picked(self) -> None:
        row = self.table.currentRow()
        if self.result is not None and 0 <= row < len(self.result.parts):
            self.boxes.pick(row)
            self._say()

    def _ticked(self, item: Any) -> None:
        if item.column() == 0:
            self._ticks[item.text()] = item.checkState() == Qt.CheckState.Checked

    def ticked(self) -> list[str]:
        """The titles of the parts that are to be cut out."""
        result = self.result
        parts = result.parts if result is not None else ()
        return [part.title for part in parts if self._ticks.get(part.title, part.name in USUAL)]

    def _take(self, result: SeparationResult) -> None:
        self.result = result
        self._fill()
        if self.sheet.shown:
            self.boxes.show(result, self.boxes.number)
        self._say()
        self.changed.emit(result)

    def _swap(self) -> None:
        if self.result is not None:
            self._take(swap_sides(self.result))

    def _undo(self) -> None:
        if self._found is not None:
            self._take(self._found)

    def _add(self, index: int) -> None:
        if self.result is not None and index > 0:
            result = add_part(self.result, self.missing.itemText(index))
            self._ticks[result.parts[-1].title] = True
            self.boxes.number = len(result.parts) - 1
            self._take(result)
            self.open()

    def _drawn(self, number: int, region: Any) -> None:
        if self.result is None:
            return
        try:
            self._take(with_region(self.result, number, region))
        except BoneMetError as error:
            self.reason.setText(str(error))


def _row(result: SeparationResult, index: int) -> list[str]:
    part = result.parts[index]
    length = (part.region[0].stop - part.region[0].start) * result.scan.spacing[0] / 1000
    return [part.title, "by hand" if part.by_hand else f"{part.confidence:.0%}", f"{length:.1f} mm"]
