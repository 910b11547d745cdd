"""The recipe of a classifier: which scans, which column of the records, which network, and how it learns."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from napari_bonemet.errors import InputError
from napari_bonemet.io.atomic import atomic_file
from napari_bonemet.options import Between, Doc, Options, Unit, describe
from napari_bonemet.options_toml import toml_lines
from napari_bonemet.provenance import Json
from napari_bonemet.strict import inside_or_absolute, read_record, strict_options
from napari_bonemet.study.recipes.networks import Network, recipe_network

__all__ = ["FORMAT", "Recipe", "read_recipe", "write_recipe"]

FORMAT = "napari-bonemet recipe 1"
_OPTIONS = "options"


@dataclass(frozen=True)
class Recipe(Options):
    """How a classifier is trained and evaluated; a form, the flags or a file fill it alike.

    Parameters
    ----------
    options : Options, optional
        The network's own; its defaults when None. Weeks and seed of the recipe overrule those in it.
    """

    network: Annotated[Network, Doc("The classifier.")] = "response"
    data: Annotated[tuple[Path, ...], Doc("Folders of weekly scans.")] = ()
    records: Annotated[
        Path | None, Doc("Medical records (.csv or .xlsx); MiceMediRec.csv in or beside the first folder when empty.")
    ] = None
    label: Annotated[str, Doc("Column of the records with the truth; the network's own when empty.")] = ""
    positive: Annotated[str, Doc("What stands there for yes; the network's own word when empty.")] = ""
    weeks: Annotated[
        tuple[float, ...], Doc("The weeks to look at; the network's own when empty."), Between(0, 1000)
    ] = ()
    folds: Annotated[int, Doc("Folds of the cross-validation; an animal is in one alone."), Between(2, 100)] = 3
    seed: Annotated[int, Doc("The same seed gives the same folds and network.")] = 0
    voxel_size: Annotated[
        float | None, Doc("Voxel size, where the files state none."), Between(0.1, 1000), Unit("µm")
    ] = None
    out: Annotated[Path | None, Doc("Folder for the network, the report and the tables.")] = None
    options: Options | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        network = recipe_network(self.network)
        if self.options is not None:
            network.require(self.options)
        if not network.records and (self.records or self.label or self.positive or self.weeks):
            raise InputError(
                f"{network.title} is not told by medical records",
                expected="tables of slices among the data: folders with labels.csv",
                remedy="Leave records, label, positive and weeks out",
            )

    @property
    def filled(self) -> "Recipe":
        """The recipe with all that it leaves to the network, and what overrules the network's options in them."""
        network = recipe_network(self.network)
        options: Any = self.options or network.usual
        known = {option.name for option in describe(network.options)}
        options = replace(options, **({"seed": self.seed} if "seed" in known else {}))
        if self.weeks and "weeks" in known:
            options = replace(options, weeks=self.weeks)
        return replace(
            self,
            label=self.label or network.label,
            positive=self.positive or network.positive,
            weeks=self.weeks or tuple(getattr(options, "weeks", ())),
            options=options,
        )

    def as_record(self) -> dict[str, Json]:
        """The recipe as plain JSON values, the network's options among them where they are given."""
        record = super().as_record()
        if self.options is None:
            record.pop(_OPTIONS, None)
        return record


def read_recipe(path: str | Path) -> Recipe:
    """Read a recipe; nothing in it is trusted. Its folders lie within the recipe's own, or are absolute.

    Raises
    ------
    InputError
        When it is not there, is no recipe, or a value in it is of another type or out of range.
    """
    path = Path(path)
    record = read_record(path, "recipe")
    if record.pop("format", None) != FORMAT:
        raise InputError(f"{path} is no recipe", expected=f"format = {FORMAT!r} in its first line")
    own = record.pop(_OPTIONS, None)
    home = path.resolve().parent
    text = dict(record)
    places = {name: text.pop(name, None) for name in ("data", "records", "out")}
    made = strict_options(Recipe, text, path.name)
    options = None
    if own is not None:
        network = recipe_network(made.network)
        said = {**network.differing, **own} if isinstance(own, dict) else own
        options = strict_options(network.options, said, f"{path.name}, [options]")
    data = places["data"] or []
    if not isinstance(data, list):
        raise InputError(f"The data in {path.name} cannot be used", expected="a list of folders")

    def place(name: str) -> Path | None:
        return None if places[name] is None else inside_or_absolute(places[name], home, name)

    folders = tuple(inside_or_absolute(folder, home, "data") for folder in data)
    return replace(made, data=folders, records=place("records"), out=place("out"), options=options)


def write_recipe(recipe: Recipe, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write a recipe as TOML, with what each line means above it.

    Raises
    ------
    InputError
        When the name does not end in .toml.
    OutputError
        When a file is there and may not be replaced, or the disk refuses.
    """
    path = Path(path)
    if path.suffix.lower() != ".toml":
        raise InputError(f"A recipe cannot be saved as {path.name}", expected=".toml")
    absolute = replace(
        recipe,
        data=tuple(folder.resolve() for folder in recipe.data),
        records=None if recipe.records is None else recipe.records.resolve(),
        out=None if recipe.out is None else recipe.out.resolve(),
    )
    lines = [f"format = {json.dumps(FORMAT)}", *toml_lines(absolute, without=(_OPTIONS,))]
    if recipe.options is not None:
        lines += ["", f"[{_OPTIONS}]", *toml_lines(recipe.options)]
    with atomic_file(path, overwrite=overwrite) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
