"""The Diagnosis dock: how probable a lesion is, per week and per slice, beside the scan."""

from typing import Any

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton, QTableWidget

from napari_bonemet.errors import BoneMetError
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.options import as_flags
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.copy_command import CopyCommandButton, CopyPythonButton, beside
from napari_bonemet.widgets.diagnosis.card import show_card
from napari_bonemet.widgets.diagnosis.export import DiagnosisExport
from napari_bonemet.widgets.diagnosis.looked_box import LookedBox
from napari_bonemet.widgets.diagnosis.plot import Curve, ProbabilityPlot, colour_of
from napari_bonemet.widgets.diagnosis.quality_box import QualityBox
from napari_bonemet.widgets.diagnosis.run import DiagnosisOptions, require_weeks, run_diagnosis
from napari_bonemet.widgets.diagnosis.said import Diagnosed, LegDiagnosis
from napari_bonemet.widgets.diagnosis.words import COLUMNS, RULE, forecast_line, model_line, rows, strange_line
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.forms import OptionsForm, form_layout
from napari_bonemet.widgets.futures_words import weeks_commands
from napari_bonemet.widgets.layers import ANY, OF_FORECAST, find_layers, record_of_layer
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.script_steps import diagnosis_script
from napari_bonemet.widgets.tables import SmallTable

__all__ = ["DiagnosisDock"]

ABOUT = "A network looks at every slice and says how probable a lesion is."
NOT_YET = f"{ABOUT} Open a leg in Weekly scans first."
COMPOSITES = "These are composites. The network was trained on grey scans: open the registered weeks themselves."
HINT = "Click to go to a slice; near a thin curve, to its week as well."
ALL, SHOWN = "all weeks", "the week shown"


class DiagnosisDock(Dock):
    """Classify the weeks on the desk and the forecast, see where, and go there.

    Attributes
    ----------
    weeks : QComboBox
        All weeks, or the one shown.
    with_forecast : QCheckBox
        Whether the forecast on the desk is classified, too.
    form : OptionsForm
        The classifier's file and the device.
    run_bar : RunBar
        Run and Cancel.
    table : SmallTable
        A row per volume; a click goes to its most suspicious slice.
    plot : ProbabilityPlot
        A curve per volume; a click goes there.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Its slice and week follow the clicks.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self._at_forecast = False
        self.note = self.heading(NOT_YET)
        self._build_form()
        self._build_result()
        self._build_quality()
        self.column.addStretch(1)
        for signal in ("series_changed", "registration_changed", "roi_changed", "forecast_changed"):
            getattr(self.desk, signal).connect(self.refresh)
        self.desk.diagnosis_changed.connect(self._show_result)
        self.desk.week_changed.connect(self._week_changed)
        napari_viewer.dims.events.point.connect(self._mark)
        napari_viewer.events.theme.connect(self._theme)
        self.refresh()
        self._show_result()

    def _build_form(self) -> None:
        box = self.box("Classify, research use")
        self.weeks = QComboBox()
        self.weeks.addItems([ALL, SHOWN])
        self.weeks.setToolTip("Every week on the table, or the one on the canvas alone.")
        self.with_forecast = QCheckBox("and the forecast")
        self.with_forecast.setChecked(True)
        self.with_forecast.setToolTip("The mean of the samples, and each sample.")
        choice = form_layout()
        choice.addRow("Classify", self.weeks)
        choice.addRow("", self.with_forecast)
        box.addLayout(choice)
        self.form = OptionsForm(DiagnosisOptions, basic=("network",))
        box.addWidget(self.form)
        self.card_button = QPushButton("Model card…")
        self.card_button.setToolTip("What it learned from, how well it does and on whom, and what it cannot do.")
        self.card_button.clicked.connect(self.show_card)
        box.addWidget(self.card_button)
        self.run_bar = RunBar("Classify")
        self.run_bar.run_button.clicked.connect(self.classify)
        self.run_bar.lock(self.form, self.weeks, self.with_forecast)
        self.run_bar.runner.finished.connect(self.refresh)
        self.copy_button = CopyCommandButton(self._command, self.run_bar.say)
        self.python_button = CopyPythonButton(self._script, self.run_bar.say)
        for widget in (self.run_bar, beside(self.copy_button, self.python_button)):
            box.addWidget(widget)

    def _build_result(self) -> None:
        box = self.box("Probability of a lesion")
        self.table = SmallTable(COLUMNS)
        self.table.setIconSize(QSize(10, 10))
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.horizontalHeader().setToolTip(
            f"Probability of a lesion, and the slice where it is highest. {RULE} Records: what MiceMediRec.csv, in or "
            "beside the leg's folder, says of the scan."
        )
        self.table.setToolTip("Click to go to the most suspicious slice of a week; Ctrl+C copies the table")
        self.table.cellClicked.connect(self._row_clicked)
        self.plot = ProbabilityPlot(self.viewer.theme)
        self.plot.asked.connect(self.go_to)
        self.strange_line, self.forecast_line, self.hint, self.model = QLabel(), QLabel(), QLabel(HINT), QLabel()
        for label in (self.strange_line, self.forecast_line, self.hint, self.model):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.looked = LookedBox(self.viewer, self.desk, lambda: (self.form.options(), self._seen_week()))
        self.export = DiagnosisExport(self.viewer, self.desk)
        for widget in (self.table, self.strange_line, self.forecast_line, self.plot, self.hint):
            box.addWidget(widget)
        for widget in (self.looked, self.export, self.model):
            box.addWidget(widget)
        self.result = box.parentWidget()

    def _build_quality(self) -> None:
        self.quality = QualityBox(self.viewer, self.form.options)
        self.quality_button = QPushButton("Bone quality of vertebrae…")
        self.quality_button.setToolTip("Blastic, mixed, lytic or normal, in axial CT of a spine.")
        self.quality_button.setCheckable(True)
        self.column.addWidget(self.quality_button)
        box = self.box("Bone quality, research use")
        box.addWidget(self.quality)
        frame = box.parentWidget()
        frame.hide()
        self.quality_button.toggled.connect(frame.setVisible)

    @property
    def volumes(self) -> tuple[Diagnosed, ...]:
        """What is in the table, row by row."""
        return self.desk.diagnoses.volumes if self.desk.diagnoses is not None else ()

    def refresh(self) -> None:
        """Say what can be classified."""
        series = self.desk.shown
        usable = series is not None and series.baseline.kind != Kind.COMPOSITE
        self.note.setText(NOT_YET if series is None else ABOUT if usable else COMPOSITES)
        self.with_forecast.setVisible(self.desk.forecast is not None)
        if not self.run_bar.running:
            self.run_bar.run_button.setEnabled(series is not None)

    def classify(self) -> None:
        """Classify what is chosen beside the screen."""
        try:
            series = require_weeks(self.desk.shown)
            options = self.form.options()
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return
        week = self.desk.week if self.weeks.currentText() == SHOWN else None
        forecast = self.desk.forecast if self.with_forecast.isChecked() else None
        folder = self.desk.leg.folder if self.desk.leg is not None else None
        self.run_bar.start(
            f"Classifying {series.leg}",
            lambda progress: run_diagnosis(
                series, options, week=week, forecast=forecast, folder=folder, progress=progress
            ),
            lambda made: self._keep(self.still(series, self.desk.shown, made), forecast, (options, week)),
        )

    def _keep(
        self, made: LegDiagnosis, forecast: Forecast | None, asked: tuple[DiagnosisOptions, float | None]
    ) -> None:
        self.desk.asked["diagnosis"] = (*asked, forecast is not None)
        self._at_forecast = False
        # What was said of a forecast that was replaced meanwhile is not true of the new one.
        same = forecast is None or forecast is self.desk.forecast
        self.desk.set_diagnoses(made if same else made.without_forecast())
        self.run_bar.say("")

    def _show_result(self) -> None:
        volumes = self.volumes
        self.result.setVisible(bool(volumes))
        self.table.fill(rows(volumes, self.desk.diagnoses.labels if self.desk.diagnoses is not None else {}))
        for number in range(len(volumes)):
            item = self.table.item(number, 0)
            if item is not None:
                item.setIcon(_swatch(colour_of(number)))
        for label, text in ((self.strange_line, strange_line(volumes)), (self.forecast_line, forecast_line(volumes))):
            label.setText(text)
            label.setVisible(bool(text))
        self.looked.forget()
        self._draw()

    def show_card(self) -> None:
        """Open the card of the classifier that is chosen."""
        try:
            self.card = show_card(self.form.options(), self)
        except BoneMetError as error:
            self.run_bar.say(str(error))

    def _seen_week(self) -> float | None:
        """The week on the canvas, where it is none that was forecast."""
        return None if self._at_forecast else self.desk.week

    def _current(self) -> int:
        """The row of what the canvas shows: the week, or its forecast where that was asked for."""
        here = [number for number, volume in enumerate(self.volumes) if volume.week == self.desk.week]
        wanted = [number for number in here if self.volumes[number].predicted == self._at_forecast]
        if self._at_forecast and not wanted:
            wanted = [number for number, volume in enumerate(self.volumes) if volume.predicted]
        return (wanted or here or [0])[0]

    def _draw(self) -> None:
        series, volumes = self.desk.shown, self.volumes
        if series is None or not volumes:
            self.plot.show_curves((), 0)
            return
        current = self._current()
        curves = []
        for volume in volumes:
            slices = _whole(series, volume.week).shape[0]
            curves.append(Curve(volume.title, volume.curve(slices), volume.band(slices), volume.predicted))
        self.plot.show_curves(curves, current)
        self.model.setText(model_line(volumes[current]))
        self.looked.follow()
        self.table.selectRow(current)
        self._mark()

    def _week_changed(self, week: float | None) -> None:
        predicted = next((volume for volume in self.volumes if volume.predicted), None)
        if predicted is None or week != predicted.week:
            self._at_forecast = False
        self._draw()

    def _row_clicked(self, row: int, _column: int) -> None:
        self.go_to(row, self.volumes[row].slice_index)

    def go_to(self, number: int, index: int) -> None:
        """Show a volume at a slice: the week navigator turns to it, and the canvas to the slice.

        Parameters
        ----------
        number : int
            Row of the table.
        index : int
            Slice, counted as on the canvas.
        """
        series, volume = self.desk.shown, self.volumes[number]
        if series is None:
            return
        self._at_forecast = volume.predicted
        if volume.week in series.weeks:
            self.desk.look(volume.week, ahead=volume.predicted)
        self._show_forecast(series, shown=volume.predicted)
        self.viewer.dims.set_point(self._axis(), _whole(series, volume.week).grid.to_um((index, 0, 0))[0])
        self._draw()

    def _show_forecast(self, series: ScanSeries, *, shown: bool) -> None:
        """A forecast lies on top of the weeks: it is seen when asked for, and gives the view free otherwise."""
        if self.viewer.canvas.grid.enabled:
            return  # in linked cells nothing lies on top of anything
        for layer in find_layers(self.viewer, leg=series.leg, what=ANY):
            record = record_of_layer(layer) or {}
            if record["kind"] in (Kind.PREDICTION, Kind.UNCERTAINTY) and record["what"] in OF_FORECAST:
                layer.visible = shown and record["kind"] == Kind.PREDICTION and not record["what"]

    def _axis(self) -> int:
        return int(self.viewer.dims.ndim) - 3

    def _mark(self, _event: Any = None) -> None:
        series = self.desk.shown
        if series is not None and self.volumes:
            whole = _whole(series, self.volumes[self._current()].week)
            position = self.viewer.dims.point[self._axis()]
            self.plot.mark(round(whole.grid.to_index((position, 0, 0))[0]))

    def _theme(self, _event: Any = None) -> None:
        self.plot.set_theme(self.viewer.theme)
        self.quality.plot.set_theme(self.viewer.theme)

    def leave(self) -> None:
        """Stop what runs, and stop listening to the viewer."""
        super().leave()
        self.looked.forget()
        self.quality.leave()
        self.viewer.dims.events.point.disconnect(self._mark)
        self.viewer.events.theme.disconnect(self._theme)

    def _script(self) -> str:
        week = self.desk.week if self.weeks.currentText() == SHOWN else None
        forecast = self.desk.forecast is not None and self.with_forecast.isChecked()
        return diagnosis_script(self.desk, self.form.options(), week, forecast=forecast)

    def _command(self) -> list[list[str]]:
        commands, folder = weeks_commands(self.desk)
        flags = as_flags(self.form.options())
        return [*commands, ["napari-bonemet", "classify", "--data", folder, "--out", "diagnosis.csv", *flags]]


def _whole(series: ScanSeries, week: float | None) -> Any:
    """The scan that the canvas shows for a week; the first where the week is still to come."""
    return series.at_week(week) if week is not None and week in series.weeks else series.baseline


def _swatch(colour: str) -> QIcon:
    picture = QPixmap(10, 10)
    picture.fill(QColor(colour))
    return QIcon(picture)
