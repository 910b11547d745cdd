"""The last lines of a figure: what the arrows mean, what the reader has to know, what has to be admitted."""

from collections.abc import Sequence

from napari_bonemet.figures.arrows import ARROW_COLOURS, Meaning
from napari_bonemet.figures.draw import NORMAL, SMALL
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.page import EDGE
from napari_bonemet.figures.panel import Row
from napari_bonemet.figures.sheet import LEAST, LINE, Sheet, Words
from napari_bonemet.figures.words import size_for, width_of
from napari_bonemet.provenance import __version__
from napari_bonemet.scan import Kind

_MEANINGS: dict[Meaning, str] = {
    "lesion": "bone lost in truth, or a forecast that hits it",
    "wrong": "loss in the forecast that is not true",
}
_LEGEND, _FOOTER = 0.22, 0.24
_PREDICTED = (Kind.PREDICTION, Kind.UNCERTAINTY)


def admitted(rows: Sequence[Row]) -> str:
    """What a figure has to admit: forecasts, synthetic scans, and what the samples of a model are not."""
    panels = [panel for row in rows for panel in row.panels]
    words = []
    if any(panel.scan.kind in _PREDICTED for panel in panels):
        words.append("predicted, research use")
    if any(panel.scan.synthetic for panel in panels):
        words.append("synthetic data")
    if any(panel.kind in ("probability", "spread") for panel in panels):
        words.append("model samples, not confidence")
    return " · ".join(words)


def room_at_the_end(rows: Sequence[Row], words: Words, inches: float, options: MontageOptions) -> float:
    """How much the last lines take, inches."""
    arrows = options.arrows and any(panel.arrows for row in rows for panel in row.panels)
    notes = words.lines_of_notes(inches)
    return (_LEGEND if arrows else 0.0) + LINE * len(notes) + (0.08 if notes else 0.0) + _FOOTER


def draw_tail(sheet: Sheet, words: Words, meanings: set[Meaning]) -> None:
    """Draw the last lines, from the bottom upwards."""
    wide, high = sheet.page.size
    inside = wide - 2 * EDGE
    _draw_footer(sheet, words.admitted, high - _FOOTER / 2, inside)
    notes = words.lines_of_notes(inside)
    top = high - _FOOTER - LINE * len(notes)
    for number, line in enumerate(notes):
        sheet.say(EDGE, top + (number + 0.5) * LINE, line, align="left", colour=sheet.inks.notes)
    _draw_meanings(sheet, meanings, top - (0.08 if notes else 0.0) - _LEGEND / 2)


def _draw_meanings(sheet: Sheet, meanings: set[Meaning], top: float) -> None:
    left = EDGE
    for meaning in (m for m in _MEANINGS if m in meanings):
        sheet.say(left, top, "➤", align="left", size=NORMAL, colour=ARROW_COLOURS[meaning])
        sheet.say(left + 0.15, top, _MEANINGS[meaning], align="left")
        left += 0.4 + width_of(_MEANINGS[meaning], SMALL)


def _draw_footer(sheet: Sheet, words: str, top: float, inches: float) -> None:
    size = size_for(words, inches, SMALL, LEAST)
    sheet.say(EDGE, top, words, align="left", size=size, colour=sheet.inks.warning)
    maker = f"napari-bonemet {__version__}"
    rest = inches - width_of(words, size) - (0.12 if words else 0.0)
    # A narrow page has room for what must be said, and the maker stands in the record as well.
    if width_of(maker, LEAST) <= rest:
        sheet.say(
            EDGE + inches, top, maker, align="right", size=size_for(maker, rest, SMALL, LEAST), colour=sheet.inks.faint
        )
