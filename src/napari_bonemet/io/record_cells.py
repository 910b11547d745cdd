"""Cells of medical records understood: animals, sides, weeks, numbers and dates, however they are written."""

import re
from datetime import date, datetime

from napari_bonemet.io.record_columns import one_line, plain
from napari_bonemet.io.sheet_cells import Cell
from napari_bonemet.scan import DAYS_PER_WEEK, Side

_LEFT = {"left", "l", "lt", "lh", "left tibia", "l tibia", "left leg", "left hindlimb", "tibia left", "tibia l"}
_BOTH = {"", "both", "l r", "left and right", "l and r", "bilateral", "lr", "all"}
_MISSING = {
    "",
    "-",
    "--",
    "–",
    "—",
    ".",
    "?",
    "na",
    "n/a",
    "n.a.",
    "nan",
    "nd",
    "n.d.",
    "null",
    "#n/a",
    "missing",
}
# The short ones only by themselves: SD-3 and N 12 are animals.
_SUMMARY = re.compile(
    r"avg|sd|sem|se|std|std dev|stdev|st dev|total|sum|n|count|min|max|cv"
    r"|(?:group )?(?:mean|average|standard deviation|median|p value|t test|ttest|notes?|comments?|legend|source)\b.*"
)
_BASELINE = {"baseline", "base", "bl", "pre", "start"}
_WEEK = re.compile(r"(?:weeks?|wks?|w|t|tp|time ?point)?\s*(-?\d+(?:\.\d+)?)\s*(?:weeks?|wks?|w)?")
_DAY = re.compile(r"(?:(?:days?|d)\s*(-?\d+(?:\.\d+)?)|(-?\d+(?:\.\d+)?)\s*(?:days?|d|dpi))")
_ANIMAL = re.compile(r"^(?:mouse|mice|animal|subject|specimen|rat|id|no|nr|number)(?=[\s\d])\s*")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")


def animal_key(name: Cell) -> str:
    """What tells animals apart: "Mouse 871", "#871", "0871" and 871.0 are one."""
    if isinstance(name, float) and name.is_integer():
        name = int(name)
    words = plain(one_line(name))
    key = _ANIMAL.sub("", words).strip() or words
    key = re.sub(r"^(\d+)[. ]0$", r"\1", key)
    return str(int(key)) if key.isdecimal() else key.replace(" ", "-")


def is_summary(name: Cell) -> bool:
    """Whether a cell in the column of animals heads a row of means, of counts or of remarks."""
    return bool(_SUMMARY.fullmatch(plain(one_line(name))))


def side_of(cell: Cell) -> tuple[Side | None, bool]:
    """The side a cell states, None for both, and whether it could be read."""
    text = plain(one_line(cell))
    mirrored = text.replace("right", "left").replace("rt", "lt").replace("rh", "lh")
    if text in _BOTH:
        return None, True
    if text in _LEFT:
        return "left", True
    right = mirrored if mirrored != text else re.sub(r"\br\b", "l", text)
    return ("right", True) if right != text and right in _LEFT else (None, False)


def week_of(cell: Cell, *, days: bool = False) -> float | None:
    """The week a cell states: 3, "W3", "wk 3", "day 21", "baseline"; None where it states none.

    Parameters
    ----------
    days : bool
        Whether a bare number counts days.
    """
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return float(cell) / (DAYS_PER_WEEK if days else 1)
    text = one_line(cell).casefold().replace(",", ".").replace("_", " ")
    text = re.sub(r"(?<=[a-z])-", " ", text).strip()
    if text in _BASELINE:
        return 0.0
    day = _DAY.fullmatch(text)
    if day:
        return float(day[1] or day[2]) / DAYS_PER_WEEK
    week = _WEEK.fullmatch(text)
    if not week:
        return None
    named = re.search(r"[a-z]", text) is not None
    return float(week[1]) / (DAYS_PER_WEEK if days and not named else 1)


def is_missing(cell: Cell) -> bool:
    """Whether a cell holds nothing, or says that there is nothing."""
    return one_line(cell).casefold() in _MISSING


def number_of(cell: Cell, decimal: str = ".") -> float | None:
    """The number in a cell, None where there is none; "1.234,5" with a decimal comma, "1,234.5" without."""
    if isinstance(cell, bool) or cell is None or isinstance(cell, date):
        return None
    if isinstance(cell, (int, float)):
        return float(cell)
    text = one_line(cell).replace(" ", "").replace("−", "-").casefold()
    if decimal == ",":
        text = text.replace(".", "").replace(",", ".") if "," in text else text
    else:
        # In a worksheet of one who writes decimal commas, such a number is text.
        text = (
            text.replace(",", "") if re.fullmatch(r"-?[1-9]\d{0,2}(,\d{3})+(\.\d+)?", text) else text.replace(",", ".")
        )
    text = text.removesuffix("%")
    return float(text) if _NUMBER.fullmatch(text) else None


def date_of(cell: Cell, *, day_first: bool | None = None) -> date | None:
    """The date in a cell; None where there is none, or where day and month cannot be told apart.

    Parameters
    ----------
    day_first : bool, optional
        Whether "03/04/2024" is in April; None where nobody knows.
    """
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = one_line(cell)
    iso = re.match(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?$", text)
    if iso:
        return _date(int(iso[1]), int(iso[2]), int(iso[3]))
    parts = re.match(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[T ].*)?$", text)
    if not parts:
        return None
    one, two, year = int(parts[1]), int(parts[3]), int(parts[4])
    if parts[2] == "." or one > 12 or one == two:
        day_first = True
    elif two > 12:
        day_first = False
    if day_first is None:
        return None
    return _date(year, two, one) if day_first else _date(year, one, two)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
