"""``napari-bonemet train --network response``: the classifier of response to treatment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from napari_bonemet.cli.flags import Chosen
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.cli.train_data import NETWORKS, TrainArguments
from napari_bonemet.diagnose.response.options import ResponseOptions
from napari_bonemet.errors import InputError
from napari_bonemet.options import Doc
from napari_bonemet.progress import Progress

ABOUT = f"""Train the classifier of response to treatment on registered weeks, and cross-validate it.

Legs whose animal has a word in the column --label of the medical records are learned from: "responder" or another.
Whole animals are held out, fold by fold. --out is a folder: model.safetensors, report.html, predictions.csv,
scores.json, and recipe.toml, which `train --recipe` takes to do it again. {NETWORKS}

Example: napari-bonemet train --network response --data cohort/Regist-CT --folds 3 --out response"""
STEPS = (ResponseOptions,)


@dataclass(frozen=True)
class Arguments(TrainArguments):
    """What to fit, and to what."""

    records: Annotated[
        Path | None, Doc("Medical records; MiceMediRec.csv in or beside the data folder when not given.")
    ] = None
    label: Annotated[str, Doc("Column of the records with the truth.")] = "response"
    positive: Annotated[str, Doc("What stands there for yes.")] = "responder"
    folds: Annotated[int, Doc("Folds of the cross-validation; an animal is in one alone.")] = 3


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Make the recipe that the flags say, and carry it out.

    Raises
    ------
    InputError
        When the scans or the records cannot be used, or animals are named to be held out: folds do that.
    OutputError
        When the disk refuses.
    Cancelled
        When the user asked to stop.
    """
    from napari_bonemet.cli.train_recipe import train_and_tell
    from napari_bonemet.study.recipes.recipe import Recipe

    if own.validation or own.validation_share is not None:
        raise InputError("This network holds every animal out by turns", remedy="Say how often: --folds N")
    size = own.common.voxel_size
    recipe = Recipe(
        network="response",
        data=own.data,
        records=own.records,
        label=own.label,
        positive=own.positive,
        folds=own.folds,
        seed=own.common.seed,
        voxel_size=None if size is None else size[0],
        out=own.common.new_place(),
        options=chosen(ResponseOptions),
    )
    return train_and_tell(recipe, own.common, terminal, progress)
