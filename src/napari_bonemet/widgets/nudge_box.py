"""Correct by hand where a week lies: nudge it, set it from landmarks or a file, refine, accept, or undo."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QGroupBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_bonemet.errors import BoneMetError
from napari_bonemet.processing.register import RegistrationOptions, RegistrationResult
from napari_bonemet.progress import Progress
from napari_bonemet.transform import RigidTransform
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.folded import Folded
from napari_bonemet.widgets.landmarks import LandmarksBox
from napari_bonemet.widgets.nudge_fields import NudgeFields
from napari_bonemet.widgets.nudge_steps import Bench, fixed_of, landmarks_pose, lay_again, load_pose, settle, take_up
from napari_bonemet.widgets.nudge_view import NudgeView
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.settings import start_in
from napari_bonemet.widgets.week_view import WeekView

__all__ = ["NudgeBox"]

HINT = (
    "Green stays, magenta is moved, white is where both agree. Shift+drag moves and Ctrl+drag turns it on the canvas."
)
NOT_YET = "Register the weeks first."


class NudgeBox(QGroupBox):
    """One week at a time: the one that the navigator shows when Correct is pressed.

    Attributes
    ----------
    start_button, refine_button, file_button, undo_button, stop_button : QPushButton
        What is pressed; `run_bar.run_button` accepts.
    fields : NudgeFields
        How far the week is moved from where it was taken up.
    landmarks : LandmarksBox
        Pairs of landmarks.
    bench : Bench or None
        The week that is being corrected.
    accepted : Signal(object)
        The registration with that week laid again.
    """

    accepted = Signal(object)

    def __init__(
        self,
        viewer: Any,
        desk: Desk,
        view: WeekView,
        options: Callable[[], RegistrationOptions],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Correct by hand", parent)
        self._desk, self._options = desk, options
        self._automatic: RegistrationResult | None = None
        self._own = False
        self._base, self._pose = RigidTransform(), RigidTransform()
        self.baseline_week: float | None = None
        self.bench: Bench | None = None
        self.canvas = NudgeView(viewer, view, self)
        self.fields, self.landmarks = NudgeFields(), LandmarksBox(viewer)
        self.start_button, self.stop_button = QPushButton(), QPushButton("Leave it as it was")
        self.refine_button, self.undo_button = QPushButton("Refine"), QPushButton("Undo")
        self.file_button = QPushButton("From file…")
        self.run_bar = RunBar("Accept")
        self.line, self.body = QLabel(HINT), QWidget()
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        self.refine_button.setToolTip("Let the registration find the best pose near this one.")
        self.stop_button.setToolTip("Forget this correction; the week stays as it was registered.")
        self.undo_button.setToolTip("Back to the pose that the registration found by itself; Accept lays it again.")
        self.file_button.setToolTip("A transform on disk: .tfm of ITK or Slicer, or .json.")
        self.run_bar.run_button.setToolTip("Lay the week again in this pose, and judge it again.")
        self.line.setWordWrap(True)
        more = Folded("From landmarks", self.landmarks, "Points set at the same places of both weeks give the pose.")
        row = QHBoxLayout()
        for button in (self.file_button, self.refine_button, self.undo_button):
            row.addWidget(button)
        inside = QVBoxLayout(self.body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.line)
        inside.addWidget(self.fields)
        inside.addWidget(more)
        inside.addLayout(row)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        for widget in (self.start_button, self.body, self.run_bar, self.stop_button):
            column.addWidget(widget)

    def _connect(self) -> None:
        self.run_bar.lock(self.start_button, self.body, self.stop_button)
        self.run_bar.runner.finished.connect(self.refresh)
        self.run_bar.run_button.clicked.connect(self.accept)
        self.start_button.clicked.connect(self.start)
        self.stop_button.clicked.connect(self.stop)
        self.refine_button.clicked.connect(self.refine)
        self.undo_button.clicked.connect(self.undo)
        self.file_button.clicked.connect(self._pick)
        self.fields.changed.connect(self._nudged)
        self.landmarks.new_button.clicked.connect(self._new_landmarks)
        self.landmarks.placed.connect(self._placed)
        self.landmarks.failed.connect(self.run_bar.say)
        self.canvas.shifted.connect(lambda by: self.fields.add(shift=by))
        self.canvas.turned.connect(self._turned)
        self.canvas.left.connect(self._left)
        self._desk.registration_changed.connect(self._registered)
        self._desk.week_changed.connect(self._week)

    def refresh(self) -> None:
        """Offer what can be done now."""
        there, busy, open_ = self._desk.registration is not None, self.run_bar.running, self.bench is not None
        week = self._desk.week
        self.start_button.setText("Correct this week" if week is None else f"Correct week {week:g}")
        self.start_button.setVisible(not open_)
        self.start_button.setEnabled(there and week is not None and not busy)
        self.start_button.setToolTip("" if there else NOT_YET)
        for widget in (self.body, self.stop_button):
            widget.setVisible(open_)
        self.run_bar.run_button.setVisible(open_)
        self.run_bar.cancel_button.setVisible(open_ or busy)
        if self.bench is not None:
            self.run_bar.run_button.setText(f"Accept for week {self.bench.week:g}")

    def leave(self) -> None:
        """Give the canvas back, and stop listening to the layer list."""
        self.stop()
        self.landmarks.leave()

    def _registered(self) -> None:
        if not self._own:
            self._automatic = self._desk.registration
        self.stop()
        self.refresh()

    def _week(self, week: float | None) -> None:
        if self.bench is not None and week != self.bench.week:
            self.stop()
        self.refresh()

    def start(self) -> None:
        """Take up the week that the navigator shows."""
        result, series, week = self._desk.registration, self._desk.series, self._desk.week
        if result is None or series is None or week is None:
            return
        baseline = result.series.weeks[0] if self.baseline_week is None else self.baseline_week
        try:
            fixed, moving = fixed_of(result, week, baseline), series.at_week(week)
            threshold = self._options().bone_threshold
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return
        pose = result.transforms[result.series.weeks.index(week)]
        self.run_bar.start(
            f"Taking up {moving.title}",
            lambda progress: take_up(fixed, moving, threshold, progress),
            lambda bench: self._taken_up(bench, pose),
        )

    def _taken_up(self, bench: Bench, pose: RigidTransform) -> None:
        if bench.week != self._desk.week:
            return
        self.canvas.show(bench.fixed, bench.moving, pose, bench.centre)
        self.bench = bench
        self.fields.set_steps(bench.moving.spacing)
        self._base = self._pose = pose
        self.fields.clear()

    def _nudged(self) -> None:
        if self.bench is not None:
            self._see(self.fields.nudge().of(self._base, self.bench.centre))

    def _turned(self, axis: int, degrees: float) -> None:
        turn = [0.0, 0.0, 0.0]
        turn[axis] = degrees
        self.fields.add(turn=(turn[0], turn[1], turn[2]))

    def _see(self, pose: RigidTransform) -> None:
        before, self._pose = self._pose, pose
        self.canvas.set_pose(pose)
        back = pose.inverse()
        self.landmarks.follow(lambda points: back(before(points)))

    def set_pose(self, pose: RigidTransform) -> None:
        """Go on from `pose`, the fields at zero."""
        self._base = pose
        self.fields.clear()
        self._see(pose)

    @property
    def pose(self) -> RigidTransform:
        """Where the week lies on the canvas."""
        return self._pose

    def undo(self) -> None:
        """Back to the automatic pose."""
        result, bench = self._automatic, self.bench
        if result is not None and bench is not None:
            self.set_pose(result.transforms[result.series.weeks.index(bench.week)])
            self.run_bar.say("The automatic pose. Accept lays the week there again.")

    def _new_landmarks(self) -> None:
        if self.bench is not None:
            self.landmarks.make(self.bench.fixed.grid)

    def _placed(self, fixed: Any, seen: Any) -> None:
        if self.bench is not None:
            self._try(lambda: landmarks_pose(fixed, self._pose(seen)), "The pose of the landmarks. Refine it next.")

    def _pick(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "A transform", start_in(), "Transforms (*.tfm *.txt *.json)")
        if chosen:
            self.load(Path(chosen))

    def load(self, path: Path) -> None:
        """Take the pose from a file."""
        bench = self.bench
        if bench is not None:
            self._try(lambda: load_pose(path, bench), f"The pose of {path.name}.")

    def _try(self, pose: Callable[[], RigidTransform], words: str) -> None:
        try:
            self.set_pose(pose())
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return
        self.run_bar.say(words)

    def refine(self) -> None:
        """Let the registration find the best pose near this one."""
        bench, start, options = self.bench, self._pose, self._options()
        if bench is not None:
            self.run_bar.start(
                f"Refining week {bench.week:g}",
                lambda progress: settle(bench, start, options, progress),
                lambda pose: self._refined(bench, pose),
            )

    def _refined(self, bench: Bench, pose: RigidTransform) -> None:
        if self.bench is bench:
            self.set_pose(pose)
            self.run_bar.say("Refined. Accept lays the week there.")

    def accept(self) -> None:
        """Lay the week again in this pose."""
        result, series, bench, pose = self._desk.registration, self._desk.series, self.bench, self._pose
        if result is None or series is None or bench is None:
            return
        # The baseline of the run, whatever was chosen since.
        options = replace(self._options(), baseline_week=self.baseline_week)

        def work(progress: Progress) -> RegistrationResult:
            return lay_again(result, series, bench.week, pose, options=options, progress=progress)

        self.run_bar.start(f"Laying week {bench.week:g} again", work, lambda new: self._laid(result, bench, new))

    def _laid(self, then: RegistrationResult, bench: Bench, new: RegistrationResult) -> None:
        if self._desk.registration is not then:
            return
        self._own = True
        try:
            self._desk.set_registration(new)
        finally:
            self._own = False
        self._desk.set_week(bench.week)
        quality = new.quality[new.series.weeks.index(bench.week)]
        self.run_bar.say(f"Week {bench.week:g} laid again: {quality.reason}.")
        self.accepted.emit(new)

    def stop(self) -> None:
        """Give the canvas back, and leave the week as it was."""
        self.canvas.leave()
        self._left()

    def _left(self) -> None:
        self.landmarks.forget()
        self.bench = None
        self.refresh()
