"""A picture in a dock: as wide as the dock, and in full when it is clicked."""

from typing import Any

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QPixmap
from qtpy.QtWidgets import QLabel, QSizePolicy

__all__ = ["Preview"]


class Preview(QLabel):
    """A picture as wide as the dock; a click shows it in full.

    Attributes
    ----------
    clicked : Signal
        The picture was clicked.
    """

    clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.full = QPixmap()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Click to see it in full")
        self.hide()

    def show_png(self, data: bytes) -> None:
        """Show the bytes of a PNG."""
        self.full = QPixmap()
        self.full.loadFromData(data)
        self.show()
        self._fit()

    def forget(self) -> None:
        """Show nothing any more."""
        self.full = QPixmap()
        self.hide()

    def resizeEvent(self, event: Any) -> None:  # noqa: N802  Qt's name
        """Keep the picture as wide as the dock."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def mousePressEvent(self, event: Any) -> None:  # noqa: N802  Qt's name
        """Tell that the picture was clicked."""
        super().mousePressEvent(event)
        self.clicked.emit()

    def _fit(self) -> None:
        if self.full.isNull() or self.width() < 2:
            return
        # Twice the pixels, so that fine print stays legible on dense screens.
        size = QSize(self.width() * 2, 10_000)
        small = self.full.scaled(size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
        small.setDevicePixelRatio(2.0)
        self.setPixmap(small)
        self.setFixedHeight(small.height() // 2 + 4)
