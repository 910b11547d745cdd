"""The frame of every dock: one narrow column that scrolls, the viewer's desk, and tidy leaving."""

from typing import Any

from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import QFrame, QGroupBox, QLabel, QScrollArea, QVBoxLayout, QWidget

from napari_bonemet.widgets.desk import Desk, desk_of
from napari_bonemet.widgets.week_view import WeekView, week_view_of
from napari_bonemet.widgets.worker import Runner


class Dock(QWidget):
    """A column that still works 320 px wide; steps that run in it stop when it is closed.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose desk the dock works at.

    Attributes
    ----------
    column : QVBoxLayout
        Where a dock adds its widgets, top to bottom.
    """

    def __init__(self, viewer: Any) -> None:
        super().__init__()
        self.viewer = viewer
        self.desk: Desk = desk_of(viewer)
        self.view: WeekView = week_view_of(viewer)
        inner = QWidget()
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
        self.setMinimumWidth(260)

    def heading(self, text: str) -> QLabel:
        """Add a line that says what this part is for."""
        label = QLabel(text)
        label.setWordWrap(True)
        self.column.addWidget(label)
        return label

    def box(self, title: str) -> QVBoxLayout:
        """Add a titled box, and give the column inside it."""
        frame = QGroupBox(title)
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(6, 6, 6, 6)
        self.column.addWidget(frame)
        return inside

    def event(self, event: Any) -> bool:
        """Stop what runs when napari takes the dock out of its window."""
        if event.type() == QEvent.Type.ParentChange and self.parentWidget() is None:
            self.leave()
        return bool(super().event(event))

    def leave(self) -> None:
        """Stop what runs; docks that listen to the viewer itself also stop listening."""
        for runner in self.findChildren(Runner):
            runner.cancel()
