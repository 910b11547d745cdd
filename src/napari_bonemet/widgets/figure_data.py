"""What the Figure dock draws: the leg on the desk and its forecasts, other animals of its folder, and their files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.forecast.output import read_forecast
from napari_bonemet.processing.composite_result import CompositeOptions
from napari_bonemet.progress import Progress
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.figure_job import FigureOptions, one_figure
from napari_bonemet.study.figure_sources import FigureSources, FoundLeg, read_sources
from napari_bonemet.study.found_forecasts import find_forecast
from napari_bonemet.widgets.desk import Desk

__all__ = ["FigureData", "Models", "figure_options", "gather", "in_memory_alone", "on_disk"]

_MOST_MODELS = 3  # each is as large as a few weeks


@dataclass(frozen=True, eq=False)
class FigureData:
    """What is drawn.

    Parameters
    ----------
    legs : tuple of FoundLeg
        The leg on the desk first.
    sources : FigureSources or None
        Where all of it lies on disk; None where some of it is in memory alone.
    """

    legs: tuple[FoundLeg, ...]
    sources: FigureSources | None


class Models:
    """The forecasts of the leg on the desk that were made one after the other, one for each model; and folders of more.

    Putting other weeks on the desk forgets the forecasts, not the folders.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._made: dict[str, Forecast] = {}
        self._of: ScanSeries | None = None
        self.folders: tuple[Path, ...] = ()
        self._read: dict[Path, Forecast] = {}
        self._others: dict[FigureSources, tuple[FoundLeg, ...]] = {}
        desk.forecast_changed.connect(self._take)

    def _take(self) -> None:
        series, forecast = self._desk.working, self._desk.forecast
        if series is not self._of:
            self._made, self._of = {}, series
        if forecast is None:
            return
        # One sample is enough where only the mean is shown, and the rest need not stay in memory.
        self._made.pop(forecast.model, None)
        self._made[forecast.model] = replace(forecast, samples=forecast.samples[:1])
        while len(self._made) > _MOST_MODELS:
            del self._made[next(iter(self._made))]

    def add_folder(self, folder: Path) -> None:
        """Show forecasts from one more folder."""
        self.folders = (*(one for one in self.folders if one != folder), folder)

    def forget_folders(self) -> None:
        """Show those of the desk alone."""
        self.folders = ()
        self._read, self._others = {}, {}

    def in_folders(self, leg: str) -> tuple[Forecast, ...]:
        """What the folders hold of a leg, read once.

        Raises
        ------
        InputError
            When a folder is gone, or what it holds cannot be read.
        """
        places = [place for place in (find_forecast(one, leg) for one in self.folders) if place is not None]
        for place in places:
            if place not in self._read:
                self._read[place] = read_forecast(place)
        return tuple(self._read[place] for place in places)

    def other_animals(self, sources: FigureSources, progress: Progress) -> tuple[FoundLeg, ...]:
        """Other legs, read once."""
        if sources not in self._others:
            self._others = {sources: read_sources(sources, progress=progress)}
        return self._others[sources]

    def beside(self, forecast: Forecast | None) -> tuple[Forecast, ...]:
        """Other models' forecasts of the same week, on the same grid."""
        if forecast is None:
            return ()
        grid = forecast.mean.grid
        return tuple(
            made
            for made in self._made.values()
            if made.model != forecast.model and made.week == forecast.week and made.mean.grid.matches(grid)
        )


def figure_options(desk: Desk, montage: MontageOptions) -> FigureOptions:
    """The form's options, with those of the composite on the desk."""
    return FigureOptions(montage, _composite_options(desk)).with_one_threshold()


def _composite_options(desk: Desk) -> CompositeOptions:
    for made in desk.composites.values():
        steps = [step for step in made.scan.history if step.name == "composite"]
        if steps:
            known = CompositeOptions().as_record()
            return CompositeOptions.from_record({k: v for k, v in steps[-1].parameters.items() if k in known})
    return CompositeOptions()


def gather(desk: Desk, models: Models, montage: MontageOptions, progress: Progress) -> FigureData:
    """What there is to draw of the leg on the desk; with a row for each animal, those of its folder, too.

    Raises
    ------
    InputError
        When no leg is open, or a forecast's folder cannot be read.
    """
    series = desk.working or desk.series
    if series is None:
        raise InputError("There is nothing to draw yet", remedy="Open a leg in Weekly scans first")
    series.require_one_grid("The figure")
    beside = models.beside(desk.forecast) if _shows_models(montage) else ()
    in_memory = (*((desk.forecast,) if desk.forecast is not None else ()), *beside)
    own = FoundLeg(series, (*in_memory, *models.in_folders(series.leg)))
    sources = on_disk(desk, models, montage)
    if sources is None:
        return FigureData((own,), None)
    others: Sequence[FoundLeg] = ()
    if len(sources.legs) > 1:
        others = models.other_animals(replace(sources, legs=sources.legs[1:]), progress)
    return FigureData((own, *others), None if in_memory_alone(desk) else sources)


def on_disk(desk: Desk, models: Models, montage: MontageOptions) -> FigureSources | None:
    """Where the leg on the desk was read from, and with a row for each animal the others of its folder."""
    series = desk.working or desk.series
    folder = desk.leg.folder if desk.leg is not None else None
    if series is None or folder is None or not folder.exists():
        return None
    others = _other_animals(desk, folder) if one_figure(montage) else ()
    return FigureSources(folder, models.folders, (series.leg, *others), series.baseline.spacing)


def in_memory_alone(desk: Desk) -> bool:
    """Whether the weeks were registered or cropped here, or a forecast was drawn here."""
    return desk.registration is not None or desk.roi is not None or desk.forecast is not None


def _shows_models(montage: MontageOptions) -> bool:
    return montage.layout == "table" and "models" in montage.show


def _other_animals(desk: Desk, folder: Path) -> tuple[str, ...]:
    """The folder's other legs of the same component."""
    own: Any = desk.leg
    names = [leg.name for leg in desk.legs if leg.folder == folder and leg.kind == own.kind]
    return tuple(name for name in dict.fromkeys(names) if name != own.name)
