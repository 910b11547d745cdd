"""A verdict at a glance: a word, a colour, and a shape for those who do not see the colour."""

from qtpy.QtCore import QPointF, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

__all__ = ["COLOURS", "WORDS", "verdict_icon"]

WORDS = {"good": "good", "check": "look at it", "failed": "failed"}
# Okabe and Ito; their green and vermilion are told apart with any eyes.
COLOURS = {"good": "#2bb98a", "check": "#e6a817", "failed": "#ff6b3d"}
_SIZE, _DENSE = 14, 2


def verdict_icon(verdict: str) -> QIcon:
    """A disc for good, a triangle for look at it, a cross for failed."""
    pixmap = QPixmap(_SIZE * _DENSE, _SIZE * _DENSE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(_DENSE, _DENSE)
    colour = QColor(COLOURS[verdict])
    painter.setBrush(colour)
    painter.setPen(Qt.PenStyle.NoPen)
    if verdict == "good":
        painter.drawEllipse(3, 3, 8, 8)
    elif verdict == "check":
        painter.drawPolygon(QPolygonF([QPointF(7, 2), QPointF(12.5, 12), QPointF(1.5, 12)]))
    else:
        painter.setPen(QPen(colour, 2.6))
        painter.drawLine(QPointF(3, 3), QPointF(11, 11))
        painter.drawLine(QPointF(11, 3), QPointF(3, 11))
    painter.end()
    pixmap.setDevicePixelRatio(_DENSE)
    return QIcon(pixmap)
