"""``napari-bonemet evaluate --checkpoint``: a trained classifier on scans whose truth the medical records tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.options import Doc
from napari_bonemet.progress import Progress

ABOUT = """Score a trained classifier on other animals, and write its report.

The scans and the truth are those of --recipe, or of --data and --records. The folder --out gets report.html with
tables and curves, predictions.csv and scores.json. An animal that the network learned from is refused.

Example: napari-bonemet evaluate --checkpoint response/model.safetensors --data others/Regist-CT --out scored"""
STEPS = ()


@dataclass(frozen=True)
class Arguments:
    """What to ask, and of what."""

    checkpoint: Annotated[Path, Doc("The trained classifier (.safetensors).")]
    recipe: Annotated[Path | None, Doc("A recipe that names scans, records and the column with the truth.")] = None
    data: Annotated[tuple[Path, ...], Doc("Folders of scans, in place of the recipe's.")] = ()
    records: Annotated[Path | None, Doc("Medical records, in place of the recipe's.")] = None
    label: Annotated[str, Doc("Column of the records with the truth; the network's own when empty.")] = ""
    positive: Annotated[str, Doc("What stands there for yes; the network's own word when empty.")] = ""
    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, _chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Ask, score, write.

    Raises
    ------
    InputError
        When the checkpoint, the scans or the records cannot be used.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.cli.train_recipe import recipe_of, record_of_done, tell_done
    from napari_bonemet.study.device import choose_device
    from napari_bonemet.study.recipes.recipe import Recipe
    from napari_bonemet.study.recipes.run import evaluate_recipe

    if own.recipe is not None:
        # Its folder is that of the training, and no place for another report.
        recipe = replace(recipe_of(own.recipe, own.data, own.records, own.common), out=own.common.new_place())
    else:
        recipe = Recipe(data=own.data, records=own.records, out=own.common.new_place())
    recipe = replace(recipe, label=own.label or recipe.label, positive=own.positive or recipe.positive)
    device = choose_device(own.common.device)
    done = evaluate_recipe(recipe, own.checkpoint, device=device, warn=terminal.warn, progress=progress)
    tell_done(done, terminal)
    return {"checkpoint": str(own.checkpoint), "device": device, **record_of_done(done)}
