"""``napari-bonemet train`` for the networks of the catalogue, each with flags of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from napari_bonemet.cli.flags import Chosen
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.cli.train_data import (
    NETWORKS,
    ForecastArguments,
    Telling,
    checkpoint_place,
)
from napari_bonemet.forecast.models.catalogue import architecture
from napari_bonemet.forecast.training_options import EpochReport, TrainingOptions
from napari_bonemet.options import Options
from napari_bonemet.progress import Progress


@dataclass(frozen=True)
class Arguments(ForecastArguments):
    """What to fit, and to what."""


@dataclass(frozen=True)
class NetworkCommand:
    """The command for one network: its flags are its own options."""

    network: str

    @property
    def STEPS(self) -> tuple[type[Options], ...]:  # noqa: N802 - as every command's file has it
        """How it learns, and its shape."""
        return (TrainingOptions, architecture(self.network).options)

    @property
    def HIDDEN(self) -> tuple[str, ...]:  # noqa: N802
        """What the weeks and the network's name say."""
        return ("weeks_seen", "gap_weeks", *architecture(self.network).fixed)

    @property
    def ABOUT(self) -> str:  # noqa: N802
        """What its help says first."""
        about = architecture(self.network).about
        return f"""Train {about}, on registered legs, and write it as a checkpoint (safetensors).

A line is told after each epoch. It stops after --epochs, after --minutes, or when the animals held out gained nothing
for --patience epochs; the network that did best on them is kept, scored beside copying the last week, and written.
Ctrl-C stops without writing anything. {NETWORKS}

Example: napari-bonemet train --network {self.network} --data cohort/Regist-CT --inputs 0 1 2 --target 3 --minutes 20
--out mine.safetensors"""

    @property
    def Arguments(self) -> type[ForecastArguments]:  # noqa: N802
        """What to fit, and to what."""
        return Arguments

    @property
    def run(self) -> Callable[..., Mapping[str, Any]]:
        """Train, write, score."""
        return run


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
    from napari_bonemet.cli.train_scores import tell_scores
    from napari_bonemet.study.holding_out import NETWORK_SHARE
    from napari_bonemet.study.training import TrainingPlan, train_network

    out = checkpoint_place(own.common)
    own.spare_data()
    plan = TrainingPlan(
        own.network,
        own.inputs,
        own.target,
        folders=own.data,
        spacing=own.common.voxel_size,
        hold_out=own.hold_out(NETWORK_SHARE),
        options=chosen(architecture(own.network).options),
        training=chosen(TrainingOptions),
        device=own.common.device,
    )

    def save(model: Any) -> None:
        model.save(out)
        terminal.say(f"The checkpoint is {out}")

    told = Telling(progress, terminal, epoch_line)
    made = train_network(plan, say=terminal.say, warn=terminal.warn, trained=save, progress=told)
    tell_scores(made.scores, made.samples, terminal)
    return {
        "out": str(out),
        "network": own.network,
        "device": made.device,
        "options": made.options.as_record(),
        "legs": [leg.leg for leg in made.split.learned],
        "synthetic": made.model.synthetic,
        "training": dict(made.model.training),
        "validation": [score.as_row() for score in made.scores],
    }


def epoch_line(item: object) -> str | None:
    """How training stands after an epoch, in one line; None for anything else that is reported."""
    from napari_bonemet.study.training import epoch_words

    return f"epoch {item.epoch:>3}: {epoch_words(item)}" if isinstance(item, EpochReport) else None
