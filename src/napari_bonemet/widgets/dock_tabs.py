"""The tabs of the docks at the edge of the window: short enough to be read when all are open, with tips in full."""

from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QTabBar, QToolTip

__all__ = ["FULL_NAME", "DockTabs", "name_of", "short_name"]

# Where a dock's frame keeps its name in the menu.
FULL_NAME = "bonemet-name"
_SOON_MS = 50
_OWN = Qt.FindChildOption.FindDirectChildrenOnly
# Thirteen of them in the height of a laptop's screen at 150 %.
_STYLE = "QTabBar::tab { padding: 2px 3px; font-size: 10pt; }"


def short_name(name: str) -> str:
    """The first word: "Composite" of "Composite and RoI"."""
    return name.partition(" ")[0]


def name_of(frame: QDockWidget) -> str:
    """A dock's name in the menu; napari puts the plugin behind it."""
    return str(frame.property(FULL_NAME) or frame.windowTitle().partition(" (")[0])


class DockTabs(QObject):
    """Dresses the tab bars of a window that hold docks of ours, and says their full names.

    Parameters
    ----------
    window : QMainWindow
        Its window.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        # Qt makes the bars when it lays the window out; many docks at once need one look.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self.dress)

    def dress_soon(self) -> None:
        """Take hold of new tab bars as soon as they are there."""
        self._soon.start()

    def dress(self) -> None:
        """Take hold of tab bars that are new."""
        names = self._names()
        for bar in self._window.findChildren(QTabBar, options=_OWN):
            ours = any(bar.tabText(index) in names for index in range(bar.count()))
            if ours and bar.styleSheet() != _STYLE:
                bar.setStyleSheet(_STYLE)
                bar.installEventFilter(self)

    def _names(self) -> dict[str, str]:
        """What the tabs say to the full names."""
        frames = self._window.findChildren(QDockWidget, options=_OWN)
        return {frame.windowTitle(): name_of(frame) for frame in frames if frame.property(FULL_NAME)}

    def eventFilter(self, bar: QObject | None, event: QEvent | None) -> bool:  # noqa: N802 - Qt's name
        """Say a dock's whole name where the pointer rests on its tab."""
        if event is not None and event.type() == QEvent.Type.ToolTip and isinstance(bar, QTabBar):
            tip: Any = event
            name = self._names().get(bar.tabText(bar.tabAt(tip.pos())))
            if name:
                QToolTip.showText(tip.globalPos(), name, bar)
                return True
        return super().eventFilter(bar, event)
