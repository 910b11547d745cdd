"""Bone quality in the Diagnosis dock: blastic, mixed, lytic or normal, for each vertebra of a CT on the canvas."""

from collections.abc import Callable
from typing import Any

import numpy as np
from napari.layers import Image, Labels
from qtpy.QtWidgets import QComboBox, QLabel, QTableWidget, QVBoxLayout, QWidget

from napari_bonemet.bone_quality import Quality
from napari_bonemet.diagnose.quality.diagnosis import QualityDiagnosis
from napari_bonemet.errors import BoneMetError, InputError
from napari_bonemet.progress import Progress
from napari_bonemet.widgets.diagnosis.plot import Curve, ProbabilityPlot
from napari_bonemet.widgets.diagnosis.quality_run import COLUMNS, legend, rows_of, segments_of, tell_quality, words_of
from napari_bonemet.widgets.diagnosis.run import DiagnosisOptions
from napari_bonemet.widgets.forms import form_layout
from napari_bonemet.widgets.layers import scan_from_layer
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.tables import SmallTable

__all__ = ["QualityBox"]

WHOLE = "the whole scan is one"
ABOUT = (
    "Axial CT in Hounsfield units, each vertebra by the votes of its slices (Peng et al.). Drop a DICOM series on the "
    "window, or open the synthetic spine (File > Open Sample > BoneMet)."
)


class QualityBox(QWidget):
    """Asks the bone quality network about a layer.

    Parameters
    ----------
    viewer : napari.Viewer
        Its layers are offered.
    options : callable
        Gives the options of the dock, of which the device counts.

    Attributes
    ----------
    scan, vertebrae : QComboBox
        The CT; the labels that number its vertebrae.
    table : SmallTable
        A row per vertebra; a click goes to its middle slice.
    plot : ProbabilityPlot
        The probability of each class, slice by slice.
    """

    def __init__(self, viewer: Any, options: Callable[[], DiagnosisOptions]) -> None:
        super().__init__()
        self._viewer, self._options = viewer, options
        self.said: QualityDiagnosis | None = None
        self._of: Any = None
        self.scan, self.vertebrae = QComboBox(), QComboBox()
        for combo in (self.scan, self.vertebrae):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(8)
        self.scan.setToolTip("An image layer of axial slices in Hounsfield units.")
        self.vertebrae.setToolTip("Labels that number the vertebrae; a slice is of the one that most of it is.")
        self.run_bar = RunBar("Tell bone quality")
        self.run_bar.run_button.clicked.connect(self.tell)
        self.run_bar.lock(self.scan, self.vertebrae)
        self.table = SmallTable(COLUMNS)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.cellClicked.connect(self._row_clicked)
        self.plot = ProbabilityPlot(viewer.theme)
        self.plot.asked.connect(lambda _, index: self._go(index))
        self.words = QLabel()
        self._lay_out()
        for emitter in (viewer.layers.events.inserted, viewer.layers.events.removed):
            emitter.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        about = QLabel(ABOUT)
        choice = form_layout()
        choice.addRow("CT", self.scan)
        choice.addRow("Vertebrae", self.vertebrae)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(about)
        column.addLayout(choice)
        for label in (about, self.words):
            label.setWordWrap(True)
        column.addWidget(self.run_bar)
        self._shown = (self.table, self.plot, QLabel(legend()), self.words)
        for widget in self._shown:
            column.addWidget(widget)
            widget.hide()

    def leave(self) -> None:
        """Stop listening to the layer list."""
        for emitter in (self._viewer.layers.events.inserted, self._viewer.layers.events.removed):
            emitter.disconnect(self.refresh)

    def refresh(self, _event: Any = None) -> None:
        """Offer the layers that there are."""
        kinds = ((self.scan, Image, ()), (self.vertebrae, Labels, (WHOLE,)))
        for combo, kind, first in kinds:
            before = combo.currentText()
            combo.clear()
            there = [each.name for each in self._viewer.layers if isinstance(each, kind) and each.ndim == 3]
            combo.addItems([*first, *there])
            combo.setCurrentIndex(max(combo.findText(before), 0) if combo.count() else -1)

    def tell(self) -> None:
        """Ask the network beside the screen."""
        try:
            layer, segment = self._chosen()
            scan, options = scan_from_layer(layer), self._options()
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return

        def done(said: QualityDiagnosis) -> None:
            self.said, self._of = said, layer
            self._show(said, scan.shape[0])

        def work(progress: Progress) -> QualityDiagnosis:
            numbers = None if segment is None else segments_of(segment)
            return tell_quality(scan, numbers, options, progress)

        self.run_bar.start("Bone quality", work, done)

    def _chosen(self) -> tuple[Any, Any]:
        if not self.scan.currentText():
            raise InputError("There is no CT on the canvas", remedy="Drop a DICOM series on the window")
        layer = self._viewer.layers[self.scan.currentText()]
        if self.vertebrae.currentIndex() <= 0:
            return layer, None
        labels = self._viewer.layers[self.vertebrae.currentText()].data
        if labels.shape != layer.data.shape:
            raise InputError(
                "The vertebrae do not fit the CT", expected=f"shape {layer.data.shape}", found=f"{labels.shape}"
            )
        return layer, labels

    def _show(self, said: QualityDiagnosis, slices: int) -> None:
        self.table.fill(rows_of(said))
        curves = []
        for quality in Quality:
            values = np.full(slices, np.nan)
            values[said.slices] = said.probability[:, quality]
            curves.append(Curve(quality.word, values))
        self.plot.show_curves(curves, int(np.bincount(said.quality, minlength=len(Quality))[1:].argmax()) + 1)
        self.words.setText(words_of(said))
        for widget in self._shown:
            widget.show()

    def _row_clicked(self, row: int, _column: int) -> None:
        if self.said is not None:
            number = list(self.said.verdict)[row]
            own = self.said.slices[self.said.segment == number]
            self._go(int(own[len(own) // 2]))

    def _go(self, index: int) -> None:
        layer = self._of
        if layer is not None and layer in self._viewer.layers:
            axis = int(self._viewer.dims.ndim) - 3
            self._viewer.dims.set_point(axis, layer.data_to_world((index, 0, 0))[0])
