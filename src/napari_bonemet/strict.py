"""Files that anyone may have written: read without trust, and refused in words."""

import json
import tomllib
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from napari_bonemet.errors import InputError
from napari_bonemet.options import Options, describe

__all__ = ["inside_or_absolute", "read_record", "strict_options"]

OptionsT = TypeVar("OptionsT", bound=Options)

MOST_BYTES = 16 * 2**20
_LONGEST_TEXT = 4096
_SHOWN = 60
_MOST = 1e300  # not a number, and infinity, are not below it


def read_record(path: str | Path, what: str) -> dict[str, Any]:
    """The JSON or TOML of a file.

    Parameters
    ----------
    path : path
        Ends in .json or .toml.
    what : str
        What it should be, "figure record"; begins the sentences.

    Raises
    ------
    InputError
        When it is not there, too large, no JSON or TOML, nested too deep, or holds numbers that are none.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise InputError(f"The {what} {path} is not there", expected="a file")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise InputError(
                f"{path} is too large for a {what}", expected=f"at most {MOST_BYTES} bytes", found=f"{size}"
            )
        text = path.read_text(encoding="utf-8")
        made = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text, parse_constant=_no_number)
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        found = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise InputError(f"{path} is no {what} that can be read", found=found[:200]) from error
    if not isinstance(made, dict):
        raise InputError(f"{path} is no {what}", expected="names and values", found=_short(made))
    return made


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def strict_options(cls: type[OptionsT], record: Any, what: str) -> OptionsT:
    """Options made of values of which every type and range is checked first.

    Parameters
    ----------
    cls : type of Options
        Whose fields they are; those that are missing keep their defaults.
    record : mapping
        As ``Options.as_record`` makes it.
    what : str
        Where it stands, "the template": part of the sentences.

    Raises
    ------
    InputError
        When it is no mapping, names an option that does not exist, or a value is of another type, no finite
        number, or out of range.
    """
    if not isinstance(record, Mapping):
        raise InputError(f"The options in {what} cannot be used", expected="names and values", found=_short(record))
    known = {option.name: option for option in describe(cls)}
    strangers = sorted(str(name)[:_SHOWN] for name in record if name not in known)
    if strangers:
        raise InputError(
            f"There are options in {what} that {cls.__name__} does not know",
            expected=", ".join(known),
            found=", ".join(strangers[:8]),
        )
    values: dict[str, Any] = {}
    for name, value in record.items():
        option = known[name]
        if isinstance(option.type, type) and issubclass(option.type, Options):
            values[name] = strict_options(option.type, value, what)
            continue
        made = _as(option.type, value)
        if made is _WRONG:
            raise InputError(
                f"The {option.label} in {what} cannot be used", expected=_words(option.type), found=_short(value)
            )
        values[name] = made
    return cls(**values)


_WRONG: Any = object()


def _as(hint: Any, value: Any) -> Any:
    """`value` as the type says, or _WRONG."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        made = (_as(one, value) for one in get_args(hint))
        return next((one for one in made if one is not _WRONG), _WRONG)
    if origin is Literal:
        return value if isinstance(value, str) and value in get_args(hint) else _WRONG
    if origin is tuple:
        return _as_tuple(get_args(hint), value)
    return _as_plain(hint, value)


def _as_tuple(kinds: tuple[Any, ...], value: Any) -> Any:
    if not isinstance(value, list | tuple) or len(value) > _LONGEST_TEXT:
        return _WRONG
    if Ellipsis in kinds:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        return _WRONG
    made = tuple(_as(kind, item) for kind, item in zip(kinds, value, strict=True))
    return _WRONG if _WRONG in made else made


def _as_plain(hint: Any, value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if hint is type(None):
        return value if value is None else _WRONG
    if hint is bool:
        return value if isinstance(value, bool) else _WRONG
    if hint is int:
        return int(value) if number and abs(value) < _MOST and value == int(value) else _WRONG
    if hint is float:
        return float(value) if number and abs(value) < _MOST else _WRONG
    if hint is str:
        return value if isinstance(value, str) and len(value) <= _LONGEST_TEXT and "\0" not in value else _WRONG
    return _WRONG


def _words(hint: Any) -> str:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(_words(one) for one in get_args(hint))
    if origin is Literal:
        return " or ".join(map(str, get_args(hint)))
    if origin is tuple:
        kinds = get_args(hint)
        return f"a list of {_words(kinds[0])}" if Ellipsis in kinds else f"a list of {len(kinds)}: {_words(kinds[0])}"
    names = {bool: "true or false", int: "a whole number", float: "a finite number", str: "text", type(None): "null"}
    return names.get(hint, str(hint))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def inside_or_absolute(text: Any, folder: Path, what: str) -> Path:
    """A place that a file names: absolute, or relative to the file's own `folder` and then within it.

    Raises
    ------
    InputError
        When it is no text, or leads out of the folder.
    """
    if _as_plain(str, text) is _WRONG or not text:
        raise InputError(f"The place of {what} cannot be used", expected="a path", found=_short(text))
    place = Path(text)
    if place.is_absolute():
        return place
    found = (folder / place).resolve()
    if not found.is_relative_to(folder.resolve()):
        raise InputError(
            f"The place of {what} leads out of the folder that names it",
            expected=f"a place within {folder}, or an absolute path",
            found=_short(text),
        )
    return folder / place
