"""One measure over the weeks: this leg, and the groups of the cohort around it; a click goes to a week."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from qtpy.QtCore import Signal

from napari_bonemet.widgets.diagnosis.plot import COLOURS
from napari_bonemet.widgets.sliceplot import HEIGHT, SlicePlot

__all__ = ["AlongBone", "GroupLine", "WeeklyPlot", "colour_of_group"]

_MOST_TICKS, _LEGEND_LINE = 8, 14
# The week on the canvas, told from the others on dark and light.
NOW = COLOURS[4]


@dataclass(frozen=True, eq=False)
class GroupLine:
    """Mean and spread of a group over the weeks.

    Parameters
    ----------
    title : str
        "tumour (6 legs)".
    weeks, mean, spread : ndarray of float, (weeks,)
        Spread is the standard deviation; NaN where one leg alone was measured.
    """

    title: str
    weeks: np.ndarray
    mean: np.ndarray
    spread: np.ndarray


def colour_of_group(index: int) -> str:
    """The colour of a group; the leg itself has the window's own."""
    return COLOURS[index % len(COLOURS)]


class WeeklyPlot(SlicePlot):
    """A point per week for this leg, a line with error bars per group.

    Attributes
    ----------
    asked : Signal(float)
        A week was clicked.
    """

    asked = Signal(float)

    def __init__(self, theme: str) -> None:
        self._weeks = np.empty(0)
        self._groups: tuple[GroupLine, ...] = ()
        self._leg = ""
        self._now: float | None = None
        super().__init__(theme)
        self.setToolTip("Click a point to go to its week")

    def show_weeks(
        self,
        weeks: np.ndarray,
        values: np.ndarray,
        *,
        title: str,
        label: str,
        leg: str,
        groups: Sequence[GroupLine] = (),
    ) -> None:
        """Draw a measure.

        Parameters
        ----------
        weeks, values : ndarray of float, (weeks,)
            Of this leg; NaN where the measure is absent.
        title, label, leg : str
            Above the plot, along its upright axis, and what the leg is called in the legend.
        groups : sequence of GroupLine
            Drawn behind the leg.
        """
        self._weeks, self._groups, self._leg = np.asarray(weeks, float), tuple(groups), leg
        self.show_curve(np.asarray(values, float), title=title, label=label)

    def turn_to(self, week: float | None) -> None:
        """Mark the week that the canvas shows."""
        if week != self._now:
            self._now = week
            self._draw()

    def mark(self, index: int) -> None:
        """Weeks are marked by :meth:`turn_to`; slices are none here."""

    def _draw(self) -> None:
        axes, ink = self._dress("week", self._title, self._label)
        for number, group in enumerate(self._groups):
            self._draw_group(group, colour_of_group(number))
        there = np.isfinite(self._values)
        if there.any():
            axes.plot(
                *(self._weeks[there], self._values[there]), color=ink, linewidth=1.6, marker="o", markersize=5, zorder=4
            )
            axes.lines[-1].set_label(self._leg)
        if self._now is not None and self._now in self._weeks:
            axes.axvline(self._now, color=ink, linewidth=1, linestyle="--", alpha=0.6, zorder=1)
        if self._values.size and not there.any():
            axes.text(0.5, 0.5, "absent in every week", color=ink, fontsize=8, ha="center", transform=axes.transAxes)
        self._legend(ink)
        self._ticks()
        self.draw_idle()  # type: ignore[no-untyped-call]

    def _legend(self, ink: str) -> None:
        """Below the plot, which grows by as much: over the curves it would hide them."""
        for old in list(self.figure.legends):
            old.remove()
        self.setFixedHeight(HEIGHT + (_LEGEND_LINE * (2 + len(self._groups)) if self._groups else 0))
        if self._groups:
            self.figure.legend(
                loc="outside lower left", fontsize=7, frameon=False, labelcolor=ink, handlelength=1.6, labelspacing=0.25
            )

    def _draw_group(self, group: GroupLine, colour: str) -> None:
        self._axes.errorbar(
            *(group.weeks, group.mean),
            yerr=np.where(np.isfinite(group.spread), group.spread, 0.0),
            color=colour,
            linewidth=1.4,
            capsize=3,
            elinewidth=1,
            label=group.title,
            zorder=2,
        )

    def _ticks(self) -> None:
        axes, every = self._axes, np.unique(np.concatenate([self._weeks, *(group.weeks for group in self._groups)]))
        axes.xaxis.set_major_locator(
            FixedLocator(every.tolist()) if 0 < every.size <= _MOST_TICKS else MaxNLocator(integer=True)
        )
        axes.xaxis.set_major_formatter(FuncFormatter(lambda week, _: f"{week:g}"))
        axes.yaxis.set_major_locator(MaxNLocator(4))
        if every.size:
            axes.set_xlim(every[0] - 0.3, every[-1] + 0.3)

    def _clicked(self, event: Any) -> None:
        if event.inaxes is self._axes and event.xdata is not None and self._weeks.size:
            self.asked.emit(float(self._weeks[np.argmin(np.abs(self._weeks - event.xdata))]))


class AlongBone(SlicePlot):
    """One cortical measure slice by slice: the week on the canvas in full, the others thin."""

    def __init__(self, theme: str) -> None:
        self._others: tuple[np.ndarray, ...] = ()
        super().__init__(theme)

    def show_slices(self, current: np.ndarray, others: Sequence[np.ndarray], *, title: str, label: str) -> None:
        """Draw curves over the slices, (z,) each; NaN where a slice has no value."""
        self._others = tuple(others)
        self.show_curve(current, title=title, label=label)

    def _draw(self) -> None:
        super()._draw()
        for line in self._axes.lines[:1]:
            line.set_color(NOW)
        for values in self._others:
            self._axes.plot(np.arange(values.size), values, color=self._ink, linewidth=0.7, alpha=0.45, zorder=1)
        self._axes.yaxis.set_major_locator(MaxNLocator(4))
        seen = np.flatnonzero(np.isfinite(self._values))
        if seen.size:
            room = max((seen[-1] - seen[0]) * 0.02, 1)
            self._axes.set_xlim(seen[0] - room, seen[-1] + room)
