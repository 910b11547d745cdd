"""The week navigator: back, slider, on; and the same on the keyboard."""

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QGroupBox, QHBoxLayout, QLabel, QSlider, QToolButton, QVBoxLayout, QWidget

from napari_bonemet.scan import DAYS_PER_WEEK
from napari_bonemet.widgets.desk import Desk

BACK_KEY, ON_KEY = "Ctrl+Shift+PgUp", "Ctrl+Shift+PgDown"
_NAME = "bonemet-week"


def bind_keys(window: QWidget, desk: Desk) -> None:
    """Let keys turn the weeks wherever the focus is in `window`, whichever dock is in front; once per window."""
    if window.findChild(QShortcut, _NAME) is not None:
        return
    for key, slot in ((BACK_KEY, desk.week_before), (ON_KEY, desk.next_week)):
        # The window owns them: the keys of a dock behind another one are dead.
        shortcut = QShortcut(QKeySequence(key), window)
        shortcut.setObjectName(_NAME)
        shortcut.activated.connect(slot)


def bind_numbers(window: QWidget, turn_to_week: Callable[[int], None]) -> None:
    """Let Alt and a number key turn to that week, wherever the focus is in `window`."""
    for week in range(10):
        shortcut = QShortcut(QKeySequence(f"Alt+{week}"), window)
        shortcut.setObjectName(_NAME)
        shortcut.activated.connect(lambda week=week: turn_to_week(week))


class WeekNavigator(QGroupBox):
    """Shows and sets the current week of a desk."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("Week", parent)
        self._desk = desk
        self.back, self.slider, self.on = QToolButton(), QSlider(Qt.Orientation.Horizontal), QToolButton()
        self.label = QLabel()
        self.label.setWordWrap(True)
        self._lay_out()
        self.back.clicked.connect(desk.week_before)
        self.on.clicked.connect(desk.next_week)
        self.slider.valueChanged.connect(self._slid)
        for signal in (desk.series_changed, desk.registration_changed, desk.roi_changed, desk.week_changed):
            signal.connect(self._refresh)
        self._refresh()

    def _lay_out(self) -> None:
        self.back.setText("◀")
        self.on.setText("▶")
        self.back.setToolTip(f"Week before ({BACK_KEY})")
        self.on.setToolTip(f"Next week ({ON_KEY})")
        self.slider.setToolTip("The week that the canvas and every dock show.")
        self.slider.setPageStep(1)
        self.slider.setTickPosition(QSlider.TickPosition.TicksBelow)
        self.slider.setTickInterval(1)
        row = QHBoxLayout()
        for widget in (self.back, self.slider, self.on):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addLayout(row)
        column.addWidget(self.label)

    def _slid(self, index: int) -> None:
        series = self._desk.shown
        if series is not None and 0 <= index < len(series):
            self._desk.set_week(series.weeks[index])

    def _refresh(self, *_: Any) -> None:
        series, week = self._desk.shown, self._desk.week
        there = series is not None and week in series.weeks
        for widget in (self.back, self.slider, self.on):
            widget.setEnabled(there)
        if series is None or week is None or not there:
            self.label.setText("No leg is open.")
            return
        index = series.weeks.index(week)
        self.slider.blockSignals(True)
        self.slider.setRange(0, len(series) - 1)
        self.slider.setValue(index)
        self.slider.blockSignals(False)
        self.back.setEnabled(index > 0)
        self.on.setEnabled(index < len(series) - 1)
        self.label.setText(f"Week {week:g} (day {week * DAYS_PER_WEEK:g}), scan {index + 1} of {len(series)}")
