"""The tour: a bubble over the canvas that goes from dock to dock, and rings what is pressed next."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from napari.utils.theme import get_theme
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import (
    QAbstractButton,
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_bonemet.widgets.ring import Ring
from napari_bonemet.widgets.settings import PLUGIN

__all__ = ["STEPS", "Tour", "tour_was_seen"]

RING = "#ffb000"
_WIDE, _MARGIN = 320, 14


@dataclass(frozen=True)
class Step:
    """One stop: a dock, what it is for, and what is pressed there.

    Parameters
    ----------
    dock : str
        Its name in the menu.
    words : str
        Rich text.
    target : callable
        Gives what is ringed, of the dock.
    """

    dock: str
    words: str
    target: Callable[[Any], QWidget]


STEPS = (
    Step(
        "Weekly scans",
        "<b>Open a leg.</b> Press <i>Sample data</i> for a synthetic tibia with a growing lesion, or <i>Open "
        "folder</i> for your own scans. Below the canvas stands a picture of every week: click to turn.",
        lambda dock: dock.sample_button,
    ),
    Step(
        "Register weeks",
        "<b>Lay the weeks on each other.</b> Each week lay otherwise in the scanner. The verdict of each stands in the "
        "table, and the checkerboard shows it.",
        lambda dock: dock.run_bar.run_button,
    ),
    Step(
        "Composite and RoI",
        "<b>Bone lost and formed.</b> Two weeks over each other: orange is lost, green is formed. The region of "
        "interest is cut here, too.",
        lambda dock: dock.run_bar.run_button,
    ),
    Step(
        "Futures",
        "<b>What may come.</b> A network draws several futures of the next week; colour is where they lose bone. They "
        "are samples of a model, for research.",
        lambda dock: dock.run_bar.run_button,
    ),
    Step(
        "Compare",
        "<b>Predicted beside true.</b> Layouts by name in linked cells, or two volumes in one view with an edge to "
        "drag. Your own view comes back.",
        lambda dock: dock.run_bar.run_button,
    ),
    Step(
        "Figure",
        "<b>The figure.</b> The paper's figures in one click, a montage of your own, films; a record beside each makes "
        "it again.",
        lambda dock: dock.run_bar.run_button,
    ),
    Step(
        "Session",
        "<b>Keep it.</b> All that lies on the table goes into one file. What a crash left is offered at the next "
        "start.",
        lambda dock: dock.save_bar.run_button,
    ),
)


def _mark_of_seen() -> Path:
    return Path(platformdirs.user_config_dir(PLUGIN, appauthor=False)) / "tour-seen"


def tour_was_seen() -> bool:
    """Whether the tour was taken, or waved away, on this machine."""
    return _mark_of_seen().is_file()


def remember_tour() -> None:
    """The tour offers itself no more; where that cannot be noted it does so again."""
    with contextlib.suppress(OSError):
        _mark_of_seen().parent.mkdir(parents=True, exist_ok=True)
        _mark_of_seen().touch()


class Tour(QFrame):
    """Goes through the docks in the order of the work; nothing is pressed unless the user says so.

    Parameters
    ----------
    viewer : napari.Viewer
        Opens the docks.
    window : QMainWindow
        What the bubble lies over.

    Attributes
    ----------
    at : int
        The stop, from 0.
    back_button, do_button, next_button, end_button : QPushButton
        One stop back, press what is ringed, one stop on, leave.
    """

    def __init__(self, viewer: Any, window: QMainWindow) -> None:
        super().__init__(window)
        self._viewer = viewer
        self.at = 0
        self._docks: dict[str, Any] = {}
        self.setObjectName("bonemet-tour")
        self.words, self.count = QLabel(), QLabel()
        self.back_button, self.do_button = QPushButton("Back"), QPushButton("Do it")
        self.next_button, self.end_button = QPushButton("Next"), QPushButton("End")
        self.ring = Ring(window, RING, gap=4, thick=3)
        self.ring.setObjectName("bonemet-tour-ring")
        # Docks that are opened and joined lay the window out anew, with the canvas on top.
        self.ring.followed.connect(self.raise_)
        self._lay_out()
        self.back_button.clicked.connect(lambda: self.go(self.at - 1))
        self.next_button.clicked.connect(lambda: self.go(self.at + 1))
        self.do_button.clicked.connect(self._press)
        self.end_button.clicked.connect(self.end)

    def _lay_out(self) -> None:
        colours = get_theme(self._viewer.theme)
        ground = colours.foreground.as_hex()
        self.setStyleSheet(f"#bonemet-tour {{ background: {ground}; border: 2px solid {RING}; border-radius: 8px; }}")
        self.words.setWordWrap(True)
        self.do_button.setToolTip("Press what is ringed")
        row = QHBoxLayout()
        row.addWidget(self.count, 1)
        for button in (self.end_button, self.back_button, self.do_button, self.next_button):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.addWidget(self.words)
        column.addLayout(row)
        self.setFixedWidth(_WIDE)

    def go(self, at: int) -> None:
        """Stop at a dock: open it, say what it is for, ring what is pressed; past the last one the tour ends."""
        if not 0 <= at < len(STEPS):
            self.end()
            return
        self.at = at
        step = STEPS[at]
        dock = self._open(step.dock)
        target = step.target(dock)
        for area in dock.findChildren(QScrollArea):
            if area.widget() is not None and area.widget().isAncestorOf(target):
                area.ensureWidgetVisible(target)
        self.ring.around = target
        self.words.setText(step.words)
        self.count.setText(f"{at + 1} of {len(STEPS)}")
        self.back_button.setEnabled(at > 0)
        self.next_button.setText("Next" if at < len(STEPS) - 1 else "Done")
        self.do_button.setVisible(isinstance(target, QAbstractButton))
        self.adjustSize()
        self._place()
        self.show()
        self.raise_()
        self.ring.follow()

    def _open(self, name: str) -> Any:
        frame, dock = self._viewer.window.add_plugin_dock_widget(PLUGIN, name)
        if isinstance(frame, QDockWidget):
            frame.show()
            frame.raise_()
        return dock

    def _place(self) -> None:
        """In the upper corner of the canvas, below what is written there."""
        window = self.parentWidget()
        middle = window.centralWidget() if isinstance(window, QMainWindow) else None
        corner = middle.mapTo(window, QPoint(0, 0)) if middle is not None else QPoint(0, 0)
        self.move(corner + QPoint(_MARGIN, 3 * _MARGIN))

    def _press(self) -> None:
        target = self.ring.around
        if isinstance(target, QAbstractButton) and target.isEnabled():
            target.click()

    def end(self) -> None:
        """Leave the docks as they are; the tour offers itself no more."""
        remember_tour()
        self.ring.around = None
        self.hide()
