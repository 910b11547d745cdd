"""``napari-bonemet response``: how probable it is that each leg's animal responds to its treatment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.options import Doc
from napari_bonemet.progress import PartOf, Progress

ABOUT = """Tell from the registered weeks of each leg how probable it is that its animal responds to treatment.

Writes a row for each leg: subject, side, weeks, probability (0 to 1), verdict, model, note, synthetic. Legs without
all the weeks that the network knows are left out. A network's opinion, research use: without --checkpoint by the
network that comes with the program, which has learned from synthetic legs alone.

Example: napari-bonemet response --data registered --out response.csv"""
STEPS = ()


@dataclass(frozen=True)
class Arguments:
    """What to look at, and by what."""

    data: Annotated[Path, Doc("A folder of registered weeks in a BoneMet layout.")]
    checkpoint: Annotated[
        Path | None, Doc("A trained classifier (.safetensors); the one that comes with the program when not given.")
    ] = None
    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, _chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Ask of leg after leg, and write one row for each.

    Raises
    ------
    InputError
        When the checkpoint cannot be used, or no leg has all the weeks.
    OutputError
        When the disk refuses.
    """
    from rich.table import Table

    from napari_bonemet.cli.reading import spare
    from napari_bonemet.diagnose.response.classifier import ResponseClassifier
    from napari_bonemet.forecast.shipped import shipped_checkpoint
    from napari_bonemet.io.atomic import write_table
    from napari_bonemet.study.device import choose_device
    from napari_bonemet.study.training_legs import legs_in_folders

    out = own.common.new_place()
    if out.suffix != ".csv":
        raise InputError("The table needs a file name", expected="--out NAME.csv", found=str(out))
    spare(own.data, own.common)
    given = own.checkpoint or shipped_checkpoint(ResponseClassifier.name)
    model = ResponseClassifier.load(given, device=choose_device(own.common.device))
    legs = legs_in_folders(
        (own.data,),
        model.options.weeks,
        bone_threshold=model.options.bone_threshold,
        spacing=own.common.voxel_size,
        warn=terminal.warn,
        progress=PartOf(progress, 0.0, 0.3),
    )
    found = []
    for number, leg in enumerate(legs):
        part = PartOf(progress, 0.3 + 0.7 * number / len(legs), 0.3 + 0.7 * (number + 1) / len(legs))
        found.append(model.classify(leg, progress=part))
    rows = [each.as_row() for each in found]
    write_table(out, rows, overwrite=own.common.overwrite)
    table = Table("leg", "probability of a response", "verdict", title="synthetic legs" if legs[0].synthetic else None)
    for each in found:
        table.add_row(each.leg, f"{each.probability:.2f}", each.verdict)
    terminal.show(table)
    for note in dict.fromkeys(each.note for each in found):
        terminal.warn(note)
    terminal.say(f"The table is {out}")
    return {"out": str(out), "rows": rows, "checkpoint": None if own.checkpoint is None else str(own.checkpoint)}
