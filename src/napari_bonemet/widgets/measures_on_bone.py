"""Which picture of the measures lies on the bone, and the compartments painted by hand."""

from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from napari_bonemet.widgets.forms import form_layout
from napari_bonemet.widgets.measures_layers import (
    COMPARTMENTS,
    DENSITY,
    LESIONS,
    NOTHING,
    PARTS,
    MeasureLayers,
)
from napari_bonemet.widgets.run_bar import RunBar

__all__ = ["OnBone"]

PAINT = "To correct them, paint on the layer, 0 being outside; then measure again."
NAMES = {
    NOTHING: "nothing",
    COMPARTMENTS: "compartments",
    "Tb.Th": "trabecular thickness",
    "Tb.Sp": "trabecular separation",
    "Ct.Th": "cortical thickness",
    DENSITY: "mineral density",
    LESIONS: "lesions",
}


class OnBone(QWidget):
    """Choose the picture; the week on the canvas gets it.

    Attributes
    ----------
    layers : MeasureLayers
        The pictures.
    painted_bar : RunBar
        Measure with painted compartments; seen once some were painted.
    shown : Signal(str)
        Another picture was chosen.
    """

    shown = Signal(str)

    def __init__(self, viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._week: float | None = None
        self.layers = MeasureLayers(viewer, self)
        self.combo = QComboBox()
        self.combo.setToolTip("What is laid over the bone: compartments, or local thickness or separation in colours.")
        self.hint = QLabel(f"{_legend()}<br>{PAINT}")
        self.hint.setWordWrap(True)
        self.painted_bar = RunBar("Measure with painted compartments")
        self.painted_bar.run_button.setToolTip("Measure again in the compartments as you painted them.")
        choice = form_layout()
        choice.addRow("Show", self.combo)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(choice)
        column.addWidget(self.hint)
        column.addWidget(self.painted_bar)
        self.combo.currentIndexChanged.connect(self._draw)
        self.painted_bar.runner.finished.connect(self._offer_painted)
        self.layers.painted.connect(self._offer_painted)
        self.offer()

    @property
    def picture(self) -> str:
        """What is chosen."""
        return str(self.combo.currentData() or NOTHING)

    def offer(self) -> None:
        """Offer the pictures that there are, and show the one that was chosen before, if it is still there."""
        before = self.picture
        self.combo.blockSignals(True)
        self.combo.clear()
        for name in (NOTHING, *self.layers.held):
            self.combo.addItem(NAMES[name], name)
        self.combo.setCurrentIndex(max(self.combo.findData(before), 0))
        self.combo.blockSignals(False)
        self._draw()

    def choose(self, picture: str) -> None:
        """Show a picture, if it is there."""
        index = self.combo.findData(picture)
        if index >= 0:
            self.combo.setCurrentIndex(index)

    def turn_to(self, week: float | None) -> None:
        """The canvas shows another week."""
        self._week = week
        self._draw()

    def _draw(self, _index: int = 0) -> None:
        self.hint.setVisible(self.picture == COMPARTMENTS)
        # In linked cells every layer has a cell of its own.
        if not self._viewer.canvas.grid.enabled:
            self.layers.show(self.picture, self._week)
        self._offer_painted()
        self.shown.emit(self.picture)

    def _offer_painted(self, _week: float = 0.0) -> None:
        self.painted_bar.setVisible(bool(self.layers.painted_weeks) or self.painted_bar.running)


def _legend() -> str:
    swatches = [
        f'<span style="color:{colour}; font-size:large">&#9632;</span>&nbsp;{number}&nbsp;{name}'
        for number, (name, colour) in PARTS.items()
    ]
    return " &nbsp; ".join(swatches)
