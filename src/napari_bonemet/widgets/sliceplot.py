"""A curve over the slices of a volume: a line marks the slice on the canvas, a click goes to another."""

from typing import Any

import numpy as np
from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from napari.utils.theme import get_theme
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QSizePolicy

HEIGHT = 150


class SlicePlot(FigureCanvasQTAgg):
    """One value per slice, as wide as the dock.

    Parameters
    ----------
    theme : str
        napari's theme, for the colours of text and line.

    Attributes
    ----------
    picked : Signal(int)
        A slice was clicked.
    """

    picked = Signal(int)

    def __init__(self, theme: str) -> None:
        super().__init__(Figure(layout="constrained"))  # type: ignore[no-untyped-call]
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(120)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Click to go to a slice")
        self._axes = self.figure.add_subplot()
        self._marker: Any = None
        self._below: Any = None
        self._values = np.empty(0)
        self._title = self._label = ""
        self.set_theme(theme)
        self.mpl_connect("button_press_event", self._clicked)
        self.mpl_connect("draw_event", self._drawn)

    @property
    def values(self) -> np.ndarray:
        """The curve as drawn, (z,); slices without a number (identical ones) are NaN."""
        return self._values

    def set_theme(self, theme: str) -> None:
        """Take the colours of a napari theme."""
        colours = get_theme(theme)
        self._ink, self._line = colours.text.as_hex(), colours.current.as_hex()
        self.figure.set_facecolor(colours.background.as_hex())
        self._axes.set_facecolor(colours.background.as_hex())
        self._draw()

    def show_curve(self, values: np.ndarray, *, title: str, label: str) -> None:
        """Draw one value per slice; infinite ones are left out.

        Parameters
        ----------
        values : ndarray of float, (z,)
            In the order of the slices.
        title, label : str
            Above the plot, and along its upright axis.
        """
        self._values = np.where(np.isfinite(values), values, np.nan)
        self._title, self._label = title, label
        self._draw()

    def mark(self, index: int) -> None:
        """Move the marker to a slice: drawn over the picture of all else, which would take longer than the slice."""
        if self._marker is None or self._marker.get_xdata()[0] == index:
            return
        self._marker.set_xdata([index, index])
        if self._below is None:
            self.draw_idle()  # type: ignore[no-untyped-call]
            return
        self.restore_region(self._below)  # type: ignore[no-untyped-call]
        self._axes.draw_artist(self._marker)
        self.update()

    def _drawn(self, _event: Any) -> None:
        self._below = None
        if self._marker is not None:
            self._below = self.copy_from_bbox(self.figure.bbox)  # type: ignore[no-untyped-call]
            self._axes.draw_artist(self._marker)

    def _dress(self, across: str, title: str, label: str) -> tuple[Any, str]:
        """Empty the plot, and give it its words in the window's colours; gives its axes and the colour of text."""
        axes, ink = self._axes, self._ink
        axes.clear()
        self._marker = None
        for spine in axes.spines.values():
            spine.set_color(ink)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=ink, labelsize=7)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel(across, color=ink, fontsize=8)
        axes.set_ylabel(label, color=ink, fontsize=8)
        axes.set_title(title, color=ink, fontsize=8, loc="left")
        return axes, ink

    def _draw(self) -> None:
        at = self._marker.get_xdata()[0] if self._marker is not None else 0
        axes, ink = self._dress("slice", self._title, self._label)
        if self._values.size:
            axes.plot(np.arange(self._values.size), self._values, color=self._line, linewidth=1.5)
            axes.set_xlim(0, max(self._values.size - 1, 1))
            self._marker = axes.axvline(at, color=ink, linewidth=1, linestyle="--", animated=True)
        self.draw_idle()  # type: ignore[no-untyped-call]

    def _clicked(self, event: Any) -> None:
        if event.inaxes is self._axes and event.xdata is not None and self._values.size:
            self.picked.emit(int(np.clip(round(event.xdata), 0, self._values.size - 1)))
