"""A small plot that grows while a step runs: one line per week."""

from typing import Any

from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QVBoxLayout, QWidget

_REDRAW_MS = 150
# Okabe and Ito, those that read on dark and light.
_COLOURS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#0072b2")


class MetricPlot(QWidget):
    """Values against iterations, a line per name, redrawn a few times a second.

    Parameters
    ----------
    ylabel : str
        What is plotted, with its unit.
    """

    def __init__(self, ylabel: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: dict[str, list[float]] = {}
        self._ylabel = ylabel
        self._figure = Figure(figsize=(3, 1.7), dpi=90, layout="constrained")
        canvas: Any = FigureCanvasQTAgg
        self.canvas = canvas(self._figure)
        self.axes = self._figure.add_subplot()
        self.setFixedHeight(160)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.canvas)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REDRAW_MS)
        self._timer.timeout.connect(self.draw)
        self._timer.start()

    def changeEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Follow the window when it turns from dark to light."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.StyleChange, QEvent.Type.PaletteChange}:
            self._timer.start()

    def clear(self) -> None:
        """Forget every line."""
        self.lines = {}
        self._timer.start()

    def name(self, ylabel: str) -> None:
        """Say what is plotted."""
        if ylabel != self._ylabel:
            self._ylabel = ylabel
            self._timer.start()

    def add(self, name: str, value: float) -> None:
        """Let the line `name` grow by one value."""
        self.lines.setdefault(name, []).append(value)
        if not self._timer.isActive():
            self._timer.start()

    def set_line(self, name: str, values: list[float]) -> None:
        """Replace the line `name`."""
        self.lines[name] = list(values)
        self._timer.start()

    def draw(self) -> None:
        """Draw now, in the colours of the window."""
        ink, paper = (
            self.palette().color(role).name() for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Window)
        )
        axes = self.axes
        axes.clear()
        self._figure.set_facecolor(paper)
        axes.set_facecolor(paper)
        for (name, values), colour in zip(self.lines.items(), _COLOURS * len(self.lines), strict=False):
            axes.plot(range(1, len(values) + 1), values, color=colour, linewidth=1.2, label=name)
        axes.set_xlabel("iterations", color=ink, fontsize=8)
        axes.set_ylabel(self._ylabel, color=ink, fontsize=8)
        axes.tick_params(colors=ink, labelsize=7)
        for side, spine in axes.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set_color(ink)
        if self.lines:
            axes.legend(fontsize=7, frameon=False, labelcolor=ink, loc="lower right")
        self.canvas.draw_idle()
