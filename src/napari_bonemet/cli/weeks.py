"""What commands that compare registered weeks have in common: which weeks, and slices of what came of them."""

from collections.abc import Sequence
from pathlib import Path

from napari_bonemet.errors import InputError
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries


def select_weeks(leg: ScanSeries, weeks: tuple[float, float] | None, purpose: str) -> ScanSeries:
    """The two weeks asked for, or all where none are; `purpose` begins the sentence when they cannot be compared.

    Raises
    ------
    InputError
        When a week is missing, there is one alone, or they are not on one grid.
    """
    if weeks is not None and weeks[0] >= weeks[1]:
        raise InputError("The weeks are in the wrong order", expected="--weeks EARLIER LATER", found=str(weeks))
    selected = leg if weeks is None else leg.select(weeks)
    if len(selected) < 2:
        raise InputError(f"{purpose} needs two weeks of {leg.leg}", found=f"week {leg.weeks[0]:g} alone")
    selected.require_one_grid(purpose)
    return selected


def write_weeks(leg: str, scans: Sequence[Scan], out: Path, *, overwrite: bool, progress: Progress) -> None:
    """Write ``OUT/<leg>/week N`` slices, the leg whole or not at all.

    Raises
    ------
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.io import write_scan
    from napari_bonemet.io.atomic import atomic_folder
    from napari_bonemet.io.names import safe_name, week_name

    with atomic_folder(out / safe_name(leg), overwrite=overwrite) as folder:
        for number, scan in enumerate(scans):
            part = PartOf(progress, number / len(scans), (number + 1) / len(scans))
            write_scan(scan, folder / week_name(scan.day or 0.0), format="png", progress=part)
