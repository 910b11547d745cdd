"""The cell of a sample leafs through all samples, by hand or by itself."""

from typing import Any

from napari.layers import Layer
from qtpy.QtCore import QSignalBlocker, Qt, QTimer
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from napari_bonemet.widgets.compare.items import Item
from napari_bonemet.widgets.large import show_voxels

__all__ = ["SampleLeaf"]

_TURN_MS = 600


class SampleLeaf(QWidget):
    """A slider over the samples, and a button that plays them; of use while a cell shows a sample.

    Attributes
    ----------
    slider : QSlider
        The sample shown, from 0.
    play_button : QToolButton
        Starts and stops leafing.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._samples: tuple[Item, ...] = ()
        self._layer: Layer | None = None
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.play_button = QToolButton()
        self.words = QLabel()
        self._timer = QTimer(self)
        self._timer.setInterval(_TURN_MS)
        self._timer.timeout.connect(self.next)
        self._lay_out()
        self.slider.valueChanged.connect(self._turn)
        self.play_button.clicked.connect(self._play)
        self.take((), None, 0)

    def _lay_out(self) -> None:
        self.play_button.setText("▶")
        self.play_button.setCheckable(True)
        self.play_button.setToolTip("Leaf through the samples")
        self.slider.setToolTip("The future that is shown, of those that were drawn.")
        self.slider.setPageStep(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("Sample"))
        row.addWidget(self.slider, 1)
        row.addWidget(self.play_button)
        row.addWidget(self.words)

    def take(self, samples: tuple[Item, ...], layer: Layer | None, at: int) -> None:
        """Leaf through `samples` in `layer`, which shows the one at `at`; out of sight where there is none."""
        self.stop()
        self._samples, self._layer = samples, layer
        self.setVisible(layer is not None and len(samples) > 1)
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(len(samples) - 1, 0))
            self.slider.setValue(at)
        self._say()

    def stop(self) -> None:
        """Leaf no more."""
        self._timer.stop()
        self.play_button.setChecked(False)

    def next(self) -> None:
        """Turn to the next sample, after the last to the first."""
        self.slider.setValue((self.slider.value() + 1) % max(len(self._samples), 1))

    def _play(self, on: bool) -> None:
        if on:
            self._timer.start()
        else:
            self._timer.stop()

    def _turn(self, at: int) -> None:
        if self._layer is None or not 0 <= at < len(self._samples):
            return
        item = self._samples[at]
        layer: Any = self._layer
        show_voxels(layer, item.scan)
        layer.name = item.title
        self._say()

    def _say(self) -> None:
        self.words.setText(f"{self.slider.value() + 1} of {len(self._samples)}")
