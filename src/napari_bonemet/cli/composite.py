"""``napari-bonemet composite``: bone lost, kept and formed between two weeks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.cli.weeks import select_weeks, write_weeks
from napari_bonemet.options import Doc
from napari_bonemet.processing.composite_result import CompositeOptions
from napari_bonemet.progress import PartOf, Progress

ABOUT = """Lay a later week over an earlier one: 0 neither, 60 lost, 180 kept, 240 formed.

Writes OUT/<leg>/week N slices, OUT/volumes.csv (mm³, with the noise rule in words) and OUT/composite.json.
The weeks have to be registered.

Example: napari-bonemet composite registered --weeks 0 3 --out composites"""
STEPS = (CompositeOptions,)


@dataclass(frozen=True)
class Arguments:
    """What to lay over what."""

    source: Annotated[Positional[Path], Doc("A folder of registered weeks.")]
    weeks: Annotated[
        tuple[float, float] | None,
        Doc("The earlier and the later week; the earliest and every later one when not given."),
    ] = None
    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Make and write the composites of every leg.

    Raises
    ------
    InputError
        When a week is missing, or the weeks are not on one grid.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.cli.reading import read_grey_legs
    from napari_bonemet.cli.table import show_volumes
    from napari_bonemet.io.atomic import write_json, write_table
    from napari_bonemet.processing.composite import compose_weeks
    from napari_bonemet.study.write import volume_rows

    out = own.common.new_place()
    options = chosen(CompositeOptions)
    legs = read_grey_legs(own.source, own.common, PartOf(progress, 0.0, 0.1))
    rows: list[dict[str, object]] = []
    for number, leg in enumerate(legs):
        part = PartOf(progress, 0.1 + 0.9 * number / len(legs), 0.1 + 0.9 * (number + 1) / len(legs))
        chosen_weeks = select_weeks(leg, own.weeks, "A composite")
        composites = compose_weeks(chosen_weeks, options=options, progress=PartOf(part, 0.0, 0.6))
        made = [result.scan for _, result in composites]
        write_weeks(leg.leg, made, out, overwrite=own.common.overwrite, progress=PartOf(part, 0.6, 1.0))
        rows += volume_rows(chosen_weeks, composites)
        show_volumes(terminal, leg.leg, composites)
    write_table(out / "volumes.csv", rows)
    record = {"out": str(out), "options": options.as_record(), "volumes": rows}
    write_json(out / "composite.json", record)
    terminal.say(f"Composites, volumes.csv and composite.json are in {out}")
    return record
