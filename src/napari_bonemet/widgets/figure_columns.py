"""Which columns the table of a figure has, and in which order: ticked and dragged."""

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem

from napari_bonemet.figures.options import COLUMNS, Column

__all__ = ["ColumnList"]

_WHAT: dict[Column, str] = {
    "weeks": "the weeks seen",
    "composite": "bone lost, kept and formed",
    "truth": "the true week",
    "predicted": "the forecast",
    "models": "every model's forecast",
    "samples": "samples of the forecast",
    "mean": "mean of all samples",
    "probability": "share of samples that are bone",
    "spread": "spread over samples",
    "difference": "forecast minus true week",
}


class ColumnList(QListWidget):
    """Columns of the table, from the left; a tick shows one, a drag moves it.

    Attributes
    ----------
    changed : Signal
        Another column, or another order.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setToolTip("Columns from the left: tick those to show, drag them into order.")
        self.setAccessibleName("Columns of the table")
        self.choose(("weeks", "truth", "predicted"))
        self.itemChanged.connect(lambda _: self.changed.emit())
        self.model().rowsMoved.connect(lambda *_: self.changed.emit())

    def chosen(self) -> tuple[Column, ...]:
        """The columns that are ticked, in their order."""
        items = [self.item(row) for row in range(self.count())]
        return tuple(
            item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() == Qt.CheckState.Checked
        )

    def choose(self, columns: Sequence[Column]) -> None:
        """Tick these columns, first in this order; the others follow."""
        self.blockSignals(True)
        self.clear()
        for name in (*columns, *(name for name in COLUMNS if name not in columns)):
            item = QListWidgetItem(_WHAT[name])
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if name in columns else Qt.CheckState.Unchecked)
            self.addItem(item)
        self.blockSignals(False)

    def showEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """As high as all columns; how high one is, the theme tells once it is seen."""
        super().showEvent(event)
        self.setFixedHeight(self.sizeHintForRow(0) * self.count() + 2 * self.frameWidth() + 4)
