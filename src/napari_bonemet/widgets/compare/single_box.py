"""The form of the single view: which mode, and what it is set by."""

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_bonemet.widgets.compare.single import BOARD, DIFFERENCE, FLICKER, MODES, WIPE, SingleView

__all__ = ["SingleBox"]

_STEPS = 1000
_TIPS = {
    WIPE: "One on each side of an edge, which can be dragged on the canvas.",
    FLICKER: "One after the other in the same place: what changes jumps.",
    BOARD: "In the squares of one board: edges of bone run on where the two agree.",
    DIFFERENCE: "What the first has more (orange) or less (blue) than the second, on the second.",
}


class SingleBox(QWidget):
    """Buttons for the modes, and below them what the mode in use is set by.

    Attributes
    ----------
    buttons : dict
        Each mode's button.
    asked : Signal(str)
        A mode was pressed.
    """

    asked = Signal(str)

    def __init__(self, view: SingleView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self.buttons = {mode: QPushButton(mode) for mode in MODES}
        self.edge = QSlider(Qt.Orientation.Horizontal)
        self.way = QComboBox()
        self.rate, self.squares = QDoubleSpinBox(), QSpinBox()
        self._controls = QStackedWidget()
        self._lay_out()
        self._connect()
        self.show_mode(None)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.setSpacing(3)
        self._group = QButtonGroup(self)
        for mode, button in self.buttons.items():
            button.setCheckable(True)
            button.setToolTip(_TIPS[mode])
            # Four in a narrow dock: their own margins would cut the words.
            button.setStyleSheet("padding: 3px 2px;")
            self._group.addButton(button)
            row.addWidget(button, 1)
        column.addLayout(row)
        self.edge.setRange(0, _STEPS)
        self.edge.setValue(_STEPS // 2)
        self.edge.setToolTip("Where the edge lies; or drag it on the canvas.")
        self.way.setToolTip("Which way the edge runs.")
        self.rate.setToolTip("How often the picture changes.")
        self.squares.setToolTip("Squares along the longest side.")
        self.way.addItems(["across", "down"])
        self.rate.setRange(0.2, 10)
        self.rate.setSingleStep(0.5)
        self.rate.setValue(2)
        self.rate.setSuffix(" a second")
        self.squares.setRange(2, 64)
        self.squares.setValue(8)
        nothing = QWidget()
        pages = {
            WIPE: _row(self.edge, self.way),
            FLICKER: _row(QLabel("Changes"), self.rate),
            BOARD: _row(QLabel("Squares"), self.squares),
            DIFFERENCE: nothing,
        }
        for mode in MODES:
            self._controls.addWidget(pages[mode])
        column.addWidget(self._controls)

    def _connect(self) -> None:
        for mode, button in self.buttons.items():
            button.clicked.connect(lambda _checked, mode=mode: self.asked.emit(mode))
        self.edge.valueChanged.connect(lambda value: self._view.set_share(value / _STEPS))
        self.way.currentIndexChanged.connect(lambda index: self._view.set_upright(index == 0))
        self.rate.valueChanged.connect(self._view.set_rate)
        self.squares.valueChanged.connect(self._view.set_squares)
        self._view.edge.moved.connect(self._dragged)
        self._view.set_rate(self.rate.value())

    def _dragged(self, share: float) -> None:
        with QSignalBlocker(self.edge):
            self.edge.setValue(round(share * _STEPS))

    def show_mode(self, mode: str | None) -> None:
        """Press the button of the mode in use, and show what it is set by."""
        self._group.setExclusive(False)
        for name, button in self.buttons.items():
            button.setChecked(name == mode)
        self._group.setExclusive(True)
        self._controls.setVisible(mode not in (None, DIFFERENCE))
        if mode is not None:
            self._controls.setCurrentIndex(MODES.index(mode))


def _row(*widgets: QWidget) -> QWidget:
    row = QWidget()
    inside = QHBoxLayout(row)
    inside.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        inside.addWidget(widget, 1 if isinstance(widget, QSlider) else 0)
    if not any(isinstance(widget, QSlider) for widget in widgets):
        inside.addStretch(1)
    return row
