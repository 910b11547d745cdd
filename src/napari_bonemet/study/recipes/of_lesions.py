"""Recipes of the lesion classifier: scans, a truth for each."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.diagnosis import LESION, NO_LESION
from napari_bonemet.diagnose.folds import animals_in, folds_by_animal, require_apart
from napari_bonemet.diagnose.logistic import LogisticRule
from napari_bonemet.diagnose.report.result import Case, ClassifierResult, Opinion
from napari_bonemet.diagnose.response.bone_measures import bone_change
from napari_bonemet.diagnose.together.weeks import earlier_of_each
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import Checkpoint
from napari_bonemet.geometry import as_triple
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.grey_legs import read_grey_legs, require_different_legs
from napari_bonemet.study.holding_out import NETWORK_SHARE, HoldOut, animals_held_out
from napari_bonemet.study.recipes.labels import label_scans
from napari_bonemet.study.recipes.run import Asked, Trained

NETWORK, VOLUME = "slice network", "bone volume alone"


def train(asked: Asked) -> Trained:
    """Cross-validate and train, as :func:`napari_bonemet.study.recipes.run.train` tells.

    A fold's network stops by, and is calibrated on, a fifth of the animals that it may learn from: never by the fold's
    own.
    """
    recipe = asked.recipe
    options: Any = recipe.options
    scans, lesions, beside = _scans(asked, options.together, PartOf(asked.progress, 0.0, 0.05))
    animals = [scan.subject or "" for scan in scans]
    whole = PartOf(asked.progress, 0.05, 1.0)
    folds = folds_by_animal(animals, lesions, recipe.folds, recipe.seed)
    said, of_fold = np.full((2, len(scans)), np.nan), np.zeros(len(scans), dtype=int)
    volume = np.array([bone_change(ScanSeries((scan,)), options.bone_threshold).volume for scan in scans])
    for number, held in enumerate(folds):
        rest = np.setdiff1d(np.arange(len(scans)), held)
        require_apart([animals[n] for n in rest], [animals[n] for n in held])
        part = PartOf(
            asked.progress, 0.05 + 0.95 * number / (len(folds) + 1), 0.05 + 0.95 * (number + 1) / (len(folds) + 1)
        )
        model = _fitted(asked, [scans[n] for n in rest], [lesions[n] for n in rest], beside, PartOf(part, 0.0, 0.8))
        said[0, held] = _asked_of(model, [scans[n] for n in held], beside, PartOf(part, 0.8, 1.0))
        said[1, held] = LogisticRule.fit(volume[rest], [lesions[n] for n in rest]).probability(volume[held])
        of_fold[held] = number + 1
    model = _fitted(asked, scans, lesions, beside, PartOf(whole, len(folds) / (len(folds) + 1), 1.0))
    protocol = (
        f"{len(folds)}-fold cross-validation: each scan was held out once, with all scans of its animal; epoch and "
        "calibration were chosen by others of the animals that a fold's network may see"
    )
    opinions = [Opinion.of_two(NETWORK, said[0]), Opinion.of_two(VOLUME, said[1])]
    return Trained(model, _result(scans, lesions, opinions, model, protocol=protocol, of_fold=of_fold.tolist()))


def evaluate(checkpoint: Checkpoint, asked: Asked) -> ClassifierResult:
    """Ask the checkpoint's network of scans of other animals."""
    model = LesionClassifier.from_checkpoint(checkpoint, device=asked.device)
    scans, lesions, beside = _scans(asked, model.options.together, PartOf(asked.progress, 0.0, 0.1))
    require_apart(animals_in(checkpoint.training), [scan.subject or "" for scan in scans])
    said = _asked_of(model, scans, beside, PartOf(asked.progress, 0.1, 1.0))
    protocol = "Scans of animals that, as far as the checkpoint tells, the network did not learn from"
    return _result(scans, lesions, [Opinion.of_two(NETWORK, said)], model, protocol=protocol)


def _scans(asked: Asked, together: int, progress: Progress) -> tuple[list[Scan], list[bool], list[Scan]]:
    """The grey scans of the weeks asked for that have a truth, their truths, and all scans that may be seen beside."""
    recipe = asked.recipe
    legs: list[ScanSeries] = []
    for number, folder in enumerate(recipe.data):
        part = PartOf(progress, number / len(recipe.data), (number + 1) / len(recipe.data))
        size = None if recipe.voxel_size is None else as_triple(recipe.voxel_size)
        legs += read_grey_legs(folder, spacing=size, progress=part)
    require_different_legs(legs, recipe.data[0])
    scans = [scan for leg in legs for scan in leg if not recipe.weeks or scan.week in recipe.weeks]
    labelled = label_scans(asked.labels, scans)
    for note in labelled.notes:
        asked.warn(note)
    known = [scans[index] for index, _ in labelled.known]
    if together > 1:
        _require_one_grid(legs, known)
    return known, [truth for _, truth in labelled.known], [scan for leg in legs for scan in leg]


def _require_one_grid(legs: Sequence[ScanSeries], known: Sequence[Scan]) -> None:
    asked_of = {id(scan) for scan in known}
    apart = [leg.leg for leg in legs if not leg.on_one_grid and any(id(scan) in asked_of for scan in leg)]
    if apart:
        raise InputError(
            f"The weeks of {', '.join(apart[:3])}{' and others' if len(apart) > 3 else ''} are not on one grid",
            expected="registered weeks: the network sees each beside the earlier ones",
            remedy="Register them (napari-bonemet register), or take the network lesion-slices",
        )


def _fitted(
    asked: Asked, scans: Sequence[Scan], lesions: Sequence[bool], beside: Sequence[Scan], progress: Progress
) -> LesionClassifier:
    """Trained on four fifths of these animals, stopped and calibrated by the rest."""
    animals = [scan.subject or "" for scan in scans]
    ill = {animal for animal, lesion in zip(animals, lesions, strict=True) if lesion}
    hold = HoldOut(usual=NETWORK_SHARE, seed=asked.recipe.seed)
    held = animals_held_out(animals, hold, groups={animal: animal in ill for animal in animals})
    learned, kept = (
        [(scan, lesion) for scan, lesion in zip(scans, lesions, strict=True) if ((scan.subject or "") in held) is out]
        for out in (False, True)
    )
    options: Any = asked.recipe.options
    return LesionClassifier.fit(
        [scan for scan, _ in learned],
        [lesion for _, lesion in learned],
        options=options,
        validation=([scan for scan, _ in kept], [lesion for _, lesion in kept]),
        beside=beside,
        device=asked.device,
        progress=progress,
    )


def _asked_of(
    model: LesionClassifier, scans: Sequence[Scan], beside: Sequence[Scan], progress: Progress = NO_PROGRESS
) -> np.ndarray:
    """Probability of a lesion in each scan, seen beside the earlier weeks of its leg, (scans,)."""
    said = []
    for number, (scan, earlier) in enumerate(zip(scans, earlier_of_each(scans, beside), strict=True)):
        part = PartOf(progress, number / len(scans), (number + 1) / len(scans))
        said.append(model.classify(scan, earlier=earlier, progress=part).probability)
    return np.array(said)


def _result(
    scans: Sequence[Scan],
    lesions: Sequence[bool],
    opinions: Sequence[Opinion],
    model: LesionClassifier,
    *,
    protocol: str,
    of_fold: Sequence[int] | None = None,
) -> ClassifierResult:
    folds: Sequence[int | None] = of_fold or [None] * len(scans)
    return ClassifierResult(
        network=model.name,
        task="Bone lesion",
        classes=(NO_LESION, LESION),
        cases=tuple(
            Case(scan.subject or "unnamed", int(lesion), scan.side or "", scan.week, fold)
            for scan, lesion, fold in zip(scans, lesions, folds, strict=True)
        ),
        opinions=tuple(opinions),
        protocol=protocol,
        synthetic=any(scan.synthetic for scan in scans),
        trained_on_synthetic=model.synthetic,
        settings=model.options.as_record(),
    )
