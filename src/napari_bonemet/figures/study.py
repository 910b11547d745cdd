"""The figure of one leg: its weeks, the bone lost and formed, the forecast beside the true week, the difference."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from matplotlib.figure import Figure

from napari_bonemet.figures.content import Content
from napari_bonemet.figures.layouts import rows_of_futures, rows_of_one, rows_of_several
from napari_bonemet.figures.losses import find_losses
from napari_bonemet.figures.montage import draw_rows
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.panel import Row
from napari_bonemet.figures.record import record_of_forecast, record_of_rows
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.metrics.table import ForecastScores
from napari_bonemet.processing.composite import CompositeResult
from napari_bonemet.provenance import Json
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries


@dataclass(frozen=True, eq=False)
class StudyFigure:
    """A figure and how it was made.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        To be saved with :func:`napari_bonemet.figures.export.save_figure`, or shown.
    record : dict
        Plain JSON values: options, panels, arrows, slices, which samples of the forecast and with what seed, the
        sources' fingerprints and histories.
    """

    figure: Figure
    record: dict[str, Json]


def study_figure(
    registered: ScanSeries,
    composite: CompositeResult | None = None,
    forecast: Forecast | None = None,
    truth: Scan | None = None,
    *,
    scores: ForecastScores | None = None,
    options: MontageOptions | None = None,
) -> StudyFigure:
    """Draw the weeks, the composite, the forecast, the true week and the signed difference.

    Drawn like figures 1, 2 and 5 of Xiong et al.: blue arrows point at bone lost since the last seen week in
    the true scan, and at the forecast's losses that touch it; red arrows at losses in the forecast that are not
    there in truth. Losses thinner than ``2 * lesion_opening + 1`` voxels are surface noise.

    A forecast of several samples shows some of them, spread from the least bone lost to the most, with their
    mean and the share of samples that are bone. The layout "futures" is that of the paper's figure 4: a row for
    each of several slices with weeks, truth, samples and that share.

    Parameters
    ----------
    registered : ScanSeries
        The weeks on one grid. Those before the forecast's week are shown; all of them without a forecast.
    composite : CompositeResult, optional
        Bone lost, kept and formed between two of the weeks; not in the layout "futures".
    forecast : Forecast, optional
        On the grid of the weeks.
    truth : Scan, optional
        The true scan of the forecast's week.
    scores : ForecastScores, optional
        Written below the forecast, or its mean.
    options : MontageOptions, optional
        The defaults when None; without a slice, those with the most newly lost bone are shown.

    Returns
    -------
    StudyFigure

    Raises
    ------
    InputError
        When the weeks are not on one grid, or the slice asked for is not there.
    """
    options = options or MontageOptions()
    registered.require_one_grid("A figure")
    seen = registered if forecast is None else registered.until(forecast.week)
    losses = find_losses(seen[-1], composite, forecast, truth, options)
    if options.layout == "overview":
        options = replace(options, slice_index=losses.slices[0])
    content = Content(seen, composite, forecast, truth, scores, losses, options)
    rows = _rows(content)
    title, notes = _title(content), _notes(content)
    futures = options.layout == "futures"
    drawn = draw_rows(rows, title=title, options=options, notes=notes, fit_paper=content.several or futures)
    record = record_of_rows(drawn.rows, title, options, notes)
    return StudyFigure(drawn.figure, record | record_of_forecast(forecast, losses))


def _rows(content: Content) -> Sequence[Row]:
    if content.options.layout == "futures":
        return rows_of_futures(content)
    return rows_of_several(content) if content.several else rows_of_one(content)


def _title(content: Content) -> str:
    leg, forecast = content.seen.leg, content.forecast
    return f"{leg}, micro-CT" if forecast is None else f"{leg}, forecast of week {forecast.week:g}"


def _notes(content: Content) -> tuple[str, ...]:
    about = content.about_the_model()
    if not content.several:
        return (about,) if about else ()
    opening = content.options.lesion_opening
    without = f"; losses thinner than {2 * opening + 1} voxels are left out as surface noise" if opening else ""
    lost = f"mm³: bone lost since week {content.seen.weeks[-1]:g} in the whole volume{without}"
    shown, drawn = len(content.losses.shown), len(content.losses.samples)
    which = "spread from the least bone lost to the most" if shown > 1 else "the median of bone lost"
    scored = (f"Mean of all samples against the true week: {content.scored()}",) if content.scores else ()
    return (about, f"Samples shown: {shown} of {drawn}, {which}", *scored, lost)
