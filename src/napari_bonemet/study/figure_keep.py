"""Keep what a figure was drawn from beside it, where it lies in memory alone, so that its record makes it again."""

from collections.abc import Sequence
from pathlib import Path

from napari_bonemet.figures.study import StudyFigure
from napari_bonemet.forecast.output import write_forecast
from napari_bonemet.io import write_scan
from napari_bonemet.io.atomic import atomic_folder
from napari_bonemet.io.names import safe_name, week_name
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.study.figure_job import FigureOptions
from napari_bonemet.study.figure_record import save_montage
from napari_bonemet.study.figure_sources import FigureSources, FoundLeg

__all__ = ["keep_data", "kept_sources", "save_with_data"]

_WEEKS = "weeks"


def keep_data(
    legs: Sequence[FoundLeg], folder: Path, *, overwrite: bool = True, progress: Progress = NO_PROGRESS
) -> FigureSources:
    """Write the weeks of each leg as OME-Zarr, and its forecasts, into one new folder, whole or not at all.

    Parameters
    ----------
    legs : sequence of FoundLeg
        What a figure shows.
    folder : Path
        ``figure.png.data``; an older one is replaced.

    Returns
    -------
    FigureSources
        What reads them again.

    Raises
    ------
    OutputError
        When the disk refuses.
    """
    steps = [PartOf(progress, n / len(legs), (n + 1) / len(legs)) for n in range(len(legs))]
    with atomic_folder(folder, overwrite=overwrite) as new:
        for leg, part in zip(legs, steps, strict=True):
            progress.message(f"{leg.name}: keeping its weeks beside the figure")
            name, count = safe_name(leg.name), len(leg.series)
            for number, scan in enumerate(leg.series):
                place = new / _WEEKS / name / f"{week_name(scan.day or 0.0)}.zarr"
                share = 0.6 / count
                write_scan(scan, place, format="zarr", progress=PartOf(part, number * share, (number + 1) * share))
            for number, forecast in enumerate(leg.forecasts):
                progress.message(f"{leg.name}: keeping the forecast of {forecast.model} beside the figure")
                write_forecast(forecast, new / _model(number) / f"{name}.zarr", progress=PartOf(part, 0.6, 1.0))
            part.advance(1.0)
    return kept_sources(legs, folder)


def kept_sources(legs: Sequence[FoundLeg], folder: Path) -> FigureSources:
    """What reads the data that :func:`keep_data` writes into `folder`."""
    most = max(len(leg.forecasts) for leg in legs)
    predicted = tuple(folder / _model(number) for number in range(most))
    return FigureSources(folder / _WEEKS, predicted, tuple(leg.name for leg in legs))


def save_with_data(
    made: StudyFigure,
    legs: Sequence[FoundLeg],
    path: Path,
    *,
    options: FigureOptions,
    progress: Progress = NO_PROGRESS,
) -> FigureSources:
    """Write a figure and its record, and beside them its data in ``figure.png.data``, which the record names.

    Where the data cannot be written the record says that there are none.

    Raises
    ------
    OutputError
        When the disk refuses.
    """
    folder = path.with_name(f"{path.name}.data")
    sources = kept_sources(legs, folder)
    save_montage(made, path, options=options, sources=sources)
    try:
        return keep_data(legs, folder, progress=progress)
    except BaseException:
        save_montage(made, path, options=options, sources=None)
        raise


def _model(number: int) -> str:
    return f"forecasts {number + 1}"
