"""A clinic's table of labels: one row for each slice that somebody judged."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TypeVar

from napari_bonemet.bone_quality import UNKNOWN, Involvement, Quality
from napari_bonemet.errors import InputError

LABELS = "labels.csv"
COLUMNS = ("scan", "slice", "quality")
Code = TypeVar("Code", bound=IntEnum)


@dataclass(frozen=True)
class SliceLabel:
    """What is known of one slice.

    Parameters
    ----------
    scan : Path
        The scan: a file, or the folder of a DICOM series.
    patient : str
        Whose it is.
    at : int
        The slice, counted from 0 in the order of their places.
    vertebra : str
        Which; empty where the scan is one bone.
    quality : int
        A code of Quality.
    involvement : int
        A code of Involvement, or UNKNOWN.
    vertebra_quality : int
        What the whole vertebra was labelled, or UNKNOWN.
    """

    scan: Path
    patient: str
    at: int
    vertebra: str
    quality: int
    involvement: int
    vertebra_quality: int


def read_labels(path: str | Path, *, judged: bool = True) -> tuple[SliceLabel, ...]:
    """The rows of a table of labels.

    Parameters
    ----------
    path : path
        CSV with the columns scan (a path beside the table), slice and quality (normal, blastic, mixed, lytic), and, if
        wanted, patient (the scan's name when missing), vertebra, involvement (none, unilateral, bilateral) and
        vertebra_quality. Or the folder that has it as ``labels.csv``.
    judged : bool
        Whether a quality has to be there; without, it is UNKNOWN where it is missing.

    Raises
    ------
    InputError
        When the file is missing or no such table, a cell cannot be read, or a slice is there twice.
    """
    path = Path(path)
    path = path / LABELS if path.is_dir() else path
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            there = [(name or "").strip() for name in table.fieldnames or ()]
            if not set(COLUMNS[: 3 if judged else 2]) <= set(there):
                raise InputError(
                    f"{path} is no table of bone quality",
                    expected=", ".join(COLUMNS),
                    found=", ".join(there) or "nothing",
                )
            rows = [(table.line_num, row) for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"The labels in {path} cannot be read", found=getattr(error, "strerror", None) or str(error)
        ) from error
    labels = tuple(_label(row, path.parent, f"{path}, line {line}", judged) for line, row in rows)
    _require_once(path, labels)
    return labels


def _require_once(path: Path, labels: Sequence[SliceLabel]) -> None:
    if not labels:
        raise InputError(f"{path} has no row")
    seen: set[tuple[Path, int]] = set()
    for label in labels:
        if (label.scan, label.at) in seen:
            raise InputError(f"{path} has slice {label.at} of {label.scan.name} twice")
        seen.add((label.scan, label.at))


def _label(row: Mapping[str, str | None], home: Path, place: str, judged: bool) -> SliceLabel:
    def cell(name: str) -> str:
        return (row.get(name) or "").strip()

    scan, at = cell("scan"), cell("slice")
    if not scan or not at.isdigit():
        raise InputError(
            f"{place}: the slice cannot be found", expected="a scan, and a slice from 0", found=f"{scan} {at}"
        )
    return SliceLabel(
        scan=home / scan,
        patient=cell("patient") or Path(scan).name,
        at=int(at),
        vertebra=cell("vertebra"),
        quality=_code(Quality, cell("quality"), place) if judged or cell("quality") else UNKNOWN,
        involvement=_code(Involvement, cell("involvement"), place) if cell("involvement") else UNKNOWN,
        vertebra_quality=_code(Quality, cell("vertebra_quality"), place) if cell("vertebra_quality") else UNKNOWN,
    )


def _code(codes: type[Code], word: str, place: str) -> int:
    if word.upper() not in codes.__members__:
        raise InputError(
            f"{place}: the label is not known", expected=", ".join(code.name.lower() for code in codes), found=word
        )
    return int(codes[word.upper()])
