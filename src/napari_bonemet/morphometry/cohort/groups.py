"""What legs are compared as: by tumour, by treatment, or by any column of the medical records."""

import re
from collections.abc import Sequence

from napari_bonemet.errors import InputError
from napari_bonemet.io.record_columns import Column, plain
from napari_bonemet.io.records import Records
from napari_bonemet.morphometry.cohort.weekly import NO_GROUP, Leg
from napari_bonemet.scan import Side

__all__ = ["UNKNOWN", "groups_of"]

UNKNOWN = "not in the records"
_YES = {"yes", "y", "true", "1", "tumor", "tumour", "with tumor", "with tumour", "with", "positive", "tumor bearing"}
_NO = {
    "no",
    "n",
    "false",
    "0",
    "none",
    "without tumor",
    "without tumour",
    "without",
    "negative",
    "no tumor",
    "no tumour",
}
_NO |= {"control", "healthy", "naive", "sham", "no tumor inoculation", "no tumour inoculation"}
_SIDES = {"left": ("left", "l"), "right": ("right", "r"), "both": ("both", "l r", "left and right", "bilateral")}
_UNTREATED = _NO | {"untreated", "no treatment", "not yet", ""}


def groups_of(records: Records, legs: Sequence[Leg], by: str | None = None) -> dict[Leg, str]:
    """The group of each leg.

    Parameters
    ----------
    by : str, optional
        "tumour", "treatment", or the header of a column. When None: the column of groups where there is one; else
        tumour and treatment together ("no tumour", "tumour", "tumour, zoledronate"), as far as there are columns.

    Raises
    ------
    InputError
        When the column is not there, or a leg's cells name two groups.
    """
    return {leg: _group(records, leg, by) if records.has(leg[0]) else UNKNOWN for leg in legs}


def _group(records: Records, leg: Leg, by: str | None) -> str:
    animal, side, _ = leg
    if by is None and "group" in records.chosen:
        by = records.chosen["group"].header
    if by is None:
        said = [tumour_of(records, animal, side), treatment_of(records, animal, side)]
        return ", ".join(filter(None, said)) or NO_GROUP
    if plain(by) in ("tumour", "tumor"):
        _require(records, "tumour")
        return tumour_of(records, animal, side) or UNKNOWN
    if plain(by) == "treatment":
        _require(records, "treatment")
        return treatment_of(records, animal, side) or "no treatment"
    column = records.column(by)
    found = list(dict.fromkeys(_cells(records, column, animal, side)))
    if len(found) > 1:
        raise InputError(
            f"{records.sheet.path.name}: {column.header} names several groups for {animal}{f' {side}' if side else ''}",
            found=", ".join(found),
            remedy="Give a column that says the same in all weeks of a leg: --groups NAME",
        )
    return found[0] if found else UNKNOWN


def tumour_of(records: Records, animal: str, side: Side | None) -> str:
    """Whether a leg has a tumour: "tumour", "no tumour", or the records' own word; empty without such a column.

    A side in the column ("left", "both") says which leg has it.
    """
    if "tumour" not in records.chosen:
        return ""
    said = [plain(cell) for cell in _cells(records, records.chosen["tumour"], animal, side)]
    words = {_tumour_word(cell, side) for cell in said}
    if "tumour" in words:
        return "tumour"
    return sorted(words)[0] if words else "tumour not stated"


def _tumour_word(said: str, side: Side | None) -> str:
    for name, words in _SIDES.items():
        if side and said.removesuffix(" tibia").removesuffix(" leg") in words:
            return "tumour" if name in (side, "both") else "no tumour"
    if said in _YES:
        return "tumour"
    return "no tumour" if said in _NO else said


def treatment_of(records: Records, animal: str, side: Side | None) -> str:
    """The treatment that a leg ever had, by its last row that names one; empty where it had none."""
    if "treatment" not in records.chosen:
        return ""
    cells = list(_cells(records, records.chosen["treatment"], animal, side))
    given = [cell for cell in cells if plain(cell) not in _UNTREATED]
    return re.sub(r"\s+", " ", given[-1]) if given else ""


def _cells(records: Records, column: Column, animal: str, side: Side | None) -> list[str]:
    """What a column says of a leg, week after week, without blanks."""
    rows = sorted(records.rows_of(animal, side), key=lambda row: (row.week is not None, row.week or 0.0))
    return [text for row in rows if (text := records.text(row, column))]


def _require(records: Records, role: str) -> None:
    if role not in records.chosen:
        raise InputError(
            f"{records.sheet.path.name} has no column of the {role}",
            found=", ".join(column.header for column in records.columns),
            remedy="Name the column that has the groups: --groups NAME",
        )
