"""Panels side by side: one slice of several scans, all of the same place and at the same scale."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from napari_bonemet.errors import InputError
from napari_bonemet.figures.arrows import ARROW_COLOURS, Arrow, Meaning, PlacedArrow, place
from napari_bonemet.figures.draw import NORMAL, SMALL, Sheet, draw_arrow, draw_below, draw_picture, draw_scale_bar
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.page import Page
from napari_bonemet.figures.panel import Panel
from napari_bonemet.figures.slices import Slice, Window, across, around_bone, cut
from napari_bonemet.provenance import __version__
from napari_bonemet.scan import Kind

__all__ = ["STYLE", "MontageOptions", "Panel", "montage", "shown_slice"]

# Text stays text in SVG and PDF; ids in SVG do not change from run to run.
STYLE: dict[str, object] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "svg.fonttype": "none",
    "svg.hashsalt": "napari-bonemet",
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
}

_MARGIN = 0.16
_SLIMMEST = 0.45  # width over height of a picture, at the least
_FLATTEST = 6.0
_MEANINGS: dict[Meaning, str] = {
    "lesion": "bone lost in truth, or a forecast that hits it",
    "wrong": "loss in the forecast that is not true",
}


def shown_slice(panels: Sequence[Panel], options: MontageOptions) -> int:
    """The slice of the first panel's scan that is shown: the one asked for, or the middle one.

    Raises
    ------
    InputError
        When there is no panel, or no such slice.
    """
    if not panels:
        raise InputError("A figure needs at least one panel")
    count = panels[0].scan.shape[across(options.plane)]
    index = count // 2 if options.slice_index is None else options.slice_index
    if not 0 <= index < count:
        raise InputError(
            f"The {options.plane} slice is not there", expected=f"0 to {count - 1}", found=str(options.slice_index)
        )
    return index


def montage(panels: Sequence[Panel], *, title: str = "", options: MontageOptions | None = None) -> Figure:
    """Draw `panels` in rows, all cut at the same place.

    Parameters
    ----------
    panels : sequence of Panel
        At least one. Scans on other grids than the first are cut at the same micrometres.
    title : str
        Above all of them.
    options : MontageOptions, optional
        The defaults when None.

    Returns
    -------
    matplotlib.figure.Figure
        Made without pyplot, hence safe in any thread and without a screen. Forecasts are marked "predicted,
        research use", synthetic scans "synthetic data".

    Raises
    ------
    InputError
        When there is no panel, or a scan does not reach the slice.
    """
    options = options or MontageOptions()
    scan = panels[0].scan if panels else None
    index = shown_slice(panels, options)
    assert scan is not None  # noqa: S101  shown_slice refuses an empty list; this is for the type checker
    axis = across(options.plane)
    position = scan.origin[axis] + index * scan.spacing[axis]
    slices = [cut(panel.scan, options.plane, position) for panel in panels]
    panels = [replace(panel, arrows=_in_slice(panel, axis, position)) for panel in panels]
    window = _window(panels, slices, options)
    with matplotlib.style.context(["default", STYLE]):
        place = f"{options.plane} slice {index} at {position / 1000:.2f} mm"
        return _draw(panels, slices, f"{title}, {place}".lstrip(", "), window, options)


def _in_slice(panel: Panel, axis: int, position: float) -> tuple[Arrow, ...]:
    half = 0.51 * panel.scan.spacing[axis]
    return tuple(arrow for arrow in panel.arrows if abs(arrow.point[axis] - position) <= half)


def _window(panels: Sequence[Panel], slices: Sequence[Slice], options: MontageOptions) -> Window:
    grey = [s for p, s in zip(panels, slices, strict=True) if p.kind == "grey"] or [slices[0]]
    if not options.crop_to_bone:
        return slices[0].window
    return around_bone(grey, options.bone_threshold, _MARGIN)


def _draw(
    panels: Sequence[Panel], slices: Sequence[Slice], title: str, window: Window, options: MontageOptions
) -> Figure:
    shape = min(max(window.width / window.height, _SLIMMEST), _FLATTEST)
    grouped = any(panel.group for panel in panels)
    page = Page(len(panels), options.columns, options.panel_inches, options.panel_inches / shape, grouped)
    figure = Figure(figsize=page.size, dpi=options.dpi, facecolor="white")
    FigureCanvasAgg(figure)
    sheet = Sheet(figure, page, window, options)
    figure.text(*page.title, title, ha="left", va="center", fontsize=10, fontweight="bold")
    meanings: set[Meaning] = set()
    for number, (panel, picture) in enumerate(zip(panels, slices, strict=True)):
        meanings |= {arrow.meaning for arrow in _draw_panel(sheet, number, panel, picture)}
    _draw_groups(sheet, panels)
    _draw_meanings(sheet, meanings)
    _draw_footer(sheet, panels)
    return figure


def _draw_panel(sheet: Sheet, number: int, panel: Panel, picture: Slice) -> tuple[PlacedArrow, ...]:
    page, options = sheet.page, sheet.options
    box = page.picture(number)
    axes = sheet.figure.add_axes(page.fraction(box))
    image = draw_picture(sheet, axes, panel, picture)
    axes.set_aspect("equal", adjustable="box")
    middle = page.at(box.left + box.width / 2, box.top - 0.09)
    sheet.figure.text(*middle, panel.title, ha="center", va="center", fontsize=NORMAL)
    if number == 0:
        draw_scale_bar(axes, sheet.window, options.scale_bar_mm)
    placed = place(panel.arrows, picture, sheet.window, options.plane) if options.arrows else ()
    for arrow in placed:
        draw_arrow(axes, arrow)
    draw_below(sheet, box, panel, image)
    return placed


def _draw_groups(sheet: Sheet, panels: Sequence[Panel]) -> None:
    figure, page = sheet.figure, sheet.page
    runs = groupby(enumerate(panels), key=lambda item: (item[0] // page.per_row, item[1].group))
    for (_, group), members in runs:
        boxes = [page.picture(number) for number, _ in members]
        if not group:
            continue
        left, right, top = boxes[0].left, boxes[-1].left + boxes[-1].width, boxes[0].top - 0.22
        (x0, y), (x1, _) = page.at(left, top), page.at(right, top)
        figure.add_artist(Line2D([x0, x1], [y, y], color="#888888", linewidth=0.6, transform=figure.transFigure))
        middle = page.at((left + right) / 2, top - 0.09)
        figure.text(*middle, group, ha="center", va="center", fontsize=NORMAL, color="#444444")


def _draw_meanings(sheet: Sheet, meanings: set[Meaning]) -> None:
    figure, page, left = sheet.figure, sheet.page, sheet.page.edge
    for meaning in (m for m in _MEANINGS if m in meanings):
        words, colour = _MEANINGS[meaning], ARROW_COLOURS[meaning]
        figure.text(*page.at(left, page.legend_top), "➤", ha="left", va="center", fontsize=NORMAL, color=colour)
        figure.text(*page.at(left + 0.15, page.legend_top), words, ha="left", va="center", fontsize=SMALL)
        left += 0.45 + 0.0475 * len(words)


def footer(panels: Sequence[Panel]) -> str:
    """What a figure of `panels` has to admit: forecasts and synthetic scans."""
    words = []
    if any(panel.scan.kind in (Kind.PREDICTION, Kind.UNCERTAINTY) for panel in panels):
        words.append("predicted, research use")
    if any(panel.scan.synthetic for panel in panels):
        words.append("synthetic data")
    return " · ".join(words)


def _draw_footer(sheet: Sheet, panels: Sequence[Panel]) -> None:
    figure, page = sheet.figure, sheet.page
    left, right = page.at(page.edge, page.footer_top), page.at(page.size[0] - page.edge, page.footer_top)
    figure.text(*left, footer(panels), ha="left", va="center", fontsize=SMALL, color="#a00000")
    maker = f"napari-bonemet {__version__}"
    figure.text(*right, maker, ha="right", va="center", fontsize=SMALL, color="#777777")
