"""Which scans show a lesion, from the table of the medical records (MiceMediRec.csv).

A label may be of the scan (what was seen in it) or of the animal, and of the animal it has two meanings that differ
early: it was injected, or it had a lesion by its last week. A scan of week 0 is ill by both and shows nothing.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from napari_bonemet.diagnose.diagnosis import LESION, NO_LESION
from napari_bonemet.errors import InputError

# Subject, side, week: one scan.
Label = tuple[str, str, float]

RECORDS = "MiceMediRec.csv"
# The table may have rows of other bones, too, and says so in a column of its own.
PART = "tibia"
Definition = Literal["scan", "injected", "last week"]
DEFINITIONS: tuple[Definition, ...] = get_args(Definition)
_INJECTED = "tumour"
_COLUMNS = ("subject", "side", "week", "diagnosis")
_MEANS = {LESION: True, NO_LESION: False}
_YES = {"yes": True, "no": False}


@dataclass(frozen=True)
class AnimalLabel:
    """Both meanings of an animal's label, one leg of it.

    Parameters
    ----------
    injected : bool or None
        Whether it was injected with tumour cells; None where the table does not say.
    by_last_week : bool or None
        Whether the last of its weeks that has a diagnosis shows a lesion; None where none has.
    """

    injected: bool | None
    by_last_week: bool | None

    def of(self, definition: Definition) -> bool | None:
        """The label by one of them."""
        return self.injected if definition == "injected" else self.by_last_week


def read_labels(path: str | Path, definition: Definition = "scan") -> Mapping[Label, bool]:
    """Whether each scan of a table shows a lesion, or is of an animal that is ill.

    Parameters
    ----------
    path : path
        CSV with the columns subject, side, week and diagnosis ("bone lesion" or "no lesion"); others are left
        alone. Rows without a diagnosis are passed over, and those whose column part names another bone than the tibia.
    definition : {"scan", "injected", "last week"}
        The diagnosis of the scan itself; whether its animal was injected (column tumour, "yes" or "no"); whether the
        animal had a lesion in its last week.

    Returns
    -------
    mapping of (subject, side, week) to bool

    Raises
    ------
    InputError
        When the file is missing or no such table, a diagnosis or week cannot be read, two rows of one scan contradict
        each other, or the table does not say what the definition asks for.
    """
    if definition == "scan":
        return _diagnoses(path, _rows(Path(path)))
    animals = read_animals(path)
    labels: dict[Label, bool] = {}
    for scan, _, place in _scans(path, _rows(Path(path))):
        label = animals[scan[:2]].of(definition)
        if label is None:
            raise InputError(f"{place}: the table does not say whether the animal is ill by {definition!r}")
        labels[scan] = label
    return labels


def read_animals(path: str | Path) -> Mapping[tuple[str, str], AnimalLabel]:
    """Both labels of each leg (subject, side) of a table; errors as :func:`read_labels`."""
    rows = _rows(Path(path))
    weeks: dict[tuple[str, str], dict[float, bool]] = {}
    for (subject, side, week), lesion in _diagnoses(path, rows).items():
        weeks.setdefault((subject, side), {})[week] = lesion
    injected: dict[tuple[str, str], bool] = {}
    for (*leg, _), row, place in _scans(path, rows):
        said = (row.get(_INJECTED) or "").strip().casefold()
        if said and said not in _YES:
            raise InputError(f"{place}: whether it was injected is not known", expected="yes or no", found=said)
        if said and injected.setdefault((leg[0], leg[1]), _YES[said]) != _YES[said]:
            raise InputError(f"{place} contradicts an earlier row of the same animal", found=f"tumour {said}")
    return {
        leg: AnimalLabel(injected.get(leg), weeks[leg][max(weeks[leg])] if leg in weeks else None)
        for leg in sorted({*weeks, *injected})
    }


def _rows(path: Path) -> list[tuple[int, dict[str, str | None]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (table.fieldnames or ())]
            if missing:
                raise InputError(
                    f"{path} is no table of diagnoses",
                    expected=", ".join(_COLUMNS),
                    found=", ".join(table.fieldnames or ()) or "nothing",
                )
            rows = [(table.line_num, row) for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"The diagnoses in {path} cannot be read",
            found=getattr(error, "strerror", None) or str(error),
            remedy=f"Give the table, {RECORDS} say: --labels FILE",
        ) from error
    return [(line, row) for line, row in rows if (row.get("part") or PART).strip().lower() == PART]


def _scans(
    path: str | Path, rows: list[tuple[int, dict[str, str | None]]]
) -> Iterator[tuple[Label, dict[str, str | None], str]]:
    for line, row in rows:
        if (row["week"] or "").strip():
            place = f"{path}, line {line}"
            yield _read_scan(row, place), row, place


def _diagnoses(path: str | Path, rows: list[tuple[int, dict[str, str | None]]]) -> dict[Label, bool]:
    labels: dict[Label, bool] = {}
    for line, row in rows:
        if not (row["diagnosis"] or "").strip():
            continue
        scan, lesion = _read_row(row, f"{path}, line {line}")
        if labels.setdefault(scan, lesion) != lesion:
            raise InputError(f"{path}, line {line} contradicts an earlier row of the same scan", found=str(scan))
    return labels


def _read_row(row: Mapping[str, str | None], place: str) -> tuple[Label, bool]:
    said = (row["diagnosis"] or "").strip()
    if said.casefold() not in _MEANS:
        raise InputError(f"{place}: the diagnosis is not known", expected=" or ".join(_MEANS), found=said)
    return _read_scan(row, place), _MEANS[said.casefold()]


def _read_scan(row: Mapping[str, str | None], place: str) -> Label:
    try:
        week = float(row["week"] or "")
    except ValueError as error:
        raise InputError(f"{place}: the week is no number", found=str(row["week"])) from error
    return (row["subject"] or "").strip(), (row["side"] or "").strip().lower(), week
