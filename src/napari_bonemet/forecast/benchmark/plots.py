"""Plots of a benchmark: gains with intervals, reliability, lost bone told and come."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.forecast.benchmark.settings import MAIN
from napari_bonemet.forecast.benchmark.table import Tested

_COLOURS = {"tumour": "#b2432f", "control": "#4a7a9c", "all": "#444444"}
_MOST_PANELS = 6


def write_plots(folder: Path, lines: Sequence[Mapping[str, Any]], tested: Sequence[Tested]) -> list[Path]:
    """All plots as PNG in `folder`; a plot that there is nothing for is left out.

    Raises
    ------
    OutputError
        When the disk refuses.
    """
    main = [each for each in tested if each.test == MAIN]
    several = [each for each in main if not each.record["deterministic"]][:_MOST_PANELS]
    there = [line for line in lines if line["test"] == MAIN]
    made = [_save(folder / "forecast-benchmark-gains.png", (7.5, 1.2 + 0.32 * len(there)), lambda f: _gains(f, there))]
    if several:
        size = (2.6 * len(several) + 0.6, 2.9)
        made.append(_save(folder / "forecast-benchmark-reliability.png", size, lambda f: _reliability(f, several)))
        made.append(_save(folder / "forecast-benchmark-lost-bone.png", size, lambda f: _lost(f, several)))
    return made


def _save(path: Path, size: tuple[float, float], draw: Callable[[Any], None]) -> Path:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from napari_bonemet.io.atomic import atomic_file

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    draw(figure)
    with atomic_file(path) as temporary:
        figure.savefig(temporary, dpi=110, metadata={"Software": None})
    return path


def _gains(figure: Any, lines: Sequence[Mapping[str, Any]]) -> None:
    axes = figure.add_subplot()
    places = np.arange(len(lines))[::-1]
    for shift, group in ((0.14, "tumour"), (-0.14, "control")):
        name = f"gain_{group}_db"
        known = [(place, line) for place, line in zip(places, lines, strict=True) if line.get(name) is not None]
        values = np.array([line[name] for _, line in known])
        ends = np.array([[line[f"{name}_low"], line[f"{name}_high"]] for _, line in known], dtype=float)
        bars = np.abs(np.nan_to_num(ends - values[:, None])).T
        at = np.array([place for place, _ in known]) + shift
        axes.errorbar(values, at, xerr=bars, fmt="o", color=_COLOURS[group], label=group, capsize=2, ms=4)
    axes.axvline(0, color="#999999", lw=0.8)
    axes.set_yticks(places, [_title(line) for line in lines], fontsize=8)
    axes.set_xlabel("gain over copying the last week, dB (pooled; 95 % over animals)", fontsize=8)
    axes.legend(fontsize=8, frameon=False)


def _title(line: Mapping[str, Any]) -> str:
    return f"{line['row']} ({line['seed']})" if line.get("kl_weight") is not None else str(line["row"])


def _panels(figure: Any, rows: Sequence[Tested]) -> list[Any]:
    axes = figure.subplots(1, len(rows), squeeze=False)[0]
    for each, one in zip(rows, axes, strict=True):
        one.set_title(each.row.title, fontsize=8)
        one.tick_params(labelsize=7)
    return list(axes)


def _reliability(figure: Any, rows: Sequence[Tested]) -> None:
    for each, axes in zip(rows, _panels(figure, rows), strict=True):
        axes.plot([0, 1], [0, 1], color="#999999", lw=0.8)
        for name, colour, label in (
            ("reliability", _COLOURS["tumour"], "samples"),
            ("reliability_calibrated", _COLOURS["control"], "calibrated"),
        ):
            tables = [np.array(animal[name], dtype=float) for animal in each.scores if name in animal]
            if tables:
                cases, said, came = np.sum(tables, axis=0)
                known = cases > 0
                axes.plot(said[known] / cases[known], came[known] / cases[known], "o-", color=colour, ms=3, label=label)
        axes.set_xlabel("probability said", fontsize=7)
    axes = figure.axes[0]
    axes.set_ylabel("share of bone newly lost", fontsize=7)
    axes.legend(fontsize=7, frameon=False)


def _lost(figure: Any, rows: Sequence[Tested]) -> None:
    for each, axes in zip(rows, _panels(figure, rows), strict=True):
        for group in ("tumour", "control"):
            some = [animal for animal in each.scores if animal["tumour"] == (group == "tumour")]
            true = np.array([animal["lost_true_mm3"] for animal in some])
            drawn = [np.quantile(animal["lost_mm3"], [0.05, 0.5, 0.95]) for animal in some]
            if some:
                low, middle, high = np.array(drawn).T
                bars = [middle - low, high - middle]
                axes.errorbar(true, middle, yerr=bars, fmt="o", color=_COLOURS[group], ms=3, lw=0.7, label=group)
        ends = [min(axes.get_xlim()[0], 0), axes.get_xlim()[1]]
        axes.plot(ends, ends, color="#999999", lw=0.8)
        axes.set_xlabel("lost bone as it came, mm³", fontsize=7)
    axes = figure.axes[0]
    axes.set_ylabel("of the futures, 5 to 95 %, mm³", fontsize=7)
    axes.legend(fontsize=7, frameon=False)
