"""Carrying out recipes: a network trained and cross-validated, or one asked of other animals, with its report."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from napari_bonemet.diagnose.report.card import card_of
from napari_bonemet.diagnose.report.result import ClassifierResult
from napari_bonemet.diagnose.training_data import find_records
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import Checkpoint, load_checkpoint
from napari_bonemet.forecast.saved import Saved
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Json
from napari_bonemet.study.classifier_report import WrittenReport, write_report
from napari_bonemet.study.recipes.labels import Labels, labels_column
from napari_bonemet.study.recipes.networks import NETWORKS, Network, recipe_network
from napari_bonemet.study.recipes.recipe import Recipe, write_recipe

__all__ = ["MODEL", "RECIPE", "Asked", "Done", "Trained", "evaluate_recipe", "train", "train_recipe"]

MODEL, RECIPE = "model.safetensors", "recipe.toml"


@dataclass(frozen=True)
class Asked:
    """What the modules of the networks are given.

    Parameters
    ----------
    recipe : Recipe
        Filled.
    column : Labels or None
        The column of the records; None where the network learns from other tables.
    device : str
        Where torch computes.
    warn : callable
        Told of what is left out.
    progress : Progress
        Told of each step.
    """

    recipe: Recipe
    column: Labels | None
    device: str
    warn: Callable[[str], None]
    progress: Progress

    @property
    def labels(self) -> Labels:
        """The column of the records; InputError where there is none."""
        if self.column is None:
            raise InputError(f"{self.recipe.network} learns from no medical records")
        return self.column


@dataclass(frozen=True, eq=False)
class Trained:
    """A classifier trained on all animals, and what such classifiers said of each while it was held out."""

    model: Saved
    result: ClassifierResult


@dataclass(frozen=True, eq=False)
class Done:
    """What a recipe left on the disk.

    Parameters
    ----------
    folder : Path
        Where.
    model : Path or None
        The checkpoint, where one was trained.
    result : ClassifierResult
        What was said.
    report : WrittenReport
        Page, table and figures.
    """

    folder: Path
    model: Path | None
    result: ClassifierResult
    report: WrittenReport


def train(
    recipe: Recipe,
    *,
    device: str = "cpu",
    warn: Callable[[str], None] = lambda _: None,
    progress: Progress = NO_PROGRESS,
) -> Trained:
    """Train the classifier of a recipe, and write nothing.

    Raises
    ------
    InputError
        When scans or records cannot be used, or there are too few animals of one kind.
    Cancelled
        When the user asked to stop.
    """
    filled, labels = _prepared(recipe)
    made: Trained = recipe_network(filled.network).work.train(Asked(filled, labels, device, warn, progress))
    return made


def train_recipe(
    recipe: Recipe,
    *,
    device: str = "cpu",
    warn: Callable[[str], None] = lambda _: None,
    progress: Progress = NO_PROGRESS,
) -> Done:
    """Train the classifier of a recipe; its folder gets the network, the report, the tables, and the recipe.

    Raises
    ------
    InputError
        As :func:`train`, or when the recipe names no folder.
    OutputError
        When the disk refuses.
    """
    folder = _folder(recipe)
    made = train(recipe, device=device, warn=warn, progress=PartOf(progress, 0.0, 0.95))
    model = made.model.save(folder / MODEL)
    written = write_recipe(recipe.filled, folder / RECIPE, overwrite=True)
    title = f"{made.result.task}: {len(set(made.result.animals))} animals, cross-validated"
    checkpoint = load_checkpoint(model)
    settings = {"recipe": str(written), **_told(recipe.filled)}
    report = write_report(made.result, folder, title=title, card=card_of(checkpoint), settings=settings)
    return Done(folder, model, made.result, report)


def evaluate_recipe(
    recipe: Recipe,
    checkpoint: str | Path,
    *,
    device: str = "cpu",
    warn: Callable[[str], None] = lambda _: None,
    progress: Progress = NO_PROGRESS,
) -> Done:
    """Ask a trained classifier of the scans of a recipe, and write the report.

    The network and its options are the checkpoint's; the recipe says which scans, and what is true of them.

    Raises
    ------
    InputError
        When the checkpoint holds no classifier that recipes know, or learned from an animal that is asked of.
    OutputError
        When the disk refuses.
    """
    folder = _folder(recipe)
    held = load_checkpoint(checkpoint)
    filled, labels = _prepared(replace(recipe, network=_network_of(held), options=None))
    asked = Asked(filled, labels, device, warn, PartOf(progress, 0.0, 0.95))
    result: ClassifierResult = recipe_network(filled.network).work.evaluate(held, asked)
    title = f"{result.task}: {Path(checkpoint).name} on {len(set(result.animals))} animals"
    settings = {"checkpoint": str(checkpoint), **_told(filled)}
    report = write_report(result, folder, title=title, card=card_of(held), settings=settings)
    return Done(folder, None, result, report)


def _prepared(recipe: Recipe) -> tuple[Recipe, Labels | None]:
    if not recipe.data:
        raise InputError("The recipe names no folder of scans", remedy="Name it: data = [...], or --data FOLDER")
    filled = recipe.filled
    if not recipe_network(filled.network).records:
        return filled, None
    records = filled.records or find_records(filled.data[0])
    filled = replace(filled, records=records)
    return filled, labels_column(records, filled.label, filled.positive)


def _folder(recipe: Recipe) -> Path:
    if recipe.out is None:
        raise InputError("The place for the results is missing", remedy="Name it: out = ..., or --out FOLDER")
    return recipe.out


def _network_of(checkpoint: Checkpoint) -> Network:
    checkpoint.require(*NETWORKS)
    return next(name for name in NETWORKS if name == checkpoint.name)


def _told(recipe: Recipe) -> dict[str, Json]:
    """The recipe's own lines for the report; the network's options stand there by themselves."""
    return {name: value for name, value in recipe.as_record().items() if name != "options" and value is not None}
