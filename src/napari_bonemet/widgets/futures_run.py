"""What the Futures dock runs beside the screen: the model, its samples one by one, and their scores."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import Forecast, Forecaster, require_greys
from napari_bonemet.forecast.registry import load_forecaster
from napari_bonemet.metrics.table import ForecastScores, score
from napari_bonemet.options import Between, Doc, Options
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.common import cut_forecast_to, seen_in_every_week
from napari_bonemet.study.device import choose_device
from napari_bonemet.study.forecasting import forecaster_for
from napari_bonemet.study.options import StudyOptions
from napari_bonemet.study.sample_check import SampleCheck, check_samples
from napari_bonemet.widgets.futures_drawn import BONE_THRESHOLD, Drawn, OneByOne, Pile, with_calibration

__all__ = ["Drawn", "FutureOptions", "FutureRun", "draw_futures", "drawn_of", "weeks_beside"]

CHECKPOINT: Final = "checkpoint"
ONE_FUTURE = ("ridge", "copy-last-week")


@dataclass(frozen=True)
class FutureOptions(Options):
    """Which model draws futures, and how many."""

    model: Annotated[
        Literal["stvae", "tvae-gate", "tvae", "ridge", "copy-last-week", "checkpoint"],
        Doc(
            "The ST-VAE that comes with the package, or its T-VAE with a gate or as printed, which draw many futures; "
            "or one future by a ridge regression fitted to this leg's own weeks, or to synthetic legs where they "
            "are too few; or the last seen week, unchanged; or a trained model from a file."
        ),
    ] = "tvae-gate"
    checkpoint: Annotated[Path | None, Doc("A trained model (.safetensors).")] = None
    samples: Annotated[int, Doc("Futures to draw; ridge and copying draw one."), Between(1, 256)] = 6
    seed: Annotated[int, Doc("The same seed gives the same futures."), Between(0, 2**31 - 2)] = 0
    device: Annotated[
        Literal["auto", "cpu", "cuda", "mps"], Doc("Where networks run; auto takes the fastest that is there.")
    ] = "auto"
    perceptual: Annotated[bool, Doc("Score by LPIPS, too, where its weights are on this machine.")] = True


@dataclass(frozen=True, eq=False)
class FutureRun:
    """A finished forecast, and how good it was where the true week is known.

    Parameters
    ----------
    forecast : Forecast
        Mean, spread and samples.
    drawn : Drawn
        The same for the canvas, with the baseline and the bone lost.
    scores : ForecastScores or None
        None where the week is still to come.
    trained_on : str
        What the model has seen, in words, where its note does not say it.
    """

    forecast: Forecast
    drawn: Drawn
    scores: ForecastScores | None
    trained_on: str


def draw_futures(
    series: ScanSeries, week: float, options: FutureOptions, progress: Progress = NO_PROGRESS
) -> FutureRun:
    """Fit or load the model, draw futures of `week` from the weeks before it, score their mean if the week is there.

    The forecaster sees what ``napari-bonemet predict`` sees. Where a week was not seen, zero is no statement
    about bone: what is shown and scored is cut to what every week saw.

    Parameters
    ----------
    progress : Progress
        Handed a :class:`Drawn` after every sample.

    Raises
    ------
    InputError
        When the weeks are no greys, not on one grid, too few, or do not suit the model, or the device or the
        checkpoint is not there.
    """
    series.require_one_grid("A forecast")
    common = seen_in_every_week(series, BONE_THRESHOLD)
    seen, grid = series.until(week), common.baseline.grid
    progress.message("loading the model" if options.model not in ONE_FUTURE else "fitting")
    model, trained_on = _model(seen, week, options, PartOf(progress, 0.0, 0.3))
    asked = 1 if model.deterministic else options.samples
    pile = Pile(common, week, model=model.name, seed=options.seed, asked=asked)
    progress.message(f"forecasting week {week:g} from weeks {', '.join(f'{w:g}' for w in seen.weeks)}")
    drawing = OneByOne(PartOf(progress, 0.3, 0.8), pile, grid)
    forecast = model.predict(seen, week, samples=asked, seed=options.seed, progress=drawing)
    forecast = cut_forecast_to(forecast, grid)
    calibration = getattr(model, "calibration", None)
    known = None
    if calibration is not None:
        progress.message("calibrating")
        known = calibration.apply(forecast, pile.last, progress=PartOf(progress, 0.8, 0.84))
    drawn = with_calibration(pile.finish(forecast), known, calibration, one_future=model.deterministic)
    scores = None
    if pile.truth is not None:
        progress.message("scoring")
        part = PartOf(progress, 0.84, 0.88)
        drawn = replace(drawn, check=_checked(forecast, pile, known, part))
        scores = score(
            forecast.mean,
            pile.truth,
            pile.last,
            model=forecast.model,
            bone_threshold=BONE_THRESHOLD,
            perceptual=options.perceptual,
            progress=PartOf(progress, 0.88, 1.0),
        )
    progress.advance(1.0)
    return FutureRun(forecast, drawn, scores, trained_on)


def _checked(forecast: Forecast, pile: Pile, known: Any, progress: Progress) -> SampleCheck | None:
    if pile.truth is None:
        return None
    return check_samples(
        forecast, pile.truth, pile.last, bone_threshold=BONE_THRESHOLD, calibrated=known, progress=progress
    )


def drawn_of(forecast: Forecast, series: ScanSeries) -> Drawn:
    """A finished forecast as the canvas shows it.

    Parameters
    ----------
    forecast : Forecast
        At least one sample.
    series : ScanSeries
        The weeks, those seen and where known the true one, on the forecast's grid.

    Raises
    ------
    InputError
        When the forecast lies elsewhere.
    """
    asked = len(forecast.samples)
    pile = Pile(series, forecast.week, model=forecast.model, seed=forecast.seed, asked=asked)
    return pile.finish(forecast)


def _model(seen: ScanSeries, week: float, options: FutureOptions, progress: Progress) -> tuple[Forecaster, str]:
    require_greys(seen)
    if options.model == CHECKPOINT:
        if options.checkpoint is None or not options.checkpoint.is_file():
            raise InputError(
                "There is no checkpoint to forecast with",
                found=str(options.checkpoint or "none chosen"),
                remedy="Choose a .safetensors file, or another model",
            )
        device = choose_device(options.device)
        return load_forecaster(options.checkpoint, device=device), f"from the file {options.checkpoint.name}"
    study = StudyOptions(forecaster=options.model, seed=options.seed, device=options.device)
    return forecaster_for(seen_in_every_week(seen, BONE_THRESHOLD), week, study, progress=progress)


def weeks_beside(series: ScanSeries, forecast: Forecast) -> ScanSeries:
    """The weeks on the forecast's own grid, which leaves out what not every week saw.

    Raises
    ------
    InputError
        When the forecast lies elsewhere: of another leg, or of another crop.
    """
    series.require_one_grid("Comparing with a forecast")
    grid = series.baseline.grid
    return series if grid.matches(forecast.mean.grid) else series.crop(grid.region_of(forecast.mean.grid))
