"""Which hindlimb scan: a week on the desk, all its weeks, or an image layer of the user's own."""

from typing import Any

from napari.layers import Image
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QVBoxLayout, QWidget

from napari_bonemet.errors import InputError
from napari_bonemet.scan import Scan
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.forms import form_layout
from napari_bonemet.widgets.layers import find_layers, record_of_layer, scan_from_layer
from napari_bonemet.widgets.separate_steps import may_be_hindlimb, with_week

__all__ = ["ScanPicker"]

ALL = "all weeks"
_WEEK, _LAYER = "week", "layer"


class ScanPicker(QWidget):
    """A list of scans; the week navigator and the list follow each other.

    Attributes
    ----------
    changed : Signal
        Another scan was picked, or there are others to pick from.
    combo : QComboBox
        The scans.
    week : QDoubleSpinBox
        The week of a layer that does not say it.
    """

    changed = Signal()

    def __init__(self, viewer: Any, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._desk = viewer, desk
        self.combo, self.week = QComboBox(), QDoubleSpinBox()
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMinimumContentsLength(10)
        self.week.setRange(0, 200)
        self.week.setToolTip("The layer does not say its week.")
        self.combo.setToolTip("The scan of both hindlimbs: a week of the leg on the table, or a layer on the canvas.")
        self.rows = form_layout()
        self.rows.addRow("Scan", self.combo)
        self.rows.addRow("Week", self.week)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self.rows)
        self.combo.currentIndexChanged.connect(self._turned)
        desk.series_changed.connect(self.refresh)
        desk.week_changed.connect(self._follow)
        viewer.layers.events.inserted.connect(self._layers_changed)
        viewer.layers.events.removed.connect(self._layers_changed)
        self.refresh()

    def leave(self) -> None:
        """Stop listening to the layer list."""
        self._viewer.layers.events.inserted.disconnect(self._layers_changed)
        self._viewer.layers.events.removed.disconnect(self._layers_changed)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to pick."""
        return self.combo.count() == 0

    @property
    def all_weeks(self) -> bool:
        """Whether all weeks are picked at once."""
        return self._picked() == (_WEEK, None)

    def _picked(self) -> tuple[str, Any]:
        source, key = self.combo.currentData() or ("", None)
        return str(source), key

    def _layers_changed(self, event: Any) -> None:
        if isinstance(event.value, Image) and record_of_layer(event.value) is None:
            self.refresh()

    def refresh(self) -> None:
        """Offer the scans that may be hindlimbs."""
        before = self.combo.currentData()
        self.combo.blockSignals(True)
        self.combo.clear()
        series = self._desk.series
        if series is not None and may_be_hindlimb(series):
            for week in series.weeks:
                self.combo.addItem(f"{series.leg}, week {week:g}", (_WEEK, week))
            if len(series) > 1:
                self.combo.addItem(ALL, (_WEEK, None))
        for layer in self._viewer.layers:
            if isinstance(layer, Image) and record_of_layer(layer) is None and layer.ndim == 3:
                self.combo.addItem(layer.name, (_LAYER, layer.name))
        self.combo.setCurrentIndex(-1 if self.empty else max(self.combo.findData(before), 0))
        self.combo.blockSignals(False)
        self._turned()

    def _turned(self, *_: Any) -> None:
        source, key = self._picked()
        for widget in (self.week, self.rows.labelForField(self.week)):
            widget.setVisible(source == _LAYER)
        if source == _WEEK and key is not None and key != self._desk.week:
            self._desk.set_week(key)
        self.changed.emit()

    def _follow(self, week: float | None) -> None:
        index = self.combo.findData((_WEEK, week))
        if self.all_weeks:
            self.changed.emit()
        elif index >= 0:
            self.combo.setCurrentIndex(index)

    def scans(self) -> list[Scan]:
        """The scans that are picked; several where all weeks are.

        Raises
        ------
        InputError
            When none is, or a layer is no scan.
        """
        source, key = self._picked()
        series = self._desk.series
        if source == _WEEK and series is not None:
            return list(series) if key is None else [series.at_week(key)]
        if source == _LAYER and key in self._viewer.layers:
            return [with_week(scan_from_layer(self._viewer.layers[key]), self.week.value())]
        raise InputError("There is no scan to separate", remedy="Open a hindlimb scan in Weekly scans")

    def picked_keys(self) -> list[str]:
        """What the scans that are picked are remembered by."""
        source, key = self._picked()
        series = self._desk.series
        if source == _WEEK and series is not None:
            return [f"{series.leg}, {week:g}" for week in (series.weeks if key is None else (key,))]
        return [f"{_LAYER} {key}"] if source else []

    def key_in_view(self) -> str | None:
        """The same of the scan that is looked at."""
        series = self._desk.series
        if self.all_weeks and series is not None:
            return f"{series.leg}, {self._desk.week:g}" if self._desk.week is not None else None
        return next(iter(self.picked_keys()), None)

    def images(self) -> list[Image]:
        """The layer of the scan that is looked at."""
        source, key = self._picked()
        if source == _LAYER:
            return [self._viewer.layers[key]] if key in self._viewer.layers else []
        series = self._desk.series
        if source != _WEEK or series is None:
            return []
        week = self._desk.week if key is None else key
        return find_layers(self._viewer, leg=series.leg, week=week, kind=series.baseline.kind)
