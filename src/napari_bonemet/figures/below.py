"""The strip under a picture: legend or colour bar, and a note."""

from matplotlib.cm import ScalarMappable
from matplotlib.patches import Rectangle

from napari_bonemet.figures.draw import SMALL
from napari_bonemet.figures.page import Box
from napari_bonemet.figures.palette import COMPOSITE_CODES, composite_colour
from napari_bonemet.figures.panel import Panel, PanelKind, Row
from napari_bonemet.figures.sheet import LEAST, LINE, Sheet
from napari_bonemet.figures.words import balanced, size_for, width_of, wrapped

_MOST_LINES = 2
_NAMES: dict[PanelKind, str] = {"difference": "difference", "probability": "bone share", "spread": "spread"}
_SWATCH = 0.08  # inches
_LABELS: dict[PanelKind, str] = {
    "difference": "predicted − true (grey value)",
    "probability": "share of samples",
    "spread": "spread over samples (grey value)",
}


def _has_bar(panel: Panel) -> bool:
    return panel.bar and panel.kind in _LABELS


def bar_labels(row: Row, inches: float) -> dict[int, list[str]]:
    """What each colour bar of a row counts, by the panel's column.

    In lines as wide as the picture; where that takes too many, all stand below the last bar, a line for each.
    """
    bars = {column: panel for column, panel in enumerate(row.panels) if _has_bar(panel)}
    words = {column: panel.label or _LABELS[panel.kind] for column, panel in bars.items()}
    lines = {column: balanced(text, inches, SMALL) for column, text in words.items()}
    if not bars or max(map(len, lines.values())) <= (_MOST_LINES if len(bars) == 1 else _MOST_LINES + 1):
        return lines
    if len(bars) > 1:
        words = {column: f"{_NAMES[bars[column].kind]}: {text}" for column, text in words.items()}
    room = (max(bars) + 1) * inches
    return {max(bars): [line for text in words.values() for line in wrapped(text, room, SMALL)]}


def room_below(row: Row, inches: float) -> float:
    """How much the words below a row take, inches."""
    lines = max(map(len, bar_labels(row, inches).values()), default=0)

    def below(panel: Panel) -> float:
        if panel.bar and panel.kind == "composite":
            return 0.46
        return 0.22 if panel.note else 0.07

    return max(0.32 + LINE * lines if lines else 0.0, *(below(panel) for panel in row.panels))


def draw_below(sheet: Sheet, box: Box, row: Row, column: int, image: ScalarMappable) -> None:
    """The strip under a picture: legend or colour bar, then the note."""
    panel = row.panels[column]
    bottom = box.top + box.height
    if panel.bar and panel.kind == "composite":
        _legend(sheet, box, bottom + 0.11)
    elif _has_bar(panel):
        _colour_bar(sheet, box, image, bar_labels(row, box.width).get(column, []))
    if panel.note:
        sheet.say_within(
            box,
            bottom + (0.28 if panel.kind == "composite" and panel.bar else 0.11),
            panel.note,
            colour=sheet.inks.notes,
        )


def _legend(sheet: Sheet, box: Box, top: float) -> None:
    figure, page = sheet.figure, sheet.page
    wide, high = page.size
    names = [name for name in COMPOSITE_CODES if name != "neither"]
    size = size_for("".join(names), box.width - len(names) * (_SWATCH + 0.06), SMALL, LEAST)
    widths = [_SWATCH + 0.03 + width_of(name, size) for name in names]
    gap = (box.width - sum(widths)) / len(names)
    left = box.left + gap / 2
    for name, width in zip(names, widths, strict=True):
        colour = composite_colour(name, sheet.options.composite_style)
        corner = page.at(left, top + _SWATCH / 2)
        swatch = Rectangle(
            corner, _SWATCH / wide, _SWATCH / high, facecolor=colour, edgecolor=sheet.inks.lines, linewidth=0.4
        )
        swatch.set_transform(figure.transFigure)
        figure.add_artist(swatch)
        sheet.say(left + _SWATCH + 0.03, top, name, align="left", size=size)
        left += width + gap


def _colour_bar(sheet: Sheet, box: Box, image: ScalarMappable, label: list[str]) -> None:
    place = Box(box.left + 0.08 * box.width, box.top + box.height + 0.05, 0.84 * box.width, 0.07)
    axes = sheet.figure.add_axes(sheet.page.fraction(place))
    bar = sheet.figure.colorbar(image, cax=axes, orientation="horizontal")
    low, high = image.get_clim()
    ticks = [low, (low + high) / 2, high]
    bar.set_ticks(ticks, labels=[f"{tick:g}".replace("-", "−") for tick in ticks])
    ink, scale = sheet.inks.words, sheet.scale
    bar.ax.tick_params(labelsize=(SMALL - 0.5) * scale, length=1.5 * scale, pad=1.2 * scale, width=0.5, colors=ink)
    bar.ax.tick_params(labelfontfamily=sheet.options.font)
    bar.outline.set_linewidth(0.4)
    bar.outline.set_edgecolor(ink)
    words = [(line, width_of(line, SMALL)) for line in label]
    for number, (line, wide) in enumerate(words):
        # In the middle below the bar, or where it is wider than the picture, ending with it.
        left = min(box.left + (box.width - wide) / 2, box.left + box.width - wide) if wide > box.width else None
        middle = box.left + box.width / 2 if left is None else left + wide / 2
        sheet.say(middle, box.top + box.height + 0.33 + number * LINE, line)
