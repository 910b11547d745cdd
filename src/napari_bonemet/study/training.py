"""Training a network: legs read or made, animals held out, trained, and scored beside copying the last week."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import Forecaster
from napari_bonemet.forecast.models.catalogue import ARCHITECTURES, options_for
from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.forecast.training_options import EpochReport, TrainingOptions
from napari_bonemet.geometry import Triple
from napari_bonemet.metrics.table import ForecastScores, score
from napari_bonemet.phantom.cohort import CohortOptions
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.device import choose_device
from napari_bonemet.study.holding_out import NETWORK_SHARE, HoldOut, Split, count_legs, split_animals
from napari_bonemet.study.training_legs import even_gap, legs_in_folders, legs_of_cohort

# Networks that are trained epoch by epoch, the one to start with first.
TRAINABLE = ("tvae-gate", *(name for name in ARCHITECTURES if name != "tvae-gate"))
_SAMPLES = 4


@dataclass(frozen=True)
class TrainingPlan:
    """What is trained, and on what.

    Parameters
    ----------
    network : str
        One of TRAINABLE.
    inputs, target : tuple of float, float
        The weeks that the network sees, and the one that it forecasts, in even steps.
    folders : tuple of Path
        Registered weeks in the BoneMet layout.
    cohort : CohortOptions or None
        Synthetic animals to learn from in place of folders.
    spacing : tuple of float, optional
        Voxel size (z, y, x), micrometres, of files that state none.
    hold_out : HoldOut
        The animals to stop by and to score on.
    options : NetworkOptions or None
        The network's own; its defaults when None. What the plan says overrules them.
    training : TrainingOptions
        How it learns.
    device : str
        "auto", "cpu", "cuda" or "mps".
    calibration_samples : int
        Futures of each leg held out from which the network's calibration is learned; 0 for none.
    """

    network: str = TRAINABLE[0]
    inputs: tuple[float, ...] = (0.0, 1.0, 2.0)
    target: float = 3.0
    folders: tuple[Path, ...] = ()
    cohort: CohortOptions | None = None
    spacing: Triple | None = None
    hold_out: HoldOut = field(default_factory=lambda: HoldOut(usual=NETWORK_SHARE))
    options: NetworkOptions | None = None
    training: TrainingOptions = field(default_factory=TrainingOptions)
    device: str = "auto"
    calibration_samples: int = 12


@dataclass(frozen=True, eq=False)
class TrainedNetwork:
    """A trained network, and how it does on the animals that were held out.

    Parameters
    ----------
    model : Forecaster
        With `save(path)` and `training`, its record.
    split : Split
        What it learned from, and what not.
    scores : tuple of ForecastScores
        One for each leg held out: the mean of `samples` futures beside copying.
    device : str
        Where it was trained.
    options : NetworkOptions
        As they were used.
    samples : int
        Futures in each mean.
    """

    model: Any
    split: Split
    scores: tuple[ForecastScores, ...]
    device: str
    options: NetworkOptions
    samples: int = _SAMPLES


def train_network(
    plan: TrainingPlan,
    *,
    say: Callable[[str], None] = lambda _: None,
    warn: Callable[[str], None] = lambda _: None,
    trained: Callable[[Any], None] = lambda _: None,
    progress: Progress = NO_PROGRESS,
) -> TrainedNetwork:
    """Gather the legs, hold animals out, train, and score on those held out.

    Parameters
    ----------
    plan : TrainingPlan
        What, and on what.
    say, warn : callable
        Told what is trained on, and of legs that are left out.
    trained : callable
        Gets the model before it is scored, so that it can be kept whatever comes.
    progress : Progress
        Handed an EpochReport after each epoch; may ask to end early (see
        :func:`~napari_bonemet.progress.wants_end`).

    Raises
    ------
    InputError
        When the weeks are not evenly spaced, no leg has them all, an animal to hold out is not there, the network is
        not known, or the device is not there.
    Cancelled
        When the user asked to stop.
    """
    from napari_bonemet.forecast.calibrating import calibrated_on

    options = _options(plan)
    device = choose_device(plan.device)
    split = split_animals(_legs(plan, options.bone_threshold, warn, PartOf(progress, 0.0, 0.1)), plan.hold_out)
    say(f"Training {plan.network} on {split.words}, on {device}.")
    model = _fit(plan, options, split, device, PartOf(progress, 0.1, 0.8))
    model = calibrated_on(
        model,
        split.held_out,
        samples=plan.calibration_samples,
        seed=plan.training.seed,
        progress=PartOf(progress, 0.8, 0.9),
    )
    trained(model)
    scores = score_held_out(
        model,
        split.held_out,
        plan.target,
        bone_threshold=options.bone_threshold,
        samples=_SAMPLES,
        progress=PartOf(progress, 0.9, 1.0),
    )
    progress.advance(1.0)
    return TrainedNetwork(model, split, scores, device, options)


def score_held_out(
    model: Forecaster,
    legs: Sequence[ScanSeries],
    week: float,
    *,
    bone_threshold: float,
    samples: int = 1,
    progress: Progress = NO_PROGRESS,
) -> tuple[ForecastScores, ...]:
    """Forecast `week` of every leg and score the mean of `samples` futures beside copying, without LPIPS."""
    scores = []
    for number, leg in enumerate(legs):
        part = PartOf(progress, number / len(legs), (number + 1) / len(legs))
        part.message(f"{leg.leg}: scoring what was held out")
        seen = leg.until(week)
        forecast = model.predict(seen, week, samples=samples, progress=PartOf(part, 0.0, 0.8))
        scores.append(
            score(
                forecast.mean,
                leg.at_week(week),
                seen[-1],
                model=model.name,
                bone_threshold=bone_threshold,
                perceptual=False,
                progress=PartOf(part, 0.8, 1.0),
            )
        )
    return tuple(scores)


def epoch_words(epoch: EpochReport) -> str:
    """How training stands after an epoch, in one line."""
    line = f"loss {epoch.loss:.5f}"
    # Networks without a latent have none.
    if epoch.kl_nats:
        line += f", {epoch.kl_nats:.2f} nats in the latent"
    if epoch.validation_gain_db is not None:
        line += f", {epoch.validation_gain_db:+.3f} dB from copying on animals held out"
    return line


def held_out_words(scores: Sequence[ForecastScores], samples: int) -> str:
    """How the forecasts of the legs held out did beside copying, in a sentence."""
    gains = np.array([row.gain_db for row in scores])
    of = f"the mean of {samples} futures" if samples > 1 else "the forecast"
    return (
        f"On {count_legs(scores)} held out, {of} is {gains.mean():+.2f} dB from copying the last week "
        f"({gains.min():+.2f} to {gains.max():+.2f}), better on {int((gains > 0).sum())}."
    )


def _options(plan: TrainingPlan) -> NetworkOptions:
    gap = even_gap(plan.inputs, plan.target)
    return replace(options_for(plan.network, plan.options), weeks_seen=len(plan.inputs), gap_weeks=gap)


def _legs(
    plan: TrainingPlan, bone_threshold: float, warn: Callable[[str], None], progress: Progress
) -> tuple[ScanSeries, ...]:
    if plan.cohort is not None:
        return legs_of_cohort(plan.cohort, bone_threshold=bone_threshold, progress=progress)
    if not plan.folders:
        raise InputError("There is nothing to learn from yet", remedy="Choose a folder of registered weeks")
    weeks = (*plan.inputs, plan.target)
    return legs_in_folders(
        plan.folders, weeks, bone_threshold=bone_threshold, spacing=plan.spacing, warn=warn, progress=progress
    )


def _fit(plan: TrainingPlan, options: NetworkOptions, split: Split, device: str, progress: Progress) -> Any:
    """The one place where a network is trained."""
    from napari_bonemet.forecast.fitting import fit_network

    return fit_network(
        plan.network,
        split.learned,
        options=options,
        training=plan.training,
        validation=split.held_out,
        device=device,
        progress=progress,
    )
