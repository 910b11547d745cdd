"""The Forecast dock: a first look at a coming week, beside the true one where it is known."""

from typing import Any

from qtpy.QtWidgets import QComboBox, QLabel

from napari_bonemet.errors import BoneMetError
from napari_bonemet.scan import Kind
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.forecast_run import (
    ForecastOptions,
    ForecastRun,
    run_forecast,
    score_rows,
    target_weeks,
    verdict,
)
from napari_bonemet.widgets.forms import OptionsForm, form_layout
from napari_bonemet.widgets.layers import add_scan, find_layers
from napari_bonemet.widgets.looks import grey_limits, show_slice_of
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.tables import SmallTable

NOT_YET = "Register the weeks first: a forecast learns from the same place in several weeks."


class ForecastDock(Dock):
    """A baseline forecast of one week, its layers, and its scores beside copy-last-week.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Gets the predicted week as a layer, beside the true one where it is known.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.note = self.heading(NOT_YET)
        self._build_form()
        self._build_scores()
        self.column.addStretch(1)
        for signal in ("series_changed", "registration_changed", "roi_changed"):
            getattr(self.desk, signal).connect(self.refresh)
        self.desk.forecast_changed.connect(self._forecast_changed)
        self.refresh()

    def _build_form(self) -> None:
        box = self.box("Forecast, research use")
        self.week = QComboBox()
        weeks = form_layout()
        weeks.addRow("Week", self.week)
        box.addLayout(weeks)
        self.form = OptionsForm(ForecastOptions, basic=("model",))
        box.addWidget(self.form)
        self.run_bar = RunBar("Forecast")
        self.run_bar.run_button.clicked.connect(self.forecast)
        self.run_bar.lock(self.form, self.week)
        box.addWidget(self.run_bar)

    def _build_scores(self) -> None:
        box = self.box("Against the true week")
        self.table = SmallTable(["", "forecast", "copied"])
        self.table.horizontalHeader().setToolTip("copied: the last seen week, unchanged, taken for the forecast")
        self.verdict, self.model_note = QLabel(), QLabel()
        for label in (self.verdict, self.model_note):
            label.setWordWrap(True)
        for widget in (self.table, self.verdict, self.model_note):
            box.addWidget(widget)
        self.result = box.parentWidget()
        self.result.hide()

    def refresh(self) -> None:
        """Offer the weeks that can be forecast."""
        series = self.desk.working
        self.note.setVisible(series is None)
        self.run_bar.run_button.setEnabled(series is not None and len(series) > 0 and not self.run_bar.running)
        before = self.week.currentData()
        self.week.clear()
        weeks = target_weeks(series) if series is not None else ()
        for week in weeks:
            known = series is not None and week in series.weeks
            self.week.addItem(f"week {week:g}" + ("" if known else " (to come)"), week)
        usual = before if before in weeks else weeks[-2] if len(weeks) > 1 else None
        self.week.setCurrentIndex(weeks.index(usual) if usual is not None else 0)

    def forecast(self) -> None:
        """Forecast the chosen week beside the screen."""
        series, week = self.desk.working, self.week.currentData()
        try:
            options = self.form.options()
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return
        if series is None or week is None:
            self.run_bar.say(NOT_YET)
            return
        self.run_bar.start(
            f"Forecasting {series.leg}",
            lambda progress: run_forecast(series, week, options, progress),
            lambda made: self._keep(self.still(series, self.desk.working, made)),
        )

    def _keep(self, made: ForecastRun) -> None:
        self.desk.set_forecast(made.forecast, made.scores)
        self._show_layers(made)
        self._show_scores(made)
        beside = " Compare shows it beside the true week." if made.scores is not None else ""
        self.run_bar.say(f"Week {made.forecast.week:g} is on the canvas.{beside}")

    def _show_layers(self, made: ForecastRun) -> None:
        forecast, series = made.forecast, self.desk.working
        if series is None:
            return
        for kind in (Kind.PREDICTION, Kind.UNCERTAINTY):
            for old in find_layers(self.viewer, leg=series.leg, kind=str(kind)):
                self.viewer.layers.remove(old)
        for layer in find_layers(self.viewer, leg=series.leg, kind=str(Kind.COMPOSITE)):
            layer.visible = False
        if forecast.week in series.weeks:
            self.desk.set_week(forecast.week)
            truth = series.at_week(forecast.week)
            if not find_layers(self.viewer, leg=truth.leg, week=truth.week, kind=str(truth.kind)):
                add_scan(self.viewer, truth)
        extra = {"model": forecast.model, "seed": forecast.seed, "trained_on": made.trained_on}
        add_scan(self.viewer, forecast.mean, extra=extra).contrast_limits = grey_limits(series.scans)
        show_slice_of(self.viewer, forecast.mean)
        if len(forecast.samples) > 1:
            add_scan(self.viewer, forecast.spread, visible=False, extra=extra)

    def _show_scores(self, made: ForecastRun) -> None:
        self.result.show()
        self.table.setVisible(made.scores is not None)
        self.verdict.setVisible(made.scores is not None)
        model = ", ".join(words for words in (made.forecast.model, made.trained_on) if words)
        lines = [f"Model: {model}", made.forecast.note]
        if made.scores is not None:
            self.table.fill(score_rows(made.scores))
            self.verdict.setText(verdict(made.scores))
            if made.scores.lpips is None:
                why, _, remedy = made.scores.lpips_note.partition(": ")
                lines.append(f"{why}; hold the pointer here to read how to get them" if remedy else why)
        else:
            lines.append(f"Week {made.forecast.week:g} is still to come: there is nothing to score against.")
        self.model_note.setToolTip(made.scores.lpips_note if made.scores is not None else "")
        self.model_note.setText("<br>".join(line.rstrip(".") + "." for line in lines if line))

    def _forecast_changed(self) -> None:
        if self.desk.forecast is None:
            self.result.hide()
