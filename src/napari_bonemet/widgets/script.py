"""What was done on the screen as a Python script: imports gathered, options written with what differs from usual."""

import dataclasses
import sys
from enum import Enum
from pathlib import Path
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.io.bonemet import find_legs, read_series
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.processing.register import register_weeks
from napari_bonemet.processing.register.by_hand import relay_week
from napari_bonemet.processing.roi import crop_roi
from napari_bonemet.study.session import LegSource
from napari_bonemet.study.session_records import cropped_of, registered_of, source_of
from napari_bonemet.widgets.desk import Desk

__all__ = ["Script", "scanned_script", "weeks_script"]

BY_HAND = "set by hand"


class Script:
    """Lines of Python, and the imports that they need.

    Attributes
    ----------
    lines : list of str
        Below the imports.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._imports: dict[str, set[str]] = {}

    def use(self, thing: Any) -> str:
        """The name of a function or class, which is imported."""
        self._imports.setdefault(_home(thing), set()).add(thing.__name__)
        return str(thing.__name__)

    def code(self, value: Any) -> str:
        """A value as Python; options with what differs from their defaults."""
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            given = [
                f"{field.name}={self.code(getattr(value, field.name))}"
                for field in dataclasses.fields(value)
                if field.init and not _is_usual(field, getattr(value, field.name))
            ]
            return f"{self.use(type(value))}({', '.join(given)})"
        if isinstance(value, Enum):
            return f"{self.use(type(value))}.{value.name}"
        if isinstance(value, Path):
            return f"{self.use(Path)}({str(value)!r})"
        if isinstance(value, tuple):
            inside = ", ".join(self.code(item) for item in value)
            return f"({inside},)" if len(value) == 1 else f"({inside})"
        return repr(value)

    def call(self, function: Any, *given: str, options: Any = None) -> str:
        """A call; options that are the usual ones are left out."""
        said = [] if options is None or options == type(options)() else [f"options={self.code(options)}"]
        return f"{self.use(function)}({', '.join([*given, *said])})"

    def add(self, *lines: str) -> "Script":
        """One more line, or several."""
        self.lines += lines
        return self

    def text(self) -> str:
        """The whole script."""
        own = sorted(home for home in self._imports if home.startswith("napari_bonemet"))
        others = sorted(set(self._imports) - set(own))
        blocks = [
            [f"from {home} import {', '.join(sorted(self._imports[home]))}" for home in homes]
            for homes in (others, own)
        ]
        return "\n\n".join("\n".join(block) for block in (*blocks, self.lines) if block) + "\n"


def _home(thing: Any) -> str:
    """The shortest package that offers a function or class under its name."""
    home = str(thing.__module__)
    parts = home.split(".")
    for count in range(2, len(parts)):
        package = sys.modules.get(".".join(parts[:count]))
        if getattr(package, thing.__name__, None) is thing:
            return ".".join(parts[:count])
    return "pathlib" if thing is Path else home


def _is_usual(field: Any, value: Any) -> bool:
    if field.default is not dataclasses.MISSING:
        return bool(value == field.default)
    return field.default_factory is not dataclasses.MISSING and bool(value == field.default_factory())


def scanned_script(desk: Desk, folder: Path | None = None) -> Script:
    """A script that opens the weeks on the desk as scanned, under the name ``weeks``.

    Raises
    ------
    InputError
        When nothing is on the desk, or it lies in no folder and is no synthetic sample.
    """
    if desk.series is None:
        raise InputError("There is nothing on the table yet", remedy="Open a leg in Weekly scans")
    place = folder or (desk.leg.folder if desk.leg is not None else None)
    return _opened(source_of(desk.series, None if place is None else str(place)))


def _opened(source: LegSource) -> Script:
    script = Script()
    if source.sample is not None:
        made = script.call(make_leg, script.code(source.sample))
        return script.add(f"weeks = {made}.{'registered()' if source.registered else 'series'}")
    if source.folder is None:
        raise InputError(
            "The weeks lie in no folder that a script could name",
            remedy="Select the weeks as scanned, save them (File > Save Selected Layers, BoneMet weeks), and open "
            "that folder",
        )
    sizes = {week.grid.spacing for week in source.weeks}
    size = f", spacing={sizes.pop()!r}" if len(sizes) == 1 else ""
    legs = f"{script.use(find_legs)}({script.code(Path(source.folder))})"
    script.add(f"leg = next(leg for leg in {legs} if (leg.leg, leg.kind) == ({source.leg!r}, {source.kind!r}))")
    if size:
        script.add("# The voxel size counts where the files state none.")
    return script.add(f"weeks = {script.use(read_series)}(leg{size})")


def weeks_script(desk: Desk, *, whole: bool = False) -> Script:
    """A script that brings the weeks to where they are on the desk: opened, registered, cropped, as ``weeks``.

    Parameters
    ----------
    whole : bool
        Not cropped.

    Raises
    ------
    InputError
        As :func:`scanned_script`, or when the weeks were registered onto a scan of another bone.
    """
    script, made = scanned_script(desk), desk.registration
    if made is not None:
        record = registered_of(made)
        if None not in record.onto:
            raise InputError(
                "The weeks were registered onto a scan of another bone, which no script could name here",
                remedy="Save the registered weeks (File > Save Selected Layers, BoneMet weeks), and open that folder",
            )
        script.add(f"registration = {script.call(register_weeks, 'weeks', options=record.options)}")
        for quality, pose in zip(made.quality, made.transforms, strict=True):
            if quality.reason.startswith(BY_HAND):
                given = ("registration", "weeks", f"{quality.week!r}", script.code(pose))
                script.add(f"registration = {script.call(relay_week, *given, options=record.options)}")
        script.add("weeks = registration.series")
    if desk.roi is not None and not whole:
        script.add(f"weeks = {script.call(crop_roi, 'weeks', options=cropped_of(desk.roi).options)}.series")
    return script
