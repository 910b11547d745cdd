"""``napari-bonemet train --network tvae`` and ``tvae-gate``: the temporal variational auto-encoder."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_bonemet.cli.flags import Chosen
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.cli.train_data import (
    NETWORKS,
    ForecastArguments,
    Telling,
    checkpoint_place,
    gap_between,
    legs_with_outcome,
    split_animals,
)
from napari_bonemet.forecast.models.tvae import TvaeOptions
from napari_bonemet.forecast.training_options import EpochReport, TrainingOptions
from napari_bonemet.progress import PartOf, Progress

ABOUT = f"""Train a T-VAE on registered legs, and write it as a checkpoint (safetensors).

tvae draws the next week, as the paper prints it; tvae-gate draws what changes, and copies the rest. A line is told
after each epoch. It stops after --epochs, after --minutes, or when the animals held out gained nothing for --patience
epochs; the network that did best on them is kept, scored beside copying the last week, and written. Ctrl-C stops
without writing anything. {NETWORKS}

Example: napari-bonemet train --network tvae-gate --data cohort/Regist-CT --inputs 0 1 2 --target 3 --minutes 20
--out mine.safetensors"""
STEPS = (TrainingOptions, TvaeOptions)
HIDDEN = ("weeks_seen", "gap_weeks", "output")

HELD_OUT_SHARE = 0.2
_SAMPLES = 4


@dataclass(frozen=True)
class Arguments(ForecastArguments):
    """What to fit, and to what."""


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Train, write, score.

    Raises
    ------
    InputError
        When the weeks are not evenly spaced, no leg has them all, a validation animal is not there, or the device is
        not.
    OutputError
        When the disk refuses.
    Cancelled
        When the user asked to stop; nothing is written.
    """
    from napari_bonemet.cli.train_scores import score_held_out
    from napari_bonemet.forecast.fitting import fit_network
    from napari_bonemet.study.device import choose_device

    out = checkpoint_place(own.common)
    options = chosen(TvaeOptions, weeks_seen=len(own.inputs), gap_weeks=gap_between(own))
    training = chosen(TrainingOptions)
    device = choose_device(own.common.device)
    legs = legs_with_outcome(own, options.bone_threshold, terminal, PartOf(progress, 0.0, 0.1))
    split = split_animals(legs, own, share=HELD_OUT_SHARE)
    terminal.say(f"Training {own.network} on {split.words}, on {device}.")
    told = Telling(PartOf(progress, 0.1, 0.9), terminal, epoch_line)
    model = fit_network(
        own.network,
        split.learned,
        options=options,
        training=training,
        validation=split.held_out,
        device=device,
        progress=told,
    )
    model.save(out)
    terminal.say(f"The checkpoint is {out}")
    scores = score_held_out(
        model,
        split.held_out,
        own.target,
        options.bone_threshold,
        terminal=terminal,
        progress=Telling(PartOf(progress, 0.9, 1.0), terminal, epoch_line),
        samples=_SAMPLES,
    )
    return {
        "out": str(out),
        "network": own.network,
        "device": device,
        "options": model.options.as_record(),
        "legs": [leg.leg for leg in split.learned],
        "synthetic": model.synthetic,
        "training": dict(model.training),
        "validation": [score.as_row() for score in scores],
    }


def epoch_line(item: object) -> str | None:
    """How training stands after an epoch, in one line; None for anything else that is reported."""
    if not isinstance(item, EpochReport):
        return None
    line = f"epoch {item.epoch:>3}: loss {item.loss:.5f}, {item.kl_nats:.2f} nats in the latent"
    if item.validation_gain_db is not None:
        line += f", {item.validation_gain_db:+.3f} dB from copying on animals held out"
    return line
