"""Scans of folders with what is known of them, for the classifier to learn from."""

import warnings
from collections.abc import Sequence
from pathlib import Path

from napari_bonemet.diagnose.cohort_labels import PART, RECORDS, Definition, Label, read_labels
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import GREY_KINDS
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan


def labelled_scans(
    folders: Sequence[Path],
    labels: Path | None = None,
    *,
    definition: Definition = "scan",
    spacing: float | Sequence[float] | None = None,
    progress: Progress = NO_PROGRESS,
) -> tuple[list[Scan], list[bool], list[str]]:
    """The grey scans of some folders, whether each shows a lesion, and of which animal it is.

    Other bones than the tibia, composites and maps are left out, and scans without a diagnosis with a warning.

    Parameters
    ----------
    folders : sequence of path
        Studies in the layouts that ``read_study`` knows.
    labels : path, optional
        Table of :func:`~napari_bonemet.diagnose.cohort_labels.read_labels`; where None, each folder's
        MiceMediRec.csv, in it or beside it.
    definition : {"scan", "injected", "last week"}
        What the label says, see :func:`~napari_bonemet.diagnose.cohort_labels.read_labels`.
    spacing : float or three (z, y, x), optional
        Micrometres, for files that state no voxel size.

    Returns
    -------
    scans : list of Scan
        Lazy where their format allows it.
    labels : list of bool
        Whether each shows a lesion.
    animals : list of str
        The subject of each.

    Raises
    ------
    InputError
        When there is no table, no scan has a diagnosis, a scan is there twice, or something cannot be read.

    Warns
    -----
    UserWarning
        When a scan has no diagnosis.
    """
    from napari_bonemet.io import read_study

    scans: list[Scan] = []
    lesions: list[bool] = []
    known: dict[Path, dict[Label, bool]] = {}
    seen: set[Label] = set()
    for number, folder in enumerate(folders):
        table = Path(labels) if labels is not None else find_records(folder)
        known.setdefault(table, dict(read_labels(table, definition)))
        part = PartOf(progress, number / len(folders), (number + 1) / len(folders))
        for scan in (scan for leg in read_study(folder, spacing=spacing, progress=part) for scan in leg):
            if scan.kind not in GREY_KINDS or scan.part != PART:
                continue
            key = (scan.subject or "", scan.side or "", scan.week if scan.week is not None else -1.0)
            if key in seen:
                raise InputError(f"{scan.title} is there twice", remedy="Give the folder of one component alone")
            seen.add(key)
            if key not in known[table]:
                warnings.warn(f"{scan.title} is left out: {table.name} has no diagnosis of it", stacklevel=2)
                continue
            scans.append(scan)
            lesions.append(known[table][key])
    if not scans:
        raise InputError("No grey scan has a diagnosis", found=", ".join(str(folder) for folder in folders))
    return scans, lesions, [scan.subject or "" for scan in scans]


def find_records(folder: str | Path) -> Path:
    """The medical records of a folder: in it, beside it, or beside the folder around it.

    Raises
    ------
    InputError
        When there are none.
    """
    home = Path(folder).resolve()
    for place in (home, home.parent, home.parent.parent):
        if (place / RECORDS).is_file():
            return place / RECORDS
    raise InputError(
        f"{folder} has no table of diagnoses", expected=f"{RECORDS} in it or beside it", remedy="Name it: --labels FILE"
    )
