"""What few need, folded away under a button: while it is folded the keyboard does not go into it either."""

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

__all__ = ["Folded"]


class Folded(QWidget):
    """A button that unfolds what lies below it.

    Parameters
    ----------
    words : str
        What the button says.
    inside : QWidget
        What is folded away at first.
    tip : str
        What the button says of itself when the pointer rests on it.

    Attributes
    ----------
    button : QPushButton
        Checked while it is unfolded.
    unfolded : Signal(bool)
        It was unfolded, or folded.
    """

    unfolded = Signal(bool)

    def __init__(self, words: str, inside: QWidget, tip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words, self._inside = words, inside
        self.button = QPushButton()
        self.button.setCheckable(True)
        self.button.setStyleSheet("text-align: left; padding-left: 6px")
        self.button.setToolTip(tip)
        self.button.toggled.connect(self._show)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.button)
        column.addWidget(inside)
        self._show(False)

    def setText(self, words: str) -> None:  # noqa: N802 - as Qt's buttons have it
        """Name the button anew."""
        self._words = words
        self._show(self.button.isChecked())

    def unfold(self, unfolded: bool = True) -> None:
        """Unfold it, or fold it."""
        self.button.setChecked(unfolded)

    def _show(self, unfolded: bool) -> None:
        self.button.setText(f"{'▾' if unfolded else '▸'} {self._words}")
        self._inside.setVisible(unfolded)
        self.unfolded.emit(unfolded)
