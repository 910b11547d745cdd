"""The part of the Futures dock that says what of the futures is seen on the canvas, and what its colours mean."""

from typing import Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.futures_drawn import Drawn
from napari_bonemet.widgets.futures_layers import (
    BASES,
    COPIED,
    ERROR,
    LOSS,
    MEAN,
    NOTHING,
    OVERLAYS,
    PROBABILITY,
    RISK,
    SAMPLE,
    SPREAD,
    TRUE,
    FutureLayers,
    roles_of,
)

__all__ = ["ColourStrip", "FuturesOnCanvas"]

_BASE_WORDS = {SAMPLE: "Sample", MEAN: "Mean", COPIED: "Copied", TRUE: "True"}
_BASE_TIPS = {
    SAMPLE: "One of the futures that the model drew",
    MEAN: "The mean over the samples",
    COPIED: "The baseline: the last seen week, taken unchanged for this one",
    TRUE: "The week as it was scanned",
}
_OVERLAY_WORDS = {
    RISK: "risk of resorption",
    LOSS: "newly lost bone",
    PROBABILITY: "probability of bone",
    ERROR: "expected error",
    SPREAD: "spread",
    NOTHING: "nothing",
}
_CELLS_SHOWN = "Compare's cells are on the canvas: press 'Back to my view' there first."
_STRIP_PIXELS = 128


class ColourStrip(QWidget):
    """A colour bar that says what its colours mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.low, self.strip, self.high, self.caption = QLabel(), QLabel(), QLabel(), QLabel()
        self.strip.setScaledContents(True)
        self.strip.setFixedHeight(12)
        self.strip.setMinimumWidth(40)
        self.caption.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.low)
        row.addWidget(self.strip, 1)
        row.addWidget(self.high)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.caption)

    def show_colours(self, colormap: Any, low: float, high: float, caption: str) -> None:
        """Draw a napari colormap from `low` to `high`, on black as the canvas is."""
        colours = np.asarray(colormap.map(np.linspace(0, 1, _STRIP_PIXELS)))
        shown = np.ascontiguousarray((colours[:, :3] * colours[:, 3:] * 255).astype(np.uint8)[None])
        image = QImage(shown.data, _STRIP_PIXELS, 1, 3 * _STRIP_PIXELS, QImage.Format.Format_RGB888)
        self.strip.setPixmap(QPixmap.fromImage(image))
        self.low.setText(f"{low:g}")
        self.high.setText(f"{high:.3g}")
        self.caption.setText(caption)
        self.caption.setVisible(bool(caption))


class FuturesOnCanvas(QGroupBox):
    """Leafs through the samples, and chooses what is seen of them, with its legend.

    Parameters
    ----------
    viewer : napari.Viewer
        Gets the layers.
    desk : Desk
        Turned to the true week where that is chosen.

    Attributes
    ----------
    layers : FutureLayers
        What is on the canvas.
    slider, count : QSlider, QLabel
        The sample that is shown, "3 of 6".
    bases : dict
        "sample", "mean", "copied" and "true" to their buttons.
    overlay : QComboBox
        What lies over it.
    """

    def __init__(self, viewer: Any, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("On the canvas", parent)
        self._viewer, self._desk = viewer, desk
        self.layers = FutureLayers(viewer, self)
        self.slider, self.back, self.on = QSlider(Qt.Orientation.Horizontal), QToolButton(), QToolButton()
        self.count, self.state = QLabel(), QLabel()
        self.bases = {name: QPushButton(_BASE_WORDS[name]) for name in (*BASES, TRUE)}
        self.overlay = QComboBox()
        self.legend = ColourStrip()
        self._lay_out()
        self.slider.valueChanged.connect(self._leafed)
        self.back.clicked.connect(lambda: self.slider.setValue(self.slider.value() - 1))
        self.on.clicked.connect(lambda: self.slider.setValue(self.slider.value() + 1))
        self._group.buttonClicked.connect(self._chosen)
        self.overlay.activated.connect(self._chosen)
        self.layers.changed.connect(lambda role: self._show_legend() if role == self.layers.over else None)
        viewer.dims.events.ndisplay.connect(self._turned)
        desk.week_changed.connect(self._week_turned)
        desk.looked_ahead.connect(self._looked_ahead)
        self.hide()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        self.back.setText("◀")
        self.on.setText("▶")
        self.back.setToolTip("Sample before")
        self.on.setToolTip("Next sample")
        self.slider.setPageStep(1)
        self.slider.setToolTip("The future that is shown, of those that were drawn.")
        self.overlay.setToolTip("What all futures together say, in colours over the bone.")
        leaf = QHBoxLayout()
        for widget in (QLabel("Sample"), self.back, self.slider, self.on, self.count):
            leaf.addWidget(widget, 1 if widget is self.slider else 0)
        self._leafing = QWidget()
        leaf.setContentsMargins(0, 0, 0, 0)
        self._leafing.setLayout(leaf)
        self._group = QButtonGroup(self)
        buttons = QHBoxLayout()
        for name, button in self.bases.items():
            button.setCheckable(True)
            button.setToolTip(_BASE_TIPS[name])
            self._group.addButton(button)
            buttons.addWidget(button, 1)
        over = QHBoxLayout()
        over.addWidget(QLabel("Over it"))
        over.addWidget(self.overlay, 1)
        self.state.setWordWrap(True)
        column.addWidget(self._leafing)
        column.addLayout(buttons)
        column.addLayout(over)
        column.addWidget(self.legend)
        column.addWidget(self.state)

    def show_drawn(self, drawn: Drawn) -> None:
        """Show the futures drawn so far; the newest one, unless the user has leafed to another."""
        first = self.layers.drawn is None
        if first:
            self._desk.result_shown.emit()
        newest = first or self.layers.at == self.slider.maximum()
        self.layers.show(drawn, drawn.count - 1 if newest else self.layers.at)
        self._fill()
        self.say("" if drawn.all_there else f"{drawn.count} of {drawn.asked} samples are drawn.")
        self.show()

    def say(self, text: str) -> None:
        """A line below the legend; nothing for an empty one."""
        self.state.setText(text)
        self.state.setVisible(bool(text))

    def forget(self) -> None:
        """Nothing is on the canvas any more."""
        self.layers.forget()
        self.hide()

    def _fill(self) -> None:
        drawn = self.layers.drawn
        if drawn is None:
            return
        roles = roles_of(drawn)
        self._leafing.setVisible(SAMPLE in roles)
        self.slider.blockSignals(True)
        self.slider.setRange(0, drawn.count - 1)
        self.slider.setValue(self.layers.at)
        self.slider.blockSignals(False)
        self._show_count()
        for name, button in self.bases.items():
            button.setVisible(name in roles or (name == TRUE and drawn.true_lost_mm3 is not None))
        self.bases[MEAN].setText(_BASE_WORDS[MEAN] if SAMPLE in roles else "Forecast")
        self.bases[self.layers.base].setChecked(True)
        self.overlay.clear()
        for name in (*(name for name in OVERLAYS if name in roles), NOTHING):
            self.overlay.addItem(_OVERLAY_WORDS[name], name)
        self.overlay.setCurrentIndex(max(self.overlay.findData(self.layers.over), 0))
        self._show_legend()

    def _show_count(self) -> None:
        drawn, at = self.layers.drawn, self.layers.at
        if drawn is not None:
            self.count.setText(f"{at + 1} of {drawn.asked}")
            self.back.setEnabled(at > 0)
            self.on.setEnabled(at < drawn.count - 1)

    def _leafed(self, at: int) -> None:
        self.layers.leaf_to(at)
        self._show_count()
        if self.layers.base != SAMPLE or self.layers.away:
            self.bases[SAMPLE].setChecked(True)
            self._chosen()

    def _chosen(self, *_: Any) -> None:
        base = next((name for name, button in self.bases.items() if button.isChecked()), MEAN)
        over = self.overlay.currentData() or NOTHING
        if self._viewer.canvas.grid.enabled:
            self.say(_CELLS_SHOWN)
            self.bases[self.layers.base].setChecked(True)
            self.overlay.setCurrentIndex(self.overlay.findData(self.layers.over))
            return
        if self.state.text() == _CELLS_SHOWN:
            self.say("")
        drawn = self.layers.drawn
        if drawn is not None and drawn.true_lost_mm3 is not None and self._desk.week != drawn.week:
            self._desk.set_week(drawn.week)
        self._desk.result_shown.emit()
        self.layers.see(base, over)
        self._show_legend()

    def _week_turned(self, week: float | None) -> None:
        # Futures lie on top of the weeks: another week could not be seen below them.
        drawn = self.layers.drawn
        if drawn is not None:
            self.layers.step_aside(week != drawn.week)

    def _looked_ahead(self, ahead: bool) -> None:
        drawn = self.layers.drawn
        elsewhere = drawn is not None and drawn.true_lost_mm3 is not None and self._desk.week != drawn.week
        if drawn is None or elsewhere or self._viewer.canvas.grid.enabled:
            return
        if ahead and self.layers.base == TRUE:
            self.bases[SAMPLE if SAMPLE in roles_of(drawn) else MEAN].setChecked(True)
        self.layers.step_aside(not ahead)
        if ahead:
            base = next(name for name, button in self.bases.items() if button.isChecked())
            self.layers.see(base, self.overlay.currentData() or NOTHING)
            self._show_legend()

    def _turned(self, _event: Any = None) -> None:
        self.layers.draw_as(volume=self._viewer.dims.ndisplay == 3)

    def leave(self) -> None:
        """Stop listening to the viewer."""
        self._viewer.dims.events.ndisplay.disconnect(self._turned)

    def _show_legend(self) -> None:
        over = self.layers.over
        layer = self.layers.layer(over) if over in OVERLAYS else None
        self.legend.setVisible(layer is not None)
        if layer is None:
            return
        low, high = layer.contrast_limits
        self.legend.show_colours(layer.colormap, low, high, _meaning(over, self.layers.drawn))


def _meaning(over: str, drawn: Drawn | None) -> str:
    if drawn is None:
        return ""
    if over == RISK:
        return "calibrated probability that bone of the last seen week is newly lost"
    if over == ERROR:
        return "grey values, calibrated: how far off the mean is expected to be"
    if drawn.asked == 1:
        return "bone that the forecast loses"
    of = f"{drawn.count} sample{'s' if drawn.count > 1 else ''}"
    return {
        LOSS: f"share of {of} in which bone of the last seen week is gone",
        PROBABILITY: f"share of {of} that is bone",
        SPREAD: f"grey values: standard deviation over {of}",
    }[over]
