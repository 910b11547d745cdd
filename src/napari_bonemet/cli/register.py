"""``napari-bonemet register``: bring the weeks of each leg onto one grid."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import Positional

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.options import Doc
from napari_bonemet.processing.register.result import RegistrationOptions, RegistrationResult
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

ABOUT = """Bring the weeks of each leg onto the grid of one week, or of a reference bone.

Writes OUT/<leg>/week N slices (or week N.zarr), OUT/<leg>/week N.tfm, which maps points of the common grid
to the scan as it was (ITK: x y z, millimetres), and OUT/register.json with angles, shifts and verdicts.

Example: napari-bonemet register "Seg-CT" --spacing 10.6 --out registered"""
STEPS = (RegistrationOptions,)


@dataclass(frozen=True)
class Arguments:
    """What to register."""

    source: Annotated[Positional[Path], Doc("A folder in a BoneMet layout.")]
    reference: Annotated[Path | None, Doc("A reference bone; the baseline is brought onto it.")] = None
    format: Annotated[Literal["png", "zarr"], Doc("How registered weeks are written.")] = "png"
    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Register leg after leg; a leg's folder appears when all its weeks are done.

    Raises
    ------
    InputError
        When something cannot be read or shows no bone, or results are there already.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.cli.reading import read_grey_legs
    from napari_bonemet.cli.table import show_registration
    from napari_bonemet.io import read_scan
    from napari_bonemet.io.atomic import write_json
    from napari_bonemet.processing.register import register_weeks
    from napari_bonemet.provenance import __version__
    from napari_bonemet.study.notes import about_registration, about_spacing
    from napari_bonemet.study.write import registration_rows

    out = own.common.new_place()
    options = chosen(RegistrationOptions)
    legs = read_grey_legs(own.source, own.common, PartOf(progress, 0.0, 0.05))
    reference = None if own.reference is None else read_scan(own.reference, spacing=own.common.voxel_size)
    record: dict[str, Any] = {"out": str(out), "version": __version__, "options": options.as_record(), "legs": {}}
    for number, leg in enumerate(legs):
        part = PartOf(progress, 0.05 + 0.95 * number / len(legs), 0.05 + 0.95 * (number + 1) / len(legs))
        result = register_weeks(leg, options=options, reference=reference, progress=PartOf(part, 0.0, 0.8))
        _write(leg, result, own, out, PartOf(part, 0.8, 1.0))
        for note in (*about_spacing(leg), *about_registration(result)):
            terminal.warn(note)
        show_registration(terminal, result)
        record["legs"][leg.leg] = {"fixed": _grid(result.series.baseline), "weeks": registration_rows(result)}
    write_json(out / "register.json", record)
    terminal.say(f"Registered weeks, transforms and register.json are in {out}")
    return record


def _write(leg: ScanSeries, result: RegistrationResult, own: Arguments, out: Path, progress: Progress) -> None:
    from napari_bonemet.io import write_scan
    from napari_bonemet.io.atomic import atomic_folder
    from napari_bonemet.io.names import safe_name, week_name
    from napari_bonemet.study.write import write_transforms

    with atomic_folder(out / safe_name(leg.leg), overwrite=own.common.overwrite) as folder:
        for number, scan in enumerate(result.series):
            progress.message(f"{scan.title}: writing")
            place = folder / f"{week_name(scan.day or 0.0)}{'.zarr' if own.format == 'zarr' else ''}"
            part = PartOf(progress, number / len(leg), (number + 1) / len(leg))
            write_scan(scan, place, format=own.format, progress=part)
        write_transforms(leg, result, folder)


def _grid(scan: Scan) -> dict[str, Any]:
    return {
        "shape_zyx": list(scan.shape),
        "spacing_um_zyx": list(scan.spacing),
        "origin_um_zyx": list(scan.origin),
    }
