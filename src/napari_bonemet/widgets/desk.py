"""What the docks of one viewer share: the legs found, the leg on the table, and what was made of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, WeakKeyDictionary

from qtpy.QtCore import QObject, Signal

from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries

if TYPE_CHECKING:
    from napari_bonemet.forecast.forecaster import Forecast
    from napari_bonemet.io.bonemet import LegFiles
    from napari_bonemet.metrics.table import ForecastScores
    from napari_bonemet.processing.composite import CompositeResult
    from napari_bonemet.processing.register import RegistrationResult
    from napari_bonemet.processing.roi import RoiResult
    from napari_bonemet.widgets.diagnosis.said import LegDiagnosis
    from napari_bonemet.widgets.futures_drawn import Drawn
    from napari_bonemet.widgets.measures_lesion_run import LegLesions
    from napari_bonemet.widgets.measures_run import LegMeasures


@dataclass(frozen=True, eq=False)
class Leg:
    """One leg that can be put on the table: files not yet read, or a series that is.

    Parameters
    ----------
    files : LegFiles, optional
        Where its weeks lie on disk.
    series : ScanSeries, optional
        Its weeks, where they are read (samples, and scans dropped on the window).
    folder : Path, optional
        The folder that was opened, which commands name.
    """

    files: "LegFiles | None" = None
    series: ScanSeries | None = None
    folder: Path | None = None

    @property
    def name(self) -> str:
        """The leg in the dataset's words."""
        source: Any = self.series or self.files
        return str(source.leg)

    @property
    def kind(self) -> Kind | None:
        """What its voxels are, where that is known."""
        return self.series.baseline.kind if self.series else getattr(self.files, "kind", None)

    @property
    def weeks(self) -> tuple[float | None, ...]:
        """The weeks that are there."""
        if self.series:
            return self.series.weeks
        return tuple(week for week, _ in self.files.weeks) if self.files else ()

    @property
    def key(self) -> tuple[str, str, str]:
        """Tells legs apart in the tree: name, kind and place."""
        first = self.files.weeks[0][1] if self.files and self.files.weeks else None
        return (self.name, str(self.kind or ""), str(first.parent) if first else "")


class Desk(QObject):
    """The shared state of one viewer. Docks read its properties, and listen to its signals.

    Putting another leg on the table takes the results of the last one away; so does each step for the steps
    that follow it. The signals fire after the change, in the main thread.

    Attributes
    ----------
    legs_changed, series_changed, registration_changed, roi_changed, composites_changed, forecast_changed : Signal
        Something new is there, or was taken away.
    diagnosis_changed : Signal
        The same, of what the classifier says.
    measures_changed, lesions_changed : Signal
        The same, of the measures of the weeks, and of the lesions found in them.
    checkpoint_changed : Signal(object)
        A network was trained and saved: its file.
    week_changed : Signal(object)
        The current week, or None.
    looked_ahead : Signal(bool)
        Of a week that is forecast, the futures are asked for, or the week as it came.
    result_shown : Signal()
        A result was asked onto the canvas: what was laid over the weeks to check them makes room.
    strip_wanted : Signal(bool)
        The strip of weeks under the canvas is wanted, or not.
    """

    legs_changed = Signal()
    series_changed = Signal()
    registration_changed = Signal()
    roi_changed = Signal()
    composites_changed = Signal()
    diagnosis_changed = Signal()
    measures_changed = Signal()
    lesions_changed = Signal()
    forecast_changed = Signal()
    checkpoint_changed = Signal(object)
    week_changed = Signal(object)
    looked_ahead = Signal(bool)
    result_shown = Signal()
    strip_wanted = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._legs: dict[tuple[str, str, str], Leg] = {}
        self.leg: Leg | None = None
        self.series: ScanSeries | None = None
        self.registration: RegistrationResult | None = None
        self.roi: RoiResult | None = None
        self.composites: dict[float, CompositeResult] = {}
        self.forecast: Forecast | None = None
        self.scores: ForecastScores | None = None
        self.drawn: Drawn | None = None
        self.diagnoses: LegDiagnosis | None = None
        self.measures: LegMeasures | None = None
        self.lesions: LegLesions | None = None
        self.checkpoint: Path | None = None
        # What a step was asked for, by its name, where its result does not say it; a session keeps it.
        self.asked: dict[str, Any] = {}
        # The docks that took their place in the window, weakly, in that order.
        self.docks: list[ReferenceType[Any]] = []
        self.week: float | None = None
        self.ahead = False

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Every leg found so far."""
        return tuple(self._legs.values())

    @property
    def registered(self) -> ScanSeries | None:
        """The weeks on one grid: registered here, or read as registered; None where they are neither."""
        if self.registration is not None:
            return self.registration.series
        series = self.series
        ready = {Kind.REGIST, Kind.ROI}
        if series is not None and series.on_one_grid and {scan.kind for scan in series} <= ready:
            return series
        return None

    @property
    def working(self) -> ScanSeries | None:
        """What the later steps work on: the region of interest where one was cut, else the registered weeks."""
        return self.roi.series if self.roi is not None else self.registered

    @property
    def shown(self) -> ScanSeries | None:
        """What the week navigator leafs through: the working series, else the weeks as scanned."""
        return self.working or self.series

    def add_legs(self, *legs: Leg) -> None:
        """Add legs to those found; one that is there already is replaced."""
        self._legs.update({leg.key: leg for leg in legs})
        self.legs_changed.emit()

    def set_series(self, series: ScanSeries | None, leg: Leg | None = None) -> None:
        """Put the weeks of a leg on the table, as scanned."""
        self.leg = leg or (Leg(series=series) if series else None)
        self.series = series
        if self.leg is not None and self.leg.key not in self._legs:
            self.add_legs(self.leg)
        self.set_registration(None)
        self.series_changed.emit()
        self.set_week(series.weeks[0] if series else None)

    def set_registration(self, result: "RegistrationResult | None") -> None:
        """Take note of the registered weeks; what was made of earlier ones is taken away."""
        self.registration = result
        self.registration_changed.emit()
        self.set_roi(None)

    def set_roi(self, result: "RoiResult | None") -> None:
        """Take note of the region of interest; what was made of another region is taken away."""
        self.roi = result
        self.roi_changed.emit()
        self.composites = {}
        self.composites_changed.emit()
        self.set_diagnoses(None)
        self.set_measures(None)
        self.set_lesions(None)
        self.set_forecast(None)

    def set_composite(self, week: float, result: "CompositeResult") -> None:
        """Take note of the composite of baseline and `week`."""
        self.composites = {**self.composites, week: result}
        self.composites_changed.emit()

    def set_forecast(
        self,
        forecast: "Forecast | None",
        scores: "ForecastScores | None" = None,
        drawn: "Drawn | None" = None,
    ) -> None:
        """Take note of a forecast, of its scores where the true week is known, and of how the canvas shows it."""
        self.forecast, self.scores, self.drawn = forecast, scores, drawn
        # A forecast is seen as it is drawn, also of a week that has no scan to turn to.
        series = self.shown
        self.ahead = forecast is not None and (
            self.week == forecast.week or series is None or forecast.week not in series.weeks
        )
        if self.diagnoses is not None:
            self.set_diagnoses(self.diagnoses.without_forecast())
        self.forecast_changed.emit()

    def set_diagnoses(self, diagnoses: "LegDiagnosis | None") -> None:
        """Take note of what the classifier says of the weeks, and of the forecast that is on the desk."""
        self.diagnoses = diagnoses
        self.diagnosis_changed.emit()

    def set_measures(self, measures: "LegMeasures | None") -> None:
        """Take note of the measures of the weeks."""
        self.measures = measures
        self.measures_changed.emit()

    def set_lesions(self, lesions: "LegLesions | None") -> None:
        """Take note of the lesions of the weeks."""
        self.lesions = lesions
        self.lesions_changed.emit()

    def set_checkpoint(self, path: Path) -> None:
        """Take note of a network that was trained here, by its file."""
        self.checkpoint = path
        self.checkpoint_changed.emit(path)

    def set_week(self, week: float | None) -> None:
        """Turn to a week; where it is forecast, its futures lie on top of it."""
        self.week = week
        self.ahead = self.forecast is not None and week == self.forecast.week
        self.week_changed.emit(week)

    def look(self, week: float | None, *, ahead: bool) -> None:
        """Turn to a week as it came, or to its futures (`ahead`)."""
        self.set_week(week)
        self.ahead = ahead
        self.looked_ahead.emit(ahead)

    def step_week(self, by: int) -> None:
        """Turn `by` weeks on or back among those that are there, stopping at the ends."""
        series = self.shown
        if series is None:
            return
        weeks = series.weeks
        now = weeks.index(self.week) if self.week in weeks else 0
        self.set_week(weeks[min(max(now + by, 0), len(weeks) - 1)])

    def next_week(self) -> None:
        """Turn one week on."""
        self.step_week(1)

    def week_before(self) -> None:
        """Turn one week back."""
        self.step_week(-1)

    def clear(self) -> None:
        """Release every scan."""
        self._legs = {}
        self.legs_changed.emit()
        self.set_series(None)


_DESKS: WeakKeyDictionary[Any, Desk] = WeakKeyDictionary()


def desk_of(viewer: Any) -> Desk:
    """The desk of a viewer, made on first use; it goes when the viewer and its docks go.

    napari hands docks a proxy of the viewer, which lives shorter than the viewer itself.
    """
    real = getattr(viewer, "__wrapped__", viewer)
    if real not in _DESKS:
        _DESKS[real] = Desk()
    return _DESKS[real]
