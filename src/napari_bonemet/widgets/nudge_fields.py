"""Six fields for a correction by hand: a shift and a turn along and about each axis."""

from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QDoubleSpinBox, QGridLayout, QLabel, QWidget

from napari_bonemet.geometry import AXES, Triple
from napari_bonemet.widgets.nudge_pose import Nudge

__all__ = ["NudgeFields"]

_FAR_UM, _ROUND = 20_000.0, 180.0
_TURN_STEP = 0.5


class NudgeFields(QWidget):
    """Shift in micrometres, a voxel a step; turn in degrees, half a degree a step; ten steps with Ctrl.

    Attributes
    ----------
    changed : Signal
        A value was changed, by hand or by :meth:`add`.
    shifts, turns : tuple of QDoubleSpinBox
        z, y, x.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shifts = tuple(self._field(" µm", _FAR_UM, 1, "Moves it along {}; ten steps with Ctrl.") for _ in AXES)
        self.turns = tuple(self._field("°", _ROUND, 2, "Turns it about {}; ten steps with Ctrl.") for _ in AXES)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        for column, words in ((1, "Shift"), (2, "Turn")):
            grid.addWidget(QLabel(words), 0, column, Qt.AlignmentFlag.AlignHCenter)
            grid.setColumnStretch(column, 1)
        for row, axis in enumerate(AXES):
            grid.addWidget(QLabel(axis), row + 1, 0)
            for column, fields in ((1, self.shifts), (2, self.turns)):
                fields[row].setToolTip(fields[row].toolTip().format(axis))
                grid.addWidget(fields[row], row + 1, column)

    def _field(self, unit: str, most: float, decimals: int, tip: str) -> QDoubleSpinBox:
        field = QDoubleSpinBox()
        field.setRange(-most, most)
        field.setDecimals(decimals)
        field.setSingleStep(_TURN_STEP)
        field.setSuffix(unit)
        field.setMinimumWidth(60)
        field.setToolTip(tip)
        field.valueChanged.connect(self._on_change)
        return field

    def _on_change(self, *_: Any) -> None:
        self.changed.emit()

    def set_steps(self, spacing: Triple) -> None:
        """One step shifts by one voxel of this size."""
        for field, size in zip(self.shifts, spacing, strict=True):
            field.setSingleStep(size)

    def nudge(self) -> Nudge:
        """What the fields say."""
        (sz, sy, sx), (tz, ty, tx) = ([field.value() for field in fields] for fields in (self.shifts, self.turns))
        return Nudge((sz, sy, sx), (tz, ty, tx))

    def add(self, *, shift: Triple = (0, 0, 0), turn: Triple = (0, 0, 0)) -> None:
        """Move and turn further, as one change."""
        self._set(
            [field.value() + more for field, more in zip(self.shifts, shift, strict=True)],
            [(field.value() + more + 180) % 360 - 180 for field, more in zip(self.turns, turn, strict=True)],
        )
        self.changed.emit()

    def clear(self) -> None:
        """All zero, silently."""
        self._set([0.0] * 3, [0.0] * 3)

    def _set(self, shifts: list[float], turns: list[float]) -> None:
        for field, value in zip((*self.shifts, *self.turns), (*shifts, *turns), strict=True):
            field.blockSignals(True)
            field.setValue(value)
            field.blockSignals(False)
