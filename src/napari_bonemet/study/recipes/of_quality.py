"""Recipes of the bone quality network: slices of patients, one of four classes for each."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_bonemet.bone_quality import Quality
from napari_bonemet.diagnose.folds import animals_in, folds_by_animal, require_apart
from napari_bonemet.diagnose.logistic import LogisticRule
from napari_bonemet.diagnose.quality.classifier import BoneQualityClassifier
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.diagnose.quality.reading import read_labelled
from napari_bonemet.diagnose.quality.slices import LabelledSlices
from napari_bonemet.diagnose.report.result import Case, ClassifierResult, Opinion
from napari_bonemet.forecast.checkpoint import Checkpoint
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.study.holding_out import NETWORK_SHARE, HoldOut, animals_held_out
from napari_bonemet.study.recipes.run import Asked, Trained

NETWORK, PLAIN = "bone quality network", "mean and spread of the bone's values"
# How much of the bar reading gets.
_READ = 0.1


def train(asked: Asked) -> Trained:
    """Cross-validate and train, as :func:`napari_bonemet.study.recipes.run.train` tells.

    The network of a fold trains for all of its epochs, and its slices are judged one by one: nothing is chosen. Of the
    last one a fifth of the patients is held out, who choose how many votes a lesion needs.
    """
    options: Any = asked.recipe.options
    slices, synthetic = _slices(asked, options, PartOf(asked.progress, 0.0, _READ))
    patients, kinds = slices.patient.tolist(), [Quality(code).word for code in slices.quality]
    folds = folds_by_animal(patients, kinds, asked.recipe.folds, asked.recipe.seed)
    said, plain = np.full((2, len(slices), len(Quality)), np.nan)
    of_fold = np.zeros(len(slices), dtype=int)
    share = (1 - _READ) / (len(folds) + 1)
    for number, held in enumerate(folds):
        rest = np.setdiff1d(np.arange(len(slices)), held)
        learned, scored = slices.only(rest), slices.only(held)
        require_apart(learned.patients, scored.patients)
        part = PartOf(asked.progress, _READ + share * number, _READ + share * (number + 1))
        model = BoneQualityClassifier.fit(
            learned, options=options, synthetic=synthetic, device=asked.device, progress=part
        )
        said[held] = _asked_of(model, scored)
        plain[held] = _by_plain_figures(learned, scored)
        of_fold[held] = number + 1
    last = PartOf(asked.progress, 1 - share, 1.0)
    model = _fitted(asked, slices, options, synthetic=synthetic, progress=last)
    protocol = (
        f"{len(folds)}-fold cross-validation: each slice was held out once, with all slices of its patient; epochs "
        "were fixed beforehand"
    )
    opinions = [Opinion(NETWORK, said), Opinion(PLAIN, plain)]
    return Trained(model, _result(slices, opinions, model, protocol, of_fold=of_fold.tolist(), synthetic=synthetic))


def evaluate(checkpoint: Checkpoint, asked: Asked) -> ClassifierResult:
    """Ask the checkpoint's network of slices of other patients."""
    model = BoneQualityClassifier.from_checkpoint(checkpoint, device=asked.device)
    slices, synthetic = _slices(asked, model.options, PartOf(asked.progress, 0.0, 0.5))
    require_apart(animals_in(checkpoint.training), slices.patients)
    protocol = "Slices of patients that, as far as the checkpoint tells, the network did not learn from"
    return _result(slices, [Opinion(NETWORK, _asked_of(model, slices))], model, protocol, synthetic=synthetic)


def _slices(asked: Asked, options: QualityOptions, progress: Progress) -> tuple[LabelledSlices, bool]:
    return read_labelled(asked.recipe.data, options, spacing=asked.recipe.voxel_size, progress=progress)


def _fitted(
    asked: Asked, slices: LabelledSlices, options: QualityOptions, *, synthetic: bool, progress: Progress
) -> BoneQualityClassifier:
    hold = HoldOut(usual=NETWORK_SHARE, seed=asked.recipe.seed)
    held = animals_held_out(slices.patients, hold, groups=slices.main_lesion())
    return BoneQualityClassifier.fit(
        slices.of(slices.patients - held),
        slices.of(held) if held else None,
        options=options,
        synthetic=synthetic,
        device=asked.device,
        progress=progress,
    )


def _asked_of(model: BoneQualityClassifier, slices: LabelledSlices) -> np.ndarray:
    """Probability of each class, (slices, classes)."""
    from napari_bonemet.diagnose.quality.training import opinion_of

    return opinion_of(model.network, slices.squares, model.device).known


def _by_plain_figures(learned: LabelledSlices, scored: LabelledSlices) -> np.ndarray:
    """The same by logistic regressions, one class against the others, on plain figures of each slice."""
    known, asked = _plain_figures(learned), _plain_figures(scored)
    each = [LogisticRule.fit(known, learned.quality == code).probability(asked) for code in Quality]
    found = np.column_stack(each) + 1e-9
    return found / found.sum(axis=1, keepdims=True)


def _plain_figures(slices: LabelledSlices) -> np.ndarray:
    """Mean and spread of what is not blanked out, and how much that is, (slices, 3)."""
    rows = []
    for square in slices.squares:
        seen = square[square > 0].astype(np.float64)
        rows.append((seen.mean(), seen.std(), seen.size) if seen.size else (0.0, 0.0, 0))
    return np.array(rows)


def _result(
    slices: LabelledSlices,
    opinions: Sequence[Opinion],
    model: BoneQualityClassifier,
    protocol: str,
    *,
    synthetic: bool,
    of_fold: Sequence[int] | None = None,
) -> ClassifierResult:
    folds: Sequence[int | None] = of_fold or [None] * len(slices)
    return ClassifierResult(
        network=model.name,
        task="Bone quality of slices",
        classes=tuple(each.word for each in Quality),
        cases=tuple(
            Case(str(patient), int(quality), fold=fold)
            for patient, quality, fold in zip(slices.patient, slices.quality, folds, strict=True)
        ),
        opinions=tuple(opinions),
        protocol=protocol,
        synthetic=synthetic,
        trained_on_synthetic=model.synthetic,
        settings=model.options.as_record(),
    )
