"""Plain JSON values read into frozen dataclasses, every value checked: what strangers wrote is refused in words."""

import dataclasses
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from napari_bonemet.errors import InputError
from napari_bonemet.options import Between

__all__ = ["Most", "plain", "read_as"]

ReadT = TypeVar("ReadT")

REMEDY = "The session was damaged or changed by hand; open another one, or the copy before it (its name ends in .bak)"
_LONGEST_TEXT = 20_000
_MOST_ITEMS = 200_000
_DEEPEST = 12
_SHOWN = 60


@dataclass(frozen=True)
class Most:
    """The most characters of a text, or items of a list."""

    count: int


def read_as(hint: type[ReadT], value: Any, where: str = "session") -> ReadT:
    """A JSON value as what `hint` says: a dataclass, a list, a text, a finite number, one of some words.

    Parameters
    ----------
    hint : type
        Dataclasses are read from their fields; of several, the one whose first field, a Literal, names it. ``Any``
        takes what plain JSON can say, of bounded depth and size.
    value : Any
        From :func:`json.loads`.
    where : str
        The place in the file, for the words: "layers[2].look.opacity".

    Raises
    ------
    InputError
        When the value is of another type, not finite, too long or out of range, or a name is not known.
    """
    made: ReadT = _read(hint, value, where, ())
    return made


def plain(item: Any) -> Any:
    """A dataclass, with all that is in it, as plain JSON values; what :func:`read_as` takes."""
    if dataclasses.is_dataclass(item) and not isinstance(item, type):
        return {field.name: plain(getattr(item, field.name)) for field in dataclasses.fields(item) if field.init}
    if isinstance(item, Mapping):
        return {str(key): plain(entry) for key, entry in item.items()}
    if isinstance(item, tuple | list):
        return [plain(entry) for entry in item]
    if isinstance(item, bool | int | float | str) or item is None:
        return item
    return plain(item.tolist()) if hasattr(item, "tolist") else str(item)


def _refuse(where: str, expected: str, value: Any) -> InputError:
    text = repr(value)
    found = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return InputError(f"'{where}' of the session cannot be used", expected=expected, found=found, remedy=REMEDY)


def _read(hint: Any, value: Any, where: str, extras: tuple[Any, ...]) -> Any:
    if get_origin(hint) is Annotated:
        inner, *more = get_args(hint)
        return _read(inner, value, where, tuple(more))
    if hint is Any:
        return _anything(value, where, 0)
    if dataclasses.is_dataclass(hint):
        return _dataclass(hint, value, where)
    reader = _READERS.get(get_origin(hint), _scalar)
    return reader(hint, value, where, extras)


def _literal(hint: Any, value: Any, where: str, _extras: tuple[Any, ...]) -> Any:
    if not any(type(value) is type(word) and value == word for word in get_args(hint)):
        raise _refuse(where, " or ".join(map(str, get_args(hint))), value)
    return value


def _one_of(hint: Any, value: Any, where: str, extras: tuple[Any, ...]) -> Any:
    hints = get_args(hint)
    if value is None and type(None) in hints:
        return None
    rest = [hint for hint in hints if hint is not type(None)]
    if len(rest) == 1:
        return _read(rest[0], value, where, extras)
    if all(dataclasses.is_dataclass(hint) for hint in rest):
        tagged = {get_args(get_type_hints(hint)[_tag(hint)])[0]: hint for hint in rest}
        name = value.get(_tag(rest[0])) if isinstance(value, Mapping) else None
        if not isinstance(name, str) or name not in tagged:
            raise _refuse(where, f"one of {', '.join(tagged)}", name)
        return _read(tagged[name], value, where, extras)
    for kind in rest:
        try:
            return _read(kind, value, where, extras)
        except InputError as error:
            refused = error
    raise refused


def _tag(hint: Any) -> str:
    return dataclasses.fields(hint)[0].name


def _dataclass(hint: Any, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise _refuse(where, "names with values", value)
    fields = {field.name: field for field in dataclasses.fields(hint) if field.init}
    strangers = sorted(str(name) for name in set(value) - set(fields))
    if strangers:
        raise _refuse(where, f"no other names than {', '.join(fields)}", ", ".join(strangers))
    hints = get_type_hints(hint, include_extras=True)
    read = {name: _read(hints[name], item, f"{where}.{name}", ()) for name, item in value.items()}
    for name, field in fields.items():
        unset = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if name not in read and unset:
            raise _refuse(f"{where}.{name}", "a value", "nothing")
    try:
        return hint(**read)
    except InputError as error:
        # The step's own words for a value that is out of range.
        raise InputError(f"'{where}' of the session cannot be used: {error}", remedy=REMEDY) from error


def _tuple(hint: Any, value: Any, where: str, extras: tuple[Any, ...]) -> tuple[Any, ...]:
    kinds = get_args(hint)
    if not isinstance(value, list):
        raise _refuse(where, "a list", value)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        most = next((extra.count for extra in extras if isinstance(extra, Most)), _MOST_ITEMS)
        if len(value) > most:
            raise _refuse(where, f"at most {most} items", len(value))
        return tuple(_read(kinds[0], item, f"{where}[{number}]", extras) for number, item in enumerate(value))
    if len(value) != len(kinds):
        raise _refuse(where, f"{len(kinds)} items", value)
    pairs = zip(kinds, value, strict=True)
    return tuple(_read(kind, item, f"{where}[{number}]", extras) for number, (kind, item) in enumerate(pairs))


def _mapping(hint: Any, value: Any, where: str, extras: tuple[Any, ...]) -> dict[str, Any]:
    kind = get_args(hint)[1]
    if not isinstance(value, Mapping):
        raise _refuse(where, "names with values", value)
    most = next((extra.count for extra in extras if isinstance(extra, Most)), _MOST_ITEMS)
    if len(value) > most:
        raise _refuse(where, f"at most {most} names", len(value))
    return {name: _read(kind, item, f"{where}.{name[:_SHOWN]}", ()) for name, item in value.items()}


def _scalar(hint: Any, value: Any, where: str, extras: tuple[Any, ...]) -> Any:
    if hint is bool:
        if not isinstance(value, bool):
            raise _refuse(where, "true or false", value)
        return value
    if hint is str:
        most = next((extra.count for extra in extras if isinstance(extra, Most)), _LONGEST_TEXT)
        if not isinstance(value, str) or len(value) > most or "\0" in value:
            raise _refuse(where, f"a text of at most {most} characters", value)
        return value
    if hint in (int, float):
        return _number(hint, value, where, extras)
    raise TypeError(f"{where}: sessions hold no {hint}")


def _number(hint: Any, value: Any, where: str, extras: tuple[Any, ...]) -> Any:
    expected = "a whole number" if hint is int else "a finite number"
    between = next((extra for extra in extras if isinstance(extra, Between)), None)
    if between is not None:
        expected += f" from {between.low:g} to {between.high:g}"
    right = isinstance(value, int if hint is int else int | float) and not isinstance(value, bool)
    # Whole numbers of any length are JSON; beyond this none is a size, a week or a seed.
    if not right or not math.isfinite(value if isinstance(value, float) else min(max(value, -(2**63)), 2**63)):
        raise _refuse(where, expected, value)
    if abs(value) > 2**63 and isinstance(value, int):
        raise _refuse(where, expected, "a number of too many digits")
    if between is not None and not between.low <= value <= between.high:
        raise _refuse(where, expected, value)
    return hint(value)


def _anything(value: Any, where: str, depth: int) -> Any:
    if depth > _DEEPEST:
        raise _refuse(where, f"at most {_DEEPEST} lists within lists", "more")
    if isinstance(value, Mapping):
        return {name: _anything(item, f"{where}.{name[:_SHOWN]}", depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        if len(value) > _MOST_ITEMS:
            raise _refuse(where, f"at most {_MOST_ITEMS} items", len(value))
        return [_anything(item, f"{where}[{number}]", depth + 1) for number, item in enumerate(value)]
    if value is None or isinstance(value, bool):
        return value
    return _scalar(type(value) if isinstance(value, int | float) else str, value, where, ())


_READERS: dict[Any, Callable[[Any, Any, str, tuple[Any, ...]], Any]] = {
    Union: _one_of,
    types.UnionType: _one_of,
    Literal: _literal,
    tuple: _tuple,
    Mapping: _mapping,
}
