"""``napari-bonemet remodel``: remodelling between weeks, and lesions followed through them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.options import Doc
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.remodelling import RemodelOptions

if TYPE_CHECKING:
    from napari_bonemet.study.remodelling import LegRemodelling

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
    legs = [_select(leg, own.weeks) for leg in read_grey_legs(own.source, own.common, PartOf(progress, 0.0, 0.1))]
    told, changes, lesions = {}, [], []
    for number, leg in enumerate(legs):
        part = PartOf(progress, 0.1 + 0.9 * number / len(legs), 0.1 + 0.9 * (number + 1) / len(legs))
        made = remodel_leg(leg, options=options, progress=PartOf(part, 0.0, 0.8))
        _write(made, out, own.common.overwrite, PartOf(part, 0.8, 1.0))
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


def _select(leg: ScanSeries, weeks: tuple[float, float] | None) -> ScanSeries:
    if weeks is not None and weeks[0] >= weeks[1]:
        raise InputError("The weeks are in the wrong order", expected="--weeks EARLIER LATER", found=str(weeks))
    selected = leg if weeks is None else leg.select(weeks)
    if len(selected) < 2:
        raise InputError(f"Remodelling needs two weeks of {leg.leg}", found=f"week {leg.weeks[0]:g} alone")
    selected.require_one_grid("Remodelling")
    return selected


def _write(made: "LegRemodelling", out: Path, overwrite: bool, progress: Progress) -> None:
    from napari_bonemet.io import write_scan
    from napari_bonemet.io.atomic import atomic_folder
    from napari_bonemet.io.names import safe_name, week_name

    labels = made.history.labels
    with atomic_folder(out / safe_name(made.series.leg), overwrite=overwrite) as folder:
        for number, (_, scan) in enumerate(labels):
            part = PartOf(progress, number / len(labels), (number + 1) / len(labels))
            write_scan(scan, folder / week_name(scan.day or 0.0), format="png", progress=part)
