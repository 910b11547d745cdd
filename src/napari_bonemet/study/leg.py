"""One leg through the whole chain: registered weeks, composites, a forecast, its scores, the figure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_bonemet.errors import InputError
from napari_bonemet.figures.study import StudyFigure, study_figure
from napari_bonemet.forecast.forecaster import Forecast, Forecaster
from napari_bonemet.metrics.lesions import newly_lost_mm3
from napari_bonemet.metrics.table import ForecastScores, score
from napari_bonemet.processing.composite import compose_weeks
from napari_bonemet.processing.composite_result import CompositeResult
from napari_bonemet.processing.register.result import RegistrationResult
from napari_bonemet.processing.roi import RoiResult, crop_roi
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.common import cut_forecast_to, cut_to, seen_in_every_week
from napari_bonemet.study.device import choose_device
from napari_bonemet.study.diagnosing import classifier_for, diagnose_weeks
from napari_bonemet.study.forecasting import forecaster_for, trained_network
from napari_bonemet.study.notes import about_leg
from napari_bonemet.study.options import StudyOptions

if TYPE_CHECKING:
    from napari_bonemet.diagnose.diagnosis import Diagnosis

__all__ = ["LegStudy", "StudyOptions", "register_leg", "run_leg"]

_REGISTERED, _COMPOSED, _FORECAST, _SCORED, _DIAGNOSED = 0.6, 0.7, 0.85, 0.92, 0.97
_ON_ONE_GRID_BY_NAME = (Kind.REGIST, Kind.ROI)


@dataclass(frozen=True, eq=False)
class LegStudy:
    """What the chain made of one leg.

    Parameters
    ----------
    scanned : ScanSeries
        The weeks as they came.
    registered : ScanSeries
        The weeks on one grid, cropped to the region of interest where that was asked for.
    common : ScanSeries
        The same, cropped to what every week saw: what is forecast, scored and drawn.
    registration : RegistrationResult or None
        Transforms and quality; None where the weeks came registered.
    roi : RoiResult or None
        Which slices were kept; None where nothing was cropped.
    composites : tuple of (week, CompositeResult)
        Every later week against the baseline.
    forecast : Forecast or None
        None where there is but one week.
    scores : ForecastScores or None
        None where the forecast's week was not scanned.
    figure : StudyFigure
        Weeks, composite, forecast, truth, difference.
    options : StudyOptions
        As asked for.
    notes : tuple of str
        What the reader has to know, in sentences.
    lost_mm3 : tuple of float
        Bone that each sample of the forecast has lost since the last week seen, cubic millimetres.
    diagnoses : tuple of Diagnosis
        One a week, where they were asked for.
    """

    scanned: ScanSeries
    registered: ScanSeries
    common: ScanSeries
    registration: RegistrationResult | None
    roi: RoiResult | None
    composites: tuple[tuple[float, CompositeResult], ...]
    forecast: Forecast | None
    scores: ForecastScores | None
    figure: StudyFigure
    options: StudyOptions
    notes: tuple[str, ...] = ()
    lost_mm3: tuple[float, ...] = ()
    diagnoses: "tuple[Diagnosis, ...]" = ()

    @property
    def leg(self) -> str:
        """The leg in the dataset's words: "871 left tibia"."""
        return self.scanned.leg


def run_leg(
    series: ScanSeries,
    *,
    options: StudyOptions | None = None,
    progress: Progress = NO_PROGRESS,
    train: Sequence[ScanSeries] = (),
    registration: RegistrationResult | None = None,
) -> LegStudy:
    """Register the weeks, make composites, forecast a week from those before it, score it, diagnose, draw the figure.

    Parameters
    ----------
    series : ScanSeries
        The weeks of one leg as scanned, greys.
    options : StudyOptions, optional
        The defaults when None.
    train : sequence of ScanSeries
        Other legs, each on one grid, to fit the ridge forecaster on; without any it is fitted on this leg's
        own earlier weeks where there are enough, else on synthetic legs, which its note says.
    registration : RegistrationResult, optional
        The weeks registered before, by :func:`register_leg`; done here when None.

    Returns
    -------
    LegStudy

    Raises
    ------
    InputError
        When a step refuses its input, the leg and week named; or a network did not come with the installation.
    Cancelled
        When the user asked to stop.
    """
    options = options or StudyOptions()
    require_greys(series)
    # Before the long steps: a network that did not come with the installation is told of at once.
    network, classifier = trained_network(options), classifier_for(options)
    registration = registration or register_leg(series, options, PartOf(progress, 0.0, _REGISTERED))
    registered = registration.series if registration else series
    registered.require_one_grid("The chain without registration")
    roi = crop_roi(registered, options=options.roi) if options.crop_to_roi else None
    registered = roi.series if roi else registered
    composites = compose_weeks(registered, options=options.composite, progress=PartOf(progress, _REGISTERED, _COMPOSED))
    common = seen_in_every_week(registered, options.composite.bone_threshold)
    target = _target(common, options)
    forecast, scores = None, None
    truth = _scan_of(common, target)
    if target is not None:
        part = PartOf(progress, _COMPOSED, _FORECAST)
        forecast = _forecast(registered, target, options, train, network=network, progress=part)
        forecast = cut_forecast_to(forecast, common.baseline.grid)
        scores = _score(common, forecast, truth, options, PartOf(progress, _FORECAST, _SCORED))
    diagnoses: tuple[Diagnosis, ...] = ()
    refusal = ""
    if classifier is not None:
        diagnoses, refusal = diagnose_weeks(classifier, common, PartOf(progress, _SCORED, _DIAGNOSED))
    progress.message(f"{series.leg}: drawing the figure")
    figure = study_figure(
        common, _shown_composite(composites, truth, common), forecast, truth, scores=scores, options=options.figure
    )
    progress.advance(1.0)
    notes = about_leg(
        series,
        common,
        registration=registration,
        roi=roi,
        forecast=forecast,
        scores=scores,
        perceptual=options.perceptual,
    )
    return LegStudy(
        scanned=series,
        registered=registered,
        common=common,
        registration=registration,
        roi=roi,
        composites=composites,
        forecast=forecast,
        scores=scores,
        figure=figure,
        options=options,
        notes=(*notes, refusal) if refusal else notes,
        lost_mm3=_lost(common, forecast, options),
        diagnoses=diagnoses,
    )


def require_greys(series: ScanSeries) -> None:
    """Raise InputError when a week is a composite or a map of uncertainty."""
    for scan in series:
        if scan.kind in (Kind.COMPOSITE, Kind.UNCERTAINTY, Kind.LABELS):
            raise InputError(
                f"{scan.title} is no grey scan",
                found=f"a scan of kind {scan.kind.value}",
                remedy="Give the weekly scans themselves",
            )


def register_leg(
    series: ScanSeries, options: StudyOptions, progress: Progress = NO_PROGRESS
) -> RegistrationResult | None:
    """Register the weeks, unless the options say that they are, or they come from a registered folder.

    Raises
    ------
    InputError
        When a week shows no bone, or the baseline week is not there.
    """
    from napari_bonemet.processing.register import register_weeks

    came_registered = series.on_one_grid and all(scan.kind in _ON_ONE_GRID_BY_NAME for scan in series)
    if options.skip_registration or came_registered:
        progress.advance(1.0)
        return None
    progress.message(f"{series.leg}: registering {len(series)} weeks")
    return register_weeks(series, options=options.registration, progress=progress)


def _target(registered: ScanSeries, options: StudyOptions) -> float | None:
    if options.target_week is not None:
        return options.target_week
    return registered.weeks[-1] if len(registered) > 1 else None


def _scan_of(registered: ScanSeries, week: float | None) -> Scan | None:
    return registered.at_week(week) if week is not None and week in registered.weeks else None


def _forecast(
    registered: ScanSeries,
    week: float,
    options: StudyOptions,
    train: Sequence[ScanSeries],
    *,
    network: Forecaster | None,
    progress: Progress,
) -> Forecast:
    seen = registered.until(week)
    progress.message(f"{registered.leg}: forecasting week {week:g} from {len(seen)} weeks before it")
    forecaster, origin, part = network, "", progress
    if forecaster is None:
        learned = seen_in_every_week(seen, options.composite.bone_threshold)
        forecaster, origin = forecaster_for(learned, week, options, train, PartOf(progress, 0.0, 0.8))
        part = PartOf(progress, 0.8, 1.0)
    forecast = forecaster.predict(seen, week, samples=options.samples, seed=options.seed, progress=part)
    return replace(forecast, note="; ".join(text for text in (forecast.note.rstrip("."), origin) if text))


def _lost(registered: ScanSeries, forecast: Forecast | None, options: StudyOptions) -> tuple[float, ...]:
    if forecast is None:
        return ()
    threshold, opening = options.composite.bone_threshold, options.figure.lesion_opening
    last = registered.until(forecast.week)[-1]
    last = last.in_memory()  # or it would be read from the disk for every sample
    return tuple(newly_lost_mm3(s, last, bone_threshold=threshold, opening=opening) for s in forecast.samples)


def _score(
    registered: ScanSeries, forecast: Forecast, truth: Scan | None, options: StudyOptions, progress: Progress
) -> ForecastScores | None:
    if truth is None:
        return None
    progress.message(f"{registered.leg}: scoring the forecast of week {forecast.week:g}")
    return score(
        forecast.mean,
        truth,
        registered.until(forecast.week)[-1],
        model=forecast.model,
        bone_threshold=options.composite.bone_threshold,
        opening=options.figure.lesion_opening,
        perceptual=options.perceptual,
        device=choose_device(options.device) if options.perceptual else "cpu",
        progress=progress,
    )


def _shown_composite(
    composites: Sequence[tuple[float, CompositeResult]], truth: Scan | None, common: ScanSeries
) -> CompositeResult | None:
    """The true week's against the baseline, else the last one's, cut to what every week saw."""
    if not composites:
        return None
    chosen = next((result for week, result in composites if truth is not None and week == truth.week), None)
    result = chosen or composites[-1][1]
    return replace(result, scan=cut_to(result.scan, common.baseline.grid))
