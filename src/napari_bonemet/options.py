"""Options of a step, written once: the form, the command-line flag and the saved record come from here.

A step's options are a frozen dataclass that inherits :class:`Options`; each field is annotated with
what it means::

    @dataclass(frozen=True)
    class CompositeOptions(Options):
        \"\"\"How bone gained and lost is told from noise.\"\"\"

        bone_threshold: Annotated[float, Doc("Bone is above this grey value."), Between(0, 255)] = 75.0
"""

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, Union, get_args, get_origin, get_type_hints

from typing_extensions import Doc

from napari_bonemet.errors import InputError
from napari_bonemet.provenance import Json

__all__ = ["Between", "Doc", "OptionField", "Options", "Unit", "Unset", "as_flags", "describe", "record_of"]


@dataclass(frozen=True)
class Between:
    """A number's allowed range, both ends included."""

    low: float
    high: float


@dataclass(frozen=True)
class Unit:
    """What a number counts, shown behind its field: "µm", "voxels", "mm³"."""

    name: str


@dataclass(frozen=True)
class Unset:
    """What None means, shown in its field: "whole field"; "automatic" where nothing else is said."""

    words: str


@dataclass(frozen=True)
class OptionField:
    """All that a form, a flag or a record needs to know of one option."""

    name: str
    type: Any
    default: Any
    doc: str
    unit: str
    between: Between | None
    unset: str

    @property
    def label(self) -> str:
        """The option's name for people: "bone threshold"."""
        return self.name.replace("_", " ")

    @property
    def choices(self) -> tuple[Any, ...]:
        """The allowed values of a Literal or Enum, else empty."""
        for plain in _alternatives(self.type):
            if get_origin(plain) is Literal:
                return get_args(plain)
            if isinstance(plain, type) and issubclass(plain, Enum):
                return tuple(plain)
        return ()

    @property
    def required(self) -> bool:
        """Whether there is no default."""
        return self.default is MISSING


def _alternatives(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


class Options:
    """Base of every step's options: checks the values when made, and makes records."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def __post_init__(self) -> None:
        for option in describe(type(self)):
            _check(option, getattr(self, option.name))

    def as_record(self) -> dict[str, Json]:
        """The options as plain JSON values."""
        return {option.name: record_of(getattr(self, option.name)) for option in describe(type(self))}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Make the options again from :meth:`as_record`.

        Raises
        ------
        InputError
            When the record names an option that does not exist, or a value is out of range.
        """
        known = {option.name: option for option in describe(cls)}
        strangers = sorted(set(record) - set(known))
        if strangers:
            raise InputError(
                f"The record has options that {cls.__name__} does not know",
                expected=", ".join(known),
                found=", ".join(strangers),
            )
        return cls(**{name: _from_json(known[name].type, value) for name, value in record.items()})


def describe(options: type[Options]) -> tuple[OptionField, ...]:
    """The fields of an options class, in order."""
    hints = get_type_hints(options, include_extras=True)
    return tuple(_describe(field.name, hints[field.name], field) for field in fields(options) if field.init)


def _describe(name: str, hint: Any, field: Any) -> OptionField:
    plain, *extras = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return OptionField(
        name=name,
        type=plain,
        default=default,
        doc=next((e.documentation for e in extras if isinstance(e, Doc)), ""),
        unit=next((e.name for e in extras if isinstance(e, Unit)), ""),
        between=next((e for e in extras if isinstance(e, Between)), None),
        unset=next((e.words for e in extras if isinstance(e, Unset)), "automatic"),
    )


def _check(option: OptionField, value: Any) -> None:
    if option.choices and value is not None and value not in option.choices:
        raise InputError(
            f"The {option.label} cannot be used", expected=" or ".join(map(str, option.choices)), found=str(value)
        )
    if option.between is None or value is None:
        return
    low, high = option.between.low, option.between.high
    for number in value if isinstance(value, tuple) else (value,):
        if not low <= number <= high:
            unit = f" {option.unit}" if option.unit else ""
            raise InputError(
                f"The {option.label} is out of range", expected=f"{low:g} to {high:g}{unit}", found=f"{number}"
            )


def _from_json(hint: Any, value: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, Options) and isinstance(value, Mapping):
        return hint.from_record(value)
    return tuple(value) if isinstance(value, list) else value


def record_of(value: Any) -> Json:
    """A value as plain JSON: tuples become lists, paths and enums their text, options a dictionary."""
    match value:
        case Options():
            return value.as_record()
        case Enum():
            return record_of(value.value)
        case Path():
            return str(value)
        case tuple() | list():
            return [record_of(item) for item in value]
        case Mapping():
            return {str(key): record_of(item) for key, item in value.items()}
        case _:
            return value


def as_flags(options: Options) -> list[str]:
    """The command-line flags that make these options, those at their default left out.

    Examples
    --------
    A bone threshold of 80 gives ``["--bone-threshold", "80.0"]``.
    """
    flags: list[str] = []
    for option in describe(type(options)):
        value = getattr(options, option.name)
        if value == option.default:
            continue
        flag = option.name.replace("_", "-")
        if isinstance(value, Options):
            flags += as_flags(value)
        elif isinstance(value, bool):
            flags.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            items = value if isinstance(value, tuple) else (value,)
            flags += [f"--{flag}", *(str(record_of(item)) for item in items)]
    return flags
