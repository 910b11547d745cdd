"""Weeks of medical records that state dates alone."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from napari_bonemet.errors import InputError
from napari_bonemet.io.record_cells import animal_key, date_of
from napari_bonemet.io.record_columns import Column, Role, one_line
from napari_bonemet.io.sheet_cells import Sheet
from napari_bonemet.scan import DAYS_PER_WEEK


class _Row(Protocol):
    @property
    def index(self) -> int:
        """In the sheet."""

    @property
    def animal(self) -> str:
        """As it is written."""


def weeks_by_date(
    sheet: Sheet, rows: Sequence[_Row], chosen: Mapping[Role, Column]
) -> tuple[tuple[float | None, ...], str]:
    """Weeks since the inoculation of each animal, by its dates; since its first date where that is not stated.

    A date that is the same in all rows of every animal is that of the inoculation, and says nothing of weeks.

    Returns
    -------
    weeks : tuple of float or None
        Of each row.
    note : str
        How they were counted; empty where nothing was.

    Raises
    ------
    InputError
        When a date cannot be read, or its day and month cannot be told apart.
    """
    if "date" not in chosen:
        return (None,) * len(rows), ""
    scanned = _dates(sheet, rows, chosen["date"])
    begun = _dates(sheet, rows, chosen["inoculation"]) if "inoculation" in chosen else [None] * len(rows)
    by_animal: dict[str, list[date]] = {}
    for row, day in zip(rows, scanned, strict=True):
        by_animal.setdefault(animal_key(row.animal), []).extend([day] if day else [])
    stated = any(begun)
    if not stated and all(len(set(days)) < 2 for days in by_animal.values()):
        return (None,) * len(rows), ""
    weeks = []
    for row, day, start in zip(rows, scanned, begun, strict=True):
        first = start if stated else min(by_animal[animal_key(row.animal)], default=None)
        weeks.append((day - first).days / DAYS_PER_WEEK if day and first else None)
    since = "the inoculation" if stated else "each animal's first date"
    return tuple(weeks), f"{sheet.path.name}: weeks are counted from {since} ({chosen['date'].header})"


def _dates(sheet: Sheet, rows: Sequence[_Row], column: Column) -> list[date | None]:
    cells = [sheet.rows[row.index][column.index] for row in rows]
    orders = [order for order in (True, False) if all(date_of(c, day_first=order) or not one_line(c) for c in cells)]
    either = [[date_of(cell, day_first=order) for cell in cells] for order in orders]
    if not either:
        row, cell = next(
            (r, c) for r, c in zip(rows, cells, strict=True) if one_line(c) and not date_of(c, day_first=True)
        )
        raise InputError(f"{sheet.line(row.index)}: {column.header} is no date", found=one_line(cell))
    if len(either) == 2 and either[0] != either[1]:
        raise InputError(
            f"The days and months of {column.header} in {sheet.path} cannot be told apart",
            expected="dates as 2024-03-12, or 12.03.2024",
            remedy="Write the dates so, or add a column with the week",
        )
    return either[0]
