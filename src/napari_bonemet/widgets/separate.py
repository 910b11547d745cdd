"""The dock "Separate limbs": find both tibiae and femora and the spine in a hindlimb scan, look, correct, accept."""

from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QCheckBox, QFileDialog, QGridLayout, QPushButton

from napari_bonemet.errors import BoneMetError
from napari_bonemet.options import as_flags
from napari_bonemet.phantom.sample_hindlimb import sample_hindlimb
from napari_bonemet.processing.segment import SeparationOptions, SeparationResult
from napari_bonemet.progress import Progress
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.copy_command import CopyCommandButton, CopyPythonButton, beside, folder_named
from napari_bonemet.widgets.desk import Leg
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.forms import OptionsForm
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.scan_picker import ScanPicker
from napari_bonemet.widgets.script_steps import separate_script
from napari_bonemet.widgets.separate_review import ReviewBox
from napari_bonemet.widgets.separate_steps import cut, find, join, save
from napari_bonemet.widgets.settings import bone_threshold_setting, start_in
from napari_bonemet.widgets.threshold_look import ThresholdLook

__all__ = ["SeparateDock"]

NO_SCAN = "Open a hindlimb scan in Weekly scans, drop one on the window, or make a synthetic one."


class SeparateDock(Dock):
    """Choose a hindlimb scan, find its limbs, correct their boxes on projections, and cut them out.

    Attributes
    ----------
    picker : ScanPicker
        The scan.
    form : OptionsForm
        The bone threshold, and what few need.
    mark : QCheckBox
        Whether what is above the threshold is marked on the canvas.
    sample_bar, run_bar, accept_bar : RunBar
        Make a sample, Find, and Accept.
    review : ReviewBox
        What was found.
    go_on : dict
        A leg's name to the button that puts it on the table.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.note = self.heading(NO_SCAN)
        self.sample_bar = RunBar("Synthetic hindlimb")
        self.picker = ScanPicker(self.viewer, self.desk)
        self.form = OptionsForm(SeparationOptions(bone_threshold=bone_threshold_setting()), basic=("bone_threshold",))
        self.mark = QCheckBox("Mark what is above the threshold")
        self.run_bar, self.accept_bar = RunBar("Find the limbs"), RunBar("Accept")
        self.look = ThresholdLook(self.viewer, self)
        self.review = ReviewBox(self.viewer, self.view)
        self.save_button = QPushButton("Save slices…")
        self.copy_button = CopyCommandButton(self._command, self.run_bar.say)
        self.python_button = CopyPythonButton(
            lambda: separate_script(self.desk, self._options_shown()), self.run_bar.say
        )
        self.go_on: dict[str, QPushButton] = {}
        self._results: dict[str, SeparationResult] = {}
        self._lay_out()
        self._connect()
        self._turned()

    def _lay_out(self) -> None:
        self.mark.setToolTip("In orange, on slices and on projections; it follows the threshold as you turn it.")
        self.sample_bar.run_button.setToolTip("A synthetic scan of both hindlimbs and the spine, made on the spot.")
        self.run_bar.run_button.setToolTip("Find tibiae, femora and spine, and show their boxes; nothing is cut yet.")
        self.accept_bar.run_button.setToolTip("Cut out the ticked parts; a week that was accepted before is replaced.")
        self.save_button.setToolTip("PNG slices of the ticked parts in the BoneMet layout, with a record.")
        self._next = QGridLayout()
        parts = (self.sample_bar, self.picker, self.form, self.mark, self.run_bar, self.review, self.accept_bar)
        for widget in parts:
            self.column.addWidget(widget)
        self.column.addLayout(self._next)
        self.column.addWidget(self.save_button)
        self.column.addWidget(beside(self.copy_button, self.python_button))
        self.column.addStretch(1)

    def _connect(self) -> None:
        for bar in (self.sample_bar, self.run_bar, self.accept_bar):
            bar.lock(self.picker, self.form, self.review, self.save_button)
            bar.runner.finished.connect(self._allow)
        self.sample_bar.run_button.clicked.connect(self.open_sample)
        self.run_bar.run_button.clicked.connect(self.run)
        self.accept_bar.run_button.clicked.connect(self.accept)
        self.save_button.clicked.connect(self._pick_folder)
        self.picker.changed.connect(self._turned)
        self.form.fields["bone_threshold"].changed.connect(self._threshold_turned)
        self.mark.toggled.connect(self._remark)
        self.review.sheet_toggled.connect(self._remark)
        self.review.changed.connect(self._keep)
        self.desk.legs_changed.connect(self._forget_legs)

    def leave(self) -> None:
        """Stop what runs, give the canvas back, and stop listening to the layer list."""
        super().leave()
        self.picker.leave()
        self.look.clear()
        self.review.leave()

    def open_sample(self) -> None:
        """Make the synthetic hindlimb, and put it on the table."""

        def work(progress: Progress) -> ScanSeries:
            progress.message("making the synthetic hindlimb")
            return ScanSeries((sample_hindlimb(progress=progress).scan,))

        self.sample_bar.start("Making the sample", work, self.desk.set_series)

    def _turned(self) -> None:
        """Another scan is looked at."""
        result = self._results.get(self.picker.key_in_view() or "")
        if result is None:
            self.review.forget()
        else:
            self.review.show_result(result)
        if not self.run_bar.running and not self.accept_bar.running:
            self.run_bar.say("")
            self.accept_bar.say("")
        self._remark()
        self._allow()

    def _allow(self) -> None:
        busy = any(bar.running for bar in (self.sample_bar, self.run_bar, self.accept_bar))
        found, empty = self.review.result is not None, self.picker.empty
        for widget in (self.note, self.sample_bar):
            widget.setVisible(empty or self.sample_bar.running)
        for widget in (self.picker, self.form, self.mark, self.run_bar, self.copy_button):
            widget.setVisible(not empty)
        for widget in (self.review, self.accept_bar, self.save_button):
            widget.setVisible(found)
        self.run_bar.run_button.setEnabled(not empty and not busy)
        self.accept_bar.run_button.setEnabled(found and not busy)
        self.accept_bar.run_button.setText("Accept all weeks" if len(self._chosen()) > 1 else "Accept")

    def _threshold_turned(self, value: float) -> None:
        if not self.mark.isChecked() and not self.picker.empty:
            self.mark.setChecked(True)
        self.look.turn(value)

    def _remark(self, *_: Any) -> None:
        images = self.review.images or self.picker.images()
        if self.mark.isChecked() and images:
            self.look.mark(images, self.form.fields["bone_threshold"].value)
        else:
            self.look.clear()

    def run(self) -> None:
        """Look for the limbs."""
        try:
            scans, options = self.picker.scans(), self.form.options()
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return
        keys = self.picker.picked_keys()
        self.run_bar.start(
            f"Separating {scans[0].title if len(scans) == 1 else scans[0].leg}",
            lambda progress: find(scans, options, progress),
            lambda results: self._found(dict(zip(keys, results, strict=True))),
        )

    def _found(self, results: dict[str, SeparationResult]) -> None:
        self._results |= results
        seen = self._results.get(self.picker.key_in_view() or "")
        if seen is not None:
            self.review.show_result(seen)
            self.review.open()
        doubtful = [result.scan.title for result in results.values() if result.needs_review]
        self.run_bar.say(
            f"Look at {', '.join(doubtful)} before you accept." if doubtful else "Found; look at the boxes, and accept."
        )

    def _keep(self, result: SeparationResult) -> None:
        """A result that was corrected takes the place of the one it was made from."""
        self._results = {key: result if was.scan is result.scan else was for key, was in self._results.items()}

    def _chosen(self) -> list[SeparationResult]:
        return [self._results[key] for key in self.picker.picked_keys() if key in self._results]

    def accept(self) -> None:
        """Cut the ticked parts out, and put them among the legs."""
        results, wanted = self._chosen(), self.review.ticked()
        self.accept_bar.start("Cutting out the parts", lambda progress: cut(results, wanted, progress), self._accepted)

    def _accepted(self, scans: list[Scan]) -> None:
        self.review.close_sheet()
        legs = join(self.desk, scans)
        for leg in legs:
            self._offer(leg)
        names = "; ".join(f"{leg.name}, {_weeks(leg)}" for leg in legs)
        self.accept_bar.say(f"Cut out: {names}. Go on with one of them, or separate another week.")

    def _offer(self, leg: Leg) -> None:
        if leg.name in self.go_on or leg.series is None:
            return
        first = leg.series.baseline
        button = QPushButton("Go on: " + " ".join(filter(None, (first.side, first.part))))
        button.setToolTip(f"Put {leg.name} on the table, for Register weeks and what follows.")
        button.clicked.connect(lambda: self.put_on_table(leg.name))
        row, column = divmod(len(self.go_on), 2)
        self._next.addWidget(button, row, column)
        self.go_on[leg.name] = button

    def _forget_legs(self) -> None:
        """Legs that were closed cannot be gone on with."""
        there = {leg.name for leg in self.desk.legs}
        for name in self.go_on.keys() - there:
            self.go_on.pop(name).deleteLater()

    def put_on_table(self, name: str) -> None:
        """Put a leg that was cut out on the table, for Register weeks and what follows."""
        leg = next((leg for leg in self.desk.legs if leg.name == name and leg.files is None), None)
        if leg is not None:
            self.desk.set_series(leg.series, leg)

    def _pick_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder for the slices of the parts", start_in())
        if folder:
            self.save(Path(folder))

    def save(self, folder: Path) -> None:
        """Write the ticked parts in the BoneMet layout, and the record."""
        results, wanted = self._chosen(), self.review.ticked()
        self.accept_bar.start(
            "Saving the parts",
            lambda progress: save(results, wanted, folder, progress),
            lambda written: self.accept_bar.say(f"Saved {len(written)} scans and separate.json in {folder}."),
        )

    def _command(self) -> list[str]:
        options = as_flags(self._options_shown())
        return ["napari-bonemet", "separate", folder_named(self.desk), "--out", "separated", *options]

    def _options_shown(self) -> SeparationOptions:
        return self.review.result.options if self.review.result is not None else self.form.options()


def _weeks(leg: Leg) -> str:
    weeks = [f"{week:g}" for week in leg.weeks if week is not None]
    return f"week{'' if len(weeks) == 1 else 's'} {', '.join(weeks)}"
