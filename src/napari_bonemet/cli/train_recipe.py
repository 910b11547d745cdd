"""``napari-bonemet train --recipe``: a classifier from folders and the medical records, as a recipe says."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.cli.train_data import Telling
from napari_bonemet.errors import InputError
from napari_bonemet.options import Doc
from napari_bonemet.progress import Progress

if TYPE_CHECKING:
    from napari_bonemet.study.recipes.recipe import Recipe
    from napari_bonemet.study.recipes.run import Done

ABOUT = """Train and cross-validate a classifier as a recipe says (a TOML file, which the panel writes, too).

A recipe names the folders of scans, the medical records and which column of them holds the truth, the weeks, the
network with its options, folds, seed, and the folder for the results: model.safetensors, report.html with tables and
curves, predictions.csv, scores.json and the recipe itself. Every figure is of animals that were held out.

Example: napari-bonemet train --recipe response.toml --out results"""
STEPS = ()


@dataclass(frozen=True)
class Arguments:
    """What to train, and on what."""

    recipe: Annotated[Path, Doc("The recipe, a .toml file.")]
    data: Annotated[tuple[Path, ...], Doc("Folders of scans, in place of the recipe's.")] = ()
    records: Annotated[Path | None, Doc("Medical records, in place of the recipe's.")] = None
    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, _chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Train, write, tell how it did on the animals held out.

    Raises
    ------
    InputError
        When the recipe, the scans or the records cannot be used.
    OutputError
        When the disk refuses.
    Cancelled
        When the user asked to stop.
    """
    return train_and_tell(recipe_of(own.recipe, own.data, own.records, own.common), own.common, terminal, progress)


def recipe_of(file: Path, data: tuple[Path, ...], records: Path | None, common: Common) -> "Recipe":
    """The recipe of a file, with what the flags put in its place."""
    from napari_bonemet.study.recipes.recipe import read_recipe

    recipe = read_recipe(file)
    out = common.new_place(str(recipe.out) if recipe.out is not None else None)
    size = recipe.voxel_size
    if common.voxel_size is not None:
        if len(set(common.voxel_size)) > 1:
            raise InputError("A recipe knows one voxel size for all three axes", found=f"{common.spacing}")
        size = common.voxel_size[0]
    return replace(recipe, data=data or recipe.data, records=records or recipe.records, voxel_size=size, out=out)


def train_and_tell(recipe: "Recipe", common: Common, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Carry out a recipe, and tell."""
    from napari_bonemet.cli.reading import spare
    from napari_bonemet.study.device import choose_device
    from napari_bonemet.study.recipes.run import train_recipe

    for folder in recipe.data:
        spare(folder, common)
    device = choose_device(common.device)
    told = Telling(progress, terminal, fold_line)
    done = train_recipe(recipe, device=device, warn=terminal.warn, progress=told)
    tell_done(done, terminal)
    return {"network": recipe.network, "device": device, **record_of_done(done)}


def fold_line(item: object) -> str | None:
    """How a cross-validation stands after a fold, in one line; None for anything else that is reported."""
    from napari_bonemet.cli import train_lesions, train_quality
    from napari_bonemet.diagnose.response.validation import FoldDone

    if isinstance(item, FoldDone):
        return f"fold {item.fold} of {item.of}: learned from {item.learned} legs, asked of {item.held_out} others"
    return train_lesions.epoch_line(item) or train_quality.epoch_line(item)


def tell_done(done: "Done", terminal: Terminal) -> None:
    """The scores as a table, and where the report is."""
    from rich.table import Table

    title = "synthetic data" if done.result.synthetic else None
    names = ("auc", "accuracy", "precision", "recall", "f1")
    table = Table("", "area under the curve", *names[1:], title=title)
    for each in done.report.opinions:
        table.add_row(each.title, *(str(each.figures[name]) for name in names))
    terminal.show(table)
    if done.result.folds:
        mean, spread = done.report.opinions[0].mean_of_folds("auc")
        terminal.say(f"Area under the curve of {len(done.result.folds)} folds: {mean:.3f} ± {spread:.3f}")
    terminal.say(f"{done.result.protocol}.")
    terminal.say(f"The report is {done.report.page}")


def record_of_done(done: "Done") -> dict[str, Any]:
    """What a program is told of it."""
    return {
        "out": str(done.folder),
        "model": None if done.model is None else str(done.model),
        "report": str(done.report.page),
        "cases": len(done.result.cases),
        "synthetic": done.result.synthetic,
        "opinions": [each.as_record() for each in done.report.opinions],
    }
