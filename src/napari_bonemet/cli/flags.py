"""Flags: those that every command has, and those made from the options of the steps that a command takes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, make_dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

import tyro

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Triple, as_triple
from napari_bonemet.options import Doc, Options

Made = TypeVar("Made", bound=Options)
A = TypeVar("A")

# Said once for all steps of a command, and handed to each step that has it.
_COMMON_NAMES = ("seed", "device")
_SHARED = "bone_threshold"


@dataclass(frozen=True)
class Common:
    """Flags that every command has."""

    out: Annotated[Path | None, Doc("Where results go; nothing that is there is replaced without --overwrite.")] = None
    spacing: Annotated[
        tuple[float, ...] | None,
        Doc("Voxel size in µm where the files state none: one value, or three in the order z y x."),
    ] = None
    seed: Annotated[int, Doc("The same seed gives the same result.")] = 0
    device: Annotated[Literal["auto", "cpu", "cuda", "mps"], Doc("Where networks run.")] = "auto"
    overwrite: Annotated[bool, Doc("Replace results that are there.")] = False
    json: Annotated[bool, Doc("Print one line of JSON on stdout at the end, all else on stderr.")] = False
    debug: Annotated[bool, Doc("Show the traceback of an error.")] = False

    def __post_init__(self) -> None:
        if self.spacing is not None and len(self.spacing) not in (1, 3):
            raise InputError(
                "The voxel size cannot be used", expected="one value, or three z y x", found=str(self.spacing)
            )

    @property
    def voxel_size(self) -> Triple | None:
        """The voxel size given, (z, y, x) micrometres."""
        return None if self.spacing is None else as_triple(self.spacing)

    def new_place(self, default: str | None = None) -> Path:
        """Where results go, once it is certain that they replace nothing by accident.

        Raises
        ------
        InputError
            When no place is given, or something is there and ``--overwrite`` is not given.
        """
        if self.out is None and default is None:
            raise InputError("The place for the results is missing", remedy="Give it: --out FOLDER")
        place = self.out or Path(default or "")
        return self.free(place)

    def free(self, place: Path) -> Path:
        """`place`, once it is certain that nothing is replaced by accident; an empty folder is nothing."""
        taken = place.exists() and not (place.is_dir() and not any(place.iterdir()))
        if taken and not self.overwrite:
            raise InputError(
                f"{place} is there already", remedy="Choose another place with --out, or replace it with --overwrite"
            )
        return place


# A command's own arguments hold these flags; they are parsed once beside them, as a group of their own.
EveryCommand = Annotated[Common, tyro.conf.Fixed, tyro.conf.Suppress]


@dataclass(frozen=True)
class Chosen:
    """The options of the steps, as the flags chose them."""

    values: Mapping[str, Any]

    def __call__(self, options: type[Made], **more: Any) -> Made:
        """The options of one step, nested ones included; `more` overrules the flags.

        Raises
        ------
        InputError
            When a value is out of range.
        """
        made: dict[str, Any] = {}
        for name, hint in get_type_hints(options).items():
            if isinstance(hint, type) and issubclass(hint, Options):
                made[name] = self(hint)
            elif name in self.values:
                made[name] = self.values[name]
        known = {f.name for f in fields(options)}
        return options(**{name: value for name, value in {**made, **more}.items() if name in known})


def parse(
    arguments: type[A],
    steps: Sequence[type[Options]],
    argv: Sequence[str],
    *,
    name: str,
    about: str,
    defaults: Mapping[str, Any] | None = None,
    hidden: Sequence[str] = (),
) -> tuple[A, Chosen]:
    """Read `argv` into the command's own arguments and its steps' options.

    Parameters
    ----------
    arguments : dataclass
        The command's own flags, with a field `common` of type Common.
    steps : sequence of Options classes
        Each becomes a group of flags, its names as they are: ``--bone-threshold``.
    about : str
        What the command does, with an example, shown by its help.
    defaults : mapping, optional
        Defaults of this command that differ from the step's own.
    hidden : sequence of str
        Options of the steps that the command sets by itself, and offers no flag for.

    Raises
    ------
    SystemExit
        0 after help, 2 for wrong use, as tyro prints it.
    """
    groups = _groups(steps, defaults or {}, hidden)
    whole: Any = make_dataclass(
        "Command", [("command", arguments), *_shared(steps, defaults or {}), *groups, _EVERY], frozen=True
    )
    whole.__doc__ = about
    parsed = tyro.cli(
        whole,
        prog=f"napari-bonemet {name}",
        description=about,
        args=list(argv),
        config=(tyro.conf.OmitArgPrefixes,),
    )
    common: Common = parsed.every_command
    own: A = replace(parsed.command, common=common)
    values = {name: getattr(common, name) for name in _COMMON_NAMES}
    for part in (getattr(parsed, f.name) for f in fields(parsed)):
        if is_dataclass(part) and part not in (parsed.command, common):
            values |= {f.name: getattr(part, f.name) for f in fields(part)}
    if hasattr(parsed, _SHARED):
        values[_SHARED] = getattr(parsed, _SHARED)
    return own, Chosen(values)


_EVERY = ("every_command", Common, field(default_factory=Common))


def _groups(steps: Sequence[type[Options]], defaults: Mapping[str, Any], hidden: Sequence[str]) -> list[Any]:
    """A group of flags for each step. A name that two steps share is one flag, in the group of the first."""
    taken = {*_COMMON_NAMES, _SHARED, *hidden}
    groups = []
    for step in _flat(steps):
        if flags := _flags(step, defaults, taken):
            groups.append((_group(step), flags, field(default_factory=flags)))
            taken |= {f.name for f in fields(flags)}
    return groups


def _group(step: type[Options]) -> str:
    return step.__name__.removesuffix("Options").lower()


def _flat(steps: Sequence[type[Options]]) -> list[type[Options]]:
    """The steps, and those nested in them, each once."""
    found: dict[type[Options], None] = {}
    for step in steps:
        found[step] = None
        nested = [h for h in get_type_hints(step).values() if isinstance(h, type) and issubclass(h, Options)]
        found |= dict.fromkeys(_flat(nested))
    return list(found)


def _flags(step: type[Options], defaults: Mapping[str, Any], taken: Collection[str]) -> Any:
    hints, plain = get_type_hints(step, include_extras=True), get_type_hints(step)
    wanted: list[Any] = []
    for f in fields(step):
        nested = isinstance(plain[f.name], type) and issubclass(plain[f.name], Options)
        if not nested and f.name not in taken:
            wanted.append((f.name, hints[f.name], field(default=defaults.get(f.name, f.default))))
    flags: Any = make_dataclass(step.__name__, wanted, frozen=True)
    flags.__doc__ = step.__doc__
    return flags if wanted else None


def _shared(steps: Sequence[type[Options]], defaults: Mapping[str, Any]) -> list[Any]:
    if not any(f.name == _SHARED for step in _flat(steps) for f in fields(step)):
        return []
    hint = Annotated[float, Doc("Bone is above this grey value, in every step.")]
    return [(_SHARED, hint, field(default=defaults.get(_SHARED, 75.0)))]
