"""Medical records and scans joined by animal, side and week."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from napari_bonemet.errors import InputError
from napari_bonemet.io.record_rows import Row
from napari_bonemet.io.records import Records
from napari_bonemet.scan import Side

_NAMED = 5


class Scanned(Protocol):
    """What is known of a scan before it is read, and after it was put away."""

    @property
    def subject(self) -> str | None:
        """The animal."""

    @property
    def side(self) -> Side | None:
        """Which leg."""

    @property
    def week(self) -> float | None:
        """Weeks since inoculation."""

    @property
    def part(self) -> str:
        """Which bone."""

    @property
    def title(self) -> str:
        """Leg and week in words."""


@dataclass(frozen=True)
class Match:
    """What of the records belongs to which scan.

    Parameters
    ----------
    rows : tuple of tuple of Row
        For each scan its rows, the most particular first; empty where the records know nothing of it.
    notes : tuple of str
        Scans without a row, and animals without a scan.
    """

    rows: tuple[tuple[Row, ...], ...]
    notes: tuple[str, ...] = ()


def match_scans(records: Records, scans: Sequence[Scanned]) -> Match:
    """The rows of each scan.

    Raises
    ------
    InputError
        When no animal, no side or no week of the records is one of the scans'; some of both are named.
    """
    _require_animals(records, scans)
    rows = tuple(records.rows_of(scan.subject, scan.side, scan.week) for scan in scans)
    if not any(rows):
        _refuse_legs(records, scans)
    return Match(rows, tuple(_notes(records, scans, rows)))


def _require_animals(records: Records, scans: Sequence[Scanned]) -> None:
    if any(records.has(scan.subject) for scan in scans):
        return
    raise InputError(
        f"{records.sheet.path} has no row of any animal that was scanned",
        expected=_some([scan.subject or "unnamed" for scan in scans]),
        found=f"{_some(records.animals)} in the column {records.chosen['animal'].header!r}",
        remedy="Give the records of these animals, or say which column names them: --animal-column NAME",
    )


def _refuse_legs(records: Records, scans: Sequence[Scanned]) -> None:
    """Raise InputError, saying whether it is the sides or the weeks that are others."""
    known = [scan for scan in scans if records.has(scan.subject)]
    legs = [scan for scan in known if records.rows_of(scan.subject, scan.side)]
    if not legs:
        found = sorted({str(row.side) for row in records.rows if row.side})
        raise InputError(
            f"{records.sheet.path} has no row of any leg that was scanned",
            expected=_some([scan.title for scan in known]),
            found=f"the same animals, {', '.join(found)}",
        )
    raise InputError(
        f"{records.sheet.path} has no row of any week that was scanned",
        expected=f"weeks {_some([f'{scan.week:g}' for scan in legs if scan.week is not None])}",
        found=f"weeks {_some([f'{week:g}' for week in records.weeks])}",
        remedy="Count weeks from the inoculation in both, or say which column has them: --week-column NAME",
    )


def _notes(records: Records, scans: Sequence[Scanned], rows: Sequence[tuple[Row, ...]]) -> list[str]:
    name = records.sheet.path.name
    without = [scan.title for scan, found in zip(scans, rows, strict=True) if not found]
    seen = {row.index for found in rows for row in found}
    there = {row.animal for row in records.rows if row.index in seen}
    unseen = [animal for animal in records.animals if animal not in there]
    notes = []
    if without:
        notes.append(f"{name} has no row of {_some(without)}")
    if unseen:
        notes.append(f"{name} tells of animals that were not scanned: {_some(unseen)}")
    return notes


def _some(names: Sequence[str]) -> str:
    each = list(dict.fromkeys(names))
    more = "" if len(each) <= _NAMED else f" and {len(each) - _NAMED} more"
    return ", ".join(each[:_NAMED]) + more
