"""From weeks and forecasts to a figure: the one way that the panel, the command line and the record all go."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Annotated, Any

from napari_bonemet.errors import InputError
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.study import StudyFigure, Subject, subjects_figure
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.metrics.table import ForecastScores, score
from napari_bonemet.options import Doc, Options
from napari_bonemet.processing.composite import make_composite
from napari_bonemet.processing.composite_result import CompositeOptions, CompositeResult
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.common import cut_forecast_to, cut_series_to, seen_in_every_week
from napari_bonemet.study.figure_sources import FoundLeg

__all__ = ["FigureOptions", "draw_legs", "one_figure", "subject_of", "worked_out_for"]


@dataclass(frozen=True)
class FigureOptions(Options):
    """How a figure is drawn, and what is worked out for it."""

    montage: Annotated[MontageOptions, Doc("How the figure is drawn.")] = field(default_factory=MontageOptions)
    composite: Annotated[CompositeOptions, Doc("How bone formed and lost is told from noise.")] = field(
        default_factory=CompositeOptions
    )

    def with_one_threshold(self) -> "FigureOptions":
        """The figure's threshold of bone for the composite, too."""
        return replace(self, composite=replace(self.composite, bone_threshold=self.montage.bone_threshold))


def one_figure(options: MontageOptions) -> bool:
    """Whether all legs stand in one figure, rather than each in its own."""
    return options.layout == "table" and options.row_of == "animals"


def draw_legs(
    legs: Sequence[FoundLeg], *, options: FigureOptions, hashed: bool = True, progress: Progress = NO_PROGRESS
) -> StudyFigure:
    """Draw one figure of one leg, or of several in rows.

    Parameters
    ----------
    legs : sequence of FoundLeg
        Registered weeks, and forecasts of one of them.
    options : FigureOptions
        The threshold of bone is that of `options.montage`.
    hashed : bool
        Make the record, too.

    Returns
    -------
    StudyFigure

    Raises
    ------
    InputError
        When the weeks of a leg are not on one grid, its forecasts are of different weeks or lie elsewhere, or the
        slice asked for is not there.
    """
    subjects = []
    for number, leg in enumerate(legs):
        part = PartOf(progress, 0.6 * number / len(legs), 0.6 * (number + 1) / len(legs))
        subjects.append(subject_of(leg, options=options, progress=part))
    part = PartOf(progress, 0.6, 1.0)
    return subjects_figure(subjects, options=options.montage, hashed=hashed, progress=part)


def worked_out_for(options: FigureOptions) -> tuple[Any, ...]:
    """What of the options :func:`subject_of` asks; with the same of it, its result serves again."""
    montage = options.montage
    composite = options.with_one_threshold().composite
    return (composite, montage.bone_threshold, montage.lesion_opening, _with_composite(montage), _with_scores(montage))


def _with_composite(montage: MontageOptions) -> bool:
    return montage.layout == "overview" or (montage.layout == "table" and "composite" in montage.show)


def _with_scores(montage: MontageOptions) -> bool:
    return montage.layout != "table"


def subject_of(leg: FoundLeg, *, options: FigureOptions, progress: Progress = NO_PROGRESS) -> Subject:
    """What a figure shows of a leg: what every week saw of it, its composite and scores where they are shown."""
    options = options.with_one_threshold()
    series, forecasts = _on_one_grid(leg, options.montage.bone_threshold)
    forecast = forecasts[0] if forecasts else None
    truth = series.at_week(forecast.week) if forecast and forecast.week in series.weeks else None
    progress.message(f"{leg.name}: bone lost and formed")
    composite = _composite(series, truth, options, PartOf(progress, 0.0, 0.7))
    scores = _scores(series, forecast, truth, options.montage, PartOf(progress, 0.7, 1.0))
    progress.advance(1.0)
    return Subject(series, composite, forecast, truth, scores, others=forecasts[1:])


def _on_one_grid(leg: FoundLeg, bone_threshold: float) -> tuple[ScanSeries, tuple[Forecast, ...]]:
    leg.series.require_one_grid("A figure")
    weeks = {forecast.week for forecast in leg.forecasts}
    if len(weeks) > 1:
        raise InputError(
            f"The forecasts of {leg.name} are of different weeks",
            expected="one week",
            found=", ".join(f"week {week:g}" for week in sorted(weeks)),
        )
    series = leg.series
    # The largest first, so that each next one can be cut from what is left.
    for grid in sorted((made.mean.grid for made in leg.forecasts), key=lambda grid: prod(grid.shape), reverse=True):
        if prod(grid.shape) < prod(series.baseline.shape):
            series = cut_series_to(series, grid)
    series = seen_in_every_week(series, bone_threshold)
    return series, tuple(cut_forecast_to(forecast, series.baseline.grid) for forecast in leg.forecasts)


def _composite(
    series: ScanSeries, truth: Scan | None, options: FigureOptions, progress: Progress
) -> CompositeResult | None:
    later = truth or series[-1]
    if not _with_composite(options.montage) or later is series.baseline:
        return None
    return make_composite(series.baseline, later, options=options.composite, progress=progress)


def _scores(
    series: ScanSeries,
    forecast: Forecast | None,
    truth: Scan | None,
    options: MontageOptions,
    progress: Progress,
) -> ForecastScores | None:
    if forecast is None or truth is None or not _with_scores(options):
        return None
    progress.message(f"{series.leg}: scoring the forecast")
    return score(
        forecast.mean,
        truth,
        series.until(forecast.week)[-1],
        model=forecast.model,
        bone_threshold=options.bone_threshold,
        opening=options.lesion_opening,
        perceptual=False,
        progress=progress,
    )
