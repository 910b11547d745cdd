"""``napari-bonemet predict``: forecast a week of each leg."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.ridge import RidgeOptions
from napari_bonemet.options import Doc
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.series import ScanSeries

ABOUT = """Forecast a week of each leg from the weeks before it.

Writes OUT/<leg>.zarr with the arrays samples, mean, spread and bone_probability on the grid of the input, in
its grey values, and OUT/predict.json. The weeks have to be registered. Predicted, research use.

Example: napari-bonemet predict --data registered --forecaster ridge --week 3 --out forecasts"""
STEPS = (RidgeOptions,)


@dataclass(frozen=True)
class Arguments:
    """What to forecast, and by what."""

    data: Annotated[Path, Doc("A folder of registered weeks.")]
    forecaster: Annotated[
        Literal["copy-last-week", "ridge"],
        Doc("Without a checkpoint: copy the last week, or fit a ridge regression to the leg's earlier weeks."),
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
        When the weeks are not on one grid, or not those that the forecaster needs.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.cli.reading import read_grey_legs
    from napari_bonemet.forecast.output import write_forecast
    from napari_bonemet.forecast.registry import load_forecaster
    from napari_bonemet.io.atomic import write_json
    from napari_bonemet.io.names import safe_name
    from napari_bonemet.provenance import __version__
    from napari_bonemet.study.common import seen_in_every_week
    from napari_bonemet.study.forecasting import forecaster_for
    from napari_bonemet.study.options import StudyOptions

    out = own.common.new_place()
    if own.samples < 1:
        raise InputError("The number of samples cannot be used", expected="1 or more", found=str(own.samples))
    loaded = None if own.checkpoint is None else load_forecaster(own.checkpoint)
    options = chosen(StudyOptions, forecaster=own.forecaster, ridge=chosen(RidgeOptions))
    legs = read_grey_legs(own.data, own.common, PartOf(progress, 0.0, 0.1))
    record: dict[str, Any] = {"out": str(out), "version": __version__, "use": "predicted, research use", "legs": {}}
    for number, leg in enumerate(legs):
        part = PartOf(progress, 0.1 + 0.9 * number / len(legs), 0.1 + 0.9 * (number + 1) / len(legs))
        week = _week(own, leg)
        seen = leg.until(week)
        seen.require_one_grid("Forecasting")
        progress.message(f"{leg.leg}: forecasting week {week:g}")
        fit = PartOf(part, 0.0, 0.5)
        learned = seen_in_every_week(seen, options.composite.bone_threshold)
        forecaster, origin = (loaded, "") if loaded else forecaster_for(learned, week, options, progress=fit)
        half = PartOf(part, 0.5, 0.8)
        forecast = forecaster.predict(seen, week, samples=own.samples, seed=own.common.seed, progress=half)
        place = out / f"{safe_name(leg.leg)}.zarr"
        write_forecast(forecast, place, overwrite=own.common.overwrite)
        note = "; ".join(text for text in (forecast.note, origin) if text)
        terminal.say(f"{leg.leg}: week {week:g} by {forecast.model}, {place}. {note}.")
        record["legs"][leg.leg] = {
            "file": place.name,
            "week": week,
            "weeks_seen": list(seen.weeks),
            "model": forecast.model,
            "checkpoint": None if own.checkpoint is None else str(own.checkpoint),
            "samples": len(forecast.samples),
            "seed": forecast.seed,
            "synthetic": forecast.synthetic,
            "note": note,
        }
    write_json(out / "predict.json", record)
    return record


def _week(own: Arguments, leg: ScanSeries) -> float:
    if own.week is not None:
        return own.week
    if own.checkpoint is not None:
        from napari_bonemet.forecast.checkpoint import load_checkpoint

        targets: Any = load_checkpoint(own.checkpoint).training.get("targets") or []
        if len(targets) == 1 and any(week < targets[0] for week in leg.weeks):
            return float(targets[0])
    return leg.weeks[-1] + 1.0
