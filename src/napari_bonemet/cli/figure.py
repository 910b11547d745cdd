"""``napari-bonemet figure``: draw weeks, composite, samples of a forecast, truth and difference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import tyro
from tyro.conf import Positional

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.options import Doc
from napari_bonemet.processing.composite_result import CompositeOptions
from napari_bonemet.progress import PartOf, Progress

ABOUT = """Draw each leg's weeks, bone lost and formed, and with --predicted the forecast beside the true week.

Several samples of a forecast are shown with their mean and the share of them that are bone. --layout futures draws
a row for each of several slices: weeks, true week, samples and that share. --layout table has the columns that --show
names, and with --row-of animals a row for each leg, all in one figure.

--template takes all options from a file, or by name those of the first paper's figures: "paper figure 1" to
"paper figure 5". Flags that are given besides count more.

--out is a folder, or for a single figure a file (.png, .pdf, .svg, .tiff); beside each figure lies a .json, from which
--from makes the same figure again.

Example: napari-bonemet figure registered --predicted forecasts --out figures

Example: napari-bonemet figure registered --predicted forecasts --template "paper figure 4" --out futures.pdf

Example: napari-bonemet figure --from figures/figure.png.json --out again.png"""
STEPS = (MontageOptions, CompositeOptions)


@dataclass(frozen=True)
class Arguments:
    """What to draw."""

    source: Annotated[Positional[Path | None], Doc("A folder of registered weeks; not with --from.")] = None
    predicted: Annotated[
        tuple[Path, ...],
        Doc("Folders that `predict` or `run` wrote; of several, the table shows each as a model of its own."),
    ] = ()
    legs: Annotated[tuple[str, ...], Doc('Only these: "871 left tibia".')] = ()
    template: Annotated[
        str | None, Doc('Options by name ("paper figure 1" to "paper figure 5"), or a .json or .toml file of them.')
    ] = None
    record: Annotated[Path | None, tyro.conf.arg(name="from"), Doc("Make the figure of this .json record again.")] = (
        None
    )
    changed_too: Annotated[bool, Doc("With --from: draw scans that have changed since, as they are now.")] = False
    common: EveryCommand = field(default_factory=Common)


def chosen_by(argv: Sequence[str]) -> SimpleNamespace:
    """The command with the defaults that a template or a record gives its flags.

    Raises
    ------
    InputError
        When there is no such template, or a value in it cannot be used.
    """
    defaults: dict[str, Any] = {}
    if template := value_of(argv, "--template"):
        from napari_bonemet.figures.template import find_template

        defaults = values_of(find_template(template).options)
    if (record := value_of(argv, "--from")) and Path(record).is_file():
        from napari_bonemet.cli.figure_again import options_in

        defaults |= {name: value for part in options_in(Path(record)) for name, value in values_of(part).items()}
    return SimpleNamespace(ABOUT=ABOUT, STEPS=STEPS, Arguments=Arguments, run=run, DEFAULTS=defaults, __name__=__name__)


def values_of(options: Any) -> dict[str, Any]:
    """The options by name, as flags take them for their defaults."""
    return {name: getattr(options, name) for name in options.as_record()}


def value_of(argv: Sequence[str], flag: str) -> str:
    """What is given for a flag, or nothing."""
    for number, word in enumerate(argv):
        if word.startswith(f"{flag}="):
            return word.partition("=")[2]
        if word == flag and number + 1 < len(argv):
            return argv[number + 1]
    return ""


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Draw and save every figure.

    Raises
    ------
    InputError
        When the weeks are not on one grid, the slice asked for is not there, or a record cannot be followed.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.study.figure_job import FigureOptions

    options = FigureOptions(chosen(MontageOptions), chosen(CompositeOptions)).with_one_threshold()
    if own.record is not None:
        from napari_bonemet.cli.figure_again import run_again

        return run_again(own, options, terminal, progress)
    return _draw_all(own, options, terminal, progress)


def _draw_all(own: Arguments, options: Any, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    from dataclasses import replace

    from napari_bonemet.cli.reading import spare
    from napari_bonemet.figures.export import is_figure
    from napari_bonemet.study.figure_job import draw_legs, one_figure
    from napari_bonemet.study.figure_record import save_montage
    from napari_bonemet.study.figure_sources import FigureSources, read_sources

    if own.source is None:
        raise InputError("There is nothing to draw", remedy="Give a folder of registered weeks, or --from a record")
    out = own.common.new_place()
    spare(own.source, own.common)
    sources = FigureSources(own.source, own.predicted, own.legs, own.common.voxel_size)
    legs = read_sources(sources, progress=PartOf(progress, 0.0, 0.1))
    for leg in legs:
        if len(leg.forecasts) < len(own.predicted):
            terminal.warn(f"{leg.name} has no forecast in one of {', '.join(map(str, own.predicted))}")
    groups = [legs] if one_figure(options.montage) else [(leg,) for leg in legs]
    if is_figure(out) and len(groups) > 1:
        raise InputError(f"{own.source} holds {len(legs)} legs, too many for one file", remedy="Give a folder as --out")
    files: list[str] = []
    for number, group in enumerate(groups):
        progress.message(f"{group[0].name}: drawing")
        part = PartOf(progress, 0.1 + 0.9 * number / len(groups), 0.1 + 0.9 * (number + 1) / len(groups))
        made = draw_legs(group, options=options, progress=part)
        own_sources = replace(sources, legs=tuple(leg.name for leg in group))
        for place in _places(out, group):
            files.append(str(save_montage(made, place, options=options, sources=own_sources)))
            terminal.say(f"{_name(group)}: {place}")
    return {"out": str(out), "files": files}


def _name(group: Sequence[Any]) -> str:
    return str(group[0].name) if len(group) == 1 else f"{len(group)} animals"


def _places(out: Path, group: Sequence[Any]) -> list[Path]:
    from napari_bonemet.figures.export import is_figure
    from napari_bonemet.io.names import safe_name

    return [out] if is_figure(out) else [out / f"{safe_name(_name(group))}{end}" for end in (".png", ".pdf")]
