"""The truth of scans and legs, out of one column of the medical records."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_bonemet.errors import InputError
from napari_bonemet.io.record_columns import Column
from napari_bonemet.io.record_match import match_scans
from napari_bonemet.io.record_rows import Row
from napari_bonemet.io.records import Records, read_records
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

__all__ = ["Labelled", "Labels", "label_legs", "label_scans", "labels_column"]


@dataclass(frozen=True, eq=False)
class Labels:
    """A column of records that says yes or no.

    Parameters
    ----------
    records : Records
        The table.
    column : Column
        Which of its columns.
    positive, negative : str
        The two words in it, as they are written; `positive` is yes.
    """

    records: Records
    column: Column
    positive: str
    negative: str

    def of(self, text: str) -> bool | None:
        """What a cell says; None where it says nothing."""
        return _plain(text) == _plain(self.positive) if text else None


@dataclass(frozen=True, eq=False)
class Labelled:
    """Which of the scans or legs have a truth.

    Parameters
    ----------
    known : tuple of (int, bool)
        Their indices and truths.
    notes : tuple of str
        What was left out.
    """

    known: tuple[tuple[int, bool], ...]
    notes: tuple[str, ...]


def labels_column(path: str | Path, label: str, positive: str) -> Labels:
    """Read the records, and the two words of a column.

    Raises
    ------
    InputError
        When they cannot be read, have no such column, or other than two words stand in it, one of them `positive`.
        Cells in which nothing stands are passed over.
    """
    records = read_records(path)
    column = records.column(label)
    words = dict.fromkeys(filter(None, (records.text(row, column) for row in records.rows)))
    kinds = {_plain(word): word for word in words}
    if _plain(positive) not in kinds or len(kinds) != 2:
        raise InputError(
            f"The column {label!r} of {records.sheet.path.name} cannot be learned from",
            expected=f"{positive!r} and one other word",
            found=", ".join(map(repr, list(kinds.values())[:6])) or "nothing",
            remedy="Name the column with --label and its word for yes with --positive",
        )
    negative = next(word for kind, word in kinds.items() if kind != _plain(positive))
    return Labels(records, column, kinds[_plain(positive)], negative)


def label_scans(labels: Labels, scans: Sequence[Scan]) -> Labelled:
    """The truth of each scan that has one; errors as :func:`~napari_bonemet.io.record_match.match_scans`."""
    match = match_scans(labels.records, scans)
    found = [_said(labels, rows[:1]) for rows in match.rows]
    return _labelled(found, [scan.title for scan in scans], match.notes, labels)


def label_legs(labels: Labels, legs: Sequence[ScanSeries]) -> Labelled:
    """The truth of each leg that has one: what the rows of its weeks say.

    Raises
    ------
    InputError
        When no leg is in the records, or two rows of a leg say different things.
    """
    match = match_scans(labels.records, [scan for leg in legs for scan in leg])
    rows = [labels.records.rows_of(leg.baseline.subject, leg.baseline.side) for leg in legs]
    found = [_said(labels, of_leg) for of_leg in rows]
    return _labelled(found, [leg.leg for leg in legs], match.notes, labels)


def _said(labels: Labels, rows: Sequence[Row]) -> bool | None:
    said = {labels.of(labels.records.text(row, labels.column)) for row in rows} - {None}
    if len(said) > 1:
        raise InputError(
            f"{labels.records.sheet.path.name} says both {labels.positive!r} and {labels.negative!r} of one leg",
            found=f"animal {rows[0].animal}",
            remedy="Keep one of them in every row of the leg",
        )
    return next(iter(said), None)


def _labelled(found: Sequence[bool | None], titles: Sequence[str], notes: Sequence[str], labels: Labels) -> Labelled:
    without = [title for title, said in zip(titles, found, strict=True) if said is None]
    told = list(notes)
    if without:
        more = f" and {len(without) - 3} more" if len(without) > 3 else ""
        told.append(f"left out, with nothing in the column {labels.column.header!r}: {', '.join(without[:3])}{more}")
    known = tuple((index, said) for index, said in enumerate(found) if said is not None)
    if not known:
        raise InputError(f"Nothing that was read has a word in the column {labels.column.header!r}")
    return Labelled(known, tuple(told))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
