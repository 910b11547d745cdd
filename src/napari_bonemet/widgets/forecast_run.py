"""What the Forecast dock runs beside the screen: the model, the forecast, and its scores where truth is there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import Forecast, Forecaster
from napari_bonemet.metrics.table import ForecastScores, VolumeScores, score
from napari_bonemet.options import Between, Doc, Options, Unit
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.series import ScanSeries

ModelChoice = Literal["copy-last-week", "ridge-this-leg", "ridge-synthetic", "checkpoint"]


@dataclass(frozen=True)
class ForecastOptions(Options):
    """Which model forecasts, and what it is fitted to."""

    model: Annotated[
        ModelChoice,
        Doc(
            "Copy last week; a ridge regression fitted to this leg's own earlier weeks, or to synthetic legs made "
            "for it; or a checkpoint."
        ),
    ] = "ridge-this-leg"
    checkpoint: Annotated[Path | None, Doc("A trained model (.safetensors), for the model 'checkpoint'.")] = None
    training_legs: Annotated[
        int, Doc("How many synthetic legs the ridge regression is fitted to."), Between(1, 64), Unit("legs")
    ] = 4
    seed: Annotated[int, Doc("Which synthetic legs, and which samples."), Between(0, 2**31 - 1)] = 0
    perceptual: Annotated[bool, Doc("LPIPS as well: slow, and it needs AlexNet's weights.")] = False


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
    seen = series.until(week)
    progress.message("fitting" if options.model.startswith("ridge") else "loading")
    model, trained_on = _model(seen, options, PartOf(progress, 0.0, 0.4))
    progress.message(f"forecasting week {week:g} from weeks {', '.join(f'{w:g}' for w in seen.weeks)}")
    forecast = model.predict(seen, week, seed=options.seed, progress=PartOf(progress, 0.4, 0.7))
    scores = None
    if week in series.weeks:
        progress.message("scoring")
        last = seen[-1]
        scores = score(
            forecast.samples[0] if len(forecast.samples) == 1 else forecast.mean,
            series.at_week(week),
            last,
            model=forecast.model,
            perceptual=options.perceptual,
            progress=PartOf(progress, 0.7, 1.0),
        )
    progress.advance(1.0)
    return ForecastRun(forecast, scores, trained_on)


def _model(seen: ScanSeries, options: ForecastOptions, progress: Progress) -> tuple[Forecaster, str]:
    from napari_bonemet.forecast.registry import load_forecaster, make_forecaster

    if options.model == "copy-last-week":
        return make_forecaster("copy-last-week"), "nothing is trained"
    if options.model == "ridge-this-leg":
        return make_forecaster("ridge"), f"fitted to this leg's weeks {', '.join(f'{w:g}' for w in seen.weeks)}"
    if options.model == "ridge-synthetic":
        return _fitted_to_synthetic(seen, options, progress)
    if options.checkpoint is None or not options.checkpoint.is_file():
        raise InputError(
            "There is no checkpoint to forecast with",
            found=str(options.checkpoint or "none chosen"),
            remedy="Choose a .safetensors file under 'More options', or another model",
        )
    return load_forecaster(options.checkpoint), f"checkpoint {options.checkpoint.name}"


def _fitted_to_synthetic(seen: ScanSeries, options: ForecastOptions, progress: Progress) -> tuple[Forecaster, str]:
    from napari_bonemet.forecast.ridge import RidgeForecaster, RidgeOptions
    from napari_bonemet.phantom.options import LegOptions
    from napari_bonemet.phantom.sample import training_legs

    spacing = seen.baseline.spacing
    if max(spacing) - min(spacing) > 1e-3 * max(spacing):
        raise InputError(
            "Synthetic legs have cubic voxels",
            found=f"voxels of {' x '.join(f'{s:g}' for s in spacing)} µm",
            remedy="Fit the ridge regression to this leg instead",
        )
    progress.message(f"making {options.training_legs} synthetic legs")
    legs = training_legs(
        options.training_legs,
        options.seed,
        options=LegOptions(spacing_um=spacing[0]),
        progress=PartOf(progress, 0.0, 0.8),
    )
    weeks_seen = min(len(seen), len(legs[0]) - 1)
    model = RidgeForecaster.fit(
        legs, options=RidgeOptions(weeks_seen=weeks_seen, seed=options.seed), progress=PartOf(progress, 0.8, 1.0)
    )
    return model, f"fitted to {len(legs)} synthetic legs (seed {options.seed})"


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
    if abs(gain) < 0.005:
        better = "as good as copying the last week"
    else:
        better = f"{abs(gain):.2f} dB {'better' if gain > 0 else 'worse'} than copying the last week"
    lost = f"truly lost: {scores.true_lost_mm3:.4f} mm³"
    return f"{scores.model} is {better} by PSNR; {lost}. PSNR is pooled over the volume, SSIM the mean over slices."


__all__ = [
    "ForecastOptions",
    "ForecastRun",
    "VolumeScores",
    "run_forecast",
    "score_rows",
    "target_weeks",
    "verdict",
]
