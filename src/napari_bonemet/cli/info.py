"""``napari-bonemet info``: what a folder or file holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import MissingSpacingError
from napari_bonemet.options import Doc
from napari_bonemet.progress import Progress
from napari_bonemet.scan import Scan

ABOUT = """List the legs, weeks, sizes and voxel sizes that a folder or file holds.

Example: napari-bonemet info "Seg-CT" --spacing 10.6"""
STEPS = ()


@dataclass(frozen=True)
class Arguments:
    """What to look at."""

    source: Annotated[Positional[Path], Doc("A folder in a BoneMet layout, or a single scan.")]
    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, _chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Print the table.

    Raises
    ------
    InputError
        When nothing is there, or it cannot be read.
    """
    from napari_bonemet.cli.reading import read_legs
    from napari_bonemet.io import read_study

    stated = True
    try:
        legs = read_legs(own.source, own.common, progress)
    except MissingSpacingError as missing:
        # Looking needs no voxel size; it is shown as not stated, never as a guess.
        stated = False
        legs = read_study(own.source, spacing=1.0, progress=progress)
        terminal.warn(str(missing))
    rows = [_row(scan, stated) for leg in legs for scan in leg]
    terminal.show(_table(rows))
    for leg in legs:
        if len(leg) > 1:
            terminal.say(f"{leg.leg}: {'on one grid' if leg.on_one_grid else 'not on one grid yet'}")
    return {"source": str(own.source), "scans": rows, "legs": [leg.leg for leg in legs]}


def _row(scan: Scan, stated: bool) -> dict[str, Any]:
    return {
        "leg": scan.leg,
        "week": scan.week,
        "kind": scan.kind.value,
        "shape_zyx": list(scan.shape),
        "type": str(scan.voxels.dtype),
        "spacing_um_zyx": list(scan.spacing) if stated else None,
        "size_mm_zyx": [round(size / 1000, 3) for size in scan.grid.size] if stated else None,
        "synthetic": scan.synthetic,
    }


def _table(rows: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    table = Table("leg", "week", "kind", "voxels z y x", "type", "voxel size µm", "size mm", "data")
    for row in rows:
        table.add_row(
            row["leg"],
            "?" if row["week"] is None else f"{row['week']:g}",
            row["kind"],
            " ".join(map(str, row["shape_zyx"])),
            row["type"],
            _numbers(row["spacing_um_zyx"]),
            _numbers(row["size_mm_zyx"]),
            "synthetic" if row["synthetic"] else "",
        )
    return table


def _numbers(values: list[float] | None) -> str:
    if values is None:
        return "not stated"
    texts = [f"{value:g}" for value in values]
    return texts[0] if len(set(texts)) == 1 else " ".join(texts)
