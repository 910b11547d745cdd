"""The figure of legs: weeks, composite, forecasts, truth and difference, as far as there is something to show."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from matplotlib.figure import Figure

from napari_bonemet.errors import InputError
from napari_bonemet.figures.content import Content
from napari_bonemet.figures.layouts import rows_of_futures, rows_of_one, rows_of_several
from napari_bonemet.figures.losses import find_losses
from napari_bonemet.figures.montage import draw_rows
from napari_bonemet.figures.notes import notes_of, title_of
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.panel import Row
from napari_bonemet.figures.record import record_of_forecast, record_of_rows
from napari_bonemet.figures.table import rows_of_table
from napari_bonemet.figures.verdicts import with_verdicts
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.metrics.table import ForecastScores
from napari_bonemet.processing.composite import CompositeResult
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Json
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

MOST_ANIMALS = 24


@dataclass(frozen=True, eq=False)
class StudyFigure:
    """A figure and how it was made.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        To be saved with :func:`napari_bonemet.figures.export.save_figure`, or shown.
    record : dict
        Plain JSON values: options, panels, arrows, slices, which samples of the forecast and with what seed, the
        sources' fingerprints and histories. Empty where none was asked for.
    """

    figure: Figure
    record: dict[str, Json]


@dataclass(frozen=True, eq=False)
class Subject:
    """What there is of one leg.

    Parameters
    ----------
    registered : ScanSeries
        The weeks on one grid. Those before the forecast's week are shown; all of them without a forecast.
    composite : CompositeResult, optional
        Bone lost, kept and formed between two of the weeks.
    forecast : Forecast, optional
        On the grid of the weeks.
    truth : Scan, optional
        The true scan of the forecast's week.
    scores : ForecastScores, optional
        Written below the forecast, or its mean.
    others : tuple of Forecast
        Other models' forecasts of the same week, on the same grid; the table shows them beside the first.
    """

    registered: ScanSeries
    composite: CompositeResult | None = None
    forecast: Forecast | None = None
    truth: Scan | None = None
    scores: ForecastScores | None = None
    others: tuple[Forecast, ...] = ()


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
    each of several slices with weeks, truth, samples and that share. The layout "table" has the columns that
    `options.show` names.

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
    subject = Subject(registered, composite, forecast, truth, scores)
    return subjects_figure((subject,), options=options)


def subjects_figure(
    subjects: Sequence[Subject],
    *,
    options: MontageOptions | None = None,
    hashed: bool = True,
    progress: Progress = NO_PROGRESS,
) -> StudyFigure:
    """Draw one leg, or in the layout "table" a row for each of several.

    Parameters
    ----------
    subjects : sequence of Subject
        At least one; at the most 24.
    options : MontageOptions, optional
        As :func:`study_figure` takes them.
    hashed : bool
        Make the record, for which every volume shown is read whole; a preview needs none.

    Raises
    ------
    InputError
        When there are too many, the weeks of one are not on one grid, or the slice asked for is not there.
    """
    options = options or MontageOptions()
    if not subjects or len(subjects) > (MOST_ANIMALS if options.layout == "table" else 1):
        raise InputError(
            "The animals do not fit into one figure",
            expected=f"1 to {MOST_ANIMALS} in the layout of the table, else one",
            found=str(len(subjects)),
            remedy="Draw a figure for each, or choose some",
        )
    if len(subjects) == 1:
        options = replace(options, row_of="slices")
    contents = []
    for number, subject in enumerate(subjects):
        progress.message(f"{subject.registered.leg}: bone lost")
        contents.append(content_of(subject, options))
        progress.advance(0.6 * (number + 1) / len(subjects))
    progress.message("drawing")
    content, options = contents[0], contents[0].options
    rows = _rows(contents, PartOf(progress, 0.6, 0.8))
    if len(contents) == 1:
        rows = with_verdicts(rows, options.verdicts)
    title, notes = title_of(contents), notes_of(contents)
    fit = content.several or options.layout != "overview"
    drawn = draw_rows(rows, title=title, options=options, notes=notes, fit_paper=fit)
    progress.advance(0.9)
    record: dict[str, Json] = {}
    if hashed:
        record = record_of_rows(drawn.rows, title, options, notes)
        record |= record_of_forecast([(one.forecast, one.losses, one.others) for one in contents])
    return StudyFigure(drawn.figure, record)


def content_of(subject: Subject, options: MontageOptions) -> Content:
    """All that a figure of a leg can show, its slices chosen.

    Raises
    ------
    InputError
        When its weeks are not on one grid, or the slice asked for is not there.
    """
    registered, forecast = subject.registered, subject.forecast
    registered.require_one_grid("A figure")
    seen = registered if forecast is None else registered.until(forecast.week)
    losses = find_losses(seen[-1], subject.composite, forecast, subject.truth, options, others=subject.others)
    if options.layout == "overview":
        options = replace(options, slice_index=losses.slices[0])
    return Content(
        seen, subject.composite, forecast, subject.truth, subject.scores, losses, options, others=subject.others
    )


def _rows(contents: Sequence[Content], progress: Progress) -> Sequence[Row]:
    content = contents[0]
    match content.options.layout:
        case "futures":
            return rows_of_futures(content)
        case "table":
            rows = rows_of_table(contents)
            if content.options.as_volumes:
                from napari_bonemet.figures.volumes import rows_as_volumes

                return rows_as_volumes(rows, contents, progress)
            return rows
        case _:
            return rows_of_several(content) if content.several else rows_of_one(content)
