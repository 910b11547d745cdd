"""Which scans show a lesion, from the table of the medical records (MiceMediRec.csv)."""

import csv
from collections.abc import Mapping
from pathlib import Path

from napari_bonemet.diagnose.diagnosis import LESION, NO_LESION
from napari_bonemet.errors import InputError

# Subject, side, week: one scan.
Label = tuple[str, str, float]

RECORDS = "MiceMediRec.csv"
# The table may have rows of other bones, too, and says so in a column of its own.
PART = "tibia"
_COLUMNS = ("subject", "side", "week", "diagnosis")
_MEANS = {LESION: True, NO_LESION: False}


def read_labels(path: str | Path) -> Mapping[Label, bool]:
    """Whether each scan of a table shows a lesion.

    Parameters
    ----------
    path : path
        CSV with the columns subject, side, week and diagnosis ("bone lesion" or "no lesion"); others are left
        alone. Rows without a diagnosis are passed over, and those whose column part names another bone than the tibia.

    Returns
    -------
    mapping of (subject, side, week) to bool

    Raises
    ------
    InputError
        When the file is missing or no such table, a diagnosis or week cannot be read, or two rows of one scan
        contradict each other.
    """
    path = Path(path)
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
    labels: dict[Label, bool] = {}
    for line, row in rows:
        if not (row["diagnosis"] or "").strip() or (row.get("part") or PART).strip().lower() != PART:
            continue
        scan, lesion = _read_row(row, f"{path}, line {line}")
        if labels.setdefault(scan, lesion) != lesion:
            raise InputError(f"{path}, line {line} contradicts an earlier row of the same scan", found=str(scan))
    return labels


def _read_row(row: Mapping[str, str | None], place: str) -> tuple[Label, bool]:
    said = (row["diagnosis"] or "").strip()
    if said.casefold() not in _MEANS:
        raise InputError(f"{place}: the diagnosis is not known", expected=" or ".join(_MEANS), found=said)
    try:
        week = float(row["week"] or "")
    except ValueError as error:
        raise InputError(f"{place}: the week is no number", found=str(row["week"])) from error
    return ((row["subject"] or "").strip(), (row["side"] or "").strip().lower(), week), _MEANS[said.casefold()]
