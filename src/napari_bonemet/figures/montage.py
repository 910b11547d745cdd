"""Panels side by side: one slice of several scans, all of the same place and at the same scale."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from napari_bonemet.errors import InputError
from napari_bonemet.figures.arrows import place
from napari_bonemet.figures.below import draw_below, room_below
from napari_bonemet.figures.draw import draw_arrow, draw_picture, draw_scale_bar
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.page import EDGE, Page, Strip
from napari_bonemet.figures.panel import Panel, Row
from napari_bonemet.figures.sheet import Sheet, Words, draw_groups, draw_label, draw_title, room_above, title_size
from napari_bonemet.figures.slices import Slice, Window, across, around_bone, cut, require_slice
from napari_bonemet.figures.tail import admitted, draw_tail, room_at_the_end
from napari_bonemet.figures.words import FAMILY

__all__ = ["STYLE", "Drawn", "MontageOptions", "Panel", "Row", "draw_rows", "montage", "shown_slice"]

# Text stays text in SVG and PDF; ids in SVG do not change from run to run.
STYLE: dict[str, object] = {
    "font.family": "sans-serif",
    "font.sans-serif": [FAMILY],
    "svg.fonttype": "none",
    "svg.hashsalt": "napari-bonemet",
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
}

PANEL_INCHES = 1.75
PAPER_INCHES = 180 / 25.4  # the width of a journal's page
_WIDEST_ROW = 8
_SIDE = 0.26
_GAP, _NARROW_GAP = 0.1, 0.06
_MARGIN = 0.16
_SLIMMEST = 0.45  # width over height of a picture, at the least
_FLATTEST = 6.0


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure, and what is in it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Made without pyplot, hence safe in any thread and without a screen.
    rows : tuple of Row
        The rows asked for, with the arrows that found a place.
    """

    figure: Figure
    rows: tuple[Row, ...]


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
    require_slice(options.plane, index, count)
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
    index = shown_slice(panels, options)
    per_row = options.columns or _WIDEST_ROW
    rows = [Row(tuple(panels[n : n + per_row]), index) for n in range(0, len(panels), per_row)]
    return draw_rows(rows, title=title, options=options).figure


def draw_rows(
    rows: Sequence[Row], *, title: str, options: MontageOptions, notes: Sequence[str] = (), fit_paper: bool = False
) -> Drawn:
    """Draw rows of panels, each row cut at a place of its own, all at one scale.

    Parameters
    ----------
    rows : sequence of Row
        At least one. Scans on other grids than the first panel's are cut at the same micrometres.
    title : str
        Above all of them; the place is added where there is but one.
    options : MontageOptions
        How it is drawn.
    notes : sequence of str
        What the reader has to know, below the pictures.
    fit_paper : bool
        Where the options give no width for the panels: as wide as a journal's page, 180 mm, but no panel wider
        than 1.75 inches.

    Returns
    -------
    Drawn

    Raises
    ------
    InputError
        When a scan does not reach a slice.
    """
    axis, scan = across(options.plane), rows[0].panels[0].scan
    positions = [scan.origin[axis] + row.slice_index * scan.spacing[axis] for row in rows]
    slices = [
        [cut(panel.scan, options.plane, position) for panel in row.panels]
        for row, position in zip(rows, positions, strict=True)
    ]
    rows = tuple(_with_arrows_in_slice(row, axis, at) for row, at in zip(rows, positions, strict=True))
    if len(set(positions)) == 1:
        where = f"{options.plane} slice {rows[0].slice_index} at {positions[0] / 1000:.2f} mm"
        title = f"{title}, {where}".lstrip(", ")
    with matplotlib.style.context(["default", STYLE]):
        return _draw(rows, slices, Words(title, tuple(notes), admitted(rows)), options, fit_paper)


def _with_arrows_in_slice(row: Row, axis: int, position: float) -> Row:
    def kept(panel: Panel) -> Panel:
        half = 0.51 * panel.scan.spacing[axis]
        return replace(panel, arrows=tuple(a for a in panel.arrows if abs(a.point[axis] - position) <= half))

    return replace(row, panels=tuple(kept(panel) for panel in row.panels))


def _window(rows: Sequence[Row], slices: Sequence[Sequence[Slice]], options: MontageOptions) -> Window:
    if not options.crop_to_bone:
        return slices[0][0].window
    pairs = [pair for row, cuts in zip(rows, slices, strict=True) for pair in zip(row.panels, cuts, strict=True)]
    grey = [picture for panel, picture in pairs if panel.kind == "grey"]
    return around_bone(grey or [slices[0][0]], options.bone_threshold, _MARGIN)


def _page(rows: Sequence[Row], window: Window, words: Words, options: MontageOptions, *, fit_paper: bool) -> Page:
    """As wide as asked for, and as high as the words need."""
    count = max(len(row.panels) for row in rows)
    side = _SIDE if any(row.label for row in rows) else 0.0
    gap = _NARROW_GAP if fit_paper else _GAP
    width = options.panel_inches or PANEL_INCHES
    if fit_paper and options.panel_inches is None:
        width = min(width, (PAPER_INCHES - 2 * EDGE - side - (count - 1) * gap) / count)
    inside = side + count * width + (count - 1) * gap
    return Page(
        strips=tuple(Strip(len(row.panels), room_above(row), room_below(row, width)) for row in rows),
        width=width,
        height=width / min(max(window.width / window.height, _SLIMMEST), _FLATTEST),
        gap=gap,
        side=side,
        title=words.room_for_title(inside),
        tail=room_at_the_end(rows, words, inside, options),
    )


def _draw(
    rows: Sequence[Row],
    slices: Sequence[Sequence[Slice]],
    words: Words,
    options: MontageOptions,
    fit_paper: bool,
) -> Drawn:
    window = _window(rows, slices, options)
    page = _page(rows, window, words, options, fit_paper=fit_paper)
    figure = Figure(figsize=page.size, dpi=options.dpi, facecolor="white")
    FigureCanvasAgg(figure)
    sheet = Sheet(figure, page, window, options, title_size(rows, page.width))
    draw_title(sheet, words)
    drawn: list[Row] = []
    for number, (row, pictures) in enumerate(zip(rows, slices, strict=True)):
        draw_groups(sheet, number, row)
        if row.label:
            draw_label(sheet, page.picture(number, 0), row.label)
        panels = (_draw_panel(sheet, (number, column), row, pictures[column]) for column in range(len(row.panels)))
        drawn.append(replace(row, panels=tuple(panels)))
    draw_tail(sheet, words, {arrow.meaning for row in drawn for panel in row.panels for arrow in panel.arrows})
    return Drawn(figure, tuple(drawn))


def _draw_panel(sheet: Sheet, where: tuple[int, int], row: Row, picture: Slice) -> Panel:
    page, options, window, panel = sheet.page, sheet.options, sheet.window, row.panels[where[1]]
    box = page.picture(*where)
    axes = sheet.figure.add_axes(page.fraction(box))
    image = draw_picture(axes, panel, picture, window, options)
    sheet.say_within(box, box.top - 0.09, panel.title, size=sheet.title_size)
    if where == (0, 0):
        draw_scale_bar(axes, window, options.scale_bar_mm)
    spots, inches = None if panel.spots is None else Slice(panel.spots, picture.window), min(box.width, box.height)
    arrows = panel.arrows if options.arrows else ()
    placed = place(arrows, picture, window, options.plane, spots, inches=inches)
    for arrow in placed:
        draw_arrow(axes, arrow, inches)
    draw_below(sheet, box, row, where[1], image)
    return replace(panel, arrows=tuple(arrow.arrow for arrow in placed))
