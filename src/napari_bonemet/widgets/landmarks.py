"""Pairs of landmarks: the same places clicked on two scans, in the same order."""

from typing import Any

import numpy as np
from napari.layers import Points
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import AXES, Grid
from napari_bonemet.widgets.forms import form_layout
from napari_bonemet.widgets.layers import UNIT

__all__ = ["LandmarksBox"]

LEAST = 3
HINT = (
    "Click the same 3 or more places in both layers, in the same order: first on what stays, then on what is moved, "
    "as it lies now."
)
_ON_FIXED, _ON_MOVED = "landmarks, stays", "landmarks, moved"
_COLOURS = {_ON_FIXED: "#7dff7d", _ON_MOVED: "#ff8cff"}
# Of the longest side of the field, so that a point is seen and hides little.
_SIZE = 0.015


class LandmarksBox(QWidget):
    """Two points layers to choose or to make, and a button that uses them.

    Attributes
    ----------
    placed : Signal(object, object)
        Points on the fixed scan and on the moving one as it lies now, both (n, 3), z y x, micrometres.
    failed : Signal(str)
        Why they cannot be used.
    """

    placed = Signal(object, object)
    failed = Signal(str)

    def __init__(self, viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._made: list[Points] = []
        self.fixed, self.moved = QComboBox(), QComboBox()
        self.new_button, self.use_button = QPushButton("New pair of layers"), QPushButton("Use landmarks")
        self._lay_out()
        self.use_button.clicked.connect(self.use)
        viewer.layers.events.inserted.connect(self.refresh)
        viewer.layers.events.removed.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        self.fixed.setToolTip("Points on the week that stays, the baseline.")
        self.moved.setToolTip("Points on the week that moves, in the same order.")
        self.new_button.setToolTip("Two points layers, one for each week, to click landmarks into.")
        self.use_button.setToolTip("The pose that lays the second points on the first; three pairs or more.")
        hint = QLabel(HINT)
        hint.setWordWrap(True)
        rows = form_layout()
        for words, combo in (("Stays", self.fixed), ("Is moved", self.moved)):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(8)
            rows.addRow(words, combo)
        buttons = QHBoxLayout()
        buttons.addWidget(self.new_button)
        buttons.addWidget(self.use_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 4)
        column.addWidget(hint)
        column.addLayout(rows)
        column.addLayout(buttons)

    def leave(self) -> None:
        """Stop listening to the layer list."""
        self._viewer.layers.events.inserted.disconnect(self.refresh)
        self._viewer.layers.events.removed.disconnect(self.refresh)

    def refresh(self, *_: Any) -> None:
        """Offer the points layers that are there."""
        names = [layer.name for layer in self._viewer.layers if isinstance(layer, Points) and layer.ndim == 3]
        for combo, usual in ((self.fixed, _ON_FIXED), (self.moved, _ON_MOVED)):
            chosen = combo.currentText()
            combo.clear()
            combo.addItems(names)
            wanted = combo.findText(chosen) if chosen else combo.findText(usual)
            combo.setCurrentIndex(max(wanted, 0) if names else -1)
        self.use_button.setEnabled(len(names) > 1)

    def make(self, grid: Grid) -> None:
        """Put two empty points layers on the canvas, ready to be clicked into.

        Parameters
        ----------
        grid : Grid
            The voxels that are looked at; with others, the slider would go through other slices.
        """
        self.forget()
        for name in (_ON_MOVED, _ON_FIXED):
            layer = Points(
                ndim=3,
                name=name,
                size=_SIZE * max(grid.shape),
                face_color=_COLOURS[name],
                border_color="black",
                features={"number": np.zeros(0, int)},
                text={"string": "{number}", "color": _COLOURS[name], "anchor": "upper_left", "size": 11},
                scale=grid.spacing,
                translate=grid.origin,
                units=(UNIT,) * 3,
                axis_labels=AXES,
            )
            layer.events.data.connect(_number)
            self._made.append(layer)
            self._viewer.add_layer(layer)
            layer.mode = "add"
        self.fixed.setCurrentText(_ON_FIXED)
        self.moved.setCurrentText(_ON_MOVED)

    def forget(self) -> None:
        """Take the layers away that were made here."""
        made, self._made = self._made, []
        for layer in made:
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)

    def follow(self, motion: Any) -> None:
        """Move our landmarks on the moving scan with it; `motion` maps where they were to where they are."""
        for layer in self._made:
            if layer.name.startswith(_ON_MOVED) and len(layer.data):
                layer.data = (motion(_world(layer)) - layer.translate) / layer.scale

    def use(self) -> None:
        """Hand the pairs over."""
        try:
            pairs = _paired(*(self._points(combo.currentText()) for combo in (self.fixed, self.moved)))
        except InputError as error:
            self.failed.emit(str(error))
            return
        self.placed.emit(*pairs)

    def _points(self, name: str) -> np.ndarray:
        if name not in self._viewer.layers:
            raise InputError("There are no landmarks", remedy="Press 'New pair of layers', and click into both")
        layer = self._viewer.layers[name]
        return _world(layer)


def _world(layer: Points) -> np.ndarray:
    return np.array([layer.data_to_world(point) for point in layer.data], dtype=float).reshape(-1, 3)


def _number(event: Any) -> None:
    """Landmarks bear their place in the order, also after one was deleted."""
    layer = event.source
    numbers = np.arange(1, len(layer.data) + 1)
    if len(layer.features) == len(numbers) and list(layer.features["number"]) != list(numbers):
        layer.features = {"number": numbers}


def _paired(fixed: np.ndarray, moved: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if len(fixed) != len(moved) or len(fixed) < LEAST:
        raise InputError(
            "The landmarks make no pairs",
            expected=f"as many in both layers, {LEAST} or more",
            found=f"{len(fixed)} and {len(moved)}",
        )
    return fixed, moved
