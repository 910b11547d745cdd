"""``napari-bonemet separate``: spine, femora and tibiae out of hindlimb scans."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.options import Doc
from napari_bonemet.processing.segment.options import SeparationOptions
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.scan import DAYS_PER_WEEK, Kind, Scan
from napari_bonemet.series import ScanSeries

if TYPE_CHECKING:
    from napari_bonemet.processing.segment.result import SeparationResult

ABOUT = """Take hindlimb scans apart into spine, left and right femur, and left and right tibia.

Writes OUT/week N/<subject> week N left tibia and so on, as slices (or .zarr), and OUT/separate.json, which says
of each part where it lies, how sure that is, and why. Scans larger than memory are read in slabs.

Example: napari-bonemet separate "Recon-CT" --spacing 10.6 --out "Seg-CT\""""
STEPS = (SeparationOptions,)


@dataclass(frozen=True)
class Arguments:
    """What to take apart."""

    source: Annotated[Positional[Path], Doc("A hindlimb scan, or a folder of them in a BoneMet layout.")]
    parts: Annotated[tuple[Literal["tibia", "femur", "spine"], ...], Doc("Which bones are written, of both sides.")] = (
        "tibia",
        "femur",
        "spine",
    )
    format: Annotated[Literal["png", "zarr"], Doc("How parts are written.")] = "png"
    look: Annotated[bool, Doc("Write no parts: only say what was found, and write separate.json.")] = False
    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Take scan after scan apart; a part appears when it is whole.

    Raises
    ------
    InputError
        When something cannot be read or shows no bone, or results are there already.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.cli.reading import read_legs
    from napari_bonemet.processing.segment.separate import separate_limbs
    from napari_bonemet.study.parts import write_parts, write_separation

    out = own.common.new_place()
    options = chosen(SeparationOptions)
    scans = list(_hindlimbs(read_legs(own.source, own.common, PartOf(progress, 0.0, 0.02)), own.source))
    results, records = [], []
    for number, scan in enumerate(scans):
        part = PartOf(progress, 0.02 + 0.98 * number / len(scans), 0.02 + 0.98 * (number + 1) / len(scans))
        result = separate_limbs(scan, options=options, progress=PartOf(part, 0.0, 0.4))
        _tell(terminal, result)
        wanted = [found for found in result.parts if found.name in own.parts]
        places: dict[str, Path] = {}
        if wanted and not own.look:
            places = write_parts(
                result,
                out,
                week=(scan.day or 0.0) / DAYS_PER_WEEK,
                parts=wanted,
                format=own.format,
                overwrite=own.common.overwrite,
                progress=PartOf(part, 0.4, 1.0),
            )
        results.append(result)
        records.append({**result.as_record(), "files": {title: str(place) for title, place in places.items()}})
    write_separation(results, out / "separate.json")
    terminal.say(f"Parts and separate.json are in {out}")
    return {"out": str(out), "scans": records}


def _hindlimbs(legs: tuple[ScanSeries, ...], source: Path) -> Iterator[Scan]:
    """The greys among what was read; a lone folder of slices whose name says nothing is taken for a hindlimb."""
    scans = [scan for leg in legs for scan in leg if scan.kind in (Kind.RECON, Kind.SEG)]
    whole = [scan for scan in scans if scan.kind is Kind.RECON or scan.part == "hindlimb"]
    if not whole and len(scans) == 1 and scans[0].side is None:
        whole = scans
    if not whole:
        raise InputError(
            f"{source} holds no hindlimb scans",
            expected="reconstructed scans (Recon-CT)",
            found=", ".join(leg.leg for leg in legs),
            remedy="Give the folder of the reconstructed scans, or one scan alone",
        )
    for scan in whole:
        yield replace(scan, kind=Kind.RECON, part="hindlimb")


def _tell(terminal: Terminal, result: "SeparationResult") -> None:
    from rich.table import Table

    table = Table("part", "slices", "rows", "columns", "sure", "why", title=result.scan.title)
    for part in result.parts:
        box = [f"{s.start} to {s.stop - 1}" for s in part.region]
        table.add_row(part.title, *box, f"{part.confidence:.2f}", part.reason)
    terminal.show(table)
    for note in result.notes:
        terminal.warn(f"{result.scan.title}: {note}")
