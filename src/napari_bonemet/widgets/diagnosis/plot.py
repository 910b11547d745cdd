"""Curves of probability over the slices, one per week; a click goes to a slice of the week whose curve is nearest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qtpy.QtCore import Signal

from napari_bonemet.widgets.sliceplot import SlicePlot

# Okabe and Ito, those that read on dark and light.
COLOURS = ("#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#0072b2")
# Within this much of the curve of the chosen week, a click means that week.
_NEAR = 0.04


@dataclass(frozen=True, eq=False)
class Curve:
    """One volume's probability per slice.

    Parameters
    ----------
    title : str
        "week 3, predicted".
    values : ndarray of float, (z,)
        0 to 1; NaN where nothing was looked at.
    band : tuple of ndarray, optional
        Lowest and highest over the samples of a forecast, (z,) each.
    dashed : bool
        A forecast.
    """

    title: str
    values: np.ndarray
    band: tuple[np.ndarray, np.ndarray] | None = None
    dashed: bool = False


def colour_of(number: int) -> str:
    """The colour of the curve with this number, which the table shows, too."""
    return COLOURS[number % len(COLOURS)]


class ProbabilityPlot(SlicePlot):
    """The curves of all volumes, the chosen one bold.

    Attributes
    ----------
    asked : Signal(int, int)
        A volume and a slice were clicked.
    """

    asked = Signal(int, int)

    def __init__(self, theme: str) -> None:
        self._curves: tuple[Curve, ...] = ()
        self._current = 0
        super().__init__(theme)
        self.setToolTip("Click to go to a slice; near a thin curve, to its week as well")

    def show_curves(self, curves: Sequence[Curve], current: int) -> None:
        """Draw every curve, number `current` bold with its highest slice in the title."""
        self._curves, self._current = tuple(curves), current
        if not curves:
            self.show_curve(np.empty(0), title="", label="")
            return
        curve = curves[current]
        top = f": highest in slice {int(np.nanargmax(curve.values))}" if np.isfinite(curve.values).any() else ""
        self.show_curve(curve.values, title=f"{curve.title}{top}", label="lesion")

    def _draw(self) -> None:
        super()._draw()
        axes = self._axes
        axes.set_ylim(-0.03, 1.03)
        axes.set_yticks([0, 0.5, 1])
        if not self._curves:
            return
        axes.axhline(0.5, color=self._ink, linewidth=0.6, linestyle=":")
        for line in axes.lines[:1]:
            line.remove()  # the chosen curve is drawn with the others, in its own colour
        for number, curve in enumerate(self._curves):
            chosen = number == self._current
            slices = np.arange(curve.values.size)
            if curve.band is not None and chosen:
                axes.fill_between(slices, *curve.band, color=colour_of(number), alpha=0.3, linewidth=0)
            axes.plot(
                slices,
                curve.values,
                color=colour_of(number),
                linewidth=2.2 if chosen else 0.8,
                alpha=1.0 if chosen else 0.75,
                linestyle="--" if curve.dashed else "-",
                zorder=3 if chosen else 2,
            )

    def _clicked(self, event: Any) -> None:
        if event.inaxes is not self._axes or event.xdata is None or not self._curves:
            return
        index = int(np.clip(round(event.xdata), 0, self._values.size - 1))
        self.asked.emit(self.nearest(index, float(event.ydata)), index)

    def nearest(self, index: int, height: float) -> int:
        """The volume whose curve is nearest to a place; the chosen one where it is near enough."""
        away = [_distance(curve.values, index, height) for curve in self._curves]
        best = int(np.argmin(away))
        return self._current if away[self._current] <= max(_NEAR, away[best]) else best


def _distance(values: np.ndarray, index: int, height: float) -> float:
    there = index < values.size and np.isfinite(values[index])
    return float(abs(values[index] - height)) if there else np.inf
