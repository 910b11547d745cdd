"""What every week saw: where weeks are compared, and forecasts cut to the same box."""

from collections.abc import Sequence
from dataclasses import replace

from napari_bonemet.coverage import common_box
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.geometry import Grid
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries


def seen_in_every_week(registered: ScanSeries, bone_threshold: float) -> ScanSeries:
    """The weeks cropped to the box in which every one of them saw all of the baseline's bone.

    Outside it a week is zero because its scanner saw nothing, which no forecast or score may take for bone lost.
    """
    box = common_box(registered.scans, registered.baseline.to_numpy() > bone_threshold)
    return registered if box is None else registered.crop(box)


def cut_to(scan: Scan, grid: Grid) -> Scan:
    """The part of `scan` that lies on `grid`.

    Raises
    ------
    InputError
        When voxels of `grid` are no voxels of the scan.
    """
    return scan if scan.grid.matches(grid) else scan.crop(scan.grid.region_of(grid))


def cut_series_to(series: ScanSeries, grid: Grid) -> ScanSeries:
    """The part of every week that lies on `grid`; raises InputError as :func:`cut_to` does."""
    return series.map(lambda scan: cut_to(scan, grid))


def cut_forecast_to(forecast: Forecast, grid: Grid) -> Forecast:
    """The part of a forecast that lies on `grid`; raises InputError as :func:`cut_to` does."""
    if forecast.mean.grid.matches(grid):
        return forecast
    samples: Sequence[Scan] = [cut_to(sample, grid) for sample in forecast.samples]
    return replace(
        forecast,
        samples=tuple(samples),
        mean=cut_to(forecast.mean, grid),
        spread=cut_to(forecast.spread, grid),
        bone_probability=cut_to(forecast.bone_probability, grid),
    )
