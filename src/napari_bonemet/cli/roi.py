"""``napari-bonemet roi``: crop registered weeks to the region of interest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import Positional

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.options import Doc
from napari_bonemet.processing.roi import RoiOptions
from napari_bonemet.progress import PartOf, Progress

ABOUT = """Crop the weeks of each leg to the slices below the growth plate, or below the tibia-fibula junction.

Writes OUT/<leg>/week N and OUT/roi.json, which says where each region lies and how sure the landmark is. With
--remove-fibula the fibula is taken out of every week, where it touches the tibia too.

Example: napari-bonemet roi registered --preset junction --slices 300 --out regions"""
STEPS = (RoiOptions,)


@dataclass(frozen=True)
class Arguments:
    """What to crop."""

    source: Annotated[Positional[Path], Doc("A folder of registered weeks, or of composites.")]
    format: Annotated[Literal["png", "zarr"], Doc("How the cropped weeks are written.")] = "png"
    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Crop and write every leg.

    Raises
    ------
    InputError
        When the weeks are not on one grid, or the landmark cannot be found.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.cli.reading import read_grey_or_composite_legs
    from napari_bonemet.io import write_series
    from napari_bonemet.io.atomic import write_json
    from napari_bonemet.processing.roi import crop_roi

    out = own.common.new_place()
    options = chosen(RoiOptions)
    legs = read_grey_or_composite_legs(own.source, own.common, PartOf(progress, 0.0, 0.1))
    record: dict[str, Any] = {"out": str(out), "options": options.as_record(), "legs": {}}
    for number, leg in enumerate(legs):
        part = PartOf(progress, 0.1 + 0.9 * number / len(legs), 0.1 + 0.9 * (number + 1) / len(legs))
        progress.message(f"{leg.leg}: looking for the landmark")
        result = crop_roi(leg, options=options, progress=PartOf(part, 0.0, 0.4))
        overwrite = own.common.overwrite
        write_series(result.series, out, format=own.format, overwrite=overwrite, progress=PartOf(part, 0.4, 1.0))
        record["legs"][leg.leg] = {
            "first_slice": result.first_slice,
            "last_slice": result.last_slice,
            "landmark": result.landmark,
            "landmark_slice": result.landmark_slice,
            "confidence": result.confidence,
            "reason": result.reason,
            "fibula": None if result.fibula is None else result.fibula.reason,
            "origin_um_zyx": list(result.series.baseline.origin),
        }
        terminal.say(
            f"{leg.leg}: slices {result.first_slice} to {result.last_slice}, from the {result.landmark} "
            f"(confidence {result.confidence:.2f}): {result.reason}"
        )
        if result.fibula is not None:
            terminal.say(f"{leg.leg}: {result.fibula.reason}")
    write_json(out / "roi.json", record)
    terminal.say(f"Cropped weeks and roi.json are in {out}")
    return record
