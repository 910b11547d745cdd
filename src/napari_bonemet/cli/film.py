"""``napari-bonemet film``: weeks, samples of a forecast, or turning volumes as MP4 or GIF."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import tyro
from tyro.conf import Positional

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.figures.film_options import FilmOptions
from napari_bonemet.options import Doc
from napari_bonemet.progress import PartOf, Progress

ABOUT = """Make a film of each leg: its weeks one after the other, the samples of a forecast, or volumes that turn.

--out is a folder, or for a single leg a file, .mp4 or .gif; beside each film lies a .json, from which --from makes
the same film again. MP4 needs the package imageio-ffmpeg: pip install "napari-bonemet[film]".

Example: napari-bonemet film registered --what rotation --turned weeks --out film.gif

Example: napari-bonemet film registered --predicted forecasts --what samples --seconds 0.5 --out film.mp4"""
STEPS = (FilmOptions,)
# Of the montage, what a single row of panels has no use for.
HIDDEN = (
    "layout",
    "show",
    "row_of",
    "rows",
    "choose",
    "as_volumes",
    "columns",
    "shown_samples",
    "show_spread",
    "letters",
    "composite_style",
    "colour_bars",
)


@dataclass(frozen=True)
class Arguments:
    """What to show."""

    source: Annotated[Positional[Path | None], Doc("A folder of registered weeks; not with --from.")] = None
    predicted: Annotated[Path | None, Doc("The folder that `predict` or `run` wrote.")] = None
    legs: Annotated[tuple[str, ...], Doc('Only these: "871 left tibia".')] = ()
    format: Annotated[str, Doc("Of films in a folder: mp4 or gif.")] = "mp4"
    record: Annotated[Path | None, tyro.conf.arg(name="from"), Doc("Make the film of this .json record again.")] = None
    common: EveryCommand = field(default_factory=Common)


def chosen_by(argv: Sequence[str]) -> SimpleNamespace:
    """The command with the defaults that a record gives its flags.

    Raises
    ------
    InputError
        When a value in the record cannot be used.
    """
    from napari_bonemet.cli.figure import value_of, values_of

    defaults: dict[str, Any] = {}
    if (record := value_of(argv, "--from")) and Path(record).is_file():
        from napari_bonemet.study.film_job import open_film_record

        options, _ = open_film_record(record)
        defaults = {**values_of(options.montage), **values_of(options)}
    command = {"ABOUT": ABOUT, "STEPS": STEPS, "HIDDEN": HIDDEN, "Arguments": Arguments, "run": run}
    return SimpleNamespace(**command, DEFAULTS=defaults)


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Make and save every film.

    Raises
    ------
    InputError
        When there is nothing to show, the writer of MP4 is not installed, or a record cannot be followed.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.cli.reading import spare
    from napari_bonemet.figures.film_file import FILM_FORMATS, require_writer
    from napari_bonemet.io.names import safe_name
    from napari_bonemet.study.figure_sources import read_sources
    from napari_bonemet.study.film_job import make_film

    out, options, sources = own.common.new_place(), chosen(FilmOptions), _sources(own)
    one_file = out.suffix.lower().lstrip(".") in FILM_FORMATS
    require_writer(out if one_file else Path(f"film.{own.format}"))
    spare(sources.folder, own.common)
    legs = read_sources(sources, progress=PartOf(progress, 0.0, 0.1))
    if one_file and len(legs) > 1:
        raise InputError(
            f"{sources.folder} holds {len(legs)} legs, too many for one film", remedy="Give --out a folder"
        )
    files = []
    for number, leg in enumerate(legs):
        part = PartOf(progress, 0.1 + 0.9 * number / len(legs), 0.1 + 0.9 * (number + 1) / len(legs))
        place = out if one_file else out / f"{safe_name(leg.name)}.{own.format}"
        of_leg = replace(sources, legs=(leg.name,))
        files.append(str(make_film(leg, place, options=options, sources=of_leg, progress=part)))
        terminal.say(f"{leg.name}: {place}")
    return {"out": str(out), "files": files}


def _sources(own: Arguments) -> Any:
    from napari_bonemet.study.figure_sources import FigureSources
    from napari_bonemet.study.film_job import open_film_record

    if own.record is not None:
        if own.source is not None or own.predicted is not None or own.legs:
            raise InputError("The record says what is shown", remedy="Leave out the folder, --predicted and --legs")
        return open_film_record(own.record)[1]
    if own.source is None:
        raise InputError("There is nothing to show", remedy="Give a folder of registered weeks, or --from a record")
    predicted = () if own.predicted is None else (own.predicted,)
    return FigureSources(own.source, predicted, own.legs, own.common.voxel_size)
