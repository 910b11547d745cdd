"""``scan.json``: what slices cannot say about themselves, kept beside them in words that people can read and edit."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_bonemet.errors import BoneMetError, InputError
from napari_bonemet.geometry import Grid, Triple, as_triple
from napari_bonemet.io.atomic import write_json
from napari_bonemet.provenance import Json, Step
from napari_bonemet.scan import Kind, Scan, Side

SIDECAR = "scan.json"
SCHEMA = 1

_LARGEST_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Sidecar:
    """What was recorded about a scan; None where nothing was.

    Parameters
    ----------
    spacing, origin : tuple of float, optional
        (z, y, x), micrometres; the origin is the centre of the first voxel.
    kind : Kind, optional
        What the voxels are.
    subject, side, part : str, optional
        The animal, "left" or "right", the bone.
    day : float, optional
        Days since inoculation.
    synthetic : bool
        Made by the generator.
    history : tuple of Step
        Oldest first.
    """

    spacing: Triple | None = None
    origin: Triple | None = None
    kind: Kind | None = None
    subject: str | None = None
    side: Side | None = None
    part: str | None = None
    day: float | None = None
    synthetic: bool = False
    history: tuple[Step, ...] = ()

    @classmethod
    def from_record(cls, record: object, name: str) -> "Sidecar":
        """Read a record strictly: unknown keys are passed over, a known key of a wrong type is refused.

        Parameters
        ----------
        record : object
            What a JSON file held, or the "bonemet" attributes of a zarr group.
        name : str
            Where it came from, for the error.

        Raises
        ------
        InputError
            Naming the key that cannot be used.
        """
        if not isinstance(record, Mapping):
            raise _wrong(name, "the whole", "an object with named values", record)
        checks: dict[str, tuple[str, Callable[[Any], Any]]] = {
            "spacing": ("spacing_um_zyx", _spacing),
            "origin": ("origin_um_zyx", _triple),
            "kind": ("kind", Kind),
            "subject": ("subject", _text),
            "side": ("side", _side),
            "part": ("part", _text),
            "day": ("day", _number),
            "synthetic": ("synthetic", _flag),
            "history": ("history", _steps),
        }
        found = {}
        for field, (key, check) in checks.items():
            value = record.get(key)
            if value is None:
                continue
            try:
                found[field] = check(value)
            except (
                BoneMetError,
                TypeError,
                ValueError,
                KeyError,
                AttributeError,
                OverflowError,
                RecursionError,
            ) as error:
                raise _wrong(name, f'"{key}"', _EXPECTED[key], value) from error
        return cls(**found)


_EXPECTED = {
    "spacing_um_zyx": "three positive numbers z, y, x in micrometres",
    "origin_um_zyx": "three numbers z, y, x in micrometres",
    "kind": "one of " + ", ".join(Kind),
    "subject": "a name in quotes",
    "side": "left or right",
    "part": "a name in quotes",
    "day": "a number of days",
    "synthetic": "true or false",
    "history": "a list of steps, each with a name",
}


def scan_record(scan: Scan) -> dict[str, Json]:
    """All that a scan is besides its voxels, as plain JSON values, units in the names."""
    return {
        "schema": SCHEMA,
        "spacing_um_zyx": list(scan.spacing),
        "origin_um_zyx": list(scan.origin),
        "shape_zyx": list(scan.shape),
        "kind": scan.kind.value,
        "subject": scan.subject,
        "side": scan.side,
        "part": scan.part,
        "day": scan.day,
        "synthetic": scan.synthetic,
        "history": [step.as_record() for step in scan.history],
    }


def write_sidecar(scan: Scan, folder: Path) -> Path:
    """Write ``scan.json`` into the folder that holds the slices of `scan`."""
    return write_json(folder / SIDECAR, scan_record(scan))


def read_sidecar(folder: Path) -> Sidecar | None:
    """What ``scan.json`` in `folder` says, or None where there is none.

    Raises
    ------
    InputError
        When it is there and cannot be understood.
    """
    path = folder / SIDECAR
    return Sidecar.from_record(read_json(path), str(path)) if path.is_file() else None


def read_json(path: Path) -> Any:
    """What a JSON file of moderate size holds.

    Raises
    ------
    InputError
        When it is not JSON; the line is named.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise InputError(f"{path} is too large for a record", found=f"{path.stat().st_size} bytes")
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path} is not valid JSON", found=f"{error.msg} in line {error.lineno}", remedy="Mend or remove the file"
        ) from error
    except (OSError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InputError(f"{path} cannot be read", found=str(error) or type(error).__name__) from error


def _wrong(name: str, what: str, expected: str, value: object) -> InputError:
    return InputError(
        f"{name}: {what} cannot be used", expected=expected, found=_short(value), remedy="Mend the file, or remove it"
    )


def _short(value: object) -> str:
    try:
        text = repr(value)
    except RecursionError:
        text = type(value).__name__
    return text if len(text) < 80 else text[:77] + "..."


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TypeError(value)
    return float(value)


def _triple(value: Any) -> Triple:
    if not isinstance(value, (list, tuple)) or len(value) != 3:
        raise TypeError(value)
    return as_triple([_number(item) for item in value])


def _spacing(value: Any) -> Triple:
    return Grid((1, 1, 1), _triple(value)).spacing


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise TypeError(value)
    return value


def _side(value: object) -> Side:
    if value not in ("left", "right"):
        raise ValueError(value)
    return "left" if value == "left" else "right"


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _steps(value: Any) -> tuple[Step, ...]:
    if not isinstance(value, list):
        raise TypeError(value)
    steps = tuple(Step.from_record(item) for item in value)
    for step in steps:
        _text(step.name)
    return steps
