"""``napari-bonemet predict``: forecast a week of each leg."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import Forecast, Forecaster
from napari_bonemet.forecast.ridge import RidgeOptions
from napari_bonemet.options import Doc
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.options import ForecasterName

ABOUT = """Forecast a week of each leg from the weeks before it.

Writes OUT/<leg>.zarr with the arrays samples, mean, spread and bone_probability on the grid of the input, in
its grey values, and OUT/predict.json. The weeks have to be registered. A leg that cannot be forecast does not stop
the others; it is named at the end, and the exit status is 2. Predicted, research use.

Example: napari-bonemet predict --data registered --forecaster tvae-gate --samples 6 --week 3 --out forecasts"""
STEPS = (RidgeOptions,)


@dataclass(frozen=True)
class Arguments:
    """What to forecast, and by what."""

    data: Annotated[Path, Doc("A folder of registered weeks.")]
    forecaster: Annotated[
        ForecasterName,
        Doc(
            "Without a checkpoint: copy the last week, fit a ridge regression to the leg's earlier weeks, or a network "
            "that comes with the package."
        ),
    ] = "copy-last-week"
    checkpoint: Annotated[Path | None, Doc("A trained forecaster (.safetensors).")] = None
    week: Annotated[
        float | None,
        Doc("The week to forecast; the checkpoint's own, or the one after the last scan, when not given."),
    ] = None
    samples: Annotated[int, Doc("Futures to draw; a deterministic forecaster draws one.")] = 1
    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Forecast leg after leg.

    Raises
    ------
    InputError
        When the weeks are not on one grid, or not those that the forecaster needs; other legs are done all the same.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.cli.reading import read_grey_legs
    from napari_bonemet.io.atomic import write_json
    from napari_bonemet.provenance import __version__

    out = own.common.new_place()
    if own.samples < 1:
        raise InputError("The number of samples cannot be used", expected="1 or more", found=str(own.samples))
    loaded = _trained(own)
    legs = read_grey_legs(own.data, own.common, PartOf(progress, 0.0, 0.1))
    done: dict[str, Any] = {}
    refused: dict[str, InputError] = {}
    for number, leg in enumerate(legs):
        part = PartOf(progress, 0.1 + 0.9 * number / len(legs), 0.1 + 0.9 * (number + 1) / len(legs))
        try:
            done[leg.leg] = _forecast(leg, loaded, own, chosen, out=out, terminal=terminal, progress=part)
        except InputError as error:
            if len(legs) == 1:
                raise
            refused[leg.leg] = error
            terminal.warn(f"{leg.leg} is left out. {error}")
    record = {
        "out": str(out),
        "version": __version__,
        "use": "predicted, research use",
        "legs": done,
        "refused": {leg: str(error) for leg, error in refused.items()},
    }
    if done:
        write_json(out / "predict.json", record)
    if refused:
        reasons = " ".join(f"{leg}: {error}" for leg, error in refused.items())
        raise InputError(f"{len(refused)} of {len(legs)} legs could not be forecast. {reasons.rstrip('.')}")
    return record


def _trained(own: Arguments) -> Forecaster | None:
    """What needs no fitting: the checkpoint, or the network that comes with the package."""
    from napari_bonemet.forecast.registry import load_forecaster
    from napari_bonemet.study.device import choose_device
    from napari_bonemet.study.forecasting import trained_network
    from napari_bonemet.study.options import StudyOptions

    if own.checkpoint is not None:
        return load_forecaster(own.checkpoint, device=choose_device(own.common.device))
    return trained_network(StudyOptions(forecaster=own.forecaster, device=own.common.device))


def _forecast(
    leg: ScanSeries,
    loaded: Forecaster | None,
    own: Arguments,
    chosen: Chosen,
    *,
    out: Path,
    terminal: Terminal,
    progress: Progress,
) -> dict[str, Any]:
    from napari_bonemet.forecast.output import write_forecast
    from napari_bonemet.io.names import safe_name

    week = _week(own, leg)
    seen = leg.until(week)
    seen.require_one_grid("Forecasting")
    progress.message(f"{leg.leg}: forecasting week {week:g}")
    forecaster, origin = (loaded, "") if loaded else _fitted(seen, week, own, chosen, PartOf(progress, 0.0, 0.5))
    part = PartOf(progress, 0.5, 0.9)
    forecast = forecaster.predict(seen, week, samples=own.samples, seed=own.common.seed, progress=part)
    place = out / f"{safe_name(leg.leg)}.zarr"
    write_forecast(forecast, place, overwrite=own.common.overwrite, progress=PartOf(progress, 0.9, 1.0))
    note = "; ".join(text for text in (forecast.note, origin) if text)
    count = len(forecast.samples)
    futures = f", {count} futures," if count > 1 else ","
    terminal.say(f"{leg.leg}: week {week:g} by {forecast.model}{futures} {place}. {note}.")
    return _record(own, place, seen, forecast, note)


def _fitted(
    seen: ScanSeries, week: float, own: Arguments, chosen: Chosen, progress: Progress
) -> tuple[Forecaster, str]:
    from napari_bonemet.study.common import seen_in_every_week
    from napari_bonemet.study.forecasting import forecaster_for
    from napari_bonemet.study.options import StudyOptions

    options = chosen(StudyOptions, forecaster=own.forecaster, ridge=chosen(RidgeOptions))
    learned = seen_in_every_week(seen, options.composite.bone_threshold)
    return forecaster_for(learned, week, options, progress=progress)


def _record(own: Arguments, place: Path, seen: ScanSeries, forecast: Forecast, note: str) -> dict[str, Any]:
    return {
        "file": place.name,
        "week": forecast.week,
        "weeks_seen": list(seen.weeks),
        "model": forecast.model,
        "checkpoint": None if own.checkpoint is None else str(own.checkpoint),
        "samples": len(forecast.samples),
        "seed": forecast.seed,
        "synthetic": forecast.synthetic,
        "note": note,
    }


def _week(own: Arguments, leg: ScanSeries) -> float:
    if own.week is not None:
        return own.week
    if own.checkpoint is not None:
        from napari_bonemet.forecast.checkpoint import load_checkpoint

        targets: Any = load_checkpoint(own.checkpoint).training.get("targets") or []
        if len(targets) == 1 and any(week < targets[0] for week in leg.weeks):
            return float(targets[0])
    return leg.weeks[-1] + 1.0
