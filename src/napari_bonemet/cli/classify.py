"""``napari-bonemet classify``: how probable a lesion is in each leg and week."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.options import Doc
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

if TYPE_CHECKING:
    from napari_bonemet.diagnose.diagnosis import Diagnosis

ABOUT = """Tell how probable a bone lesion is in each leg and week, and which slice looks most like one.

Writes a row for each leg and week: subject, side, week, probability (0 to 1), slice (counted from 0), verdict, model,
note, synthetic, strangeness, unlike. The weeks need not be registered; of registered ones, only what every week saw is
looked at. With --network lesion-weeks each week is seen with the one before it and the first, which tells more; those
have to be registered. A scan that is unlike those of the training (strangeness above 1) gets that for a verdict, and
its probability is worth nothing. A network's opinion, research use: without --checkpoint by a classifier that comes
with the program, which has learned from synthetic legs alone.

With --bone-quality: whether bone is blastic, mixed, lytic or normal, and which sides of a vertebra are involved, in
axial CT in Hounsfield units. --data is a scan (the folder of a DICOM series, or a file), or a table with the columns
scan, slice and vertebra, or the folder that has it as labels.csv. Writes a row for each vertebra and each slice.

Example: napari-bonemet classify --data registered --out diagnosis.csv"""
STEPS = ()


@dataclass(frozen=True)
class Arguments:
    """What to look at, and by what."""

    data: Annotated[Path, Doc("A folder of weekly scans in a BoneMet layout, or a single scan.")]
    checkpoint: Annotated[
        Path | None, Doc("A trained classifier (.safetensors); the one that comes with the program when not given.")
    ] = None
    network: Annotated[
        Literal["lesion-slices", "lesion-weeks"],
        Doc("Which of those that come with the program: it sees each week alone, or with earlier ones."),
    ] = "lesion-slices"
    bone_quality: Annotated[
        bool, Doc("Tell the quality of the bone instead: blastic, mixed, lytic, normal; involved sides.")
    ] = False
    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, _chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Classify scan after scan, and write one row for each.

    Raises
    ------
    InputError
        When the checkpoint or a scan cannot be used.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.cli.reading import read_grey_legs
    from napari_bonemet.diagnose.registry import load_classifier
    from napari_bonemet.io.atomic import write_table
    from napari_bonemet.study.device import choose_device

    out = _place(own.common)
    if own.bone_quality:
        from napari_bonemet.cli.classify_quality import run_quality

        return run_quality(own.data, own.checkpoint, out, common=own.common, terminal=terminal, progress=progress)
    classifier = load_classifier(own.checkpoint, name=own.network, device=choose_device(own.common.device))
    legs = read_grey_legs(own.data, own.common, PartOf(progress, 0.0, 0.1))
    weeks = [look for leg in legs for look in _looked_at(leg, classifier.options.bone_threshold)]
    found = []
    for number, (scan, earlier, first) in enumerate(weeks):
        part = PartOf(progress, 0.1 + 0.9 * number / len(weeks), 0.1 + 0.9 * (number + 1) / len(weeks))
        said = classifier.classify(scan, earlier=earlier, progress=part)
        found.append(replace(said, slice_index=said.slice_index + first))
    rows = [each.as_row() for each in found]
    write_table(out, rows)
    _show(terminal, legs, found)
    for note in dict.fromkeys(each.note for each in found):
        terminal.warn(note)
    if strange := [each.title for each in found if each.unlike]:
        more = "" if len(strange) == 1 else f" and {len(strange) - 1} more"
        terminal.warn(f"{strange[0]}{more}: unlike what it learned from, so there is no verdict")
    terminal.say(f"The table is {out}")
    return {"out": str(out), "rows": rows, "checkpoint": None if own.checkpoint is None else str(own.checkpoint)}


def _looked_at(leg: ScanSeries, bone_threshold: float) -> Iterator[tuple[Scan, tuple[Scan, ...], int]]:
    """The weeks, those before each, and where its first slice lies among those of the files.

    Of registered weeks only what every one of them saw: a slice cut off by the field of view looks like bone lost.
    """
    from napari_bonemet.study.common import seen_in_every_week

    seen = seen_in_every_week(leg, bone_threshold) if leg.on_one_grid else leg
    for number, (whole, scan) in enumerate(zip(leg, seen, strict=True)):
        yield scan, seen.scans[:number], round(whole.grid.to_index(scan.origin)[0])


def _place(common: Common) -> Path:
    out = common.new_place()
    if out.suffix != ".csv":
        raise InputError("The table needs a file name", expected="--out NAME.csv", found=str(out))
    return out


def _show(terminal: Terminal, legs: tuple[ScanSeries, ...], found: list["Diagnosis"]) -> None:
    from rich.table import Table

    title = "synthetic legs" if all(leg.synthetic for leg in legs) else None
    table = Table("leg", "week", "probability of a lesion", "slice", "verdict", title=title)
    for each in found:
        week = "" if each.week is None else f"{each.week:g}"
        table.add_row(each.leg, week, f"{each.probability:.2f}", str(each.slice_index), each.verdict)
    terminal.show(table)
