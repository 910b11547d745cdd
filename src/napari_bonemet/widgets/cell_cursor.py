"""One cursor in all cells: where the mouse is in one, the same place is marked in the others, with its value."""

from collections.abc import Callable, Sequence
from typing import Any

from qtpy.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from qtpy.QtGui import QColor, QFont, QPainter, QPainterPath, QPen
from qtpy.QtWidgets import QWidget

from napari_bonemet.widgets.glass import Glass, Places, glass_over, value_at

__all__ = ["CellCursor"]

COLOUR = "#ffd21f"
_ARM, _HOLE = 11.0, 3.0
_POINTS = 9
_DRAW_MS = 15


class CellCursor(QObject):
    """Follows the mouse while it is switched on.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose canvas.
    layers : callable
        Gives the layers in the cells, at most one in each.

    Attributes
    ----------
    at : tuple of float or None
        The place that is marked, in the world.
    """

    def __init__(self, viewer: Any, layers: Callable[[], Sequence[Any]], parent: QObject) -> None:
        super().__init__(parent)
        self._viewer, self._layers = viewer, layers
        self._glass: Glass | None = None
        self.at: tuple[float, ...] | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_DRAW_MS)
        self._soon.timeout.connect(self._draw)

    def start(self, window: QWidget) -> None:
        """Mark from now on, on the canvas of `window`."""
        self.stop()
        self._glass = glass_over(self._viewer, window)
        if self._glass is None:
            return
        self._glass.add(self._paint)
        canvas = self._glass.parentWidget()
        if canvas is not None:
            canvas.installEventFilter(self)
        self._viewer.mouse_move_callbacks.append(self._moved)

    def stop(self) -> None:
        """Mark no more."""
        if self._glass is None:
            return
        glass, self._glass = self._glass, None
        glass.remove(self._paint)
        canvas = glass.parentWidget()
        if canvas is not None:
            canvas.removeEventFilter(self)
        if self._moved in self._viewer.mouse_move_callbacks:
            self._viewer.mouse_move_callbacks.remove(self._moved)
        self.at = None

    def eventFilter(self, _watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802 - Qt's name
        """Nothing is marked once the mouse has left the canvas."""
        if event is not None and event.type() == QEvent.Type.Leave:
            self.at = None
            self._draw()
        return False

    def _moved(self, _viewer: Any, event: Any) -> None:
        self.at = tuple(float(part) for part in event.position)
        if not self._soon.isActive():
            self._soon.start()

    def _draw(self) -> None:
        if self._glass is not None:
            self._glass.update()

    def _paint(self, painter: QPainter, places: Places) -> None:
        if self.at is None:
            return
        layers, grid = self._viewer.layers, self._viewer.canvas.grid
        for layer in self._layers():
            if layer in layers and layer.visible:
                cell = grid.position(layers.index(layer), layers)
                painter.save()
                painter.setClipRect(places.cell(cell))
                _mark(painter, places.pixel(cell, self.at), _in_words(value_at(layer, self.at)))
                painter.restore()


def _in_words(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if value != round(value) else f"{value:g}"


def _mark(painter: QPainter, at: QPointF, words: str) -> None:
    """A cross that leaves its middle free, and the value beside it, dark rimmed to be read on bone."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    at = QPointF(round(at.x()), round(at.y()))
    for pen in (QPen(QColor(0, 0, 0, 160), 3), QPen(QColor(COLOUR), 1)):
        painter.setPen(pen)
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            painter.drawLine(at + QPointF(dx * _HOLE, dy * _HOLE), at + QPointF(dx * _ARM, dy * _ARM))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    if not words:
        return
    font = QFont(painter.font())
    font.setPointSize(_POINTS)
    path = QPainterPath()
    path.addText(at + QPointF(6, -6), font, words)
    painter.strokePath(path, QPen(QColor(0, 0, 0, 200), 3, Qt.PenStyle.SolidLine))
    painter.fillPath(path, QColor(COLOUR))
