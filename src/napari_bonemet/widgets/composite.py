"""The Composite and RoI dock: bone conserved, formed and resorbed, and the region that is looked at."""

from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QButtonGroup, QComboBox, QFileDialog, QHBoxLayout, QLabel, QPushButton, QRadioButton

from napari_bonemet.errors import BoneMetError
from napari_bonemet.figures.palette import CompositeStyle
from napari_bonemet.options import as_flags
from napari_bonemet.processing.composite import CompositeOptions, CompositeResult
from napari_bonemet.processing.roi import RoiOptions, RoiResult
from napari_bonemet.scan import Kind
from napari_bonemet.widgets.composite_parts import (
    Recipe,
    check_weeks,
    composites_of,
    crop_and_repeat,
    save_composites,
    volume_rows,
)
from napari_bonemet.widgets.copy_command import CopyCommandButton, CopyPythonButton, beside
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.folded import Folded
from napari_bonemet.widgets.forms import OptionsForm, form_layout
from napari_bonemet.widgets.futures_words import weeks_commands
from napari_bonemet.widgets.layers import add_scan, find_layers
from napari_bonemet.widgets.looks import legend, show_slice_of
from napari_bonemet.widgets.roi_box import RoiBox
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.script_steps import compose_script
from napari_bonemet.widgets.settings import composite_style_setting, start_in
from napari_bonemet.widgets.tables import SmallTable

NOT_YET = "Register the weeks first: a composite compares the same place in two weeks."
ALL = "all later weeks"


class CompositeDock(Dock):
    """Composite of two registered weeks, its volumes, and the crop to the region of interest.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Gets the composite and the cropped weeks as layers.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self._recipes: dict[float, Recipe] = {}
        self._shown: float | None = None
        self.note = self.heading(NOT_YET)
        self._build_composite()
        self._build_result()
        self._build_roi()
        self.column.addStretch(1)
        for signal in ("series_changed", "registration_changed", "roi_changed"):
            getattr(self.desk, signal).connect(self.refresh)
        self.desk.composites_changed.connect(self._show_numbers)
        self.desk.week_changed.connect(self._turn)
        self.refresh()

    def _build_composite(self) -> None:
        box = self.box("Composite")
        self.baseline, self.later = QComboBox(), QComboBox()
        self.baseline.setToolTip("The week that changes are counted from.")
        self.later.setToolTip("The week whose bone is compared with the baseline's, voxel by voxel.")
        weeks = form_layout()
        weeks.addRow("Baseline", self.baseline)
        weeks.addRow("Later week", self.later)
        box.addLayout(weeks)
        self.form = OptionsForm(CompositeOptions, basic=("bone_threshold", "least_voxels"))
        box.addWidget(self.form)
        self.run_bar = RunBar("Make composite")
        self.run_bar.run_button.setToolTip("Mark and measure bone that was lost, kept and formed between both weeks.")
        self.run_bar.run_button.clicked.connect(self.make)
        self.run_bar.lock(self.form, self.baseline, self.later)
        box.addWidget(self.run_bar)
        self.copy_button = CopyCommandButton(self._commands, self.run_bar.say)
        self.python_button = CopyPythonButton(
            lambda: compose_script(self.desk, self._recipes_wanted(self._weeks())), self.run_bar.say
        )
        box.addWidget(beside(self.copy_button, self.python_button))

    def _build_result(self) -> None:
        box = self.result_box = self.box("Volumes")
        self.colours, self.greys = QRadioButton("Colours"), QRadioButton("Published greys")
        self.colours.setToolTip("Lost orange, kept grey, formed green: told apart by colour-blind eyes, too.")
        self.greys.setToolTip("The grey values of the data set's papers: 60 lost, 180 kept, 240 formed.")
        (self.greys if composite_style_setting() == "published" else self.colours).setChecked(True)
        self._styles = QButtonGroup(self)
        row = QHBoxLayout()
        for button in (self.colours, self.greys):
            self._styles.addButton(button)
            row.addWidget(button)
        row.addStretch(1)
        self._styles.buttonToggled.connect(self._restyle)
        box.addLayout(row)
        self.legend, self.rule, self.which = QLabel(), QLabel(), QLabel()
        self.table = SmallTable(["mm³", "after rule", "before"])
        self.save_button = QPushButton("Save volumes and slices…")
        self.save_button.setToolTip("volumes.csv, composite.json, and PNG slices of each composite, into a folder.")
        self.save_button.clicked.connect(self.save)
        self.saver = RunBar("Save")
        self.saver.run_button.hide()
        for label in (self.legend, self.rule, self.which):
            label.setWordWrap(True)
        rule = Folded("Change or noise: the rule", self.rule, "What counts as change, and what as noise")
        for widget in (self.which, self.legend, self.table, rule, self.save_button, self.saver):
            box.addWidget(widget)
        self.saver.hide()
        self.saver.runner.started.connect(self.saver.show)
        self.result = box.parentWidget()
        self.result.hide()

    def _build_roi(self) -> None:
        self.roi = RoiBox(self.viewer, self.desk, self.view)
        self.roi_form, self.roi_run, self.roi_note = self.roi.form, self.roi.run_bar, self.roi.note
        self.whole_button = self.roi.whole_button
        self.roi.wanted.connect(self.crop)
        self.whole_button.clicked.connect(self.uncrop)
        self.column.addWidget(self.roi)

    @property
    def style_name(self) -> CompositeStyle:
        """How composites are drawn."""
        return "published" if self.greys.isChecked() else "colour"

    def refresh(self) -> None:
        """Offer the weeks that lie on the desk."""
        series = self.desk.working
        self.note.setText(self.next_step(NOT_YET))
        self.note.setVisible(series is None)
        weeks = series.weeks if series is not None else ()
        self._offer(self.baseline, weeks[:-1], 0)
        every = self.later.currentData() == ALL
        self._offer(self.later, weeks[1:], len(weeks) - 2)
        if len(weeks) > 2:
            self.later.addItem(ALL, ALL)
            self.later.setCurrentIndex(len(weeks) - 1 if every else self.later.currentIndex())
        busy = self.run_bar.running or self.roi_run.running
        self.run_bar.run_button.setEnabled(series is not None and not busy)
        self.roi.refresh()

    def _offer(self, combo: QComboBox, weeks: tuple[float, ...], usual: int) -> None:
        before = combo.currentData()
        combo.clear()
        for week in weeks:
            combo.addItem(f"week {week:g}", week)
        combo.setCurrentIndex(weeks.index(before) if before in weeks else max(usual, 0))

    def _recipes_wanted(self, weeks: tuple[float, ...]) -> dict[float, Recipe]:
        """How the composite of the later week, or of each of them, is to be made."""
        baseline, later = self.baseline.currentData(), self.later.currentData()
        if later == ALL:
            recipe = Recipe(baseline, self.form.options())
            return {week: recipe for week in weeks if week > baseline}
        baseline, later = check_weeks(baseline, later)
        return {later: Recipe(baseline, self.form.options())}

    def _weeks(self) -> tuple[float, ...]:
        return self.desk.working.weeks if self.desk.working is not None else ()

    def _commands(self) -> list[list[str]]:
        commands, folder = weeks_commands(self.desk)
        for week, recipe in self._recipes_wanted(self._weeks()).items():
            weeks = ["--weeks", f"{recipe.baseline:g}", f"{week:g}", *as_flags(recipe.options)]
            commands.append(["napari-bonemet", "composite", folder, "--out", f"composite {week:g}", *weeks])
        return commands

    def make(self) -> None:
        """Make the composite of the two weeks, or of all later ones, beside the screen."""
        series = self.desk.working
        try:
            recipes = self._recipes_wanted(self._weeks())
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return
        if series is None:
            self.run_bar.say(NOT_YET)
            return
        self.run_bar.start(
            f"Composite of {series.leg}",
            lambda progress: composites_of(series, recipes, progress),
            lambda made: self._made(self.still(series, self.desk.working, made), recipes),
        )

    def _made(self, made: dict[float, CompositeResult], recipes: dict[float, Recipe]) -> None:
        self._keep(made, recipes, self.run_bar)
        # The greys under the composite are those of its own later week.
        self.desk.set_week(max(recipes))

    def _turn(self, week: float | None) -> None:
        """The composite of the week that is turned to, where there is one."""
        if week in self.desk.composites and week != self._shown:
            self._shown = week
            self._draw()
            self._show_numbers()

    def _keep(self, made: dict[float, CompositeResult], recipes: dict[float, Recipe], bar: RunBar) -> None:
        self._recipes |= recipes
        for week, result in made.items():
            self._shown = week
            self.desk.set_composite(week, result)
        self._draw()
        bar.say("")

    def _draw(self) -> None:
        """The composite in question on the canvas, the others of this leg hidden."""
        result = self.desk.composites.get(self._shown) if self._shown is not None else None
        if result is None:
            return
        self.desk.result_shown.emit()
        for old in find_layers(self.viewer, leg=result.scan.leg, kind=str(Kind.COMPOSITE)):
            old.visible = False
        extra = {"rule": result.rule, "volumes": result.volumes.as_record()}
        layer = add_scan(self.viewer, result.scan, style=self.style_name, extra=extra)
        self.viewer.layers.move(self.viewer.layers.index(layer), len(self.viewer.layers))
        show_slice_of(self.viewer, result.scan)
        layer.opacity = 0.9 if self.style_name == "colour" else 1.0

    def _restyle(self, _button: Any, checked: bool) -> None:
        if checked:
            self._draw()
            self._show_numbers()

    def _show_numbers(self) -> None:
        if self._shown not in self.desk.composites:
            self._shown = max(self.desk.composites, default=None)
        result = self.desk.composites.get(self._shown) if self._shown is not None else None
        self.result.setVisible(result is not None)
        if result is None:
            return
        synthetic = ", synthetic" if result.scan.synthetic else ""
        baseline = self._recipes[self._shown].baseline if self._shown in self._recipes else None
        since = f" since week {baseline:g}" if baseline is not None else ""
        self.which.setText(f"{result.scan.title}{since}{synthetic}")
        self.legend.setText(legend(self.style_name))
        self.table.fill(volume_rows(result))
        self.rule.setText(result.rule)

    def crop(self, options: RoiOptions) -> None:
        """Crop the weeks to the region of interest, and repeat the composites that are there."""
        series = self.desk.registered
        if series is None:
            self.roi_run.say(NOT_YET)
            return
        recipes = {week: self._recipes[week] for week in self.desk.composites if week in self._recipes}
        self.roi_run.start(
            f"Region of interest of {series.leg}",
            lambda progress: crop_and_repeat(series, options, recipes, progress),
            lambda made: self._keep_roi(self.still(series, self.desk.registered, made), recipes),
        )

    def _keep_roi(
        self, made: tuple[RoiResult | None, dict[float, CompositeResult]], recipes: dict[float, Recipe]
    ) -> None:
        roi, composites = made
        self.desk.set_roi(roi)
        if self.desk.working is not None:
            show_slice_of(self.viewer, self.desk.working.baseline)
        self._keep(composites, recipes, self.roi_run)

    def uncrop(self) -> None:
        """Go back to the whole scan, and repeat the composites that are there."""
        series = self.desk.registered
        if series is None:
            return
        recipes = {week: self._recipes[week] for week in self.desk.composites if week in self._recipes}
        self.roi_run.start(
            f"Whole scan of {series.leg}",
            lambda progress: composites_of(series, recipes, progress),
            lambda made: self._keep_roi((None, self.still(series, self.desk.registered, made)), recipes),
        )

    def save(self) -> None:
        """Ask for a folder, and write volumes, record and slices into it."""
        chosen = QFileDialog.getExistingDirectory(self, "Folder for volumes and composite slices", start_in())
        if not chosen:
            return
        results, recipes = dict(self.desk.composites), dict(self._recipes)
        self.saver.start(
            "Saving the composites",
            lambda progress: save_composites(results, recipes, Path(chosen), progress),
            lambda written: self.saver.say(f"Saved {written[0].name}, {written[1].name} and slices in {chosen}"),
        )

    def leave(self) -> None:
        """Stop what runs, and take the projections off the canvas."""
        super().leave()
        self.roi.leave()
