"""Colours of the paper and of what is written on it, and how large the letters are."""

from dataclasses import dataclass
from typing import Literal

Theme = Literal["light", "dark"]

STANDARD_POINTS = 7.5  # size of the panels' titles that the page's measures are made for


@dataclass(frozen=True)
class Inks:
    """Colours of one theme.

    Parameters
    ----------
    paper : str
        Behind everything.
    words, notes, headings, faint : str
        Titles and labels; notes; headings of groups; the maker's name.
    warning : str
        What has to be admitted.
    lines : str
        Under headings, and around swatches and colour bars.
    """

    paper: str
    words: str
    notes: str
    headings: str
    faint: str
    warning: str
    lines: str


INKS: dict[Theme, Inks] = {
    "light": Inks("#ffffff", "#000000", "#333333", "#444444", "#777777", "#a00000", "#888888"),
    "dark": Inks("#14161a", "#f2f2f2", "#d0d0d0", "#c0c0c0", "#9a9a9a", "#ff9a8a", "#8a8a8a"),
}
