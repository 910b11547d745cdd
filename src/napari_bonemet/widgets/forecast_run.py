"""What the Forecast dock runs beside the screen: the model, the forecast, and its scores where truth is there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.copying import CopyLastWeek
from napari_bonemet.forecast.forecaster import Forecast, Forecaster
from napari_bonemet.forecast.registry import load_forecaster
from napari_bonemet.metrics.table import ForecastScores, score
from napari_bonemet.options import Between, Doc, Options
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.common import seen_in_every_week
from napari_bonemet.study.forecasting import forecaster_for
from napari_bonemet.study.options import StudyOptions

BONE_THRESHOLD = 75.0


@dataclass(frozen=True)
class ForecastOptions(Options):
    """Which model forecasts."""

    model: Annotated[
        Literal["copy-last-week", "ridge", "checkpoint"],
        Doc(
            "Copy the last seen week; a ridge regression fitted to this leg's own earlier weeks, or to synthetic "
            "legs where they are too few; or a trained model from a file."
        ),
    ] = "ridge"
    checkpoint: Annotated[Path | None, Doc("A trained model (.safetensors), for the model 'checkpoint'.")] = None
    seed: Annotated[int, Doc("The same seed gives the same forecast."), Between(0, 2**31 - 2)] = 0
    perceptual: Annotated[bool, Doc("Score by LPIPS, too, where its weights are on this machine.")] = True


@dataclass(frozen=True, eq=False)
class ForecastRun:
    """A forecast, and how good it was where the true week is known.

    Parameters
    ----------
    forecast : Forecast
        Mean, spread and samples.
    scores : ForecastScores or None
        None where the week is still to come.
    trained_on : str
        What the model has seen, in words.
    """

    forecast: Forecast
    scores: ForecastScores | None
    trained_on: str


def target_weeks(series: ScanSeries) -> tuple[float, ...]:
    """Weeks that can be forecast: every one after the first, and the one that comes next."""
    weeks = series.weeks
    gap = weeks[-1] - weeks[-2] if len(weeks) > 1 else 1.0
    return (*weeks[1:], weeks[-1] + gap)


def run_forecast(
    series: ScanSeries, week: float, options: ForecastOptions, progress: Progress = NO_PROGRESS
) -> ForecastRun:
    """Fit or load the model, forecast `week` from the weeks before it, and score it if the week is there.

    Raises
    ------
    InputError
        When the weeks are not on one grid, too few, or do not suit the model.
    """
    series.require_one_grid("A forecast")
    # Where a week was not seen, zero is no statement about bone.
    series = seen_in_every_week(series, BONE_THRESHOLD)
    seen = series.until(week)
    progress.message("loading" if options.model == "checkpoint" else "fitting")
    model, trained_on = _model(seen, week, options, PartOf(progress, 0.0, 0.4))
    progress.message(f"forecasting week {week:g} from weeks {', '.join(f'{w:g}' for w in seen.weeks)}")
    forecast = model.predict(seen, week, seed=options.seed, progress=PartOf(progress, 0.4, 0.7))
    scores = None
    if week in series.weeks:
        progress.message("scoring")
        last = seen[-1]
        scores = score(
            forecast.mean,
            series.at_week(week),
            last,
            model=forecast.model,
            perceptual=options.perceptual,
            progress=PartOf(progress, 0.7, 1.0),
        )
    progress.advance(1.0)
    return ForecastRun(forecast, scores, trained_on)


def _model(seen: ScanSeries, week: float, options: ForecastOptions, progress: Progress) -> tuple[Forecaster, str]:
    if options.model != "checkpoint":
        study = StudyOptions(forecaster=options.model, seed=options.seed)
        return forecaster_for(seen, week, study, progress=progress)
    if options.checkpoint is None or not options.checkpoint.is_file():
        raise InputError(
            "There is no checkpoint to forecast with",
            found=str(options.checkpoint or "none chosen"),
            remedy="Choose a .safetensors file under 'More options', or another model",
        )
    return load_forecaster(options.checkpoint), f"from the checkpoint {options.checkpoint.name}"


def score_rows(scores: ForecastScores) -> list[list[str]]:
    """The table of the dock: measure, the forecast, copy-last-week."""
    mine, copied = scores.forecast, scores.copied
    return [
        ["PSNR, dB", _number(mine.psnr, 2), _number(copied.psnr, 2)],
        ["SSIM", _number(mine.ssim, 3), _number(copied.ssim, 3)],
        ["LPIPS", _number(mine.lpips, 3), _number(copied.lpips, 3)],
        ["lesion Dice", _number(mine.lesion_dice, 3), _number(copied.lesion_dice, 3)],
        ["lost, mm³", _number(mine.lost_mm3, 4), _number(copied.lost_mm3, 4)],
    ]


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def verdict(scores: ForecastScores) -> str:
    """What the table says, in a sentence a reader cannot misread."""
    gain = scores.gain_db
    if scores.model == CopyLastWeek.name:
        better = "the baseline that other models have to beat"
    elif abs(gain) < 0.005:
        better = "as good as copying the last week by PSNR"
    else:
        better = f"{abs(gain):.2f} dB {'better' if gain > 0 else 'worse'} than copying the last week by PSNR"
    lost = f"truly lost: {scores.true_lost_mm3:.4f} mm³"
    return f"{scores.model} is {better}; {lost}. PSNR is pooled over the volume, SSIM the mean over slices."


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
