"""What the columns of medical records are, by their headers, however those are written."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from napari_bonemet.errors import InputError
from napari_bonemet.io.sheet_cells import Cell, Sheet

Role = Literal[
    "animal", "side", "week", "day", "date", "inoculation", "part", "tumour", "treatment", "group", "diagnosis"
]

_FIRST_ROWS = 50
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_AFTER = r"(?: (?:no|number|post|after|since|of|p i|pi|from)\b.*)?"
_NUMBERED = r"(?: (?:id|no|nr|number|name|code|tag|identifier))?"
# Of several columns that could be the same, the first kind wins: beside "Mouse ID", "#" is a running number.
_KINDS: tuple[tuple[Role, str], ...] = (
    ("animal", rf"(?:mouse|mice|animal|subject|rat){_NUMBERED}"),
    ("animal", rf"id|(?:sample|specimen|scan|file){_NUMBERED}|(?:leg|tibia) (?:id|name)|filename|dataset|ear tag"),
    ("animal", r"no|nr|number|name"),
    ("side", r"(?:leg |limb |tibia |tibial |body )?side|laterality|l r|r l|left right|right left"),
    ("side", r"leg|limb|hind ?limb|tibia|hind ?leg"),
    ("week", rf"(?:weeks?|wks?|w){_AFTER}|(?:time|time ?point) weeks?"),
    ("week", r"time ?points?|time|tp|scan week|week of scan"),
    ("day", rf"(?:days?|dpi|d){_AFTER}|(?:time|time ?point) days?|scan day"),
    ("date", r"(?:scan|ct|imaging|acquisition|measurement) date|date of (?:the )?(?:scan|ct|imaging|acquisition)"),
    ("date", r"date"),
    ("inoculation", r"(?:tumou?r )?(?:inoculation|injection|implantation) date"),
    ("inoculation", r"date of (?:the )?(?:tumou?r )?(?:inoculation|injection|implantation)"),
    ("part", r"bone|part|anatomy|skeletal site"),
    (
        "tumour",
        r"(?:(?:tibiae?|tibial|leg|bone) )?tumou?rs?(?: (?:inoculations?|inoculated|status|bearing|injection))?",
    ),
    ("tumour", r"inoculations?|inoculated|tumou?r yes no|tumou?r y n|cancer|metastas[ei]s"),
    ("treatment", r"treatments?(?: group)?|drug|therapy|chemotherapy"),
    ("group", r"(?:experimental |study )?(?:group|arm|cohort|condition)s?(?: name)?"),
    ("diagnosis", r"diagnos[ei]s(?: to bone metastasis)?"),
)
_PATTERNS = tuple((role, re.compile(pattern)) for role, pattern in _KINDS)
# No single capital letters: the last one of "Trab. N" is no newton.
_UNITS = r"%|percent|weeks?|days?|mg|kg|g|[cmuµμ]m(?:\^?-?[1-4²³⁴])?|1/mm\^?[1-3²³]?|mg ?(?:ha)?/c(?:m\^?[3³]|cm)"
_UNIT_BEHIND = re.compile(rf"(.*\w.*?)[\s_,;]+({_UNITS})", re.IGNORECASE)
_UNIT_ALONE = re.compile(rf"[(\[]?(?:{_UNITS}|-|)[)\]]?", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """One column of the records.

    Parameters
    ----------
    index : int
        In the sheet, from 0.
    header : str
        As it is written, on one line.
    name : str
        The header without its unit.
    unit : str
        As it is written, or empty.
    above : str
        What stands above it, "Trabecular" over "Th" say.
    role : str or None
        What the column is for, where its header says so.
    rank : int
        Of several columns with one role, the lower rank is the likelier.
    """

    index: int
    header: str
    name: str
    unit: str = ""
    above: str = ""
    role: Role | None = None
    rank: int = 0


def plain(text: str) -> str:
    """Words in small letters: "Mouse #" and "MOUSE_No." are both "mouse no"."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("#", " no ")
    return " ".join(re.sub(r"[^\w%]+|_", " ", text).split())


def one_line(cell: Cell) -> str:
    """A cell's text without line breaks and doubled spaces."""
    return "" if cell is None else " ".join(unicodedata.normalize("NFC", str(cell)).replace("﻿", "").split())


def with_unit(header: str) -> tuple[str, str]:
    """A header's name and unit: "Trab. Th [µm]", "Trab. Th, µm" and "trab_th_um" all have one."""
    found = _BRACKETS.search(header)
    if found:
        return " ".join((header[: found.start()] + " " + header[found.end() :]).split()), found[1].strip()
    behind = _UNIT_BEHIND.fullmatch(header)
    return (behind[1].strip(), behind[2]) if behind else (header, "")


def find_header(sheet: Sheet) -> int | None:
    """The row that names the columns, an animal's among them; None where there is none."""
    best, most = None, 0
    for number, row in enumerate(sheet.rows[:_FIRST_ROWS]):
        texts = {one_line(cell) for cell in row} - {""}
        roles = {role for role, _ in map(_role_of, texts) if role}
        if "animal" in roles and len(texts) > 1 and len(roles) * 100 + len(texts) > most:
            best, most = number, len(roles) * 100 + len(texts)
    return best


def columns_of(sheet: Sheet, header: int) -> tuple[tuple[Column, ...], int]:
    """The columns that the row `header` names, and the first row below it that is no part of it."""
    units = _row_of_units(sheet, header)
    return tuple(_columns(sheet, header, units)), header + 1 + (units is not None)


def named_column(columns: tuple[Column, ...], name: str, path: Path) -> Column:
    """The column of this header.

    Raises
    ------
    InputError
        When there is none, or several.
    """
    exact = [column for column in columns if column.header == name.strip()]
    found = exact or [column for column in columns if plain(name) in (plain(column.header), plain(column.name))]
    if len(found) != 1:
        raise InputError(
            f"{path} has {'no' if not found else 'more than one'} column {name!r}",
            found=", ".join(column.header for column in columns),
        )
    return found[0]


def _columns(sheet: Sheet, header: int, units: Sequence[Cell] | None) -> Iterator[Column]:
    for index, cell in enumerate(sheet.rows[header]):
        text = one_line(cell)
        above = one_line(sheet.rows[header - 1][index]) if header else ""
        if text:
            name, unit = with_unit(text)
            unit = unit or (one_line(units[index]).strip("()[]") if units else "")
            role, rank = _role_of(text)
            yield Column(index, text, name, unit, above, role, rank)


def _role_of(header: str) -> tuple[Role | None, int]:
    name, unit = with_unit(header)
    for text in (plain(header), plain(f"{name} {unit}"), plain(name)):
        for rank, (role, pattern) in enumerate(_PATTERNS):
            if text and pattern.fullmatch(text):
                return role, rank
    return None, 0


def _row_of_units(sheet: Sheet, header: int) -> Sequence[Cell] | None:
    """A row of nothing but units below the header, where there is one."""
    if header + 1 >= len(sheet.rows):
        return None
    row = sheet.rows[header + 1]
    texts = [unicodedata.normalize("NFKC", one_line(cell)).replace("−", "-") for cell in row]
    return row if any(texts) and all(_UNIT_ALONE.fullmatch(text) for text in texts) else None
