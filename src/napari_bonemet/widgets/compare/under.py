"""The curve over the slices, under the canvas: which measure, the plot, and what it says."""

from typing import Any

import numpy as np
from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_bonemet.widgets.compare.curves import CURVES
from napari_bonemet.widgets.sliceplot import SlicePlot
from napari_bonemet.widgets.under_canvas import put_under

__all__ = ["UnderCanvas"]

NAME = "Slice by slice"
HEIGHT = 120


class UnderCanvas(QWidget):
    """A plot that is as wide as the canvas while two volumes are compared.

    Attributes
    ----------
    plot : SlicePlot
        The curve.
    measures : QComboBox
        What it shows.
    note : QLabel
        What it leaves out, or why it is empty.
    asked : Signal(str)
        Another measure was chosen.
    """

    asked = Signal(str)

    def __init__(self, theme: str) -> None:
        super().__init__()
        self.plot = SlicePlot(theme)
        self.plot.setFixedHeight(HEIGHT)
        self.measures = QComboBox()
        self.measures.addItems(CURVES)
        self.measures.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.note = QLabel()
        self.note.setWordWrap(True)
        # A dock is not asked again how high its words are: room for the second line is there from the start.
        self.note.setMinimumHeight(2 * self.note.fontMetrics().lineSpacing())
        self.note.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout()
        row.addWidget(self.measures)
        row.addWidget(self.note, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 2, 6, 2)
        column.addLayout(row)
        column.addWidget(self.plot)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self._frame: Any = None
        self.measures.activated.connect(lambda _: self.asked.emit(self.measures.currentText()))

    def appear(self, viewer: Any, window: QWidget) -> None:
        """Stand under the canvas of `window`."""
        if self._frame is None:
            self._frame = put_under(window, self, NAME)
        if self._frame is None:
            return
        self._frame.show()
        self.plot.set_theme(viewer.theme)

    def vanish(self) -> None:
        """Give the room back to the canvas."""
        if self._frame is not None:
            self._frame.hide()

    def remove(self) -> None:
        """Leave the window for good."""
        if self._frame is not None:
            frame, self._frame = self._frame, None
            frame.setParent(None)
            frame.deleteLater()

    def choose(self, measure: str) -> None:
        """Name the measure that is shown, without asking for it."""
        with QSignalBlocker(self.measures):
            self.measures.setCurrentText(measure)

    def show_curve(self, values: np.ndarray, *, title: str, measure: str) -> None:
        """Draw one value for each slice."""
        self.choose(measure)
        self.plot.show_curve(values, title="", label=measure)
        out = int(np.isnan(self.plot.values).sum())
        words = f"{title}. Click to go to a slice."
        if out == len(values):
            words = f"{title}: no slice has a value."
        elif out:
            words += f" {out} slices without a value are left out."
        self.note.setText(words)

    def say(self, words: str) -> None:
        """Why there is no curve."""
        self.note.setText(words)
