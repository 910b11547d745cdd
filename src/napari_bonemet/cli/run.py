"""``napari-bonemet run``: the whole chain on a folder of one or more legs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.report import Report
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.options import Doc
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.study.options import StudyOptions

ABOUT = """Register the weeks, make composites, forecast a week from those before it, score it, draw the figure.

Writes for each leg OUT/<leg>/ with figure.png and .pdf, metrics.csv, diagnosis.csv, volumes.csv, registration.json,
week N.tfm, composite/, forecast.zarr and record.json, and for all legs OUT/metrics.csv, OUT/diagnosis.csv,
OUT/volumes.csv and OUT/run.json.
A leg that cannot be done does not stop the others; it is named at the end, and the exit status is 2.

Example: napari-bonemet run "Seg-CT" --spacing 10.6 --forecaster tvae-gate --samples 6 --out results"""
STEPS = (StudyOptions,)
DEFAULTS = {"diagnose": True}


@dataclass(frozen=True)
class Arguments:
    """What to work on."""

    source: Annotated[Positional[Path], Doc("A folder in a BoneMet layout.")]
    write_weeks: Annotated[bool, Doc("Write the registered weeks, too, as slices in the BoneMet layout.")] = False
    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Take every leg through the chain.

    Raises
    ------
    InputError
        When something cannot be read, or a step refuses the input of a leg; other legs are done all the same.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.cli.reading import read_grey_legs
    from napari_bonemet.study.legs import run_legs

    out = own.common.new_place()
    options = chosen(StudyOptions)
    legs = read_grey_legs(own.source, own.common, PartOf(progress, 0.0, 0.05))
    report = Report(out, options, terminal)
    refused = report.refuse if len(legs) > 1 else None
    for study in run_legs(legs, options=options, progress=PartOf(progress, 0.05, 1.0), refused=refused):
        report.add(study, registered_weeks=own.write_weeks, overwrite=own.common.overwrite)
    return report.finish()
