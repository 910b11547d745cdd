"""The published BoneMet layouts: the legs in a study's folder, their weeks, and writing them again."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from natsort import natsort_keygen

from napari_bonemet.errors import InputError, OutputError
from napari_bonemet.io.names import NameParts, name_parts, safe_name, week_name
from napari_bonemet.io.registry import find_reader, read_scan
from napari_bonemet.io.sidecar import SIDECAR, Sidecar, read_sidecar
from napari_bonemet.io.slice_files import FORMS
from napari_bonemet.io.tree import find_scans
from napari_bonemet.io.write import write_scan
from napari_bonemet.io.zarr import RECORD
from napari_bonemet.io.zarr_arrays import group_attributes
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import DAYS_PER_WEEK, Kind, Scan, Side
from napari_bonemet.series import ScanSeries

LAYOUT = (
    "folders such as 'Seg-CT/week 0/871 left tibia' or '871 left tibia/week 0' that hold slices, "
    "a .zarr, or files such as '871 left tibia/week 0.nii.gz'"
)


@dataclass(frozen=True)
class LegFiles:
    """Where the weeks of one leg lie, in one component of the dataset. Nothing was read yet.

    Parameters
    ----------
    subject : str, optional
        The animal; None where nothing names it.
    side : {"left", "right"}, optional
        Which leg.
    part : str
        Which bone.
    kind : Kind
        The component: the same leg may be there as Seg-CT and as Regist-CT.
    weeks : tuple of (float, Path)
        Week since inoculation and place of each scan, in the order of time.
    """

    subject: str | None
    side: Side | None
    part: str
    kind: Kind
    weeks: tuple[tuple[float, Path], ...]

    @property
    def leg(self) -> str:
        """The leg in the dataset's words: "871 left tibia"."""
        return " ".join(part for part in (self.subject or "unnamed", self.side, self.part) if part)


def find_legs(folder: str | Path, *, progress: Progress = NO_PROGRESS) -> tuple[LegFiles, ...]:
    """The legs in a folder, by the names in it and by what this package wrote beside the voxels.

    No voxel is read. A folder or file that is a single scan is one leg of one week, week 0 unless it says
    another.

    Parameters
    ----------
    folder : path
        A study in one of the published layouts, a part of one, or a single scan.
    progress : Progress
        Asked before each folder whether to go on.

    Returns
    -------
    tuple of LegFiles
        In natural order of leg, then component.

    Raises
    ------
    InputError
        When nothing is found (the layout is described), a leg has two scans of one week and component
        (both are named), the week of one of several scans is not stated, or a link leads out of `folder`.

    Warns
    -----
    UserWarning
        When names contradict each other.
    """
    root = Path(folder)
    if not root.exists():
        raise InputError(f"{root} is not there", remedy="Check the path")
    if root.is_file():
        find_reader(root)
    groups: dict[tuple[str | None, ...], list[tuple[NameParts, Path]]] = {}
    for path in find_scans(root, progress=progress):
        parts = _describe(path, root)
        key = (parts.subject and parts.subject.casefold(), parts.side, parts.part, parts.kind)
        groups.setdefault(key, []).append((parts, path))
    if not groups:
        raise InputError(f"{root} holds no scans", expected=LAYOUT, remedy="Choose the folder around them")
    legs = [_leg(scans) for scans in groups.values()]
    natural = natsort_keygen()
    return tuple(sorted(legs, key=lambda leg: (natural(leg.leg), list(Kind).index(leg.kind))))


def read_series(
    leg: LegFiles, *, spacing: float | Sequence[float] | None = None, progress: Progress = NO_PROGRESS
) -> ScanSeries:
    """Read the weeks of one leg, each on its own grid, lazily where the format allows it.

    Parameters
    ----------
    leg : LegFiles
        From :func:`find_legs`.
    spacing : float or three (z, y, x), optional
        Micrometres, for files that state no voxel size.

    Raises
    ------
    InputError
        When a scan cannot be read.
    MissingSpacingError
        When neither the files nor `spacing` state the voxel size.
    """
    scans = []
    for number, (week, path) in enumerate(leg.weeks):
        part = PartOf(progress, number / len(leg.weeks), (number + 1) / len(leg.weeks))
        scans.append(_as_week_of(leg, read_scan(path, spacing=spacing, progress=part), week))
    return ScanSeries(tuple(scans))


def read_study(
    folder: str | Path, *, spacing: float | Sequence[float] | None = None, progress: Progress = NO_PROGRESS
) -> tuple[ScanSeries, ...]:
    """Read every leg of a folder, or a single scan as a series of one week.

    Raises
    ------
    InputError, MissingSpacingError
        As :func:`find_legs` and :func:`read_series`.
    """
    legs = find_legs(folder)
    parts = [PartOf(progress, number / len(legs), (number + 1) / len(legs)) for number in range(len(legs))]
    return tuple(read_series(leg, spacing=spacing, progress=part) for leg, part in zip(legs, parts, strict=True))


def write_series(
    series: ScanSeries,
    folder: str | Path,
    *,
    format: Literal["png", "zarr"] = "png",  # noqa: A002 -- the word that users know
    overwrite: bool = False,
    progress: Progress = NO_PROGRESS,
) -> tuple[Path, ...]:
    """Write the weeks of a leg as ``<folder>/871 left tibia/week 3/`` (slices) or ``week 3.zarr``.

    Every week is whole or not there. Days that are no whole weeks are named "day 10".

    Parameters
    ----------
    series : ScanSeries
        The weeks.
    folder : path
        Around the leg's folder; made where missing.
    format : {"png", "zarr"}
        PNG slices with ``scan.json`` beside them, or OME-Zarr.
    overwrite : bool
        Replace weeks that this package wrote before; others are never replaced.

    Returns
    -------
    tuple of Path
        The weeks, in the order of time.

    Raises
    ------
    OutputError
        When a week is there and may not be replaced, or the disk refuses.
    InputError
        When the subject's name cannot be the name of a folder.
    """
    home = Path(folder) / safe_name(series.leg)
    ending = ".zarr" if format == "zarr" else ""
    targets = [home / f"{week_name(scan.day or 0.0)}{ending}" for scan in series]
    # Said before hours of work, not after.
    for target in targets:
        _check_replaceable(target, overwrite)
    for number, (scan, target) in enumerate(zip(series, targets, strict=True)):
        part = PartOf(progress, number / len(targets), (number + 1) / len(targets))
        write_scan(scan, target, format=format, overwrite=overwrite, progress=part)
    return tuple(targets)


def _describe(path: Path, root: Path) -> NameParts:
    """What the record inside a scan states, else the names; part and kind are settled."""
    named = name_parts(path, root=root)
    record = Sidecar()
    with contextlib.suppress(InputError):  # reading the scan tells what is wrong
        record = _record(path, named)
    kind = record.kind or named.kind or Kind.SEG
    return NameParts(
        subject=record.subject or named.subject,
        side=record.side or named.side,
        week=named.week if record.day is None else record.day / DAYS_PER_WEEK,
        kind=kind,
        part=record.part or named.part or ("hindlimb" if kind is Kind.RECON else "tibia"),
    )


def _record(path: Path, named: NameParts) -> Sidecar:
    if path.is_dir():
        beside = read_sidecar(path)
        if beside is not None:
            return beside
        inner = group_attributes(path).get(RECORD)
        return Sidecar() if inner is None else Sidecar.from_record(inner, path.name)
    if named.subject is not None and named.week is not None:
        return Sidecar()
    # Headers of single files may hold what their names do not; opening each of a large study would be slow.
    scan = read_scan(path, spacing=1.0)
    return Sidecar(subject=scan.subject, side=scan.side, day=scan.day)


def _leg(scans: list[tuple[NameParts, Path]]) -> LegFiles:
    first, place = scans[0]
    if len(scans) == 1 and first.week is None:
        scans = [(replace(first, week=0.0), place)]
    weeks: dict[float, Path] = {}
    for parts, path in scans:
        if parts.week is None:
            others = ", ".join(str(other) for _, other in scans if other != path)
            raise InputError(
                f"The week of {path} is not stated, and there are other scans of the same leg",
                found=others,
                remedy="Name folders or files 'week N'",
            )
        if parts.week in weeks:
            raise InputError(
                f"{weeks[parts.week]} and {path} are the same leg, week and component",
                remedy="Keep one of them in the folder, or name the leg in both",
            )
        weeks[parts.week] = path
    kind, part = first.kind or Kind.SEG, first.part or "tibia"
    return LegFiles(first.subject, first.side, part, kind, tuple(sorted(weeks.items())))


def _as_week_of(leg: LegFiles, scan: Scan, week: float) -> Scan:
    day = week * DAYS_PER_WEEK
    if scan.day is not None and abs(scan.day - day) < 1e-6:
        day = scan.day
    kind = scan.kind if scan.kind is Kind.COMPOSITE else leg.kind
    return replace(scan, subject=leg.subject, side=leg.side, part=leg.part, day=day, kind=kind)


def _check_replaceable(target: Path, overwrite: bool) -> None:
    if not target.exists():
        return
    if not overwrite:
        raise OutputError(f"{target} is there already", remedy="Choose another folder, or allow it to be overwritten")
    if any(target.iterdir() if target.is_dir() else [target]) and not _is_ours(target):
        raise OutputError(
            f"{target} was not written by this program and is not replaced", remedy="Choose another folder"
        )


def _is_ours(target: Path) -> bool:
    if not target.is_dir():
        return False
    if (target / SIDECAR).is_file():
        # Notes that somebody laid beside the slices would be lost with them.
        return all(entry.name == SIDECAR or entry.suffix.lower() in FORMS for entry in target.iterdir())
    return RECORD in group_attributes(target)
