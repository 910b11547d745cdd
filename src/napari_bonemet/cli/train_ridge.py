"""``napari-bonemet train --network ridge``: a ridge regression, in seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_bonemet.cli.flags import Chosen
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.cli.train_data import (
    NETWORKS,
    ForecastArguments,
    checkpoint_place,
)
from napari_bonemet.forecast.ridge import RidgeForecaster, RidgeOptions
from napari_bonemet.progress import PartOf, Progress

ABOUT = f"""Fit a forecaster to registered legs, and write it as a checkpoint (safetensors).

The weeks --inputs and --target have to be evenly spaced. Animals named by --validation are left out, and the
fitted model is scored on them beside copying the last week. The checkpoint is written whole or not at all.
{NETWORKS}

Example: napari-bonemet train --network ridge --data registered --inputs 0 1 2 --target 3 --out ridge.safetensors"""
STEPS = (RidgeOptions,)
HIDDEN = ("weeks_seen", "gap_weeks")


@dataclass(frozen=True)
class Arguments(ForecastArguments):
    """What to fit, and to what."""


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Fit, score, write.

    Raises
    ------
    InputError
        When the weeks are not evenly spaced, no leg has them all, or a validation animal is not there.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.cli.train_scores import tell_scores
    from napari_bonemet.study.holding_out import split_animals
    from napari_bonemet.study.training import score_held_out
    from napari_bonemet.study.training_legs import even_gap, legs_in_folders

    out = checkpoint_place(own.common)
    options = chosen(RidgeOptions, weeks_seen=len(own.inputs), gap_weeks=even_gap(own.inputs, own.target))
    own.spare_data()
    threshold = options.bone_threshold
    legs = legs_in_folders(
        own.data,
        (*own.inputs, own.target),
        bone_threshold=threshold,
        spacing=own.common.voxel_size,
        warn=terminal.warn,
        progress=PartOf(progress, 0.0, 0.2),
    )
    split = split_animals(legs, own.hold_out())
    model = RidgeForecaster.fit(split.learned, options=options, progress=PartOf(progress, 0.2, 0.8))
    model.save(out)
    rest = PartOf(progress, 0.8, 1.0)
    scores = score_held_out(model, split.held_out, own.target, bone_threshold=threshold, progress=rest)
    tell_scores(scores, 1, terminal)
    terminal.say(f"Fitted to {split.words}. The checkpoint is {out}")
    return {
        "out": str(out),
        "network": own.network,
        "options": options.as_record(),
        "legs": [leg.leg for leg in split.learned],
        "synthetic": model.synthetic,
        "training": dict(model.training),
        "validation": [score.as_row() for score in scores],
    }
