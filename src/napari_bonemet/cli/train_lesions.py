"""``napari-bonemet train --network lesion-slices``: the classifier of scans with and without a lesion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from napari_bonemet.cli.flags import Chosen
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.cli.train_data import NETWORKS, Telling, TrainArguments, checkpoint_place
from napari_bonemet.diagnose.cohort_labels import Definition
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.errors import InputError
from napari_bonemet.options import Doc
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.scan import Scan

ABOUT = f"""Train the lesion classifier on scans whose diagnosis is known, and write it as a checkpoint (safetensors).

Every week of every leg is a scan to learn from. The diagnoses ("bone lesion" or "no lesion") are those of
MiceMediRec.csv in or beside the data folder, or of --labels; with --definition injected or "last week" the label is the
animal's in every week. lesion-weeks sees each week with the one before it and the first, on one grid. A line is told
after each epoch. It stops after --epochs, after --minutes, or when the animals held out gained nothing for --patience
epochs; the network that did best on them is kept and written. Ctrl-C stops without writing anything. {NETWORKS}

Example: napari-bonemet train --network lesion-slices --data cohort/Regist-CT --minutes 10 --out lesions.safetensors"""
STEPS = (ClassifierOptions,)


@dataclass(frozen=True)
class Arguments(TrainArguments):
    """What to fit, and to what."""

    labels: Annotated[
        Path | None, Doc("Table of diagnoses; MiceMediRec.csv in or beside each data folder when not given.")
    ] = None
    definition: Annotated[
        Definition,
        Doc(
            "What ill means: a lesion in this scan, an animal that was injected (column tumour), or one with a lesion "
            "in its last week."
        ),
    ] = "scan"
    folds: Annotated[
        int,
        Doc(
            "Judge every animal to learn from by a network that never saw it, in so many trainings beforehand; "
            "0 does not."
        ),
    ] = 0


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Train, write, tell how it did on the animals held out.

    Raises
    ------
    InputError
        When there are no diagnoses, those of one kind are missing, a validation animal is not there, or the device
        is not.
    OutputError
        When the disk refuses.
    Cancelled
        When the user asked to stop; nothing is written.
    """
    from napari_bonemet.diagnose.classifier import LesionClassifier
    from napari_bonemet.diagnose.training_data import labelled_scans
    from napari_bonemet.study.device import choose_device
    from napari_bonemet.study.holding_out import NETWORK_SHARE, animals_held_out

    out = checkpoint_place(own.common)
    options = _seeing_weeks(chosen(ClassifierOptions), together=own.network == "lesion-weeks")
    device = choose_device(own.common.device)
    part = PartOf(progress, 0.0, 0.1)
    scans, lesions, animals = labelled_scans(
        own.data, own.labels, definition=own.definition, spacing=own.common.voxel_size, progress=part
    )
    with_lesion = {animal for animal, lesion in zip(animals, lesions, strict=True) if lesion}
    groups = {animal: animal in with_lesion for animal in animals}
    held = animals_held_out(animals, own.hold_out(NETWORK_SHARE), groups=groups)
    learned, kept = (_of(scans, lesions, [(animal in held) is out for animal in animals]) for out in (False, True))
    terminal.say(
        f"Training {own.network} on {len(learned[0])} scans, {sum(learned[1])} with a lesion, on {device}; "
        f"{len(kept[0])} scans of other animals held out."
    )
    judged = 0.1 + 0.9 * own.folds / (own.folds + 1)
    crossed = _across(own, learned, options, device, PartOf(progress, 0.1, judged))
    for name, interval in crossed.items():
        ends = f"{interval['low']} to {interval['high']}"
        terminal.say(f"By networks that never saw the animal: {name} {interval['value']} ({ends})")
    told = Telling(PartOf(progress, judged, 1.0), terminal, epoch_line)
    validation = kept if kept[0] else None
    model = LesionClassifier.fit(*learned, options=options, validation=validation, device=device, progress=told)
    model = replace(model, training={**model.training, **_labels_record(own, crossed)})
    model.save(out)
    terminal.say(f"The checkpoint is {out}")
    if line := _held_out(model.training):
        terminal.say(line)
    return {
        "out": str(out),
        "network": own.network,
        "device": device,
        "options": options.as_record(),
        "synthetic": model.synthetic,
        "training": dict(model.training),
    }


def _across(
    own: Arguments,
    known: tuple[list[Scan], list[bool]],
    options: ClassifierOptions,
    device: str,
    progress: Progress,
) -> dict[str, Any]:
    """Figures of the cross-validation as plain values; none where no folds are asked for."""
    from napari_bonemet.diagnose.folds import folds_by_animal
    from napari_bonemet.diagnose.scoring.figures import figures_of
    from napari_bonemet.diagnose.volume.cross_validation import out_of_fold

    if not own.folds:
        return {}
    scans, lesions = known
    animals = [scan.subject or "" for scan in scans]
    folds = folds_by_animal(animals, lesions, own.folds, own.common.seed)
    said = out_of_fold(scans, lesions, folds, options=options, device=device, progress=progress)
    return {name: interval.as_record() for name, interval in figures_of(said, np.array(lesions), animals).items()}


def _labels_record(own: Arguments, crossed: Mapping[str, Any]) -> dict[str, Any]:
    """Which meaning the labels have, and how many animals are ill by each."""
    from napari_bonemet.diagnose.cohort_labels import read_animals
    from napari_bonemet.diagnose.training_data import find_records

    tables = {own.labels or find_records(folder) for folder in own.data}
    every = [label for table in sorted(tables) for label in read_animals(table).values()]
    counts = {
        "definition": own.definition,
        "legs": len(every),
        "injected": sum(label.injected is True for label in every),
        "lesion_by_last_week": sum(label.by_last_week is True for label in every),
    }
    return {"labels_mean": counts, **({"cross_validation": {"folds": own.folds, **crossed}} if crossed else {})}


def _seeing_weeks(options: ClassifierOptions, *, together: bool) -> ClassifierOptions:
    """The options with as many weeks together as the network's name promises: all three unless two were asked for."""
    if together:
        return replace(options, together=options.together if options.together > 1 else 3)
    if options.together > 1:
        raise InputError("lesion-slices sees a week alone", remedy="Take --network lesion-weeks, or --together 1")
    return options


def epoch_line(item: object) -> str | None:
    """How training stands after an epoch, in one line; None for anything else that is reported."""
    from napari_bonemet.diagnose.training import ClassifierEpoch

    if not isinstance(item, ClassifierEpoch):
        return None
    line = f"epoch {item.epoch:>3}: loss {item.loss:.4f}"
    if item.validation_auc is not None:
        line += f", area under the curve {item.validation_auc:.3f} on animals held out"
    return line


def _of(scans: Sequence[Scan], lesions: Sequence[bool], wanted: Sequence[bool]) -> tuple[list[Scan], list[bool]]:
    kept = [(scan, lesion) for scan, lesion, keep in zip(scans, lesions, wanted, strict=True) if keep]
    return [scan for scan, _ in kept], [lesion for _, lesion in kept]


def _held_out(training: Mapping[str, Any]) -> str:
    found: Any = training.get("validation")
    if not found:
        return ""
    most = max(found["with_lesion"], found["scans"] - found["with_lesion"]) / found["scans"]
    return (
        f"On {found['scans']} scans held out: accuracy {found['accuracy']:.1%} (the more frequent answer alone: "
        f"{most:.1%}), area under the curve {found['auc']:.3f}. These animals chose the epoch and the calibration."
    )
