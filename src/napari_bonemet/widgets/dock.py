"""The frame of every dock: one narrow column that scrolls, the viewer's desk, and tidy leaving."""

import weakref
from collections.abc import Mapping
from typing import Any, TypeVar

from qtpy.QtCore import QEvent, QSize, Qt, QTimer
from qtpy.QtWidgets import (
    QDockWidget,
    QFrame,
    QGroupBox,
    QMainWindow,
    QScrollArea,
    QSizePolicy,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_bonemet.errors import InputError
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.desk import Desk, desk_of
from napari_bonemet.widgets.dock_state import fill_in, filled_in
from napari_bonemet.widgets.dock_tabs import FULL_NAME, DockTabs, short_name
from napari_bonemet.widgets.focus_ring import FocusRing
from napari_bonemet.widgets.navigator import bind_keys, bind_numbers
from napari_bonemet.widgets.remedies import Words
from napari_bonemet.widgets.settings import PLUGIN, apply_machine_settings
from napari_bonemet.widgets.under_canvas import put_under
from napari_bonemet.widgets.week_strip import WeekStrip
from napari_bonemet.widgets.week_view import WeekView, week_view_of
from napari_bonemet.widgets.worker import Runner

MadeT = TypeVar("MadeT")

OPEN_FIRST = "Open a leg in Weekly scans first; then lay its weeks on each other in Register weeks."
MIN_WIDTH, WIDTH, HEIGHT = 280, 350, 640


class _Column(QWidget):
    """Never asks for more width than its dock has: what is too wide wraps, elides or scrolls by itself."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(0, super().minimumSizeHint().height())


class Dock(QWidget):
    """A column that still works 320 px wide; steps that run in it stop when it is closed.

    The docks of this plugin share one place in the window, as tabs.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose desk the dock works at.

    Attributes
    ----------
    column : QVBoxLayout
        Where a dock adds its widgets, top to bottom.
    """

    # What such a dock shows lies over everything else: a session fills it in when all is there.
    FILLED_LAST = False

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        apply_machine_settings()
        self.viewer = viewer
        self.desk: Desk = desk_of(viewer)
        self.view: WeekView = week_view_of(viewer)
        inner = _Column()
        inner.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.column = QVBoxLayout(inner)
        self.column.setContentsMargins(8, 6, 8, 6)
        self.column.setSpacing(6)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        self.setMinimumWidth(MIN_WIDTH)
        self._seen = self.placed = False

    def heading(self, text: str) -> Words:
        """Add a line that says what this part is for, or what to do first."""
        label = Words(text)
        self.column.addWidget(label)
        self.column.addWidget(label.remedy)
        return label

    def box(self, title: str) -> QVBoxLayout:
        """Add a titled box, and give the column inside it."""
        frame = QGroupBox(title)
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(6, 6, 6, 6)
        self.column.addWidget(frame)
        return inside

    def next_step(self, otherwise: str) -> str:
        """What to do first: open a leg where there is none, else what `otherwise` says."""
        return OPEN_FIRST if self.desk.series is None else otherwise

    @staticmethod
    def still(then: ScanSeries, now: ScanSeries | None, made: MadeT) -> MadeT:
        """`made`, what a step made of `then`, if those weeks are on the desk `now` that it has ended.

        Raises
        ------
        InputError
            When the user turned to other weeks meanwhile: their results would be taken for those of these.
        """
        if now is not then:
            raise InputError(
                f"The result for {then.leg} was dropped, because other weeks were put on the table while it was made",
                remedy="Run the step again",
            )
        return made

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Wide enough for every dock."""
        return QSize(WIDTH, HEIGHT)

    def showEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Join the plugin's other docks as a tab when first seen."""
        super().showEvent(event)
        if not self._seen:
            self._seen = True
            QTimer.singleShot(0, self._join)

    def _join(self) -> None:
        mine, window = frame_of(self), self.window()
        if mine is None or not isinstance(window, QMainWindow):
            return
        self.placed = True
        self.desk.docks.append(weakref.ref(self))
        # The console may keep the viewer; the scans need not stay with it.
        window.destroyed.connect(self.desk.clear)
        bind_keys(window, self.desk)
        self._weeks_under(window)
        self._keep_sessions(window)
        name = mine.windowTitle().partition(" (")[0]
        mine.setProperty(FULL_NAME, name)
        # The title goes on the tab; the bar above the dock, napari's own, keeps the whole name.
        mine.setWindowTitle(short_name(name))
        frames = [frame for dock in window.findChildren(Dock) if (frame := frame_of(dock)) is not None]
        anchor = next((frame for frame in frames if frame is not mine and _stands(frame)), None)
        if anchor is not None and mine not in window.tabifiedDockWidgets(anchor):
            # Upright at the side there is room for every name; below, they would be cut to a letter.
            window.setTabPosition(Qt.DockWidgetArea.RightDockWidgetArea, QTabWidget.TabPosition.East)
            window.tabifyDockWidget(anchor, mine)
            mine.raise_()
        self._helpers(window).dress_soon()

    def _helpers(self, window: QMainWindow) -> DockTabs:
        """Once for a window: readable tabs, and a ring around what has the keyboard."""
        tabs = window.findChild(DockTabs)
        if tabs is None:
            tabs = DockTabs(window)
            FocusRing(getattr(self.viewer, "__wrapped__", self.viewer), window, Dock)
        return tabs

    def _weeks_under(self, window: QMainWindow) -> None:
        """Once for a window: the strip of weeks under its canvas."""
        if window.findChild(WeekStrip) is not None:
            return
        # napari's own proxy lives as long as the dock that it was handed to.
        viewer = getattr(self.viewer, "__wrapped__", self.viewer)
        strip = WeekStrip(self.desk, viewer)
        frame = put_under(window, strip, "Weeks")
        if frame is not None:
            strip.stand_in(frame)
            strip.future_asked.connect(lambda: viewer.window.add_plugin_dock_widget(PLUGIN, "Futures"))
            bind_numbers(window, strip.turn_to_week)

    def _keep_sessions(self, window: QMainWindow) -> None:
        """The first dock of a window starts keeping what lies on the desk, and offers what a crash left."""
        if window.property("bonemet-kept"):
            return
        window.setProperty("bonemet-kept", True)
        # Late: they know docks themselves.
        from napari_bonemet.widgets.session import offer_recovery
        from napari_bonemet.widgets.session_keeper import close_with, keeper_of

        close_with(window, keeper_of(self.viewer, self.desk))
        offer_recovery(self)

    def event(self, event: Any) -> bool:
        """Stop what runs when napari takes the dock out of its window."""
        if event.type() == QEvent.Type.ParentChange and self.parentWidget() is None:
            self.leave()
        return bool(super().event(event))

    def filled_in(self) -> dict[str, Any]:
        """What is filled in, by name, as plain JSON values; a session keeps it."""
        return filled_in(self)

    def fill_in(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Fill in what :meth:`filled_in` gave; the names of what is no longer possible."""
        return fill_in(self, values)

    def leave(self) -> None:
        """Stop what runs; docks that listen to the viewer itself also stop listening."""
        for runner in self.findChildren(Runner):
            runner.cancel()


def frame_of(dock: QWidget) -> QDockWidget | None:
    """The frame that napari put a dock into; None while it has none."""
    parent = dock.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    return parent


def _stands(frame: QDockWidget) -> bool:
    """Whether a dock was already given its place."""
    dock = frame.findChild(Dock)
    return dock is not None and dock.placed and not frame.isFloating()
