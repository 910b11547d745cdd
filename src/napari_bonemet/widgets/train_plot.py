"""How a training goes: the loss, and what it gains over copying on animals held out, epoch after epoch."""

from collections.abc import Sequence
from typing import Any

from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_bonemet.forecast.training import EpochReport

__all__ = ["TrainingCurves", "best_epoch"]

_REDRAW_MS = 150
_HEIGHT = 230
_LOSS, _GAIN = "#56b4e9", "#e69f00"
_SCALE = 1000


def best_epoch(epochs: Sequence[EpochReport]) -> EpochReport | None:
    """The first of the epochs that gained most on the animals held out; None where none were."""
    scored = [epoch for epoch in epochs if epoch.validation_gain_db is not None]
    return max(scored, key=lambda epoch: epoch.validation_gain_db or 0.0, default=None)


class TrainingCurves(QWidget):
    """Two curves over the epochs, redrawn a few times a second at most.

    Attributes
    ----------
    epochs : list of EpochReport
        What is drawn; fill it by :meth:`add`.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.epochs: list[EpochReport] = []
        self._figure = Figure(figsize=(3, 2.5), dpi=90, layout="constrained")
        canvas: Any = FigureCanvasQTAgg
        self.canvas = canvas(self._figure)
        self.setFixedHeight(_HEIGHT)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.canvas)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REDRAW_MS)
        self._timer.timeout.connect(self.draw)

    def changeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Follow the window when it turns from dark to light."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.StyleChange, QEvent.Type.PaletteChange}:
            self._timer.start()

    def clear(self) -> None:
        """Forget every epoch."""
        self.epochs = []
        self._timer.start()

    def add(self, epoch: EpochReport) -> None:
        """Let the curves grow by one epoch."""
        self.epochs.append(epoch)
        if not self._timer.isActive():
            self._timer.start()

    def draw(self) -> None:
        """Draw now, in the colours of the window."""
        self._figure.clear()
        gains = [epoch.validation_gain_db for epoch in self.epochs]
        held_out = any(gain is not None for gain in gains)
        made = self._figure.subplots(2 if held_out else 1, 1, sharex=True, squeeze=False)[:, 0]
        numbers = [epoch.epoch for epoch in self.epochs]
        losses = [epoch.loss * _SCALE for epoch in self.epochs]
        made[0].plot(numbers, losses, color=_LOSS, linewidth=1.2, marker=_dot(numbers))
        self._dress(made[0], "loss × 1000")
        if held_out:
            self._draw_gain(made[1], numbers, gains)
        made[-1].set_xlabel("epoch", color=self._ink, fontsize=8)
        made[-1].xaxis.get_major_locator().set_params(integer=True)
        self.canvas.draw_idle()

    def _draw_gain(self, axes: Any, numbers: list[int], gains: list[float | None]) -> None:
        axes.axhline(0, color=self._ink, linewidth=0.8, linestyle=":")
        axes.plot(numbers, gains, color=_GAIN, linewidth=1.2, marker=_dot(numbers))
        best = best_epoch(self.epochs)
        if best is not None:
            axes.plot([best.epoch], [best.validation_gain_db], color=_GAIN, marker="o", markersize=5)
        self._dress(axes, "dB over copying")

    @property
    def _ink(self) -> str:
        return str(self.palette().color(QPalette.ColorRole.WindowText).name())

    def _dress(self, axes: Any, ylabel: str) -> None:
        paper = self.palette().color(QPalette.ColorRole.Window).name()
        self._figure.set_facecolor(paper)
        axes.set_facecolor(paper)
        axes.set_ylabel(ylabel, color=self._ink, fontsize=8)
        axes.tick_params(colors=self._ink, labelsize=7)
        for side, spine in axes.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set_color(self._ink)


def _dot(numbers: list[int]) -> str:
    """A line through one point is not seen."""
    return "." if len(numbers) < 2 else ""
