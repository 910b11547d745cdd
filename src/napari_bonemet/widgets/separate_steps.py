"""What the Separate limbs dock runs beside the screen, and how the parts join the legs on the desk."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Region
from napari_bonemet.processing.segment import (
    Part,
    PartName,
    SeparationOptions,
    SeparationResult,
    cut_part,
    separate_limbs,
    with_part,
)
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.scan import DAYS_PER_WEEK, Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.parts import write_parts, write_separation
from napari_bonemet.widgets.desk import Desk, Leg

# What the later steps look at; the others are cut out on request, for each fills memory.
USUAL: tuple[PartName, ...] = ("tibia",)
LIMBS: tuple[PartName, ...] = ("tibia", "femur")


def titles() -> list[str]:
    """Every part that a hindlimb has, in words."""
    return [f"{side} {name}" for name in LIMBS for side in ("left", "right")] + [
        name for name in get_args(PartName) if name not in LIMBS
    ]


def missing(result: SeparationResult) -> list[str]:
    """The parts that were not found."""
    found = {part.title for part in result.parts}
    return [title for title in titles() if title not in found]


def add_part(result: SeparationResult, title: str) -> SeparationResult:
    """The result with a part that was not found, its box in the middle of the field, to be dragged where it belongs."""
    side, _, name = title.rpartition(" ")
    z, y, x = (slice(n // 3, max(n // 3 + 1, 2 * n // 3)) for n in result.scan.shape)
    middle: Region = (z, y, x)
    kind = next(known for known in get_args(PartName) if known == name)
    return with_part(result, kind, "left" if side == "left" else "right" if side == "right" else None, middle)


def find(scans: Sequence[Scan], options: SeparationOptions, progress: Progress) -> list[SeparationResult]:
    """Look for the limbs in one scan after the other."""
    results = []
    for number, scan in enumerate(scans):
        progress.message(f"looking for the limbs of {scan.title}")
        part = PartOf(progress, number / len(scans), (number + 1) / len(scans))
        results.append(separate_limbs(scan, options=options, progress=part))
    return results


def chosen_parts(result: SeparationResult, wanted: Iterable[str]) -> list[Part]:
    """The parts of `result` whose titles are wanted."""
    wanted = set(wanted)
    return [part for part in result.parts if part.title in wanted]


def cut(results: Sequence[SeparationResult], wanted: Iterable[str], progress: Progress) -> list[Scan]:
    """Cut the wanted parts out of every scan.

    Raises
    ------
    InputError
        When no part was chosen, or a scan's week is not known.
    """
    tasks = [(result, part) for result in results for part in chosen_parts(result, wanted)]
    if not tasks:
        raise InputError("There is nothing to cut out", remedy="Tick at least one part in the table")
    scans = []
    for number, (result, part) in enumerate(tasks):
        progress.message(f"cutting out the {part.title} of {result.scan.title}")
        share = PartOf(progress, number / len(tasks), (number + 1) / len(tasks))
        scans.append(cut_part(result, part, progress=share))
    return scans


def may_be_hindlimb(series: ScanSeries) -> bool:
    """Whether there may be something to separate: what has a side, or was registered, was separated before."""
    return series.baseline.kind in (Kind.RECON, Kind.SEG) and series.baseline.side is None


def with_week(scan: Scan, week: float) -> Scan:
    """`scan`, in `week` where it does not say itself."""
    return scan if scan.day is not None else replace(scan, day=week * DAYS_PER_WEEK)


def join(desk: Desk, scans: Iterable[Scan]) -> list[Leg]:
    """Put parts that were cut out among the legs of the desk.

    A part joins the weeks of its leg that were cut out before; the same week is replaced, which undoes an earlier
    separation. A leg that is on the table is put there anew, and what was made of it is taken away.

    Returns
    -------
    list of Leg
        Those that changed.
    """
    changed: dict[str, Leg] = {}
    for scan in scans:
        before = changed.get(scan.leg) or next((leg for leg in desk.legs if _is_of(leg, scan)), None)
        others = [s for s in before.series if s.day != scan.day] if before and before.series else []
        changed[scan.leg] = Leg(series=ScanSeries((*others, scan)))
    legs = list(changed.values())
    desk.add_legs(*legs)
    for leg in legs:
        if desk.leg is not None and desk.leg.key == leg.key:
            desk.set_series(leg.series, leg)
    return legs


def _is_of(leg: Leg, scan: Scan) -> bool:
    return leg.series is not None and leg.files is None and leg.name == scan.leg and leg.kind is Kind.SEG


def save(results: Sequence[SeparationResult], wanted: Iterable[str], folder: Path, progress: Progress) -> list[Path]:
    """Write the wanted parts as ``folder/week 0/871 week 0 left tibia/`` slices, and ``folder/separate.json``.

    Raises
    ------
    InputError
        When no part was chosen.
    OutputError
        When the disk refuses; what bears its final name is whole.
    """
    wanted = set(wanted)
    tasks = [(result, parts) for result in results if (parts := chosen_parts(result, wanted))]
    if not tasks:
        raise InputError("There is nothing to save", remedy="Tick at least one part in the table")
    written: list[Path] = []
    for number, (result, parts) in enumerate(tasks):
        share = PartOf(progress, number / len(tasks), (number + 1) / len(tasks))
        week = result.scan.week or 0.0
        written += write_parts(result, folder, week=week, parts=parts, overwrite=True, progress=share).values()
    write_separation(results, folder / "separate.json")
    return written
