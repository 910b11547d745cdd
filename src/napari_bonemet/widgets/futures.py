"""The Futures dock: several futures of a week as they are drawn, beside the true one where it is known."""

from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QLabel

from napari_bonemet.errors import BoneMetError
from napari_bonemet.scan import Kind
from napari_bonemet.study.batch_plan import memory_of_futures
from napari_bonemet.widgets.copy_command import CopyCommandButton, CopyPythonButton, beside
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.forms import OptionsForm, form_layout
from napari_bonemet.widgets.futures_canvas import FuturesOnCanvas
from napari_bonemet.widgets.futures_layers import SAMPLE
from napari_bonemet.widgets.futures_maps import FutureMaps
from napari_bonemet.widgets.futures_run import (
    CHECKPOINT,
    ONE_FUTURE,
    Drawn,
    FutureOptions,
    FutureRun,
    draw_futures,
)
from napari_bonemet.widgets.futures_words import (
    MODELS,
    about_model,
    check_rows,
    check_words,
    lost_rows,
    predict_command,
    score_rows,
    verdict,
)
from napari_bonemet.widgets.layers import find_layers
from napari_bonemet.widgets.looks import show_slice_of
from napari_bonemet.widgets.memory_note import MemoryNote
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.script_steps import forecast_script
from napari_bonemet.widgets.settings import device_setting, samples_setting
from napari_bonemet.widgets.tables import SmallTable
from napari_bonemet.widgets.target_week import TargetWeek
from napari_bonemet.widgets.worker import STOPPED

NOT_YET = "Register the weeks first: a forecast learns from the same place in several weeks."
NO_GREYS = "These weeks are composites: a forecast needs grey values. Open the registered weeks themselves."


class FuturesDock(Dock):
    """Draws futures of one week by a model; they come onto the canvas one by one.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Gets the samples as a layer that the dock leafs through, and overlays of what they say together.

    Attributes
    ----------
    week, form : TargetWeek, OptionsForm
        What is forecast, and by what.
    run_bar : RunBar
        Draw and Cancel.
    canvas : FuturesOnCanvas
        What is seen of the futures.
    table, lost, check : SmallTable
        Scores beside copy-last-week, the bone that the samples lose, and how far the samples can be believed.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.note = self.heading(NOT_YET)
        self._build_form()
        self.canvas = FuturesOnCanvas(napari_viewer, self.desk)
        self.column.addWidget(self.canvas)
        self.maps = FutureMaps(napari_viewer, self.desk)
        self.column.addWidget(self.maps)
        self._build_scores()
        self.copy_button = CopyCommandButton(self.command, self.run_bar.say)
        self.python_button = CopyPythonButton(
            lambda: forecast_script(self.desk, self.form.options(), self.week.week), self.run_bar.say
        )
        self.column.addWidget(beside(self.copy_button, self.python_button))
        self.column.addStretch(1)
        for signal in ("series_changed", "registration_changed", "roi_changed"):
            getattr(self.desk, signal).connect(self.refresh)
        self.desk.forecast_changed.connect(self._forecast_changed)
        self.desk.checkpoint_changed.connect(self._take)
        if self.desk.checkpoint is not None:
            self._take(self.desk.checkpoint)
        self.refresh()
        self._forecast_changed()

    def _build_form(self) -> None:
        box = self.box("Futures, research use")
        self.week = TargetWeek()
        weeks = form_layout()
        weeks.addRow("Week", self.week)
        box.addLayout(weeks)
        start = FutureOptions(device=device_setting(), samples=samples_setting())
        self.form = OptionsForm(start, basic=("model", "checkpoint", "samples", "seed", "device"))
        self.form.fields["model"].choices = [(words, name) for name, words in MODELS.items()]
        self.form.fields["model"].value = start.model
        self.form.changed.connect(self._model_changed)
        self.about = QLabel()
        self.about.setWordWrap(True)
        self.run_bar = RunBar("Draw futures")
        self.run_bar.cancel_button.setToolTip("Stop; the samples drawn so far stay on the canvas.")
        self.run_bar.run_button.clicked.connect(self.draw)
        self.run_bar.runner.reported.connect(self._drawn)
        self.run_bar.runner.failed.connect(self._stopped)
        self.run_bar.runner.finished.connect(self._model_changed)
        self.run_bar.lock(self.form, self.week)
        self.memory = MemoryNote("Draw fewer samples, or cut the region of interest out first.")
        for widget in (self.form, self.about, self.memory, self.run_bar):
            box.addWidget(widget)
        self._running_on: Any = None
        self._begun = False
        self._model_changed()

    def _build_scores(self) -> None:
        box = self.box("What the futures say")
        self.lost = SmallTable(["lost", "least", "mean", "most", "true"])
        self.lost.horizontalHeader().setToolTip("Bone of the last seen week that is gone, mm³: least, mean and most")
        self.table = SmallTable(["", "mean", "copied"])
        self.table.horizontalHeader().setToolTip("copied: the last seen week, unchanged, taken for the forecast")
        self.check = SmallTable(["bone of the last week", "found", "right"])
        self.check.horizontalHeader().setToolTip(
            "Share of its voxels whose true grey lies between the samples, and spread of the samples over the error of "
            "their mean; right: what they would be, were the true week one more sample"
        )
        self.verdict, self.model_note = QLabel(), QLabel()
        for label in (self.verdict, self.model_note):
            label.setWordWrap(True)
        for widget in (self.lost, self.table, self.verdict, self.check, self.model_note):
            box.addWidget(widget)
        self.result = box.parentWidget()
        self.result.hide()

    def refresh(self) -> None:
        """Offer the weeks that can be forecast."""
        series, scanned = self.desk.working, self.desk.series
        composites = scanned is not None and any(scan.kind == Kind.COMPOSITE for scan in scanned)
        self.note.setText(NO_GREYS if composites else self.next_step(NOT_YET))
        self.note.setVisible(series is None)
        self.run_bar.run_button.setEnabled(series is not None and not self.run_bar.running)
        self.week.offer(series)
        self._say_memory()

    def _say_memory(self) -> None:
        series, samples = self.desk.working, self.form.fields["samples"].value
        one = self.form.fields["model"].value in ONE_FUTURE
        self.memory.show_need(memory_of_futures(series, 1 if one else int(samples)) if series is not None else 0)

    def _model_changed(self) -> None:
        model = self.form.fields["model"].value
        self._say_memory()
        self.about.setText(about_model(model))
        self.form.show_field("checkpoint", model == CHECKPOINT)
        one = model in ONE_FUTURE
        self.form.fields["samples"].native.setEnabled(not one)
        self.form.fields["device"].native.setEnabled(not one)
        self.run_bar.run_button.setText("Forecast" if one else "Draw futures")

    def _take(self, checkpoint: Path) -> None:
        """Offer a network that was trained here, unless one is drawing."""
        if not self.run_bar.running:
            self.form.fields["checkpoint"].value = checkpoint
            self.form.fields["model"].value = CHECKPOINT

    def draw(self) -> None:
        """Draw futures of the chosen week beside the screen."""
        series, week = self.desk.working, self.week.week
        try:
            options = self.form.options()
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return
        if series is None or week is None:
            self.run_bar.say(NOT_YET)
            return
        self._running_on, self._begun = series, False
        self.run_bar.start(
            f"Forecasting {series.leg}",
            lambda progress: draw_futures(series, week, options, progress),
            lambda made: self._keep(self.still(series, self.desk.working, made), options),
        )

    def _drawn(self, item: object, _doing: str) -> None:
        # Samples of weeks that the user has turned away from have no place on this canvas.
        if isinstance(item, Drawn) and self.desk.working is self._running_on:
            self._show(item)

    def _show(self, drawn: Drawn) -> None:
        if not self._begun:
            self._begun = True
            # What was forecast before is replaced, and with it all that was made of it.
            self.desk.set_forecast(None)
            for layer in find_layers(self.viewer, leg=drawn.mean.leg, kind=str(Kind.COMPOSITE)):
                layer.visible = False
            if drawn.true_lost_mm3 is not None:
                self.desk.set_week(drawn.week)
            show_slice_of(self.viewer, drawn.mean)
            # Whatever was looked at before: the samples are seen as they come.
            self.canvas.layers.base, self.canvas.layers.away = SAMPLE, False
        self.canvas.show_drawn(drawn)
        self.result.show()
        self.lost.fill(lost_rows(drawn))
        for widget in (self.table, self.verdict, self.check, self.model_note):
            widget.hide()

    def _stopped(self, sentence: str) -> None:
        drawn = self.canvas.layers.drawn
        if not self._begun or drawn is None or self.desk.working is not self._running_on:
            return
        kept = f"{drawn.count} of {drawn.asked} samples are drawn and stay on the canvas; no forecast was recorded."
        self.run_bar.say(f"Stopped. {kept}" if sentence == STOPPED else f"{sentence} {kept}")
        self.canvas.say(f"Stopped: {drawn.count} of {drawn.asked} samples are drawn.")

    def _keep(self, made: FutureRun, options: FutureOptions) -> None:
        self.desk.asked["forecast"] = options
        if not self._begun:
            self._show(made.drawn)
        self.desk.set_forecast(made.forecast, made.scores, made.drawn)
        if made.trained_on:
            self.model_note.setText(f"Model: {made.forecast.model}, {made.trained_on}. {self.model_note.text()}")
        beside = " Compare shows it beside the true week." if made.scores is not None else ""
        self.run_bar.say(f"Week {made.forecast.week:g} is on the canvas.{beside}")

    def _forecast_changed(self) -> None:
        forecast, drawn = self.desk.forecast, self.desk.drawn
        if forecast is None:
            self.canvas.forget()
            self.result.hide()
            return
        if drawn is not None:
            self.canvas.show_drawn(drawn)
            self.lost.fill(lost_rows(drawn))
        self.lost.setVisible(drawn is not None)
        self._show_scores()

    def _show_scores(self) -> None:
        forecast, scores = self.desk.forecast, self.desk.scores
        if forecast is None:
            return
        self.result.show()
        check = self.desk.drawn.check if self.desk.drawn is not None else None
        self.table.setVisible(scores is not None)
        self.verdict.setVisible(scores is not None)
        self.check.setVisible(check is not None)
        self.model_note.show()
        lines = [forecast.note]
        if check is not None:
            self.check.fill(check_rows(check))
            lines.append(check_words(check))
        lines.append(self.desk.drawn.calibration if self.desk.drawn is not None else "")
        if scores is not None:
            self.table.fill(score_rows(scores))
            self.verdict.setText(verdict(scores))
            if scores.lpips is None:
                why, _, remedy = scores.lpips_note.partition(": ")
                lines.append(f"{why}; hold the pointer here to read how to get them" if remedy else why)
        else:
            lines.append(f"Week {forecast.week:g} is still to come: there is nothing to score against.")
        self.model_note.setToolTip(scores.lpips_note if scores is not None else "")
        self.model_note.setText("<br>".join(line.rstrip(".") + "." for line in lines if line))

    def leave(self) -> None:
        """Stop what runs, and stop listening to the viewer."""
        super().leave()
        self.maps.leave()
        self.canvas.leave()

    def command(self) -> list[list[str]]:
        """The commands that draw the same futures.

        Raises
        ------
        InputError
            When the leg lies in no folder.
        """
        return predict_command(self.desk, self.form.options(), self.week.week)
