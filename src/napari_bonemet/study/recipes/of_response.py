"""Recipes of the response classifier: legs of treated animals, one truth each."""

from collections.abc import Sequence
from typing import Any

from napari_bonemet.diagnose.folds import animals_in, require_apart
from napari_bonemet.diagnose.report.result import ClassifierResult
from napari_bonemet.diagnose.response.cases import ResponseCase, cases_of
from napari_bonemet.diagnose.response.classifier import ResponseClassifier
from napari_bonemet.diagnose.response.options import ResponseOptions
from napari_bonemet.forecast.checkpoint import Checkpoint, require_fit
from napari_bonemet.geometry import as_triple
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.recipes.labels import label_legs
from napari_bonemet.study.recipes.run import Asked, Trained
from napari_bonemet.study.training_legs import legs_in_folders

# Reading and projecting takes about so much of a training.
_READING = 0.3


def train(asked: Asked) -> Trained:
    """Cross-validate and train, as :func:`napari_bonemet.study.recipes.run.train` tells."""
    options: Any = asked.recipe.options
    legs, responds = _legs(asked, options, PartOf(asked.progress, 0.0, _READING / 3))
    spacing = legs[0].baseline.spacing
    for leg in legs:
        require_fit(leg, model="One network", input_kind="grey", spacing=spacing)
    cases = cases_of(legs, responds, options, progress=PartOf(asked.progress, _READING / 3, _READING))
    model, validated = ResponseClassifier.fit(
        cases,
        spacing,
        options=options,
        folds=asked.recipe.folds,
        device=asked.device,
        progress=PartOf(asked.progress, _READING, 1.0),
    )
    return Trained(model, validated.result)


def evaluate(checkpoint: Checkpoint, asked: Asked) -> ClassifierResult:
    """Ask the checkpoint's network of legs of other animals."""
    model = ResponseClassifier.from_checkpoint(checkpoint, device=asked.device)
    legs, responds = _legs(asked, model.options, PartOf(asked.progress, 0.0, 0.3))
    require_apart(animals_in(checkpoint.training), [leg.baseline.subject or "" for leg in legs])
    for leg in legs:
        require_fit(leg, model=model.name, input_kind="grey", spacing=model.spacing)
    cases: Sequence[ResponseCase] = cases_of(legs, responds, model.options, progress=PartOf(asked.progress, 0.3, 1.0))
    return model.evaluate(cases, "Legs of animals that the network did not learn from")


def _legs(asked: Asked, options: ResponseOptions, progress: Progress) -> tuple[list[ScanSeries], list[bool]]:
    """The legs that have all weeks and a truth."""
    size = asked.recipe.voxel_size
    legs = legs_in_folders(
        asked.recipe.data,
        options.weeks,
        bone_threshold=options.bone_threshold,
        spacing=None if size is None else as_triple(size),
        warn=asked.warn,
        progress=progress,
    )
    labelled = label_legs(asked.labels, legs)
    for note in labelled.notes:
        asked.warn(note)
    return [legs[index] for index, _ in labelled.known], [truth for _, truth in labelled.known]
