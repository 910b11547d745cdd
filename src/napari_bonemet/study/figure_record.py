"""The record beside a figure, from which the same figure is made again."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.figures.export import save_figure
from napari_bonemet.figures.study import StudyFigure
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Json
from napari_bonemet.strict import read_record, strict_options
from napari_bonemet.study.figure_job import FigureOptions, draw_legs
from napari_bonemet.study.figure_sources import FigureSources, read_sources

__all__ = ["FigureRecord", "Redrawn", "draw_again", "open_record", "save_montage"]

MONTAGE, CANVAS = "montage", "canvas"
# What can move a pixel: other releases draw other letters and edges.
_DRAWN_BY = ("napari-bonemet", "matplotlib", "numpy", "scipy", "pillow")


@dataclass(frozen=True, eq=False)
class FigureRecord:
    """A record that was read and checked.

    Parameters
    ----------
    path : Path
        The .json file.
    options : FigureOptions
        How the figure was drawn.
    sources : FigureSources
        From what.
    panels : tuple of (str, str)
        Title of each panel, and SHA-256 of the voxels that it showed.
    sha256 : str
        Of the figure's file; empty where it is not known.
    versions : dict
        Of what drew it.
    """

    path: Path
    options: FigureOptions
    sources: FigureSources
    panels: tuple[tuple[str, str], ...]
    sha256: str
    versions: dict[str, str]


@dataclass(frozen=True, eq=False)
class Redrawn:
    """A figure drawn again from its record.

    Parameters
    ----------
    made : StudyFigure
        The figure.
    changed : tuple of str
        Titles of the panels whose voxels are others than those recorded.
    versions : tuple of str
        What is of another release than it was, in words.
    """

    made: StudyFigure
    changed: tuple[str, ...]
    versions: tuple[str, ...]


def save_montage(
    made: StudyFigure,
    path: str | Path,
    *,
    options: FigureOptions,
    sources: FigureSources | None,
    overwrite: bool = True,
) -> Path:
    """Write a figure, and beside it the record from which :func:`draw_again` makes it again.

    Parameters
    ----------
    made : StudyFigure
        With its record.
    options : FigureOptions
        As asked for, hence with a slice only where one was asked for.
    sources : FigureSources or None
        Where the data lie; None where they lie in no file, and the figure cannot be made again.

    Raises
    ------
    InputError
        When the suffix is none of a figure.
    OutputError
        When a file is there and may not be replaced, or the disk refuses.
    """
    path = Path(path)
    options = options.with_one_threshold()
    record = {
        **made.record,
        "kind": MONTAGE,
        "asked": options.as_record(),
        "sources": {} if sources is None else sources.as_record(path.parent),
        "versions": versions(),
    }
    return save_figure(made.figure, path, record, overwrite=overwrite)


def versions() -> dict[str, Json]:
    """Releases of what draws."""
    found: dict[str, Json] = {}
    for name in _DRAWN_BY:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def kind_of(record: Mapping[str, Any]) -> str:
    """What the record is of: "montage" or "canvas".

    Raises
    ------
    InputError
        When it is of neither.
    """
    kind = record.get("kind", "")
    if record.get("made_by") != "napari-bonemet" or kind not in (MONTAGE, CANVAS):
        raise InputError(
            "This is no record of a figure that can be drawn again",
            expected=f"kind {MONTAGE} or {CANVAS}, made by napari-bonemet",
            found=f"kind {str(kind)[:40] or 'none'}, made by {str(record.get('made_by'))[:40]}",
        )
    return str(kind)


def open_record(path: str | Path) -> FigureRecord:
    """Read the record of a montage; nothing of it is trusted.

    Raises
    ------
    InputError
        When it is none, or a value is of another type, out of range, or leads out of the record's folder.
    """
    path = Path(path)
    record = read_record(path, "figure record")
    if kind_of(record) != MONTAGE:
        raise InputError(f"{path} is the record of a canvas, and no montage")
    options = strict_options(FigureOptions, record.get("asked", {}), "the record")
    sources = FigureSources.from_record(record.get("sources"), path.parent)
    panels = record.get("panels", [])
    if not isinstance(panels, list) or not all(isinstance(one, dict) for one in panels):
        raise InputError("The record's panels cannot be used", expected="a list")
    stated = record.get("versions", {})
    return FigureRecord(
        path=path,
        options=options,
        sources=sources,
        panels=tuple((str(one.get("title"))[:200], str(one.get("sha256"))[:64]) for one in panels),
        sha256=str(record.get("file_sha256", ""))[:64],
        versions={str(k)[:40]: str(v)[:40] for k, v in stated.items()} if isinstance(stated, dict) else {},
    )


def draw_again(
    record: FigureRecord,
    *,
    options: FigureOptions | None = None,
    changed_too: bool = False,
    progress: Progress = NO_PROGRESS,
) -> Redrawn:
    """Make the figure of a record again.

    Parameters
    ----------
    record : FigureRecord
        From :func:`open_record`.
    options : FigureOptions, optional
        Others than those recorded.
    changed_too : bool
        Draw the data as they are now where they are not those of the record.

    Returns
    -------
    Redrawn
        With the same data, options and releases, the same file byte for byte.

    Raises
    ------
    InputError
        When the data are not there, or have changed.
    """
    options = options or record.options
    legs = read_sources(record.sources, progress=PartOf(progress, 0.0, 0.2))
    made = draw_legs(legs, options=options, progress=PartOf(progress, 0.2, 1.0))
    changed = _changed(record, made) if options == record.options else ()
    if changed and not changed_too:
        raise InputError(
            f"The scans have changed since {record.path.name.removesuffix('.json')} was drawn",
            found=f"other voxels in {', '.join(changed)}",
            remedy="Put the scans back, or draw them as they are now with --changed-too",
        )
    now = versions()
    other = [f"{name} {then}, now {now.get(name)}" for name, then in record.versions.items() if now.get(name) != then]
    return Redrawn(made, changed, tuple(other))


def _changed(record: FigureRecord, made: StudyFigure) -> tuple[str, ...]:
    panels: Any = made.record["panels"]
    now = tuple((str(panel["title"]), str(panel["sha256"])) for panel in panels)
    if len(now) != len(record.panels):
        return (f"{len(now)} panels instead of {len(record.panels)}",)
    return tuple(
        dict.fromkeys(title for (title, own), (_, then) in zip(now, record.panels, strict=True) if own != then)
    )


def same_file(path: Path, record: FigureRecord) -> bool:
    """Whether a file is, byte for byte, the one that the record was written for."""
    return hashlib.sha256(path.read_bytes()).hexdigest() == record.sha256
