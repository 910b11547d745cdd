"""Panels side by side: one slice of several scans, all of the same place and at the same scale."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from napari_bonemet.errors import InputError
from napari_bonemet.figures.arrows import place
from napari_bonemet.figures.below import draw_below, room_below
from napari_bonemet.figures.draw import draw_arrow, draw_picture, draw_scale_bar
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.page import EDGE, Page, Strip
from napari_bonemet.figures.panel import Panel, Row
from napari_bonemet.figures.sheet import (
    Sheet,
    Words,
    draw_groups,
    draw_label,
    draw_letter,
    draw_title,
    room_above,
    title_size,
)
from napari_bonemet.figures.slices import Plane, Slice, Window, across, cut, require_slice
from napari_bonemet.figures.style import STYLE, drawing
from napari_bonemet.figures.tail import admitted, draw_tail, room_at_the_end
from napari_bonemet.figures.theme import INKS, STANDARD_POINTS
from napari_bonemet.figures.windows import lettered, windows_of
from napari_bonemet.figures.words import in_family

__all__ = ["STYLE", "Drawn", "MontageOptions", "Panel", "Row", "draw_rows", "montage", "shown_slice"]

PANEL_INCHES = 1.75
PAPER_INCHES = 180 / 25.4  # the width of a journal's page
_WIDEST_ROW = 8
_SIDE = 0.26
_GAP, _NARROW_GAP = 0.1, 0.06
_SLIMMEST = 0.45  # width over height of a picture, at the least
_FLATTEST = 6.0
_NARROWEST = 0.2  # of a panel, inches at the usual size of letters
_MOST_PIXELS = 30_000  # along one side


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
    axis = across(options.plane)
    scans = [row.counted_in or rows[0].panels[0].scan for row in rows]
    positions = [
        scan.origin[axis] + row.slice_index * scan.spacing[axis] for scan, row in zip(scans, rows, strict=True)
    ]
    slices = [
        [_picture(panel, options.plane, position) for panel in row.panels]
        for row, position in zip(rows, positions, strict=True)
    ]
    rows = tuple(_with_arrows_in_slice(row, axis, at) for row, at in zip(rows, positions, strict=True))
    if len(set(positions)) == 1 and options.heading and not any(row.counted_in for row in rows):
        where = f"{options.plane} slice {rows[0].slice_index} at {positions[0] / 1000:.2f} mm"
        title = f"{title}, {where}".lstrip(", ")
    asked = rows
    rows = tuple(_as_wanted(row, options) for row in rows)
    words = Words(title, tuple(notes), admitted(rows)) if options.heading else Words("", (), admitted(rows))
    with in_family(options.font), drawing(options.font):
        made = _draw(rows, slices, words, options, fit_paper)
    # The record tells what is drawn, whether or not it is written above it.
    told = [
        replace(
            row,
            panels=tuple(replace(p, title=a.title, group=a.group) for p, a in zip(row.panels, ask.panels, strict=True)),
        )
        for row, ask in zip(made.rows, asked, strict=True)
    ]
    return Drawn(made.figure, tuple(told))


def _as_wanted(row: Row, options: MontageOptions) -> Row:
    def wanted(panel: Panel) -> Panel:
        if not options.titles:
            panel = replace(panel, title="", group="")
        return panel if options.colour_bars else replace(panel, bar=False)

    return replace(row, panels=tuple(wanted(panel) for panel in row.panels))


def _picture(panel: Panel, plane: Plane, position_um: float) -> Slice:
    # A volume seen from outside is a picture already.
    return cut(panel.scan, "transverse", 0.0) if panel.kind == "volume" else cut(panel.scan, plane, position_um)


def _with_arrows_in_slice(row: Row, axis: int, position: float) -> Row:
    def kept(panel: Panel) -> Panel:
        if panel.kind == "volume":
            return panel
        half = 0.51 * panel.scan.spacing[axis]
        return replace(panel, arrows=tuple(a for a in panel.arrows if abs(a.point[axis] - position) <= half))

    return replace(row, panels=tuple(kept(panel) for panel in row.panels))


def _page(rows: Sequence[Row], window: Window, words: Words, options: MontageOptions, *, fit_paper: bool) -> Page:
    """As wide as asked for, and as high as the words need; in inches that the size of the letters stretches."""
    count = max(len(row.panels) for row in rows)
    side = _SIDE if any(row.label for row in rows) else 0.0
    narrow = fit_paper or options.width_mm is not None
    gap = _NARROW_GAP if narrow else _GAP
    scale = options.font_size / STANDARD_POINTS
    width = (options.panel_inches or PANEL_INCHES) / scale
    if options.width_mm is not None:
        width = (options.width_mm / 25.4 / scale - 2 * EDGE - side - (count - 1) * gap) / count
    elif fit_paper and options.panel_inches is None:
        width = min(width, (PAPER_INCHES / scale - 2 * EDGE - side - (count - 1) * gap) / count)
    if width < _NARROWEST:
        raise InputError(
            f"{count} panels beside each other have no room",
            found=f"{max(width, 0.0) * scale * 25.4:.1f} mm for each",
            remedy="Make the figure wider, its letters smaller, or show fewer columns",
        )
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


def _empty(page: Page, options: MontageOptions) -> Figure:
    scale = options.font_size / STANDARD_POINTS
    wide, high = (side * scale for side in page.size)
    if max(wide, high) * options.dpi > _MOST_PIXELS:
        raise InputError(
            "The figure would be too large",
            expected=f"at most {_MOST_PIXELS} pixels along each side",
            found=f"{wide * options.dpi:.0f} x {high * options.dpi:.0f}",
            remedy="Ask for fewer dpi, a smaller width, or fewer rows",
        )
    figure = Figure(figsize=(wide, high), dpi=options.dpi, facecolor=INKS[options.theme].paper)
    FigureCanvasAgg(figure)
    return figure


def _draw(
    rows: Sequence[Row],
    slices: Sequence[Sequence[Slice]],
    words: Words,
    options: MontageOptions,
    fit_paper: bool,
) -> Drawn:
    windows = windows_of(rows, slices, options)
    page = _page(rows, windows[0], words, options, fit_paper=fit_paper)
    figure = _empty(page, options)
    sheet = Sheet(figure, page, options, title_size(rows, page.width))
    if words.title:
        draw_title(sheet, words)
    drawn: list[Row] = []
    letters = lettered(rows, options.letters)
    for number, (row, pictures, window) in enumerate(zip(rows, slices, windows, strict=True)):
        draw_groups(sheet, number, row)
        if row.label:
            draw_label(sheet, page.picture(number, 0), row.label)
        panels = []
        for column, picture in enumerate(pictures):
            panels.append(_draw_panel(sheet, (number, column), row, picture, window))
            if letter := letters.get((number, column)):
                draw_letter(sheet, page.picture(number, column), letter)
        drawn.append(replace(row, panels=tuple(panels)))
    draw_tail(sheet, words, {arrow.meaning for row in drawn for panel in row.panels for arrow in panel.arrows})
    return Drawn(figure, tuple(drawn))


def _draw_panel(sheet: Sheet, where: tuple[int, int], row: Row, picture: Slice, window: Window) -> Panel:
    page, options, panel = sheet.page, sheet.options, row.panels[where[1]]
    box = page.picture(*where)
    axes = sheet.figure.add_axes(page.fraction(box))
    image = draw_picture(axes, panel, picture, window, options)
    sheet.say_within(box, box.top - 0.09, panel.title, size=sheet.title_size)
    if where == (0, 0) and options.scale_bar:
        draw_scale_bar(axes, window, options.scale_bar_mm, sheet.scale)
    spots, inches = None if panel.spots is None else Slice(panel.spots, picture.window), min(box.width, box.height)
    arrows = panel.arrows if options.arrows else ()
    plane = "transverse" if panel.kind == "volume" else options.plane
    placed = place(arrows, picture, window, plane, spots, inches=inches * sheet.scale)
    for arrow in placed:
        draw_arrow(axes, arrow, inches * sheet.scale)
    draw_below(sheet, box, row, where[1], image)
    return replace(panel, arrows=tuple(arrow.arrow for arrow in placed))
