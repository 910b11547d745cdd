"""The week strip under the canvas: a picture of every week, the future at the end, keys and a button to play them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.utils.theme import get_theme
from qtpy.QtCore import QSize, Qt, QTimer, Signal
from qtpy.QtGui import QIcon, QKeyEvent
from qtpy.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from napari_bonemet.scan import DAYS_PER_WEEK, Scan
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.thumbnails import Thumbnails, as_pixmap
from napari_bonemet.widgets.weekly_tree import STATE, voxel_words

__all__ = ["Cell", "WeekStrip", "cells_of"]

SIDE = 44
_HIGH = SIDE + 52
_TURN_MS = 700
_DIGITS = {getattr(Qt.Key, f"Key_{n}"): n for n in range(10)}
KEYS = "Arrow keys step, a number key turns to that week, space plays."


@dataclass(frozen=True, eq=False)
class Cell:
    """One picture of the strip.

    Parameters
    ----------
    week : float
        Since inoculation.
    ahead : bool
        Whether it is the future rather than a scan.
    state : str
        What was done to it, in a word.
    about : str
        The same at length.
    scan : Scan or None
        What is pictured; None where nothing is drawn yet.
    """

    week: float
    ahead: bool
    state: str
    about: str
    scan: Scan | None


def cells_of(desk: Desk) -> tuple[Cell, ...]:
    """The weeks that the desk shows, and the future; none without a leg."""
    series = desk.shown
    if series is None:
        return ()
    cells = []
    for scan in series:
        week = scan.week or 0.0
        state = STATE.get(scan.kind, str(scan.kind))
        about = f"{scan.leg}, week {week:g} (day {week * DAYS_PER_WEEK:g}), {state}, {voxel_words(scan)}"
        cells.append(Cell(week, ahead=False, state=state, about=about, scan=scan))
    forecast = desk.forecast
    if forecast is not None:
        many = len(forecast.samples)
        about = (
            f"Week {forecast.week:g} as {forecast.model} predicts it, {f'mean of {many}' if many > 1 else 'one future'}"
        )
        cells.append(
            Cell(forecast.week, ahead=True, state="predicted", about=f"{about}; research use", scan=forecast.mean)
        )
    else:
        week = (series.weeks[-1] or 0.0) + 1
        about = "No future is drawn yet: press to open Futures."
        cells.append(Cell(week, ahead=True, state="draw it…", about=about, scan=None))
    return tuple(cells)


class WeekStrip(QWidget):
    """Shows and turns the weeks of a desk.

    Parameters
    ----------
    desk : Desk
        Whose weeks.
    viewer : napari.Viewer
        The pictures show the slice that its canvas shows.

    Attributes
    ----------
    buttons : list of QToolButton
        One for each cell, in order.
    play_button, hide_button : QToolButton
        Play the weeks; put the strip away.
    future_asked : Signal
        The cell of a future that is not drawn yet was pressed.
    """

    future_asked = Signal()

    def __init__(self, desk: Desk, viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._viewer = desk, viewer
        self._cells: tuple[Cell, ...] = ()
        self._frame: QWidget | None = None
        self._wanted = True
        self.buttons: list[QToolButton] = []
        self.play_button, self.hide_button = QToolButton(), QToolButton()
        self._pictures = Thumbnails(SIDE * 2, self)
        self._pictures.ready.connect(self._show_pictures)
        self._timer = QTimer(self)
        self._timer.setInterval(_TURN_MS)
        self._timer.timeout.connect(self._play_on)
        self._lay_out()
        # Whatever changes what the desk shows takes the forecast away, or brings one: this one signal follows all.
        desk.forecast_changed.connect(self.refresh)
        desk.week_changed.connect(self._mark)
        desk.looked_ahead.connect(self._mark)
        desk.strip_wanted.connect(self.set_wanted)
        viewer.dims.events.point.connect(self._moved)
        viewer.events.theme.connect(self.dress)
        self.dress()
        self.refresh()

    def _lay_out(self) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setToolTip(KEYS)
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self.turn_to)
        self.play_button.setText("▶")
        self.play_button.setCheckable(True)
        self.play_button.setToolTip("Play the weeks, the future last (space)")
        self.play_button.clicked.connect(self.play)
        self.hide_button.setText("×")
        self.hide_button.setToolTip("Put the week strip away; Weekly scans brings it back")
        self.hide_button.clicked.connect(self._put_away)
        for button in (self.play_button, self.hide_button):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setAutoRaise(True)
        inside = QWidget()
        self._row = QHBoxLayout(inside)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(3)
        self._row.addStretch(1)
        area = QScrollArea()
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 2, 4, 2)
        row.addWidget(self.play_button)
        row.addWidget(area, 1)
        row.addWidget(self.hide_button, alignment=Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HIGH)
        # Where the weeks have to be scrolled, the bar is not to lie on their names.
        bar = area.horizontalScrollBar()
        bar.rangeChanged.connect(lambda low, high: self.setFixedHeight(_HIGH + (bar.height() if high > low else 0)))

    def refresh(self, *_: Any) -> None:
        """Make the cells anew."""
        self._cells = cells_of(self._desk)
        for old in self.buttons:
            self._group.removeButton(old)
            self._row.removeWidget(old)
            # It goes at the next turn of the loop, and must not be seen under the new ones until then.
            old.hide()
            old.deleteLater()
        self.buttons = [self._button(cell) for cell in self._cells]
        for number, button in enumerate(self.buttons):
            self._group.addButton(button, number)
            self._row.insertWidget(number, button)
        self.play_button.setEnabled(len(self._cells) > 1)
        self._show_or_not()
        self._mark()
        self._moved()

    @staticmethod
    def _button(cell: Cell) -> QToolButton:
        button = QToolButton()
        button.setText(f"week {cell.week:g}\n{cell.state}")
        button.setToolTip(f"{cell.about}\n{KEYS}")
        button.setCheckable(True)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(QSize(SIDE, SIDE))
        button.setFixedWidth(max(SIDE + 30, button.fontMetrics().horizontalAdvance(cell.state) + 14))
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        # What is no scan is told apart by more than its name.
        button.setProperty("ahead", cell.ahead)
        return button

    def dress(self, *_: Any) -> None:
        """Take the colours of the window: the cell looked at, and the strip that has the keyboard, must be seen."""
        colours = get_theme(self._viewer.theme)
        self.setStyleSheet(
            "QToolButton { border: 2px solid transparent; border-radius: 4px; background: transparent; }"
            "QToolButton[ahead=true] { border: 2px dashed #ffb000; }"
            f"QToolButton:checked {{ background: {colours.current.as_hex()}; }}"
            f"WeekStrip:focus {{ border: 1px solid {colours.current.as_hex()}; }}"
        )

    @property
    def at(self) -> int:
        """The cell that is looked at; -1 for none."""
        ahead = self._desk.ahead and self._desk.forecast is not None
        for number, cell in enumerate(self._cells):
            if cell.ahead == ahead and (ahead or cell.week == self._desk.week) and cell.scan is not None:
                return number
        return -1

    def turn_to(self, number: int) -> None:
        """Look at a cell: a week, or the future; one that is not drawn yet asks for it."""
        if not 0 <= number < len(self._cells):
            return
        cell = self._cells[number]
        if cell.scan is None:
            self.future_asked.emit()
        else:
            series = self._desk.shown
            # Docks follow the weeks that are scanned; a week to come is looked at from the one before it.
            scanned = series is not None and cell.week in series.weeks
            self._desk.look(cell.week if scanned else self._desk.week, ahead=cell.ahead)
        self._mark()

    def step(self, by: int) -> None:
        """Look `by` cells on or back, stopping at the ends and before what is not drawn."""
        last = max((n for n, cell in enumerate(self._cells) if cell.scan is not None), default=0)
        self.turn_to(min(max(self.at + by, 0), last))

    def play(self, on: bool) -> None:
        """Turn from cell to cell by itself, or stop."""
        self.play_button.setChecked(on)
        self.play_button.setText("⏸" if on else "▶")
        if on:
            self._timer.start()
        else:
            self._timer.stop()

    def _play_on(self) -> None:
        there = [n for n, cell in enumerate(self._cells) if cell.scan is not None]
        if not there:
            self.play(False)
            return
        self.turn_to(next((n for n in there if n > self.at), there[0]))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Arrows, numbers, Home, End and space."""
        if event is None:
            return
        key = event.key()
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Home: -len(self._cells),
            Qt.Key.Key_End: len(self._cells),
        }
        if key in steps:
            self.step(steps[Qt.Key(key)])
        elif key in _DIGITS:
            self.turn_to_week(_DIGITS[key])
        elif key == Qt.Key.Key_Space:
            self.play(not self._timer.isActive())
        else:
            super().keyPressEvent(event)

    def turn_to_week(self, week: int) -> None:
        """Look at a week by its number, as it came where it did; nothing where it is not there."""
        found = [n for n, cell in enumerate(self._cells) if cell.week == week and cell.scan is not None]
        if found:
            self.turn_to(found[0])

    def _mark(self, *_: Any) -> None:
        at = self.at
        self._group.setExclusive(False)
        for number, button in enumerate(self.buttons):
            button.setChecked(number == at)
        self._group.setExclusive(True)

    def _moved(self, _event: Any = None) -> None:
        scans = [cell.scan for cell in self._cells if cell.scan is not None]
        dims = self._viewer.dims
        if scans and dims.ndim >= 3:
            self._pictures.ask(scans, float(dims.point[-3]))

    def _show_pictures(self, pictures: list[np.ndarray | None]) -> None:
        buttons = [button for button, cell in zip(self.buttons, self._cells, strict=True) if cell.scan is not None]
        for button, picture in zip(buttons, pictures, strict=False):
            if picture is not None:
                button.setIcon(QIcon(as_pixmap(picture)))

    def stand_in(self, frame: QWidget) -> None:
        """Show and hide itself by this frame: an empty strip takes no room."""
        self._frame = frame
        self._show_or_not()

    def set_wanted(self, wanted: bool) -> None:
        """Whether the user wants to see the strip."""
        self._wanted = wanted
        self._show_or_not()

    def _show_or_not(self) -> None:
        if self._frame is not None:
            self._frame.setVisible(self._wanted and bool(self._cells))

    def _put_away(self) -> None:
        self.play(False)
        self._desk.strip_wanted.emit(False)
