"""The region of interest in the dock: found by a landmark, dragged on projections or taken from the slice in view."""

from dataclasses import dataclass, replace
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QGroupBox, QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from napari_bonemet.errors import BoneMetError
from napari_bonemet.options import as_flags
from napari_bonemet.processing.radiograph import Radiographs, radiographs
from napari_bonemet.processing.roi import RoiOptions, RoiResult, crop_roi
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.composite_parts import roi_sentence
from napari_bonemet.widgets.copy_command import CopyCommandButton, CopyPythonButton, beside
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.forms import OptionsForm
from napari_bonemet.widgets.futures_words import weeks_commands
from napari_bonemet.widgets.region_plane import RegionPlane
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.script_steps import crop_script
from napari_bonemet.widgets.sheet import Pictures, Sheet
from napari_bonemet.widgets.week_view import WeekView

__all__ = ["RoiBox"]

NO_ROI = "The whole scan is used. Cropping keeps place and scale: the crop lies where it was cut."
LANDMARKS = {"junction": "tibia-fibula junction", "growth-plate": "growth plate"}
BASIC = ("preset", "slices", "first_slice", "remove_fibula")


@dataclass(frozen=True, eq=False)
class _Found:
    series: ScanSeries
    options: RoiOptions
    roi: RoiResult
    pictures: Radiographs


class RoiBox(QGroupBox):
    """Says which slices are the region of interest; the dock crops to them.

    Attributes
    ----------
    wanted : Signal(object)
        RoiOptions that the user accepted.
    form : OptionsForm
        The options; `first_slice` follows the plane, the slider and the slice that was taken.
    find_button, pictures_button, take_button, whole_button : QPushButton
        What is pressed.
    run_bar : RunBar
        Crop, and Cancel.
    """

    # It follows the form.
    NOT_KEPT = ("slider",)

    wanted = Signal(object)

    def __init__(self, viewer: Any, desk: Desk, view: WeekView, parent: QWidget | None = None) -> None:
        super().__init__("Region of interest", parent)
        self._viewer, self._desk = viewer, desk
        self._found: _Found | None = None
        self.form = OptionsForm(RoiOptions, basic=BASIC)
        self.sheet = Sheet(viewer, view, self)
        self.plane = RegionPlane(viewer, self.sheet, self)
        self.find_button, self.pictures_button = QPushButton(), QPushButton("Back to the slices")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.take_button = QPushButton()
        self.run_bar = RunBar("Crop to the region")
        self.whole_button = QPushButton("Back to the whole scan")
        self.copy_button = CopyCommandButton(self._commands, self.run_bar.say)
        self.python_button = CopyPythonButton(lambda: crop_script(self._desk, self.form.options()), self.run_bar.say)
        self.note = QLabel(NO_ROI)
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.addWidget(self.form)
        self.slider.setToolTip("Moves the first slice; the canvas goes to it.")
        self.take_button.setToolTip("The slice that is on the canvas becomes the first slice of the region.")
        self.pictures_button.setToolTip("The first slice stays as you put it.")
        self.find_button.setToolTip("Show the landmark on views from the front and the side, where it can be dragged.")
        self.run_bar.run_button.setToolTip("Keep only these slices of every week; composites are made again of them.")
        self.whole_button.setToolTip("Forget the crop; composites are made again of the whole scan.")
        self.note.setWordWrap(True)
        slide, row = QHBoxLayout(), QHBoxLayout()
        slide.addWidget(QLabel("Slide it"))
        slide.addWidget(self.slider, 1)
        row.addWidget(self.find_button, 1)
        row.addWidget(self.pictures_button, 1)
        column.addLayout(slide)
        column.addLayout(row)
        copies = beside(self.copy_button, self.python_button)
        for widget in (self.take_button, self.note, self.run_bar, self.whole_button, copies):
            column.addWidget(widget)

    def _connect(self) -> None:
        self.run_bar.lock(self.form, self.slider, self.find_button, self.take_button, self.whole_button)
        self.run_bar.runner.finished.connect(self.refresh)
        self.run_bar.run_button.clicked.connect(self._accept)
        self.find_button.clicked.connect(self.find)
        self.pictures_button.clicked.connect(self.sheet.leave)
        self.take_button.clicked.connect(self.take)
        self.slider.valueChanged.connect(self._slid)
        self.plane.moved.connect(self._dragged)
        self.sheet.left.connect(self.refresh)
        self.form.fields["preset"].changed.connect(self._other_landmark)
        self.form.changed.connect(self._follow_form)
        self._viewer.dims.events.point.connect(self._say_slice)
        self._desk.registration_changed.connect(self._forget)
        self._desk.series_changed.connect(self._forget)
        self._desk.composites_changed.connect(self.sheet.leave)

    def _commands(self) -> list[list[str]]:
        commands, folder = weeks_commands(self._desk, whole=True)
        return [*commands, ["napari-bonemet", "roi", folder, "--out", "region", *as_flags(self.form.options())]]

    def leave(self) -> None:
        """Take the projections off the canvas, and stop listening to the viewer."""
        self.sheet.leave()
        self._viewer.dims.events.point.disconnect(self._say_slice)

    def _forget(self) -> None:
        self._found = None
        self.sheet.leave()
        self.form.fields["first_slice"].value = self.form.fields["first_slice"].min
        self.refresh()

    def refresh(self) -> None:
        """Offer what can be done with the weeks on the desk."""
        series, roi = self._desk.registered, self._desk.roi
        there = series is not None and not self.run_bar.running
        for widget in (self.find_button, self.slider, self.take_button, self.run_bar.run_button):
            widget.setEnabled(there)
        self.pictures_button.setVisible(self.sheet.shown)
        self.take_button.setVisible(not self.sheet.shown)
        self.whole_button.setVisible(roi is not None)
        self.find_button.setText(f"Find the {_word(self.form.fields['preset'].value)}")
        if series is not None:
            self.slider.setRange(0, series.baseline.shape[0] - 1)
        self._say()
        self._say_slice()

    def _say(self) -> None:
        if self.sheet.shown and self._found is not None:
            found = self._found.roi
            self.note.setText(
                f"Found after slice {found.first_slice - 1}, confidence {found.confidence:.0%}: {found.reason}. "
                "Drag the yellow line to correct it, the blue one to keep more or fewer slices."
            )
        else:
            self.note.setText(roi_sentence(self._desk.roi) if self._desk.roi else NO_ROI)

    def _first(self) -> int | None:
        """The first slice of the form; None while the landmark is to say it."""
        field = self.form.fields["first_slice"]
        return None if field.value <= field.min else int(field.value)

    def _slice_on_screen(self) -> int | None:
        series = self._desk.registered
        if series is None or self._viewer.dims.ndim != 3:
            return None
        grid = series.baseline.grid
        index = round((self._viewer.dims.point[0] - grid.origin[0]) / grid.spacing[0])
        return index if 0 <= index < grid.shape[0] else None

    def _say_slice(self, *_: Any) -> None:
        index = self._slice_on_screen()
        self.take_button.setText("Take the slice in view" + ("" if index is None else f" ({index})"))
        self.take_button.setEnabled(index is not None and not self.run_bar.running)

    def take(self) -> None:
        """Let the slice on the canvas be the first of the region."""
        index = self._slice_on_screen()
        if index is not None:
            self.form.fields["first_slice"].value = index

    def _slid(self, index: int) -> None:
        self.form.fields["first_slice"].value = index
        series = self._desk.registered
        if series is not None and not self.sheet.shown and self._viewer.dims.ndim == 3:
            self._viewer.dims.set_point(0, series.baseline.grid.to_um((index, 0, 0))[0])

    def _dragged(self, first: int, slices: int) -> None:
        self.form.fields["slices"].value = slices
        self.form.fields["first_slice"].value = first

    def _follow_form(self) -> None:
        first = self._first()
        if first is None and self._found is not None:
            first = self._found.roi.first_slice
        if first is None:
            return
        self.slider.blockSignals(True)
        self.slider.setValue(first)
        self.slider.blockSignals(False)
        if self.plane.shown:
            self.plane.put(first, int(self.form.fields["slices"].value))

    def _other_landmark(self, *_: Any) -> None:
        """A slice that was measured from the other landmark says nothing any more."""
        self._found = None
        self.form.fields["first_slice"].value = self.form.fields["first_slice"].min
        self.sheet.leave()
        self.refresh()

    def find(self) -> None:
        """Look for the landmark, and show it on projections of the baseline."""
        series = self._desk.registered
        try:
            options = replace(self.form.options(), first_slice=None)
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return
        if series is None:
            return
        self.run_bar.start(
            f"Looking for the {LANDMARKS[options.preset]} of {series.leg}",
            lambda progress: _look(series, options, progress),
            self._show,
        )

    def _show(self, found: _Found) -> None:
        baseline = found.series.baseline
        if found.series is not self._desk.registered:
            return
        self._found = found
        pictures = found.pictures
        self.sheet.show(Pictures(baseline, baseline.grid, pictures.coronal, pictures.sagittal))
        first, slices = found.roi.first_slice, int(self.form.fields["slices"].value)
        self.plane.show(baseline.grid, first, slices)
        self.form.fields["first_slice"].value = first
        self.refresh()

    def _accept(self) -> None:
        try:
            options = self.form.options()
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return
        found = self._found
        if found is not None and options.first_slice == found.roi.first_slice:
            # Where the landmark was left as it was found, the record names it.
            options = replace(options, first_slice=None)
        self.sheet.leave()
        self.wanted.emit(options)


def _word(preset: str) -> str:
    return LANDMARKS[preset].removeprefix("tibia-fibula ")


def _look(series: ScanSeries, options: RoiOptions, progress: Progress) -> _Found:
    progress.message("seeing the baseline from the front and the side")
    composite = series.baseline.kind is Kind.COMPOSITE
    threshold = 1.0 if composite else options.bone_threshold
    pictures = radiographs(series.baseline, bone_threshold=threshold, progress=PartOf(progress, 0.0, 0.5))
    progress.message(f"looking for the {LANDMARKS[options.preset]}")
    # The fibula is what the junction is told by: it is taken away afterwards.
    whole = replace(options, remove_fibula=False)
    roi = crop_roi(series, options=whole, progress=PartOf(progress, 0.5, 1.0))
    return _Found(series, options, roi, pictures)
