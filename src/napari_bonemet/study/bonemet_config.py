"""The configuration of the published call forms, read with the slips of its print (BoneMet supplementary, C).

Keys and strings are broken over lines there, placeholders stand for numbers, and one key is defined as ``below`` and
read as ``above``.
"""

import re
import warnings
from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError, MissingSpacingError
from napari_bonemet.geometry import Triple, as_triple
from napari_bonemet.io.names import parts_of_name
from napari_bonemet.io.registry import read_scan
from napari_bonemet.provenance import Step
from napari_bonemet.scan import DAYS_PER_WEEK, Scan

# The coarsest of the published voxel sizes, 7 to 10.6 µm (supplementary, A), at which the papers' figures are drawn.
PUBLISHED_UM = 10.6

# Both words of the one key, figure 6.
_BELOW, _ABOVE = ("first_slice_selected_below_t-f_junction", "first_slice_selected_above_t-f_junction")


class PublishedConfig:
    """A configuration dictionary of the published form, with this package's own keys beside the printed ones.

    Parameters
    ----------
    config : mapping
        As in the figures. Own keys: ``spacing_um`` (voxel size, micrometres, where the files state none),
        ``bone_threshold`` (bone is above this grey value, 75), ``overwrite`` (False).

    Raises
    ------
    InputError
        When it is no dictionary.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        if not isinstance(config, Mapping):
            raise InputError("The configuration is a dictionary", found=type(config).__name__)
        self.given = config

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a key, however the key was broken over lines."""
        wanted = _joined(name)
        for key, value in self.given.items():
            if _joined(str(key)) == wanted:
                return value
        return default

    def path(self, name: str) -> Path:
        """A folder.

        Raises
        ------
        InputError
            When the key is missing.
        """
        value = self.get(name)
        if value is None or not str(value).strip():
            raise InputError(f"The configuration names no {name!r}", remedy=f"Give it: config[{name!r}] = a folder")
        return Path(str(value))

    def flag(self, name: str, default: bool) -> bool:
        """True or False.

        Raises
        ------
        InputError
            When it is neither.
        """
        value = self.get(name, default)
        if value not in (True, False):
            raise InputError(f"config[{name!r}] is neither True nor False", found=repr(value))
        return bool(value)

    @property
    def overwrite(self) -> bool:
        """Whether results that are there may be replaced."""
        return self.flag("overwrite", False)

    @property
    def bone_threshold(self) -> float:
        """Bone is above this grey value."""
        return float(self.get("bone_threshold", 75.0))

    @property
    def spacing(self) -> Triple | None:
        """Voxel size in micrometres, where it is given."""
        value = self.get("spacing_um")
        return None if value is None else as_triple(value)

    def read(self, path: Path, week: float | None = None) -> Scan:
        """A scan, of the week that its name states, else of `week`.

        Where neither its files nor the configuration state a voxel size, the published one is taken: the printed
        calls name none. A warning and the history say so.

        Raises
        ------
        InputError
            When it is not there, or cannot be read.
        """
        assumed = False
        try:
            scan = read_scan(path, spacing=self.spacing)
        except MissingSpacingError:
            scan, assumed = read_scan(path, spacing=PUBLISHED_UM), True
        if assumed:
            warnings.warn(
                f"{path.name} states no voxel size; the published {PUBLISHED_UM:g} µm are taken. "
                "State it: config['spacing_um'] = 10.6",
                stacklevel=2,
            )
            step = Step("assume the published voxel size", {"spacing_um": PUBLISHED_UM})
            scan = replace(scan, history=(*scan.history, step))
        stated = scan.day if scan.day is not None else None if week is None else week * DAYS_PER_WEEK
        return replace(scan, day=0.0 if stated is None else stated)


def complete(config: Mapping[str, Any]) -> None:
    """Put into the user's own dictionary what the printed code reads from it and does not define.

    Figure 6 defines a key with ``below`` and reads it with ``above``; plain Python raises KeyError there, after
    the constructor was called. So the constructor defines both. A folder's name that was broken over lines is
    joined. A read-only mapping stays as it is.
    """
    if not isinstance(config, MutableMapping):
        return
    known = PublishedConfig(config)
    for name, other in ((_BELOW, _ABOVE), (_ABOVE, _BELOW)):
        if name not in config and (known.get(name) is not None or known.get(other) is not None):
            config[name] = known.get(name, known.get(other))
    folder = config.get("foldername")
    if isinstance(folder, str):
        config["foldername"] = one_line(folder)


def below_junction(config: PublishedConfig) -> Any:
    """The index of the first slice below the junction, by either of its two names."""
    return config.get(_BELOW, config.get(_ABOVE))


def one_line(text: str) -> str:
    """A string that the print broke over lines, in one: runs of blanks become one blank."""
    return " ".join(text.split())


def number(value: Any, name: str) -> int | None:
    """A slice number; None for None and for a placeholder in words, "first slice selected".

    Raises
    ------
    InputError
        For anything else that is no whole number.
    """
    if value is None or (isinstance(value, str) and not re.search(r"\d", value)):
        return None
    try:
        exact = float(value) if not isinstance(value, bool) else np.nan
    except (TypeError, ValueError):
        exact = np.nan
    if not np.isfinite(exact) or exact != int(exact):
        raise InputError(f"{name} is no slice number", expected="a whole number, or None", found=repr(value))
    return int(exact)


def slices(value: Any, name: str) -> slice:
    """A range of slices [first, last), as Python counts them; [None, None] is all of them.

    Raises
    ------
    InputError
        When it is no pair.
    """
    if value is None:
        return slice(None)
    pair = tuple(value) if isinstance(value, (list, tuple)) else ()
    if len(pair) != 2:
        raise InputError(f"config[{name!r}] is no range", expected="[first, last), or [None, None]", found=repr(value))
    first, last = (number(item, f"config[{name!r}]") for item in pair)
    return slice(first, last)


def week_of(value: Any) -> float | None:
    """A week given as " week 0", "0" or 0; None where it states none.

    Raises
    ------
    InputError
        When it cannot be understood.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        return float(value)
    text = one_line(str(value))
    week = parts_of_name(text if re.search("[A-Za-z]", text) else f"week {text}").week
    if week is None:
        raise InputError("The week cannot be understood", expected="' week 0', or 0", found=repr(value))
    return week


def _joined(key: str) -> str:
    return re.sub(r"\s+", "", key).casefold()
