"""The dock "Register weeks": bring the weeks onto one grid, watch it happen, judge it, save the transforms."""

from pathlib import Path
from typing import Any

from napari.layers import Image
from qtpy.QtWidgets import QComboBox, QFileDialog, QLabel, QPushButton

from napari_bonemet.errors import BoneMetError, InputError
from napari_bonemet.options import as_flags, describe
from napari_bonemet.processing.register import RegistrationOptions, RegistrationResult, register_weeks
from napari_bonemet.processing.register.alignment import READING
from napari_bonemet.progress import Progress, Reading
from napari_bonemet.scan import Scan
from napari_bonemet.study.batch_plan import memory_of
from napari_bonemet.study.notes import about_spacing
from napari_bonemet.study.write import write_registration
from napari_bonemet.widgets.board import BoardBox
from napari_bonemet.widgets.copy_command import CopyCommandButton, CopyPythonButton, beside, folder_named
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.forms import OptionsForm, form_layout
from napari_bonemet.widgets.layers import record_of_layer, scan_from_layer
from napari_bonemet.widgets.memory_note import MemoryNote
from napari_bonemet.widgets.metricplot import MetricPlot
from napari_bonemet.widgets.nudge_box import NudgeBox
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.script_steps import register_script
from napari_bonemet.widgets.settings import bone_threshold_setting, start_in
from napari_bonemet.widgets.tables import SmallTable
from napari_bonemet.widgets.verdicts import COLOURS, WORDS, verdict_icon
from napari_bonemet.widgets.worker import in_words

__all__ = ["RegisterDock"]

_NO_REFERENCE = "none"


class RegisterDock(Dock):
    """Choose a baseline, run, and see whether it went well.

    Attributes
    ----------
    baseline, reference : QComboBox
        The week that the others are brought onto, and a reference bone that the baseline is brought onto.
    form : OptionsForm
        The other options.
    run_bar : RunBar
        Run and Cancel.
    plot : MetricPlot
        The metric while it runs, and afterwards the best run of each week.
    table : SmallTable
        The quality of each week.
    board : BoardBox
        Before and after.
    nudge : NudgeBox
        Correct a week by hand.
    """

    # A correction that was begun is not a setting.
    NOT_KEPT = ("nudge",)

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.leg = self.heading("")
        self.baseline, self.reference = QComboBox(), QComboBox()
        hidden = [o.name for o in describe(RegistrationOptions) if o.name == "baseline_week" or len(o.choices) == 1]
        start = RegistrationOptions(bone_threshold=bone_threshold_setting())
        self.form = OptionsForm(start, basic=("bone_threshold", "around_bone"), hidden=hidden)
        self.memory = MemoryNote("Close other programs, or let <tt>napari-bonemet batch</tt> do legs one by one.")
        self.run_bar = RunBar("Register weeks")
        self.plot = MetricPlot(READING)
        self.table = SmallTable(("Week", "Verdict", "Overlap", "Turn", "Shift"))
        self.reasons = QLabel()
        self.board = BoardBox(self.viewer, self.desk)
        self.nudge = NudgeBox(self.viewer, self.desk, self.view, self._options)
        self.save_button = QPushButton("Save transforms…")
        self.copy_button = CopyCommandButton(self._command, self.run_bar.say)
        self.python_button = CopyPythonButton(self._script, self.run_bar.say)
        self._fixed: Scan | None = None
        self._lay_out()
        self._connect()
        self._refresh()
        self._show_result()

    def _lay_out(self) -> None:
        self.baseline.setToolTip("The week that the others are brought onto.")
        self.reference.setToolTip("A scan of another bone to align the baseline with; the weeks follow it.")
        for combo in (self.baseline, self.reference):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(10)
        rows = form_layout()
        rows.addRow("Baseline", self.baseline)
        rows.addRow("Reference", self.reference)
        self.column.addLayout(rows)
        self.reasons.setWordWrap(True)
        self.plot.setToolTip(
            "The robust residual is to fall, mutual information to rise; both jump where the resolution gets finer."
        )
        self.save_button.setToolTip("ITK transforms (.tfm) and a record (registration.json) into a folder.")
        self.run_bar.run_button.setToolTip("Bring all weeks onto one grid; the scans stay as they were.")
        for widget in (
            self.form,
            self.memory,
            self.run_bar,
            self.plot,
            self.table,
            self.reasons,
            self.board,
            self.nudge,
        ):
            self.column.addWidget(widget)
        self.column.addWidget(self.save_button)
        self.column.addWidget(beside(self.copy_button, self.python_button))
        self.column.addStretch(1)

    def _connect(self) -> None:
        self.run_bar.lock(self.baseline, self.reference, self.form, self.save_button)
        self.run_bar.run_button.clicked.connect(self.run)
        self.run_bar.runner.finished.connect(self._refresh)
        self.run_bar.runner.failed.connect(self._show_result)
        self.run_bar.runner.reported.connect(self._plot_reading)
        self.save_button.clicked.connect(self._pick_folder)
        self.table.cellClicked.connect(self._turn_to_row)
        self.desk.series_changed.connect(self._forget_fixed)
        self.desk.series_changed.connect(self._refresh)
        self.desk.registration_changed.connect(self._show_result)
        self.viewer.layers.events.inserted.connect(self._refresh_references)
        self.viewer.layers.events.removed.connect(self._refresh_references)

    def _refresh(self) -> None:
        series = self.desk.series
        enough = series is not None and (len(series) > 1)
        if series is None:
            self.leg.setText("Open a leg in Weekly scans first.")
        else:
            weeks = ", ".join(f"{week:g}" for week in series.weeks)
            self.leg.setText(f"<b>{series.leg}</b>, weeks {weeks}")
        metric = str(self.form.fields["metric"].value)
        self.memory.show_need(memory_of(series, metric=metric) if enough and series is not None else 0)
        chosen = self.baseline.currentData()
        self.baseline.clear()
        if series is not None:
            self.baseline.addItem(f"earliest (week {series.weeks[0]:g})", None)
            for week in series.weeks:
                self.baseline.addItem(f"week {week:g}", week)
            self.baseline.setCurrentIndex(max(0, self.baseline.findData(chosen)))
        if not self.run_bar.running:
            self.run_bar.run_button.setEnabled(enough)
            self.save_button.setEnabled(self.desk.registration is not None)
        self._refresh_references()

    def _forget_fixed(self) -> None:
        """What the weeks of another leg were brought onto."""
        self.board.fixed = self.nudge.baseline_week = None

    def _refresh_references(self, *_: Any) -> None:
        chosen = self.reference.currentText()
        self.reference.clear()
        self.reference.addItem(_NO_REFERENCE)
        here = self.desk.series.leg if self.desk.series else None
        for layer in self.viewer.layers:
            ours = record_of_layer(layer)
            if isinstance(layer, Image) and (ours is None or ours["leg"] != here):
                self.reference.addItem(layer.name)
        self.reference.setCurrentIndex(max(0, self.reference.findText(chosen)))

    def _reference_scan(self) -> Scan | None:
        name = self.reference.currentText()
        if self.reference.currentIndex() <= 0 or name not in self.viewer.layers:
            return None
        return scan_from_layer(self.viewer.layers[name])

    def _options(self) -> RegistrationOptions:
        return self.form.options(baseline_week=self.baseline.currentData())

    def run(self) -> None:
        """Register the weeks on the table."""
        series = self.desk.series
        if series is None:
            return
        try:
            options, reference = self._options(), self._reference_scan()
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return
        week = series.weeks[0] if options.baseline_week is None else options.baseline_week
        self._fixed = reference or series.at_week(week)
        self.nudge.baseline_week = week
        self.nudge.stop()
        self.plot.clear()
        self.plot.show()

        def work(progress: Progress) -> RegistrationResult:
            return register_weeks(series, options=options, reference=reference, progress=progress)

        self.run_bar.start(
            f"Registering {series.leg}",
            work,
            lambda result: self._done(self.still(series, self.desk.series, result)),
        )

    def _plot_reading(self, item: object, doing: str) -> None:
        if isinstance(item, Reading):
            _, _, week = doing.rpartition(", ")
            self.plot.name(item.name)
            self.plot.add(week or item.name, item.value)

    def _done(self, result: RegistrationResult) -> None:
        fixed = self._fixed
        self.desk.set_registration(result)
        self.board.fixed = fixed
        bad = [f"week {q.week:g}" for q in result.quality if q.verdict != "good"]
        self.run_bar.say(f"Done; look at {', '.join(bad)} before going on." if bad else "Done; every week lies well.")

    def _show_result(self) -> None:
        result = self.desk.registration
        there = result is not None
        self.table.setVisible(there)
        self.reasons.setVisible(there)
        self.save_button.setEnabled(there and not self.run_bar.running)
        self.plot.clear()
        self.plot.setVisible(there or self.run_bar.running)
        if result is None:
            return
        # Weeks that were registered elsewhere are compared with the first of them.
        self.board.fixed = self.board.fixed or result.series.baseline
        for quality in result.quality:
            if quality.metric_trace:
                self.plot.set_line(f"week {quality.week:g}", list(quality.metric_trace))
        self.table.fill([_row(result, index) for index in range(len(result.quality))])
        for row, quality in enumerate(result.quality):
            icon, colour = verdict_icon(quality.verdict), COLOURS[quality.verdict]
            self.table.mark(row, 1, icon=icon, colour=colour, tip=f"Week {quality.week:g}: {quality.reason}")
        lines = [f"Week {q.week:g}: {q.reason}." for q in result.quality]
        if result.mirrored:
            lines.insert(0, "The reference is of the other side and was mirrored.")
        if self.desk.series is not None:
            lines += [f"{note}." for note in about_spacing(self.desk.series)]
        self.reasons.setText("<br>".join(lines))

    def _turn_to_row(self, row: int, _column: int) -> None:
        result = self.desk.registration
        if result is not None and row < len(result.quality):
            self.desk.set_week(result.quality[row].week)

    def leave(self) -> None:
        """Stop what runs, and stop listening to the layer list."""
        super().leave()
        self.nudge.leave()
        self.viewer.layers.events.inserted.disconnect(self._refresh_references)
        self.viewer.layers.events.removed.disconnect(self._refresh_references)

    def _pick_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder for the transforms", start_in())
        if folder:
            self.save(Path(folder))

    def save(self, folder: Path) -> None:
        """Write ``registration.json`` and one ``week N.tfm`` per week into `folder`."""
        series, result = self.desk.series, self.desk.registration
        if series is None or result is None:
            return
        try:
            write_registration(series, result, folder)
        except BoneMetError as error:
            self.run_bar.say(in_words(error, "Saving the transforms"))
            return
        self.run_bar.say(f"Saved {len(series)} transforms and registration.json in {folder}.")

    def _script(self) -> str:
        if self.reference.currentIndex() > 0:
            raise InputError(
                "The reference is a layer on the canvas, which no script could name", remedy="Choose no reference"
            )
        return register_script(self.desk, self._options())

    def _command(self) -> list[str]:
        return [
            "napari-bonemet",
            "register",
            folder_named(self.desk),
            "--out",
            "registered",
            *as_flags(self._options()),
        ]


def _row(result: RegistrationResult, index: int) -> list[str]:
    quality, transform = result.quality[index], result.transforms[index]
    shift = sum(value**2 for value in quality.shift_um) ** 0.5
    return [
        f"{quality.week:g}",
        WORDS[quality.verdict],
        f"{quality.overlap:.0%}",
        f"{transform.angle:.1f}°",
        f"{shift:.0f} µm",
    ]
