"""The Measures dock: bone measures by their ASBMR names over the weeks, on the bone, and among the cohort."""

from typing import Any

from qtpy.QtWidgets import QLabel

from napari_bonemet.errors import BoneMetError
from napari_bonemet.morphometry.measure import MeasureOptions
from napari_bonemet.options import Options, as_flags
from napari_bonemet.widgets.copy_command import CopyCommandButton, CopyPythonButton, beside
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.futures_words import weeks_commands
from napari_bonemet.widgets.measures_camera import CameraFlight
from napari_bonemet.widgets.measures_cohort import CohortBox
from napari_bonemet.widgets.measures_export import Exports
from napari_bonemet.widgets.measures_form import NestedForm
from napari_bonemet.widgets.measures_layers import COMPARTMENTS, LESIONS, MAPS
from napari_bonemet.widgets.measures_lesion_run import LegLesions, find_in, remodelling_as, require_weeks
from napari_bonemet.widgets.measures_lesions import LesionList
from napari_bonemet.widgets.measures_on_bone import OnBone
from napari_bonemet.widgets.measures_records import read_cohort
from napari_bonemet.widgets.measures_result import MeasuresResult
from napari_bonemet.widgets.measures_run import (
    LegMeasures,
    measure_painted,
    measure_weeks,
    painted_baseline,
    require_measurable,
    what_is_measured,
)
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.script_steps import lesions_script, measure_script

__all__ = ["MeasuresDock"]


class MeasuresDock(Dock):
    """Measure the weeks on the desk, read them over time, and see on the bone what was measured.

    Attributes
    ----------
    form : NestedForm
        The options of every step.
    run_bar : RunBar
        Measure all weeks.
    result : MeasuresResult
        The table and the plots.
    on_bone : OnBone
        Which picture lies on the bone; painted compartments.
    cohort : CohortBox
        The tables of other animals.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Its slice and week follow the clicks; it gets the compartments and maps as layers.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self._build_form()
        self._build_on_bone()
        self._build_result()
        self._build_lesions()
        self.column.addStretch(1)
        for signal in ("series_changed", "registration_changed", "roi_changed"):
            getattr(self.desk, signal).connect(self.refresh)
        self.desk.measures_changed.connect(self._show_measures)
        self.desk.lesions_changed.connect(self._show_lesions)
        self.desk.week_changed.connect(self._turn)
        napari_viewer.dims.events.point.connect(self._mark)
        napari_viewer.events.theme.connect(self._theme)
        self.refresh()
        self._show_measures()
        self._show_lesions()

    def _build_form(self) -> None:
        box = self.box("Measure")
        self.what = QLabel()
        self.what.setWordWrap(True)
        self.form: NestedForm[MeasureOptions] = NestedForm(MeasureOptions, "How it is measured")
        self.run_bar = RunBar("Measure all weeks")
        self.run_bar.run_button.clicked.connect(self.measure)
        self.run_bar.lock(self.form)
        self.run_bar.runner.finished.connect(self.refresh)
        self.copy_button = CopyCommandButton(self._command, self.run_bar.say)
        self.python_button = CopyPythonButton(lambda: measure_script(self.desk, self.form.options()), self.run_bar.say)
        for widget in (self.what, self.form, self.run_bar, beside(self.copy_button, self.python_button)):
            box.addWidget(widget)

    def _build_result(self) -> None:
        box = self.box("Measures over the weeks")
        self.result = MeasuresResult(self.viewer.theme)
        self.result.week_asked.connect(self.desk.set_week)
        self.result.slice_asked.connect(self.go_to_slice)
        self.result.chosen.connect(self._group)
        self.cohort = CohortBox(read_cohort)
        self.cohort.changed.connect(self._group)
        self.notes = QLabel()
        self.notes.setWordWrap(True)
        self.exports = Exports(self.result, lambda: self.desk.measures)
        for widget in (self.result, self.cohort, self.notes, self.exports.bar):
            box.addWidget(widget)
        self.result_box = box.parentWidget()

    def _build_lesions(self) -> None:
        box = self.box("Remodelling and lesions")
        self.lesions, self.flight = LesionList(self.viewer.theme), CameraFlight(self.viewer, self)
        self.lesions.run_bar.run_button.clicked.connect(self.find_lesions)
        self.lesions.run_bar.runner.finished.connect(self.refresh)
        self.lesions.asked.connect(self.go_to_lesion)
        self.copy_lesions = CopyCommandButton(self._lesion_command, self.lesions.run_bar.say)
        self.python_lesions = CopyPythonButton(
            lambda: lesions_script(self.desk, self.form.options()), self.lesions.run_bar.say
        )
        for widget in (self.lesions, beside(self.copy_lesions, self.python_lesions)):
            box.addWidget(widget)

    def _build_on_bone(self) -> None:
        box = self.box("On the bone")
        self.on_bone = OnBone(self.viewer)
        bar = self.on_bone.painted_bar
        bar.run_button.clicked.connect(self.measure_painted)
        bar.lock(self.run_bar.run_button)
        self.run_bar.lock(bar.run_button)
        box.addWidget(self.on_bone)
        self.bone_box = box.parentWidget()

    def refresh(self) -> None:
        """Say what would be measured."""
        series = self.desk.shown
        self.what.setText(what_is_measured(series))
        if not (self.run_bar.running or self.on_bone.painted_bar.running):
            self.run_bar.run_button.setEnabled(series is not None)
        if not self.lesions.run_bar.running:
            self.lesions.run_bar.run_button.setEnabled(series is not None)

    def measure(self) -> None:
        """Measure all weeks beside the screen."""
        try:
            series, options = require_measurable(self.desk.shown), self.form.options()
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return
        self.run_bar.start(
            f"Measuring {series.leg}",
            lambda progress: measure_weeks(series, options, progress),
            lambda made: self._keep(self.still(series, self.desk.shown, made)),
        )

    def measure_painted(self) -> None:
        """Measure the weeks whose compartments were painted again, as painted."""
        before, series, layers = self.desk.measures, self.desk.shown, self.on_bone.layers
        if before is None or series is None:
            return
        found = {week: layers.compartments(week) for week in layers.painted_weeks}
        # A copy: the user may paint on while it is measured.
        painted = {week: labels.copy() for week, labels in found.items() if labels is not None}
        if before.shared and painted:
            painted = dict.fromkeys(before.by_week, next(iter(painted.values())))
        self.on_bone.painted_bar.start(
            f"Measuring {series.leg} as painted",
            lambda progress: measure_painted(before, painted, before.options, progress),
            lambda made: self._keep(self.still(series, self.desk.shown, made)),
        )

    def _keep(self, made: LegMeasures) -> None:
        self.desk.set_measures(made)
        self.run_bar.say("")

    def _show_measures(self) -> None:
        made = self.desk.measures
        self.result_box.setVisible(made is not None)
        layers, weeks = self.on_bone.layers, made.by_week if made is not None else {}
        layers.hold(COMPARTMENTS, {week: found.labels for week, found in weeks.items() if found.labels is not None})
        for name in MAPS:
            maps = {week: found.maps[name] for week, found in weeks.items() if name in found.maps}
            layers.hold(name, maps, made.limits_of(name) if made is not None else (0.0, 1.0))
        self._offer_pictures()
        if made is None:
            return
        self.result.show_weeks(made.weeks, _painted(made))
        notes = dict.fromkeys(note for week in made.weeks for note in week.notes)
        self.notes.setText("<br>".join(notes))
        self.notes.setVisible(bool(notes))
        self._turn(self.desk.week)
        self._group()
        self._mark()

    def _offer_pictures(self) -> None:
        self.bone_box.setVisible(bool(self.on_bone.layers.held))
        self.on_bone.offer()

    def find_lesions(self) -> None:
        """Look for lesions in the registered weeks beside the screen."""
        bar = self.lesions.run_bar
        try:
            series, options = require_weeks(self.desk.working), self.form.options()
        except BoneMetError as error:
            bar.say(str(error))
            return
        labels = painted_baseline(self.desk.measures, series)
        bar.start(
            f"Lesions of {series.leg}",
            lambda progress: find_in(series, options, labels, progress),
            lambda made: self._keep_lesions(self.still(series, self.desk.working, made), options, labels is not None),
        )

    def _keep_lesions(self, made: LegLesions, options: MeasureOptions, painted: bool) -> None:
        self.desk.asked["lesions"] = (options, painted)
        self.desk.set_lesions(made)

    def _show_lesions(self) -> None:
        found = self.desk.lesions
        self.on_bone.layers.hold(LESIONS, found.labels if found is not None else {})
        self._offer_pictures()
        self.lesions.show_lesions(found)
        if found is not None:
            self.on_bone.choose(LESIONS)

    def go_to_lesion(self, number: int) -> None:
        """Show a lesion: its week, its labels, and the camera on it."""
        lesion = self.lesions.lesion(number)
        if lesion is None:
            return
        week = lesion.nearest(self.desk.week)
        if week != self.desk.week:
            self.desk.set_week(week)
        self.on_bone.choose(LESIONS)
        self.lesions.choose(number)
        self.flight.fly_to(lesion.weeks[week].centre_um, lesion.size_um(week))

    def _group(self, _symbol: str = "") -> None:
        self.result.show_groups(self.cohort.lines(self.result.symbol))

    def _turn(self, week: float | None) -> None:
        self.result.turn_to(week)
        self.on_bone.turn_to(week)
        self.lesions.turn_to(week)

    def go_to_slice(self, index: int) -> None:
        """Turn the canvas to a slice, counted in the scan of the week on it."""
        current = self.result.current
        if current is not None:
            at = current.scan.grid.to_um((index, 0, 0))[0]
            self.viewer.dims.set_point(int(self.viewer.dims.ndim) - 3, at)

    def _mark(self, _event: Any = None) -> None:
        current = self.result.current
        if self.desk.measures is not None and current is not None:
            position = self.viewer.dims.point[int(self.viewer.dims.ndim) - 3]
            self.result.mark_slice(round(current.scan.grid.to_index((position, 0, 0))[0]))

    def _theme(self, _event: Any = None) -> None:
        self.result.set_theme(self.viewer.theme)
        self.lesions.plot.set_theme(self.viewer.theme)

    def leave(self) -> None:
        """Stop what runs, and stop listening to the viewer."""
        super().leave()
        self.viewer.dims.events.point.disconnect(self._mark)
        self.viewer.events.theme.disconnect(self._theme)

    def _command(self) -> list[list[str]]:
        return self._commands("measure", "measures.csv", self.form.options())

    def _lesion_command(self) -> list[list[str]]:
        return self._commands("remodel", "remodelled", remodelling_as(self.form.options()))

    def _commands(self, name: str, out: str, options: Options) -> list[list[str]]:
        commands, folder = weeks_commands(self.desk)
        return [*commands, ["napari-bonemet", name, folder, "--out", out, *_once(as_flags(options))]]


def _once(flags: list[str]) -> list[str]:
    """What two steps share is one flag."""
    starts = [at for at, word in enumerate(flags) if word.startswith("--")]
    each = [tuple(flags[a:b]) for a, b in zip(starts, [*starts[1:], len(flags)], strict=True)]
    return [word for words in dict.fromkeys(each) for word in words]


def _painted(made: LegMeasures) -> str:
    weeks = ", ".join(f"{week:g}" for week in sorted(made.painted))
    if not weeks:
        return ""
    return f"Compartments painted by hand{'' if made.shared else f' in week {weeks}'}."
