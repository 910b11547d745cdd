"""Strips under the canvas: as wide as it is, below each other, without a frame of their own."""

from qtpy.QtCore import QObject, Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

__all__ = ["put_under"]

# The strips lie under the canvas alone: docks and layer list keep their height.
_CORNERS = {
    Qt.Corner.BottomLeftCorner: Qt.DockWidgetArea.LeftDockWidgetArea,
    Qt.Corner.BottomRightCorner: Qt.DockWidgetArea.RightDockWidgetArea,
}
_NAME = "bonemet-under-"


def put_under(window: QWidget, strip: QWidget, name: str) -> QDockWidget | None:
    """Put `strip` under the canvas of `window`, below the strips that are there; None where it is no napari window.

    Parameters
    ----------
    name : str
        What the window's menus call it.
    """
    if not isinstance(window, QMainWindow):
        return None
    for corner, area in _CORNERS.items():
        window.setCorner(corner, area)
    frame = QDockWidget(name, window)
    frame.setObjectName(_NAME + name.lower().replace(" ", "-"))
    frame.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
    frame.setTitleBarWidget(QWidget())
    frame.setWidget(strip)
    others = [dock for dock in window.findChildren(QDockWidget) if dock is not frame and _is_strip(dock)]
    window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, frame)
    if others:
        window.splitDockWidget(others[-1], frame, Qt.Orientation.Vertical)
    return frame


def _is_strip(dock: QObject) -> bool:
    return dock.objectName().startswith(_NAME)
