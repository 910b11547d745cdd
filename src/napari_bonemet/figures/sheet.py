"""A figure in the making: its page, and the words above the pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from napari_bonemet.figures.draw import NORMAL, SMALL
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.page import EDGE, Box, Page
from napari_bonemet.figures.panel import Row
from napari_bonemet.figures.theme import INKS, STANDARD_POINTS, Inks
from napari_bonemet.figures.words import shortened, size_for, width_of, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST = 5.0  # points
LINE = 0.115  # from line to line of small text, inches
_TITLE_SIZE = 10.0
_LETTER = 9.0
_TITLE, _TITLE_LINE = 0.34, 0.17
_GROUPS, _PANEL_TITLE, _NO_TITLE = 0.24, 0.22, 0.03


@dataclass(frozen=True)
class Words:
    """What is said around the pictures.

    Parameters
    ----------
    title : str
        Above them.
    notes : tuple of str
        What the reader has to know, below them.
    admitted : str
        What has to be admitted, at the very end.
    """

    title: str
    notes: tuple[str, ...]
    admitted: str

    def lines_of_title(self, inches: float) -> list[str]:
        """The title in lines no wider than the page, broken at commas where that is enough."""
        lines: list[str] = []
        for part in self.title.split(", "):
            longer = f"{lines[-1]}, {part}" if lines else part
            if lines and width_of(f"{longer},", _TITLE_SIZE, bold=True) > inches:
                lines[-1] += ","
                lines.append(part)
            else:
                lines[-1:] = [longer]
        return [short for line in lines for short in wrapped(line, inches, _TITLE_SIZE, bold=True)]

    def room_for_title(self, inches: float) -> float:
        """How much the title takes, inches."""
        if not self.title:
            return EDGE
        return _TITLE + _TITLE_LINE * max(0, len(self.lines_of_title(inches)) - 1)

    def lines_of_notes(self, inches: float) -> list[str]:
        """The notes in lines no wider than the page, each note on a line of its own."""
        return [line for note in self.notes for line in wrapped(note, inches, SMALL)]


@dataclass(frozen=True, eq=False)
class Sheet:
    """A figure in the making.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What is drawn on.
    page : Page
        Where things lie on it.
    options : MontageOptions
        How it is drawn.
    title_size : float
        Of every panel's title, points.
    """

    figure: "Figure"
    page: Page
    options: MontageOptions
    title_size: float

    @property
    def scale(self) -> float:
        """How much larger than the page's own measures all is drawn, so that letters have the size asked for."""
        return self.options.font_size / STANDARD_POINTS

    @property
    def inks(self) -> Inks:
        """Colours of the words and lines."""
        return INKS[self.options.theme]

    def say(
        self,
        left: float,
        top: float,
        text: str,
        *,
        align: str = "center",
        size: float = SMALL,
        colour: str = "",
        **more: Any,
    ) -> None:
        """Words at a place in inches, their middle at the height of `top`; black on light paper where not told."""
        x, y = self.page.at(left, top)
        colour = colour or self.inks.words
        self.figure.text(x, y, text, ha=align, va="center", fontsize=size * self.scale, color=colour, **more)

    def say_within(self, box: Box, top: float, text: str, *, size: float = SMALL, colour: str = "") -> None:
        """One line in the middle of `box`, made smaller, then shorter, until it is no wider."""
        size = size_for(text, box.width, size, LEAST)
        self.say(box.left + box.width / 2, top, shortened(text, box.width, size), size=size, colour=colour)


def title_size(rows: Sequence[Row], inches: float) -> float:
    """The font size in which every panel's title fits over its picture."""
    return min(size_for(panel.title, inches, NORMAL, LEAST) for row in rows for panel in row.panels)


def room_above(row: Row) -> float:
    """How much the words above a row take, inches."""
    titled = any(panel.title for panel in row.panels)
    return (_GROUPS if any(panel.group for panel in row.panels) else 0.0) + (_PANEL_TITLE if titled else _NO_TITLE)


def draw_letter(sheet: Sheet, box: Box, letter: str) -> None:
    """A letter in the upper left corner of a picture, legible on bone as on marrow."""
    rim = [withStroke(linewidth=1.6 * sheet.scale, foreground="black")]
    bold: dict[str, Any] = {"fontweight": "bold", "path_effects": rim, "gid": "letter"}
    sheet.say(box.left + 0.05, box.top + 0.1, letter, align="left", size=_LETTER, colour="white", **bold)


def draw_title(sheet: Sheet, words: Words) -> None:
    """The title of the whole figure."""
    for number, line in enumerate(words.lines_of_title(sheet.page.size[0] - 2 * EDGE)):
        top = _TITLE / 2 + number * _TITLE_LINE
        sheet.say(EDGE, top, line, align="left", size=_TITLE_SIZE, fontweight="bold")


def draw_groups(sheet: Sheet, number: int, row: Row) -> None:
    """Headings over neighbouring panels of one group; where there is no room, without what follows a comma."""
    figure, page, column = sheet.figure, sheet.page, 0
    for group, members in groupby(row.panels, key=lambda panel: panel.group):
        count = len(list(members))
        first, last = page.picture(number, column), page.picture(number, column + count - 1)
        column += count
        if not group:
            continue
        span = Box(first.left, first.top - 0.22, last.left + last.width - first.left, 0.0)
        (x0, y), (x1, _) = page.at(span.left, span.top), page.at(span.left + span.width, span.top)
        figure.add_artist(Line2D([x0, x1], [y, y], color=sheet.inks.lines, linewidth=0.6, transform=figure.transFigure))
        heading = group if width_of(group, NORMAL) <= span.width else group.partition(",")[0]
        sheet.say_within(span, span.top - 0.09, heading, size=NORMAL, colour=sheet.inks.headings)


def draw_label(sheet: Sheet, box: Box, label: str) -> None:
    """The row's own words, upright at its left, a line for each part between commas."""
    lines = label.split(", ")
    size = min(size_for(line, box.height, SMALL, LEAST) for line in lines)
    for number, line in enumerate(lines):
        left = box.left - 0.08 - (len(lines) - 1 - number) * LINE
        sheet.say(left, box.top + box.height / 2, line, size=size, rotation=90, colour=sheet.inks.headings)
