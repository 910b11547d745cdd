"""A measure over weeks: each leg a thin line, each group its mean and spread."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import matplotlib.style
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from napari_bonemet.errors import InputError
from napari_bonemet.figures.montage import STYLE
from napari_bonemet.figures.palette import GROUP_COLOURS, GROUP_MARKS
from napari_bonemet.morphometry.catalogue import BY_SYMBOL
from napari_bonemet.morphometry.cohort.statistics import per_animal
from napari_bonemet.morphometry.cohort.weekly import Leg, WeeklyTable

__all__ = ["DrawnMeasure", "Show", "draw_measure", "measure_figure"]

Show = Literal["value", "change", "percent"]

_SIZE = (6.4, 2.9)
_DPI = 150
_ASIDE = 0.03  # of the weeks' range: how far apart the groups' error bars stand


@dataclass(frozen=True, eq=False)
class DrawnMeasure:
    """What was drawn, for a screen that lets a point be clicked.

    Parameters
    ----------
    lines : mapping of Leg to Line2D
        Each leg's, with its weeks as x and NaN where a week is missing.
    groups : mapping of str to Line2D
        Each group's mean.
    """

    lines: Mapping[Leg, Line2D]
    groups: Mapping[str, Line2D]


def draw_measure(
    axes: Axes, table: WeeklyTable, symbol: str, *, show: Show = "value", ink: str = "black"
) -> DrawnMeasure:
    """Draw one measure over weeks into `axes`.

    A bold line is the mean of a group's animals with their standard deviation (two legs of one animal in a group count
    as one, their mean); a thin line is a leg. Nothing is drawn where a week is missing.

    Parameters
    ----------
    axes : matplotlib Axes
        Of any figure, a screen's too; cleared before.
    table : WeeklyTable
        All legs.
    symbol : str
        The measure's.
    show : {"value", "change", "percent"}
        The measure, what it gained since the baseline, or that in percent of the baseline.
    ink : str
        Colour of axes and words.

    Raises
    ------
    InputError
        When no leg has the measure.
    """
    if symbol not in {measure.symbol for measure in table.measures}:
        there = ", ".join(measure.symbol for measure in table.measures)
        raise InputError(f"No leg has the measure {symbol}", found=there or "no measures")
    axes.clear()
    colours = {group: GROUP_COLOURS[n % len(GROUP_COLOURS)] for n, group in enumerate(table.groups)}
    lines = {
        leg: _draw_leg(axes, table, leg, symbol, show=show, colour=colours[table.group_of(leg)]) for leg in table.legs
    }
    groups = {}
    for number, group in enumerate(table.groups):
        # Beside each other, so that error bars of groups that are alike do not hide each other.
        aside = (number - (len(table.groups) - 1) / 2) * _ASIDE * max(1.0, table.weeks[-1] - table.weeks[0])
        mark = GROUP_MARKS[number % len(GROUP_MARKS)]
        line = _draw_group(axes, table, group, symbol, show, aside=aside, colour=colours[group], mark=mark)
        if line is not None:
            groups[group] = line
    _dress(axes, table, symbol, show, ink)
    return DrawnMeasure(lines, groups)


def measure_figure(table: WeeklyTable, symbol: str) -> Figure:
    """A measure and its change since the baseline, side by side; the measure alone where nothing changed yet.

    Made without pyplot, hence safe in any thread and without a screen.

    Raises
    ------
    InputError
        When no leg has the measure.
    """
    measure = BY_SYMBOL.get(symbol)
    changed = any(table.change(row.leg, row.week, symbol) is not None for row in table.rows)
    with matplotlib.style.context(["default", STYLE, {"font.size": 8}]):
        figure = Figure(figsize=_SIZE if changed else (_SIZE[0] / 2 + 0.6, _SIZE[1]), dpi=_DPI, layout="constrained")
        FigureCanvasAgg(figure)
        shown: tuple[Show, ...] = ("value", "change") if changed else ("value",)
        handles: list[Artist] = []
        labels: list[str] = []
        for number, show in enumerate(shown):
            axes = figure.add_subplot(1, len(shown), number + 1)
            draw_measure(axes, table, symbol, show=show)
            if legend := axes.get_legend():
                handles, labels = axes.get_legend_handles_labels()
                legend.remove()
        if handles:
            # Above the plots: within them it would hide bars of some measure or other.
            figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), fontsize=7, frameon=False)
        figure.axes[0].set_title(f"{symbol}: {measure.meaning}" if measure else symbol, fontsize=9, loc="left")
        figure.supxlabel(_admitted(table), fontsize=6.5, color="#333333")
    return figure


def _draw_leg(axes: Axes, table: WeeklyTable, leg: Leg, symbol: str, *, show: Show, colour: str) -> Line2D:
    heights = [_height(table, leg, week, symbol, show) for week in table.weeks]
    (line,) = axes.plot(table.weeks, heights, "-", color=colour, lw=0.7, alpha=0.5, marker=".", ms=3, zorder=2)
    line.set_gid(" ".join(part for part in leg if part))
    return line


def _height(table: WeeklyTable, leg: Leg, week: float, symbol: str, show: Show) -> float:
    if show == "value":
        found = table.value(leg, week, symbol)
    else:
        found = table.change(leg, week, symbol, percent=show == "percent")
        has = table.value(leg, week, symbol) is not None
        found = 0.0 if found is None and has and week == table.baseline else found
    return np.nan if found is None else found


def _draw_group(
    axes: Axes, table: WeeklyTable, group: str, symbol: str, show: Show, *, aside: float, colour: str, mark: str
) -> Line2D | None:
    places, means, spreads, counts = [], [], [], []
    for week in table.weeks:
        each = [*_of_animals(table, group, week, symbol, show).values()]
        places.append(week + aside)
        counts.append(len(each))
        means.append(float(np.mean(each)) if each else np.nan)
        spreads.append(float(np.std(each, ddof=1)) if len(each) > 1 else np.nan)
    some = sorted({count for count in counts if count})
    if not some:
        return None
    label = f"{group} (n = {'–'.join(str(n) for n in dict.fromkeys((some[0], some[-1])))})"
    bars = axes.errorbar(
        places,
        means,
        spreads,
        color=colour,
        marker=mark,
        ms=4.5,
        lw=1.8,
        elinewidth=1,
        capsize=2.5,
        label=label,
        zorder=3,
    )
    line: Line2D = bars.lines[0]
    line.set_data(np.asarray(places), np.asarray(means))  # errorbar keeps objects, no numbers
    return line


def _of_animals(table: WeeklyTable, group: str, week: float, symbol: str, show: Show) -> Mapping[str, float]:
    if show == "value":
        return per_animal(table, group, week, symbol)
    if week == table.baseline:
        return dict.fromkeys(per_animal(table, group, week, symbol), 0.0)
    return per_animal(table, group, week, symbol, change="percent" if show == "percent" else "absolute")


def _dress(axes: Axes, table: WeeklyTable, symbol: str, show: Show, ink: str) -> None:
    measure = BY_SYMBOL[symbol]
    since = f"since week {table.baseline:g}"
    axes.set_ylabel(
        {
            "value": measure.column,
            "change": f"Δ {measure.column} {since}",
            "percent": f"Δ {symbol} {since} (%)",
        }[show],
        color=ink,
    )
    axes.set_xlabel("week", color=ink)
    axes.set_xticks(table.weeks, [f"{week:g}" for week in table.weeks])
    axes.tick_params(colors=ink)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(ink)
    if show != "value":
        axes.axhline(0, color=ink, lw=0.5, alpha=0.5, zorder=1)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, labelcolor=ink, fontsize="small")


def _admitted(table: WeeklyTable) -> str:
    """What the bold and the thin lines are, and that the animals are synthetic where they are."""
    words = ["bold: mean and SD of animals; thin: legs"]
    return " · ".join([*words, "synthetic data"] if table.synthetic else words)
