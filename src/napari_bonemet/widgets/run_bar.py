"""Run and Cancel under one roof: the bar that every dock starts its step with."""

from collections.abc import Callable
from typing import Any

from qtpy.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_bonemet.progress import Progress
from napari_bonemet.widgets.dock_state import settings_of
from napari_bonemet.widgets.remedies import RemedyButton
from napari_bonemet.widgets.worker import Runner

__all__ = ["RunBar"]


class RunBar(QWidget):
    """Run and Cancel, a progress bar, and a line that says what happens or went wrong.

    Parameters
    ----------
    label : str
        The text of the Run button; connect `run_button.clicked`, then call :meth:`start`.
    """

    def __init__(self, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runner = Runner(self)
        self.run_button = QPushButton(label)
        self.cancel_button = QPushButton("Cancel")
        self.bar = QProgressBar()
        self.line = QLabel()
        self.remedy = RemedyButton()
        self._locked: list[QWidget] = [self.run_button]
        self._passing = ""
        self.runner.settings = self._settings
        self._lay_out()
        self.runner.started.connect(self._started)
        self.runner.finished.connect(self._finished)
        self.runner.progressed.connect(self._progressed)
        self.runner.failed.connect(self.say)
        self.cancel_button.clicked.connect(self.runner.cancel)

    def _lay_out(self) -> None:
        self.bar.setRange(0, 100)
        self.bar.setTextVisible(True)
        self.line.setWordWrap(True)
        self.cancel_button.setToolTip("Stop the step; nothing is changed.")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        row = QHBoxLayout()
        row.addWidget(self.run_button, 2)
        row.addWidget(self.cancel_button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.bar)
        column.addWidget(self.line)
        column.addWidget(self.remedy)
        self.cancel_button.setEnabled(False)
        self.bar.hide()
        self.line.hide()

    @property
    def running(self) -> bool:
        """Whether the step is under way."""
        return self.runner.running

    def _settings(self) -> dict[str, Any]:
        """What is filled in where this bar locks it: the settings of its step."""
        owner = self.parentWidget()
        while owner is not None and self not in vars(owner).values():
            owner = owner.parentWidget()
        return settings_of([widget for widget in self._locked if widget is not self.run_button], owner)

    def lock(self, *widgets: QWidget) -> None:
        """Disable these too while the step runs."""
        self._locked += widgets

    def start(self, what: str, work: Callable[[Progress], Any], done: Callable[[Any], None]) -> None:
        """Run `work` in a thread, then `done` with its result (see :meth:`Runner.start`)."""
        self.runner.start(what, work, done)

    def say(self, text: str) -> None:
        """Show a sentence under the buttons, and what it tells to do as a button; nothing for an empty one."""
        self.line.setText(text)
        self.line.setVisible(bool(text))
        self.remedy.hear(text)

    def _started(self) -> None:
        for widget in self._locked:
            widget.setEnabled(False)
        self.cancel_button.setEnabled(True)
        self.bar.setValue(0)
        self.bar.show()
        self.say("")

    def _finished(self) -> None:
        for widget in self._locked:
            widget.setEnabled(True)
        self.cancel_button.setEnabled(False)
        self.bar.hide()
        # What was being done is over; what `done` or an error said stays.
        if self.line.text() == self._passing:
            self.say("")

    def _progressed(self, fraction: float, text: str) -> None:
        self.bar.setValue(int(fraction * 100))
        if text:
            self.say(text)
            self._passing = text
