"""Where the keyboard is: napari's themes draw nothing around what has the focus, so the docks do."""

from typing import Any

from napari.utils.theme import get_theme
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QWidget

from napari_bonemet.widgets.ring import Ring

__all__ = ["FocusRing"]


class FocusRing(Ring):
    """A ring around the field or button of a dock that the keyboard came to; what was clicked needs none.

    Parameters
    ----------
    viewer : napari.Viewer
        The ring has the colour of its theme's text, which is seen on every ground of that theme.
    window : QWidget
        Its window.
    inside : type
        The class of the docks.
    """

    def __init__(self, viewer: Any, window: QWidget, inside: type[QWidget]) -> None:
        super().__init__(window, "", gap=3, thick=2)
        self._viewer, self._inside = viewer, inside
        self.setObjectName("bonemet-focus-ring")
        viewer.events.theme.connect(self.dress)
        QApplication.instance().focusChanged.connect(self._moved)
        self.dress()

    def dress(self, *_: Any) -> None:
        """Take the colour of the theme."""
        self.colour = get_theme(self._viewer.theme).text.as_hex()
        self.update()

    def _moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        clicked = QApplication.mouseButtons() != Qt.MouseButton.NoButton
        self.around = new if new is not None and not clicked and self._ours(new) else None
        if self.around is not None:
            self.follow()

    def _ours(self, widget: QWidget) -> bool:
        parent = widget.parentWidget()
        while parent is not None and not isinstance(parent, self._inside):
            parent = parent.parentWidget()
        return parent is not None and widget.window() is self.parentWidget()
