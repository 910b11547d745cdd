"""A ring drawn around a widget, over everything else in its window, wherever the widget moves."""

from typing import Any

from qtpy.QtCore import QPoint, QRect, Qt, QTimer, Signal
from qtpy.QtGui import QColor, QPainter, QPen
from qtpy.QtWidgets import QWidget

__all__ = ["Ring"]

_FOLLOW_MS = 150


class Ring(QWidget):
    """A ring around what is seen of a widget; nothing where it is not seen.

    Parameters
    ----------
    window : QWidget
        What the ring lies over.
    colour : str
        Of the line.
    gap, thick : int
        From the widget to the outside of the line, and how wide the line is, in pixels.

    Attributes
    ----------
    followed : Signal
        The ring was laid around its widget.
    """

    followed = Signal()

    def __init__(self, window: QWidget, colour: str, *, gap: int, thick: int) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.colour = colour
        self._gap, self._thick = gap, thick
        self._around: QWidget | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_FOLLOW_MS)
        self._timer.timeout.connect(self.follow)
        self.hide()

    @property
    def around(self) -> QWidget | None:
        """The widget that is ringed."""
        return self._around

    @around.setter
    def around(self, widget: QWidget | None) -> None:
        self._around = widget
        if widget is None:
            self._timer.stop()
            self.hide()
        else:
            self._timer.start()

    def follow(self) -> None:
        """Lie around the widget, as far as its dock shows it."""
        target, window = self._around, self.parentWidget()
        try:
            seen = target.visibleRegion().boundingRect() if target is not None else QRect()
            if target is None or window is None or target.window() is not window or seen.isEmpty():
                self.hide()
                return
            corner = target.mapTo(window, QPoint(0, 0))
        except RuntimeError:  # its dock was closed
            self.around = None
            return
        room = QRect(corner + seen.topLeft(), seen.size()).adjusted(-self._gap, -self._gap, self._gap, self._gap)
        if room != self.geometry():
            self.setGeometry(room)
        self.show()
        self.raise_()
        self.followed.emit()

    def paintEvent(self, _event: Any) -> None:  # noqa: N802 - Qt's name
        """A rounded line."""
        painter, inset = QPainter(self), (self._thick + 1) // 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self.colour), self._thick))
        painter.drawRoundedRect(self.rect().adjusted(inset, inset, -inset, -inset), 2 * inset + 2, 2 * inset + 2)
        painter.end()
