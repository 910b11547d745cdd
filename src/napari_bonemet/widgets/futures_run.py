"""What the Futures dock runs beside the screen: the model, its samples one by one, and their scores."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import Forecast, Forecaster, as_future, require_greys
from napari_bonemet.forecast.registry import load_forecaster
from napari_bonemet.forecast.running import RunningSummary
from napari_bonemet.geometry import Grid
from napari_bonemet.metrics.lesions import newly_lost_mm3
from napari_bonemet.metrics.table import ForecastScores, score
from napari_bonemet.options import Between, Doc, Options
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress, report
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.common import cut_forecast_to, cut_to, seen_in_every_week
from napari_bonemet.study.device import choose_device
from napari_bonemet.study.forecasting import forecaster_for
from napari_bonemet.study.options import StudyOptions
from napari_bonemet.widgets.looks import grey_limits

__all__ = ["Drawn", "FutureOptions", "FutureRun", "draw_futures", "drawn_of", "target_weeks", "weeks_beside"]

BONE_THRESHOLD = 75.0
CHECKPOINT: Final = "checkpoint"
ONE_FUTURE = ("ridge", "copy-last-week")


@dataclass(frozen=True)
class FutureOptions(Options):
    """Which model draws futures, and how many."""

    model: Annotated[
        Literal["tvae-gate", "tvae", "ridge", "copy-last-week", "checkpoint"],
        Doc(
            "The T-VAE that comes with the package, with a gate or as printed, which draws many futures; or one "
            "future by a ridge regression fitted to this leg's own earlier weeks, or to synthetic legs where they "
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
class Drawn:
    """The futures drawn so far, and what they say together; stays as it is while more are drawn.

    Parameters
    ----------
    samples : tuple of Scan
        At least one.
    asked : int
        How many there will be.
    mean, spread, bone_probability, loss_probability : Scan
        Over the samples so far; the last two are shares, 0 to 1.
    copied : Scan
        The baseline: the last seen week taken for the one forecast.
    lost_mm3 : tuple of float
        Newly lost bone of each sample.
    true_lost_mm3 : float or None
        That of the true week, where it is there.
    greys : tuple of float
        Contrast limits that suit every week of the leg.
    spread_most : float
        The largest spread, greys.
    week : float
        The week forecast.
    model, seed : str, int
        What drew them.
    """

    samples: tuple[Scan, ...]
    asked: int
    mean: Scan
    spread: Scan
    bone_probability: Scan
    loss_probability: Scan
    copied: Scan
    lost_mm3: tuple[float, ...]
    true_lost_mm3: float | None
    greys: tuple[float, float]
    spread_most: float
    week: float
    model: str
    seed: int

    @property
    def count(self) -> int:
        """How many were drawn so far."""
        return len(self.samples)

    @property
    def all_there(self) -> bool:
        """Whether none is missing."""
        return self.count >= self.asked


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


class _Pile:
    """Takes each sample as it is drawn, and tells what all of them say so far."""

    def __init__(self, series: ScanSeries, week: float, *, model: str, seed: int, asked: int) -> None:
        self.last = series.until(week)[-1]
        self.truth = series.at_week(week) if week in series.weeks else None
        self._running = RunningSummary(self.last, bone_threshold=BONE_THRESHOLD, model=model)
        self._about: dict[str, Any] = {"week": week, "model": model, "seed": seed}
        self._samples: tuple[Scan, ...] = ()
        self._drawn: Drawn | None = None
        self._asked = asked
        self._greys = grey_limits(series.scans)
        step = Step("forecast", {"model": "copy-last-week", "from_week": self.last.week, "week": week})
        self._copied = as_future(self.last, self.last.to_numpy(), week, step)
        self._true_lost = None if self.truth is None else self._lost(self.truth)

    def add(self, sample: Scan) -> Drawn:
        self._running.add(sample)
        self._samples = (*self._samples, sample)
        spread = self._running.spread
        self._drawn = Drawn(
            samples=self._samples,
            asked=self._asked,
            mean=self._running.mean,
            spread=spread,
            bone_probability=self._running.bone_probability,
            loss_probability=self._running.loss_probability,
            copied=self._copied,
            lost_mm3=self._running.lost_mm3,
            true_lost_mm3=self._true_lost,
            greys=self._greys,
            spread_most=float(spread.to_numpy().max()),
            **self._about,
        )
        return self._drawn

    def _lost(self, scan: Scan) -> float:
        return newly_lost_mm3(scan, self.last, bone_threshold=BONE_THRESHOLD, opening=1)

    def finish(self, forecast: Forecast) -> Drawn:
        """What all samples say, in the forecast's own words where it has them."""
        for sample in forecast.samples[len(self._samples) :]:
            self.add(sample)
        if self._drawn is None:
            raise InputError("A forecast needs at least one sample")
        own = {name: getattr(forecast, name) for name in ("mean", "spread", "bone_probability")}
        return replace(self._drawn, **own)


@dataclass(frozen=True)
class _OneByOne:
    """Progress that turns each sample of the forecaster into what the canvas shows of all so far."""

    whole: Progress
    pile: _Pile
    grid: Grid

    def advance(self, fraction: float) -> None:
        self.whole.advance(fraction)

    def message(self, text: str) -> None:
        self.whole.message(text)

    def check(self) -> None:
        self.whole.check()

    def report(self, item: object) -> None:
        if isinstance(item, Scan):
            report(self.whole, self.pile.add(cut_to(item, self.grid)))


def target_weeks(series: ScanSeries) -> tuple[float, ...]:
    """Weeks that can be forecast: every one after the first, and the one that comes next."""
    weeks = series.weeks
    gap = weeks[-1] - weeks[-2] if len(weeks) > 1 else 1.0
    return (*weeks[1:], weeks[-1] + gap)


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
    pile = _Pile(common, week, model=model.name, seed=options.seed, asked=asked)
    progress.message(f"forecasting week {week:g} from weeks {', '.join(f'{w:g}' for w in seen.weeks)}")
    drawing = _OneByOne(PartOf(progress, 0.3, 0.8), pile, grid)
    forecast = model.predict(seen, week, samples=asked, seed=options.seed, progress=drawing)
    forecast = cut_forecast_to(forecast, grid)
    drawn = pile.finish(forecast)
    scores = None
    if pile.truth is not None:
        progress.message("scoring")
        scores = score(
            forecast.mean,
            pile.truth,
            pile.last,
            model=forecast.model,
            bone_threshold=BONE_THRESHOLD,
            perceptual=options.perceptual,
            progress=PartOf(progress, 0.8, 1.0),
        )
    progress.advance(1.0)
    return FutureRun(forecast, drawn, scores, trained_on)


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
    pile = _Pile(series, forecast.week, model=forecast.model, seed=forecast.seed, asked=asked)
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
