"""``napari-bonemet remodel``: remodelling between weeks, and lesions followed through them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.cli.weeks import select_weeks, write_weeks
from napari_bonemet.options import Doc
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.study.remodelling import RemodelOptions

ABOUT = """Measure remodelling between registered weeks, and find and follow lesions.

Writes OUT/remodelling.csv (one row per leg and pair of weeks: MV/BV, EV/BV, MS/BS, ES/BS and rates, whole and by
compartment and surface), OUT/lesions.csv (one row per lesion and week), OUT/remodel.json (options, rules in words) and
OUT/<leg>/week N slices (the number of the lesion that each lost voxel belongs to). Lesions are counted since the
earliest week.

Example: napari-bonemet remodel registered --out remodelled"""
STEPS = (RemodelOptions,)
# Which slices are measured concerns the other measures; remodelling and lesions are looked for everywhere.
HIDDEN = (
    "trabecular_offset_um",
    "trabecular_length_um",
    "cortical_offset_um",
    "cortical_length_um",
    "endosteal_offset_um",
)


@dataclass(frozen=True)
class Arguments:
    """What to measure."""

    source: Annotated[Positional[Path], Doc("A folder of registered weeks.")]
    weeks: Annotated[
        tuple[float, float] | None, Doc("The earlier and the later week; every week that is there when not given.")
    ] = None
    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Measure every leg and write the tables and labels.

    Raises
    ------
    InputError
        When a week is missing, or the weeks are not on one grid.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.cli.reading import read_grey_legs
    from napari_bonemet.cli.table import show_lesions
    from napari_bonemet.io.atomic import write_json, write_table
    from napari_bonemet.study.remodelling import LESION_COLUMNS, remodel_leg

    out = own.common.new_place()
    options = chosen(RemodelOptions)
    found = read_grey_legs(own.source, own.common, PartOf(progress, 0.0, 0.1))
    legs = [select_weeks(leg, own.weeks, "Remodelling") for leg in found]
    told, changes, lesions = {}, [], []
    for number, leg in enumerate(legs):
        part = PartOf(progress, 0.1 + 0.9 * number / len(legs), 0.1 + 0.9 * (number + 1) / len(legs))
        made = remodel_leg(leg, options=options, progress=PartOf(part, 0.0, 0.8))
        labels = [scan for _, scan in made.history.labels]
        write_weeks(leg.leg, labels, out, overwrite=own.common.overwrite, progress=PartOf(part, 0.8, 1.0))
        changes += made.remodelling_rows()
        lesions += made.lesion_rows()
        told[leg.leg] = made.as_record()
        show_lesions(terminal, made)
        for note in made.notes:
            terminal.say(f"{leg.leg}: {note}")
    write_table(out / "remodelling.csv", changes)
    write_table(out / "lesions.csv", lesions, columns=LESION_COLUMNS)
    record = {"out": str(out), "options": options.as_record(), "legs": told}
    write_json(out / "remodel.json", record)
    terminal.say(f"remodelling.csv, lesions.csv, remodel.json and the lesions' labels are in {out}")
    return record
