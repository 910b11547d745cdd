"""``napari-bonemet train --network bone-quality``: blastic, mixed, lytic or normal, slice by slice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_bonemet.cli.flags import Chosen
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.cli.train_data import NETWORKS, Telling, TrainArguments, checkpoint_place
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.progress import PartOf, Progress

ABOUT = f"""Train the bone quality network on slices whose lesions are known; writes a checkpoint (safetensors).

--data names tables of labels (CSV; or folders with labels.csv) with the columns scan, slice, quality (normal, blastic,
mixed, lytic) and, if wanted, patient, vertebra, involvement (none, unilateral, bilateral) and vertebra_quality. A scan
is the folder of a DICOM series or a file in any format that is read, in Hounsfield units (--values grey: micro-CT,
0 to 255). A fifth of the patients is held out: they choose how many slices a lesion needs to win its vertebra.
A line is told after each epoch. Ctrl-C stops without writing anything. {NETWORKS}

Example: napari-bonemet train --network bone-quality --data clinic --minutes 5 --out quality.safetensors"""
STEPS = (QualityOptions,)


@dataclass(frozen=True)
class Arguments(TrainArguments):
    """What to fit, and to what."""


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Train, write, tell how it did on the patients held out.

    Raises
    ------
    InputError
        When labels or scans cannot be read, a class is missing, a validation patient is not there, or the device
        is not.
    OutputError
        When the disk refuses.
    Cancelled
        When the user asked to stop; nothing is written.
    """
    from napari_bonemet.diagnose.quality.classifier import BoneQualityClassifier
    from napari_bonemet.diagnose.quality.reading import read_labelled
    from napari_bonemet.study.device import choose_device
    from napari_bonemet.study.holding_out import NETWORK_SHARE, animals_held_out

    out = checkpoint_place(own.common)
    own.spare_data()
    options = chosen(QualityOptions)
    device = choose_device(own.common.device)
    reading = PartOf(progress, 0.0, 0.2)
    slices, synthetic = read_labelled(own.data, options, spacing=own.common.voxel_size, progress=reading)
    held = animals_held_out(slices.patients, own.hold_out(NETWORK_SHARE), groups=slices.main_lesion())
    learned, kept = slices.of(slices.patients - held), slices.of(held)
    counts = ", ".join(f"{count} {name}" for name, count in learned.counts().items())
    terminal.say(
        f"Training {own.network} on {len(learned)} slices ({counts}) of {len(learned.patients)} patients, on {device}; "
        f"{len(kept)} slices of {len(held)} other patients held out."
    )
    told = Telling(PartOf(progress, 0.2, 1.0), terminal, epoch_line)
    model = BoneQualityClassifier.fit(
        learned, kept if held else None, options=options, synthetic=synthetic, device=device, progress=told
    )
    model.save(out)
    terminal.say(f"The checkpoint is {out}")
    if line := _held_out(model.training):
        terminal.say(line)
    return {
        "out": str(out),
        "network": own.network,
        "device": device,
        "options": model.options.as_record(),
        "synthetic": model.synthetic,
        "training": dict(model.training),
    }


def epoch_line(item: object) -> str | None:
    """How training stands after an epoch, in one line; None for anything else that is reported."""
    from napari_bonemet.diagnose.quality.training import QualityEpoch

    if not isinstance(item, QualityEpoch):
        return None
    return f"epoch {item.epoch:>3}: loss {item.loss:.4f}, learned from {item.learned:.0%} of the slices"


def _held_out(training: Mapping[str, Any]) -> str:
    found: Any = training.get("validation")
    if not found:
        return ""
    said = [
        f"{name} {found['segments'][f'SE_{letter}']:.0%}"
        for name, letter in (("normal", "N"), ("blastic", "B"), ("mixed", "M"), ("lytic", "L"))
        if found["segments"][f"SE_{letter}"] is not None
    ]
    return (
        f"Told right of {found['segments']['count']} vertebrae held out: {', '.join(said)}; more than "
        f"{found['vote_threshold']} slices make a lesion. These patients chose that number."
    )
