"""Write the parts of a separated hindlimb in the layout of the BoneMet dataset's Seg-CT."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from napari_bonemet.errors import InputError
from napari_bonemet.io.atomic import write_json
from napari_bonemet.io.names import safe_name, week_name
from napari_bonemet.io.write import write_scan
from napari_bonemet.processing.segment.cut import cut_part
from napari_bonemet.processing.segment.result import Part, SeparationResult
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import DAYS_PER_WEEK

_SHARE_OF_CUTTING = 0.4


def part_place(
    result: SeparationResult,
    part: Part,
    folder: str | Path,
    *,
    week: float,
    format: Literal["png", "zarr"] = "png",  # noqa: A002
) -> Path:
    """Where a part is written: ``folder/week 0/871 week 0 left tibia``, with ``.zarr`` behind it where it is one.

    Raises
    ------
    InputError
        When the subject's name cannot be a folder's.
    """
    when = week_name(week * DAYS_PER_WEEK)
    name = " ".join(filter(None, (result.scan.subject, when, part.title)))
    return Path(folder) / when / safe_name(name + (".zarr" if format == "zarr" else ""))


def write_parts(
    result: SeparationResult,
    folder: str | Path,
    *,
    week: float,
    parts: Sequence[Part] | None = None,
    format: Literal["png", "zarr"] = "png",  # noqa: A002  (the word that users know)
    overwrite: bool = False,
    progress: Progress = NO_PROGRESS,
) -> dict[str, Path]:
    """Cut parts out and write them, one after the other, so that one is in memory at a time.

    Parameters
    ----------
    result : SeparationResult
        From :func:`napari_bonemet.processing.segment.separate_limbs`, corrected by hand or not.
    folder : path
        The folder of the component, "Seg-CT" say; made where missing.
    week : float
        Weeks since inoculation, for the names.
    parts : sequence of Part, optional
        Some of ``result.parts``; all of them when None.
    format : {"png", "zarr"}
        PNG slices with ``scan.json`` beside them, or OME-Zarr.
    overwrite : bool
        Replace parts that are there.
    progress : Progress
        Listens; a part appears whole or not at all.

    Returns
    -------
    dict of str to Path
        Where each part lies, by its title.

    Raises
    ------
    InputError
        When there is nothing to write, or two parts would have one name.
    OutputError
        When a part is there already, or the disk refuses.
    """
    wanted = result.parts if parts is None else tuple(parts)
    if not wanted:
        raise InputError(f"No part of {result.scan.title} was found", remedy="Draw boxes by hand")
    places = {part.title: part_place(result, part, folder, week=week, format=format) for part in wanted}
    if len(places) < len(wanted):
        raise InputError("Two parts have one name", found=", ".join(part.title for part in wanted))
    for number, part in enumerate(wanted):
        here = PartOf(progress, number / len(wanted), (number + 1) / len(wanted))
        scan = cut_part(result, part, progress=PartOf(here, 0.0, _SHARE_OF_CUTTING))
        writing = PartOf(here, _SHARE_OF_CUTTING, 1.0)
        write_scan(scan, places[part.title], format=format, overwrite=overwrite, progress=writing)
    return places


def write_separation(results: Sequence[SeparationResult], path: str | Path) -> Path:
    """Write what was found in each scan, how sure it is and why, as JSON.

    Raises
    ------
    OutputError
        When the disk refuses.
    """
    return write_json(path, {"scans": [result.as_record() for result in results]})
