"""``napari-bonemet train``: fit a forecaster to legs whose outcome is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.ridge import RidgeForecaster, RidgeOptions
from napari_bonemet.metrics.table import ForecastScores
from napari_bonemet.options import Doc
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.series import ScanSeries

ABOUT = """Fit a forecaster to registered legs, and write it as a checkpoint (safetensors).

The weeks --inputs and --target have to be evenly spaced. Animals named by --validation are left out, and the
fitted model is scored on them beside copying the last week.

Example: napari-bonemet train --network ridge --data registered --inputs 0 1 2 --target 3 --out ridge.safetensors"""
STEPS = (RidgeOptions,)


@dataclass(frozen=True)
class Arguments:
    """What to fit, and to what."""

    data: Annotated[tuple[Path, ...], Doc("Folders of registered weeks.")]
    network: Annotated[Literal["ridge"], Doc("The model.")] = "ridge"
    inputs: Annotated[tuple[float, ...], Doc("The weeks that the model sees.")] = (0.0, 1.0, 2.0)
    target: Annotated[float, Doc("The week that it forecasts.")] = 3.0
    validation: Annotated[tuple[str, ...], Doc("Animals to leave out and score on.")] = ()
    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Fit, score, write.

    Raises
    ------
    InputError
        When the weeks are not evenly spaced, no leg has them all, or a validation animal is not there.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.cli.table import show_scores

    out = own.common.new_place()
    if out.suffix != ".safetensors":
        raise InputError("The checkpoint needs a file name", expected="--out NAME.safetensors", found=str(out))
    gap = _gap(own)
    options = replace(chosen(RidgeOptions), weeks_seen=len(own.inputs), gap_weeks=gap)
    legs = _legs(own, options.bone_threshold, PartOf(progress, 0.0, 0.2), terminal)
    _require_animals(legs, own.validation)
    held_out = [leg for leg in legs if leg.baseline.subject in own.validation]
    fitted_to = [leg for leg in legs if leg.baseline.subject not in own.validation]
    model = RidgeForecaster.fit(fitted_to, options=options, progress=PartOf(progress, 0.2, 0.8))
    scores = [_score(model, leg, own.target, options) for leg in held_out]
    if scores:
        show_scores(terminal, scores)
    model.save(out)
    origin = "synthetic legs" if model.synthetic else "scans"
    terminal.say(f"Fitted to {len(fitted_to)} legs ({origin}); the checkpoint is {out}")
    return {
        "out": str(out),
        "network": own.network,
        "options": options.as_record(),
        "legs": [leg.leg for leg in fitted_to],
        "synthetic": model.synthetic,
        "training": dict(model.training),
        "validation": [score.as_row() for score in scores],
    }


def _gap(own: Arguments) -> float:
    weeks = (*own.inputs, own.target)
    gaps = np.diff(weeks)
    if not len(gaps) or gaps.min() <= 0 or not np.allclose(gaps, gaps[0]):
        raise InputError(
            "The weeks to train on cannot be used",
            expected="inputs and target in even steps, such as --inputs 0 1 2 --target 3",
            found=" ".join(f"{week:g}" for week in weeks),
        )
    return float(gaps[0])


def _legs(own: Arguments, bone_threshold: float, progress: Progress, terminal: Terminal) -> list[ScanSeries]:
    from napari_bonemet.cli.reading import read_grey_legs, require_different_legs
    from napari_bonemet.study.common import seen_in_every_week

    wanted = (*own.inputs, own.target)
    legs: list[ScanSeries] = []
    for folder in own.data:
        for leg in read_grey_legs(folder, own.common, progress):
            missing = [week for week in wanted if week not in leg.weeks]
            if missing:
                terminal.warn(f"{leg.leg} is left out: it has no week {', '.join(f'{w:g}' for w in missing)}")
                continue
            chosen = leg.select(wanted)
            chosen.require_one_grid("Training")
            legs.append(seen_in_every_week(chosen, bone_threshold))
    if not legs:
        raise InputError("No leg has all the weeks to train on", expected=" ".join(f"{week:g}" for week in wanted))
    require_different_legs(legs, own.data[0])
    return legs


def _require_animals(legs: Sequence[ScanSeries], wanted: Sequence[str]) -> None:
    there = {leg.baseline.subject or "" for leg in legs}
    strangers = sorted(set(wanted) - there)
    if strangers:
        raise InputError(
            "Validation animals are not there", expected=", ".join(sorted(there)), found=", ".join(strangers)
        )


def _score(model: RidgeForecaster, leg: ScanSeries, week: float, options: RidgeOptions) -> ForecastScores:
    from napari_bonemet.metrics.table import score

    seen = leg.until(week)
    forecast = model.predict(seen, week)
    threshold = options.bone_threshold
    return score(
        forecast.mean, leg.at_week(week), seen[-1], model=model.name, bone_threshold=threshold, perceptual=False
    )
