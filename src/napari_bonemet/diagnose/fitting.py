"""From labelled scans to a trained, calibrated network and its record."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from napari_bonemet.diagnose.folds import require_apart
from napari_bonemet.diagnose.measures import area_under_curve, calibration, shares
from napari_bonemet.diagnose.models.lesion_slices import SMALL
from napari_bonemet.diagnose.models.timm_backbone import backbone_record
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.diagnose.slices import Bag, bag_of
from napari_bonemet.diagnose.strangeness.familiar import Familiar
from napari_bonemet.diagnose.strangeness.learned import familiar_with
from napari_bonemet.diagnose.together.weeks import with_earlier_weeks
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import SPACING_MARGIN
from napari_bonemet.forecast.training_record import generators
from napari_bonemet.geometry import Triple
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.provenance import Json
from napari_bonemet.scan import Scan
from napari_bonemet.torch_import import import_torch

_Labelled = tuple[Sequence[Scan], Sequence[bool]]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained network, and all that its checkpoint says of it."""

    network: Any
    spacing: Triple
    record: dict[str, Json]
    synthetic: bool
    familiar: Familiar


def fit_classifier(
    scans: Sequence[Scan],
    labels: Sequence[bool],
    options: ClassifierOptions,
    *,
    validation: _Labelled | None,
    beside: Sequence[Scan] = (),
    device: str,
    progress: Progress,
) -> Fitted:
    """What :meth:`~napari_bonemet.diagnose.classifier.LesionClassifier.fit` does; parameters and errors are there."""
    from napari_bonemet.diagnose.training import TrainedClassifier, scores_of, train_classifier

    _require_both(scans, labels, "train on")
    held_out = validation or ((), ())
    if held_out[0]:
        _require_both(*held_out, "validate on")
        require_apart(*((scan.subject or "" for scan in group) for group in (scans, held_out[0])))
    spacing = scans[0].spacing
    every = len(scans) + len(held_out[0])
    split = 0.1 * len(scans) / every
    bags = _bags((scans, labels), beside, spacing, options, PartOf(progress, 0.0, split))
    others = _bags(held_out, beside, spacing, options, PartOf(progress, split, 0.1))
    rest = PartOf(progress, 0.1, 1.0)
    made: TrainedClassifier = train_classifier(bags, options, validation=others, device=device, progress=rest)
    record = _record(scans, labels, made.minutes, [vars(epoch) for epoch in made.epochs], made.best_epoch)
    record |= {"backbone": backbone_record(options)} if options.backbone != SMALL else {}
    if others:
        said, lesion = scores_of(made.network, others, options, device), np.array(held_out[1], dtype=bool)
        factor, shift = calibration(said, lesion)
        calibrate(made.network, factor, shift)
        record["validation"] = {
            "animals": _animals(held_out[0]),
            "scans": len(said),
            "with_lesion": int(lesion.sum()),
            "auc_same_week": round(area_under_curve(said, lesion, [bag.week for bag in others]), 4),
            "auc": round(area_under_curve(said, lesion), 4),
            **{name: _rounded(share) for name, share in shares(expit(factor * said + shift), lesion).items()},
            "calibration": {"factor": round(factor, 4), "shift": round(shift, 4)},
            "protocol": "whole scans of animals that were not trained on; they chose the epoch and the calibration",
        }
    familiar = familiar_with(made.network, bags, others or bags, options, device)
    return Fitted(made.network, spacing, record, any(scan.synthetic for scan in scans), familiar)


def calibrate(network: Any, factor: float, shift: float) -> None:
    """Make the head say ``factor * log odds + shift``; its weights stay above zero."""
    torch = import_torch()
    with torch.no_grad():
        weight = torch.nn.functional.softplus(network.weight) * factor
        network.weight.copy_(weight + torch.log(-torch.expm1(-weight)))  # the inverse of softplus
        network.bias.copy_(network.bias * factor + shift)


def _bags(
    labelled: _Labelled, beside: Sequence[Scan], spacing: Triple, options: ClassifierOptions, progress: Progress
) -> list[Bag]:
    from napari_bonemet.diagnose.training import SLACK

    made = []
    seen = with_earlier_weeks(labelled[0], options.together, beside)
    for number, (scans, lesion) in enumerate(zip(seen, labelled[1], strict=True)):
        progress.message(f"reading {scans[0].title}")
        _require_voxels(scans[0], spacing)
        part = PartOf(progress, number / len(labelled[0]), (number + 1) / len(labelled[0]))
        threshold, crop = options.bone_threshold, options.crop
        made.append(
            bag_of(scans, bool(lesion), spacing, crop=crop, slack=SLACK, bone_threshold=threshold, progress=part)
        )
    return made


def _require_voxels(scan: Scan, spacing: Triple) -> None:
    if np.max(np.abs(np.divide(scan.spacing, spacing) - 1)) > SPACING_MARGIN:
        raise InputError(
            "One network learns from scans of one voxel size",
            expected=" x ".join(f"{size:g}" for size in spacing) + " µm",
            found=" x ".join(f"{size:g}" for size in scan.spacing) + f" µm in {scan.title}",
            remedy="Resample the scans",
        )


def _require_both(scans: Sequence[Scan], labels: Sequence[bool], purpose: str) -> None:
    if len(scans) != len(labels):
        raise InputError("Every scan needs a label", found=f"{len(scans)} scans and {len(labels)} labels")
    lesions = sum(bool(label) for label in labels)
    if not 0 < lesions < len(labels):
        raise InputError(
            f"There is not enough to {purpose}",
            expected="scans with and without a lesion",
            found=f"{lesions} with and {len(labels) - lesions} without",
        )


def _record(
    scans: Sequence[Scan], labels: Sequence[bool], minutes: float, epochs: Sequence[dict[str, Any]], best: int
) -> dict[str, Json]:
    return {
        "animals": len(_animals(scans)),
        "animal_names": _animals(scans),
        "scans": len(scans),
        "with_lesion": int(sum(bool(label) for label in labels)),
        "generator": generators(scans),
        "labels": "of whole scans; nobody said in which slices",
        "epochs": len(epochs),
        "best_epoch": best,
        "minutes": round(minutes, 2),
        "history": [{name: _rounded(value) for name, value in epoch.items()} for epoch in epochs],
    }


def _animals(scans: Sequence[Scan]) -> list[Json]:
    return [*sorted({scan.subject or "unnamed" for scan in scans})]


def _rounded(value: float | None) -> float | None:
    return value if value is None or isinstance(value, int) else round(value, 4)
