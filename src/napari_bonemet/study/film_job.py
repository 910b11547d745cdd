"""From weeks and a forecast to a film on disk, with the record from which it is made again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.figures.film import film_of
from napari_bonemet.figures.film_file import require_writer, save_film
from napari_bonemet.figures.film_options import FilmOptions
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.strict import read_record, strict_options
from napari_bonemet.study.figure_job import FigureOptions, subject_of
from napari_bonemet.study.figure_keep import keep_data, kept_sources
from napari_bonemet.study.figure_record import versions
from napari_bonemet.study.figure_sources import FigureSources, FoundLeg

__all__ = ["FILM", "film_with_data", "make_film", "open_film_record"]

FILM = "film"


def make_film(
    leg: FoundLeg,
    path: str | Path,
    *,
    options: FilmOptions,
    sources: FigureSources | None,
    overwrite: bool = True,
    progress: Progress = NO_PROGRESS,
) -> Path:
    """Draw the film of a leg and write it, and its record beside it, each whole or not at all.

    Parameters
    ----------
    leg : FoundLeg
        Registered weeks, and forecasts of one of them; the first is shown.
    path : path
        Ends in .mp4 or .gif.
    options : FilmOptions
        What it shows.
    sources : FigureSources or None
        Where the data lie; None where they lie in memory alone.

    Raises
    ------
    InputError
        When the writer is not installed, or there is nothing to show.
    OutputError
        When the disk refuses.
    """
    path = Path(path)
    require_writer(path)
    # The composite and the scores are not shown; the table's options leave them out.
    asked = FigureOptions(replace(options.montage, layout="table", show=("weeks",), as_volumes=False))
    subject = subject_of(leg, options=asked, progress=PartOf(progress, 0.0, 0.1))
    film = film_of(subject, options=options, progress=PartOf(progress, 0.1, 1.0))
    record: dict[str, Any] = {
        "made_by": "napari-bonemet",
        "kind": FILM,
        "leg": leg.name,
        "forecast": _forecast(leg),
        "asked": options.as_record(),
        "sources": {} if sources is None else sources.as_record(path.parent),
        "versions": versions(),
    }
    return save_film(film, path, record, fps=options.fps, overwrite=overwrite)


def film_with_data(
    leg: FoundLeg, path: Path, *, options: FilmOptions, progress: Progress = NO_PROGRESS
) -> FigureSources:
    """Make a film of what lies in memory, and keep that beside it, so that its record makes it again.

    Raises
    ------
    InputError, OutputError
        As :func:`make_film`; without its data no record names them.
    """
    folder = path.with_name(f"{path.name}.data")
    sources = kept_sources([leg], folder)
    make_film(leg, path, options=options, sources=sources, progress=PartOf(progress, 0.0, 0.9))
    return keep_data([leg], folder, progress=PartOf(progress, 0.9, 1.0))


def _forecast(leg: FoundLeg) -> dict[str, Any] | None:
    if not leg.forecasts:
        return None
    made = leg.forecasts[0]
    return {"model": made.model, "seed": made.seed, "week": made.week, "samples": len(made.samples)}


def open_film_record(path: str | Path) -> tuple[FilmOptions, FigureSources]:
    """What the record of a film asks for; nothing of it is trusted.

    Raises
    ------
    InputError
        When it is none, or a value in it cannot be used.
    """
    path = Path(path)
    record = read_record(path, "film record")
    if record.get("made_by") != "napari-bonemet" or record.get("kind") != FILM:
        raise InputError(f"{path} is no record of a film", expected="kind film, made by napari-bonemet")
    sources = FigureSources.from_record(record.get("sources"), path.parent)
    return strict_options(FilmOptions, record.get("asked", {}), "the record"), sources
