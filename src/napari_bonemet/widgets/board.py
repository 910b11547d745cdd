"""Before and after registration, in the squares of one board."""

from dataclasses import dataclass
from typing import Any

from qtpy.QtWidgets import QButtonGroup, QGroupBox, QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_bonemet.processing.checkerboard import checkerboard
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.resample import resample
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.layers import add_scan, find_layers
from napari_bonemet.widgets.worker import Runner

__all__ = ["BoardBox"]

WHAT = "checkerboard"
OFF, BEFORE, AFTER = "Off", "Before", "After"
_TIPS = {
    OFF: "The week alone.",
    BEFORE: "Squares of the baseline and of the week as it was scanned.",
    AFTER: "Squares of the baseline and of the registered week: outlines must run on from square to square.",
}


@dataclass(frozen=True)
class _Wish:
    when: str
    week: float
    squares: int


class BoardBox(QGroupBox):
    """Shows the current week and the one it was brought onto as a checkerboard, before or after.

    Attributes
    ----------
    buttons : dict
        "Off", "Before" and "After" to their buttons.
    fixed : Scan or None
        What the weeks were brought onto; set with the result.
    """

    def __init__(self, viewer: Any, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("Checkerboard with baseline", parent)
        self._viewer, self._desk = viewer, desk
        self.fixed: Scan | None = None
        self._shown: _Wish | None = None
        self._runner = Runner(self)
        self.buttons = {name: QPushButton(name) for name in (OFF, BEFORE, AFTER)}
        self.squares = QSpinBox()
        self.line = QLabel()
        self._lay_out()
        self._group.buttonClicked.connect(self._update)
        self.squares.valueChanged.connect(self._update)
        self._runner.finished.connect(self._update)
        self._runner.failed.connect(self._say)
        desk.week_changed.connect(self._update)
        desk.registration_changed.connect(self._forget)
        # Under a composite or a future it would be taken for the week itself.
        for signal in (desk.roi_changed, desk.forecast_changed, desk.looked_ahead, desk.result_shown):
            signal.connect(self.turn_off)
        self._forget()

    def _lay_out(self) -> None:
        self._group = QButtonGroup(self)
        row = QHBoxLayout()
        for name, button in self.buttons.items():
            button.setCheckable(True)
            button.setToolTip(_TIPS[name])
            self._group.addButton(button)
            row.addWidget(button, 1)
        self.squares.setRange(2, 64)
        self.squares.setValue(8)
        self.squares.setToolTip("Squares along the longest side.")
        squares = QHBoxLayout()
        squares.addWidget(QLabel("Squares"))
        squares.addWidget(self.squares, 1)
        self.line.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(row)
        column.addLayout(squares)
        column.addWidget(self.line)

    def _say(self, text: str) -> None:
        self.line.setText(text)
        self.line.setVisible(bool(text))

    def _forget(self) -> None:
        there = self._desk.registration is not None
        self.setEnabled(there)
        self.buttons[OFF].setChecked(True)
        self._say("" if there else "Register the weeks first.")
        self._update()

    def _wish(self) -> _Wish | None:
        button, week = self._group.checkedButton(), self._desk.week
        if self._desk.registration is None or self.fixed is None or week is None or button.text() == OFF:
            return None
        return _Wish(button.text(), week, self.squares.value())

    def _update(self, *_: Any) -> None:
        wish = self._wish()
        if wish is None:
            self._take_away()
            if self.isEnabled():
                self._say("")
        elif wish != self._shown and not self._runner.running:
            self._start(wish)

    def turn_off(self, *_: Any) -> None:
        """Take the board off the canvas."""
        self.buttons[OFF].setChecked(True)
        self._update()

    def _take_away(self) -> None:
        self._shown = None
        for layer in find_layers(self._viewer, what=WHAT):
            self._viewer.layers.remove(layer)

    def _start(self, wish: _Wish) -> None:
        fixed, desk = self.fixed, self._desk
        if fixed is None or desk.series is None or desk.registration is None:
            return
        self._shown = wish
        if wish.week == fixed.week and fixed.leg == desk.series.leg:
            self._take_away()
            self._shown = wish
            self._say("This week is the baseline; turn to another week.")
            return
        source = desk.series if wish.when == BEFORE else desk.registration.series
        moving = source.at_week(wish.week)

        def work(progress: Progress) -> Scan:
            return _board(fixed, moving, wish.squares, progress)

        self._runner.start("Laying out the checkerboard", work, self._done)

    def _done(self, board: Scan) -> None:
        if self._wish() is None:
            self._take_away()
            return
        for layer in find_layers(self._viewer, what=WHAT):
            self._viewer.layers.remove(layer)
        add_scan(self._viewer, board, what=WHAT)
        when = self._shown.when.lower() if self._shown else ""
        self._say(f"{board.title} and baseline, {when} registration. Edges should run on from square to square.")


def _board(fixed: Scan, moving: Scan, squares: int, progress: Progress) -> Scan:
    progress.message("bringing both onto one grid")
    laid = moving
    if not moving.grid.matches(fixed.grid):
        laid = resample(moving, fixed.grid, interpolation="linear", progress=PartOf(progress, 0.0, 0.8))
    voxels = checkerboard(fixed.voxels, laid.voxels, squares=squares)
    step = Step("checkerboard", {"of": [fixed.title, moving.title], "squares": squares})
    return laid.with_voxels(voxels, step=step, kind=Kind.REGIST)
