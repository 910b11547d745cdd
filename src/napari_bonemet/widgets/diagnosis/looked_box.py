"""The switch for where the network looked, and the words of what its colours mean."""

from collections.abc import Callable
from typing import Any

from qtpy.QtWidgets import QCheckBox, QLabel, QVBoxLayout, QWidget

from napari_bonemet.scan import Kind, Scan
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.diagnosis.looked import Looked, look_where
from napari_bonemet.widgets.diagnosis.run import DiagnosisOptions
from napari_bonemet.widgets.run_bar import RunBar

__all__ = ["LookedBox"]

Asked = Callable[[], tuple[DiagnosisOptions, float | None]]

_MEANS = (
    "Bright: what speaks for a lesion, in log odds of this network shared out over each slice; dark: nothing does. "
    "It says nothing of places that speak against one, and outlines no lesion."
)
_FUTURES = "Shown of weeks, not of a forecast: turn to a week."


class LookedBox(QWidget):
    """Lays the map of the week that is seen over it, and follows the week.

    Parameters
    ----------
    viewer : napari.Viewer
        The canvas.
    desk : Desk
        The weeks.
    asked : callable
        Gives the classifier's options, and the week that is seen; None at a forecast.
    """

    def __init__(self, viewer: Any, desk: Desk, asked: Asked) -> None:
        super().__init__()
        self._viewer, self._desk, self._asked = viewer, desk, asked
        self._maps = Looked(viewer, self)
        self._of: DiagnosisOptions | None = None
        self.box = QCheckBox("Show where it looked")
        self.box.setToolTip("A map of the week that is seen (LayerCAM), over the scan and on its grid.")
        self.box.toggled.connect(self.follow)
        self.run_bar = RunBar("Where it looked")
        self.run_bar.run_button.hide()
        self.run_bar.cancel_button.hide()
        self.run_bar.runner.started.connect(self.run_bar.cancel_button.show)
        self.run_bar.runner.finished.connect(self.run_bar.cancel_button.hide)
        # What could not be made is not asked for again at every step.
        self.run_bar.runner.failed.connect(lambda _: self.box.setChecked(False))
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.box, self.run_bar, self.words):
            column.addWidget(widget)

    def follow(self) -> None:
        """Show the map of the week that is seen, made if it is not there; or none."""
        series = self._desk.shown
        on = self.box.isChecked() and series is not None and series.baseline.kind is not Kind.COMPOSITE
        options, week = self._asked()
        if options != self._of:
            self._maps.clear()
            self._of = options
        # In linked cells every layer would have a cell of its own.
        on = on and not self._viewer.canvas.grid.enabled
        there = self._maps.show(series.leg if on and series is not None else None, week if on else None)
        self._say("" if not self.box.isChecked() else _FUTURES if week is None else _MEANS)
        if on and week is not None and not there and not self.run_bar.running:
            self._make(options, week)

    def _make(self, options: DiagnosisOptions, week: float) -> None:
        series = self._desk.shown
        if series is None or week not in series.weeks:
            return

        def done(made: tuple[Scan, tuple[float, float]]) -> None:
            if self._desk.shown is not series or options != self._of:
                return
            self._put(made)
            self.run_bar.runner.then(self.follow)

        self.run_bar.start(
            f"Where it looked in week {week:g}", lambda progress: look_where(series, week, options, progress), done
        )

    def _put(self, made: tuple[Scan, tuple[float, float]]) -> None:
        active = self._viewer.layers.selection.active
        self._maps.put(made)
        # The layer controls stay with what the user works on.
        self._viewer.layers.selection.active = active

    def _say(self, text: str) -> None:
        self.words.setText(text)
        self.words.setVisible(bool(text))

    def forget(self) -> None:
        """Take the maps away: they were of other weeks, or of another classifier."""
        self._of = None
        self._maps.clear()
