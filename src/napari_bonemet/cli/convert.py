"""``napari-bonemet convert``: write scans in another format or layout."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import Positional

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.options import Doc
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.series import ScanSeries

ABOUT = """Write a scan, or all weeks of all legs of a folder, in another format.

A single scan goes by the suffix of --out (.nii.gz, .nrrd, .mha, .tif, .zarr, or a folder of PNG slices);
several go into the folder --out as "<leg>/week N".

Example: napari-bonemet convert "Seg-CT" --format nifti --spacing 10.6 --out as-nifti"""
STEPS = ()

_SUFFIXES = {"tiff": ".tif", "nifti": ".nii.gz", "nrrd": ".nrrd", "mha": ".mha", "zarr": ".zarr"}


@dataclass(frozen=True)
class Arguments:
    """What to convert."""

    source: Annotated[Positional[Path], Doc("A folder in a BoneMet layout, or a single scan.")]
    format: Annotated[
        Literal["png", "tiff-slices", "tiff", "nifti", "nrrd", "mha", "zarr"] | None,
        Doc("The format; by the suffix of --out when not given."),
    ] = None
    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, _chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Read and write, one scan after the other.

    Raises
    ------
    InputError
        When something cannot be read, or is there already.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.cli.reading import read_legs
    from napari_bonemet.io import write_scan

    out = own.common.new_place()
    legs = read_legs(own.source, own.common, PartOf(progress, 0.0, 0.2))
    scans = [scan for leg in legs for scan in leg]
    places = [out] if len(scans) == 1 else [*_places(legs, out, own.format)]
    written = []
    for number, (scan, place) in enumerate(zip(scans, places, strict=True)):
        progress.message(f"Writing {place}")
        part = PartOf(progress, 0.2 + 0.8 * number / len(scans), 0.2 + 0.8 * (number + 1) / len(scans))
        done = write_scan(scan, place, format=own.format, overwrite=own.common.overwrite, progress=part)
        written.append(str(done))
        terminal.say(f"{scan.title}: {done}")
    return {"out": str(out), "files": written}


def _places(legs: tuple[ScanSeries, ...], out: Path, wanted: str | None) -> Iterator[Path]:
    from napari_bonemet.io.names import safe_name, week_name

    if out.suffix and wanted is None:
        raise InputError(
            f"One file cannot hold the scans of {len(legs)} legs", remedy="Give a folder as --out, and --format"
        )
    names = [leg.leg for leg in legs]
    for leg in legs:
        kind = f" {leg.baseline.kind.value}" if names.count(leg.leg) > 1 else ""
        for scan in leg:
            name = f"{week_name(scan.day or 0.0)}{_SUFFIXES.get(wanted or '', '')}"
            yield out / safe_name(f"{leg.leg}{kind}") / name
