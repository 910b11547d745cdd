"""``napari-bonemet demo``: the whole chain on the embedded synthetic leg."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.report import Report
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.options import Doc
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.study.options import StudyOptions

ABOUT = """Take the embedded synthetic leg through the whole chain, and open napari with the result laid out.

Figures, tables and the record are left in --out (demo-output); without a display that is all. The forecast
is six futures drawn by a network that learned from other synthetic legs (tvae-gate), and every week is diagnosed.

Example: napari-bonemet demo"""
STEPS = (StudyOptions,)
DEFAULTS = {"forecaster": "tvae-gate", "samples": 6, "diagnose": True}


@dataclass(frozen=True)
class Arguments:
    """How the result is shown."""

    screen: Annotated[
        Literal["auto", "off", "capture"],
        Doc("auto: open napari where there is a display; off: files alone; capture: a picture of napari, too."),
    ] = "auto"
    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Make the leg, study it, write the results, show them.

    Raises
    ------
    InputError
        When results are there already, or a picture is asked for without a display.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.phantom.sample import sample_leg
    from napari_bonemet.study.leg import run_leg

    out = own.common.new_place("demo-output")
    if own.screen == "capture" and not has_display():
        raise InputError("There is no display to take a picture on", remedy="Use --screen off, or run under xvfb-run")
    options = chosen(StudyOptions)
    progress.message("Making the synthetic leg")
    leg = sample_leg(progress=PartOf(progress, 0.0, 0.1))
    study = run_leg(leg.series, options=options, progress=PartOf(progress, 0.1, 0.95))
    report = Report(out, options, terminal)
    report.add(study, registered_weeks=True, overwrite=own.common.overwrite)
    record = report.finish()
    picture = None
    if own.screen == "capture" or (own.screen == "auto" and has_display()):
        picture = _show(study, out / "napari.png" if own.screen == "capture" else None, terminal)
    return {**record, "picture": None if picture is None else str(picture)}


def has_display() -> bool:
    """Whether a window can be opened here."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _show(study: Any, capture: Path | None, terminal: Terminal) -> Path | None:
    from napari_bonemet.widgets.show import show_demo

    terminal.say("Opening napari" + (" to take its picture" if capture else "; close its window to end"))
    picture = show_demo(study, capture=capture)
    if picture is not None:
        terminal.say(f"napari with the result laid out: {picture}")
    return picture
