"""The Compare dock: weeks, forecast and their difference side by side in linked cells."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.layers import Image
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from superqt import QCollapsible

from napari_bonemet.errors import BoneMetError, InputError
from napari_bonemet.scan import Scan
from napari_bonemet.widgets.cells import LinkedCells
from napari_bonemet.widgets.compare_items import (
    PROBABILITY,
    SPREAD,
    Difference,
    Item,
    items_on,
    registered_note,
    subtract,
    usual_pair,
)
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.layers import contrast_of, layer_tuple
from napari_bonemet.widgets.looks import (
    difference_colormap,
    grey_limits,
    look_like_bone,
    look_like_difference,
    look_of_share,
    look_of_spread,
    share_colormap,
    with_colorbar,
)
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.sliceplot import SlicePlot

CELL = "cell"
LINKED = ("contrast_limits", "gamma", "iso_threshold", "rendering")
# Graphics cards of laptops have 4 GB or more; all cells together must fit beside everything else.
MOST_BYTES = 3 * 2**30
BONE_THRESHOLD = 75.0


class CompareDock(Dock):
    """Linked cells, slices or volumes, a signed difference, and how alike two volumes are slice by slice.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Its own layers are hidden while cells are shown and come back as they were.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.cells = LinkedCells(napari_viewer, on_left=self._left)
        self._items: tuple[Item, ...] = ()
        self._first: Scan | None = None
        self._difference: Image | None = None
        self._share: Image | None = None
        self.note = self.heading("")
        self._build_choice()
        self._build_buttons()
        self._build_plot()
        self.column.addStretch(1)
        for signal in ("series_changed", "registration_changed", "roi_changed", "forecast_changed"):
            getattr(self.desk, signal).connect(self.refresh)
        for signal in ("series_changed", "registration_changed", "roi_changed", "forecast_changed"):
            getattr(self.desk, signal).connect(self._desk_changed)
        napari_viewer.dims.events.point.connect(self._mark)
        napari_viewer.events.theme.connect(self._theme)
        self.refresh()

    def _build_choice(self) -> None:
        box = self.box("Cells")
        self.choices: list[QCheckBox] = []
        self._choices = QVBoxLayout()
        box.addLayout(self._choices)
        inside = QWidget()
        self._single = QVBoxLayout(inside)
        self.single_samples = QCollapsible("Single samples", expandedIcon="▾", collapsedIcon="▸")
        self.single_samples.setContent(inside)
        self.single_samples.layout().setContentsMargins(0, 0, 0, 0)
        self.single_samples.setDuration(0)
        self.single_samples.collapse(animate=False)
        box.addWidget(self.single_samples)
        self.with_difference = QCheckBox("and the difference")
        self.minuend, self.subtrahend = QComboBox(), QComboBox()
        row = QHBoxLayout()
        row.addWidget(self.minuend, 1)
        row.addWidget(QLabel("−"))
        row.addWidget(self.subtrahend, 1)
        box.addWidget(self.with_difference)
        box.addLayout(row)
        for combo in (self.minuend, self.subtrahend):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(6)
            self.with_difference.toggled.connect(combo.setEnabled)

    def _build_buttons(self) -> None:
        self.run_bar = RunBar("Show side by side")
        self.run_bar.run_button.clicked.connect(self.show_cells)
        self.column.addWidget(self.run_bar)
        self.slices, self.volumes = QRadioButton("Slices"), QRadioButton("Volumes (3D)")
        self.slices.setChecked(True)
        self._modes = QButtonGroup(self)
        row = QHBoxLayout()
        for button in (self.slices, self.volumes):
            self._modes.addButton(button)
            row.addWidget(button)
        self._modes.buttonToggled.connect(self._mode_changed)
        self.back_button = QPushButton("Back to my view")
        self.back_button.setToolTip("Takes the cells away; layers, grid and camera are as they were before.")
        self.back_button.clicked.connect(self.leave)
        row.addStretch(1)
        self.column.addLayout(row)
        self.column.addWidget(self.back_button)
        self._enable_view_buttons()

    def _build_plot(self) -> None:
        column = self.box("Alike, slice by slice")
        self.plot = SlicePlot(self.viewer.theme)
        self.plot.picked.connect(self._go_to)
        self.plot_note = QLabel("Show a difference to see the PSNR of each slice.")
        self.plot_note.setWordWrap(True)
        column.addWidget(self.plot)
        column.addWidget(self.plot_note)
        self.plot.hide()

    def refresh(self) -> None:
        """Offer what lies on the desk; say so where nothing can be compared."""
        try:
            self._items = items_on(self.desk)
            self.note.setText(registered_note(self.desk) or "Cells share one slice slider, one camera, one contrast.")
        except BoneMetError as error:
            self._items = ()
            self.note.setText(str(error))
        self._fill_list()
        self._fill_pair()
        self.run_bar.run_button.setEnabled(bool(self._items))

    def _fill_list(self) -> None:
        for old in self.choices:
            for place in (self._choices, self._single):
                place.removeWidget(old)
            old.deleteLater()
        self.choices = []
        many = sum(item.one_of_many for item in self._items)
        self.single_samples.setText(f"Single samples ({many})")
        self.single_samples.setVisible(many > 0)
        for item in self._items:
            box = QCheckBox(item.label)
            box.setToolTip(item.title)
            box.setChecked(item.usual)
            # A long name is cut at the edge of the dock rather than widening it.
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            (self._single if item.one_of_many else self._choices).addWidget(box)
            self.choices.append(box)

    def _fill_pair(self) -> None:
        pair = usual_pair(self._items) if self._items else None
        for combo, key in zip((self.minuend, self.subtrahend), pair or ("", ""), strict=True):
            combo.clear()
            for item in self._items:
                if not item.is_map:
                    combo.addItem(item.key, item)
            combo.setCurrentIndex(max(combo.findText(key), 0))
            combo.setEnabled(pair is not None)
        self.with_difference.setChecked(pair is not None)
        self.with_difference.setEnabled(pair is not None)

    def chosen(self) -> tuple[Item, ...]:
        """What is ticked."""
        return tuple(item for item, box in zip(self._items, self.choices, strict=True) if box.isChecked())

    def show_cells(self) -> None:
        """Subtract beside the screen, then lay the cells out."""
        items = self.chosen()
        pair: tuple[Item, Item] | None = None
        if self.with_difference.isChecked():
            pair = (self.minuend.currentData(), self.subtrahend.currentData())
        if not items and pair is None:
            self.run_bar.say("Tick at least one cell.")
            return
        self.run_bar.start(
            "Comparing",
            lambda progress: subtract(*pair, progress) if pair else None,
            lambda difference: self._lay_out(items, difference),
        )

    def _lay_out(self, items: Sequence[Item], difference: Difference | None) -> None:
        layers = [self._layer(item.scan, item.title, self._look(item)) for item in items]
        self._share = None
        for layer, item in zip(layers, items, strict=True):
            if item.is_map:
                with_colorbar(layer)
            if item.key == PROBABILITY:
                self._share = layer
        greys = [layer for layer, item in zip(layers, items, strict=True) if not item.is_map]
        if greys:
            limits = grey_limits([item.scan for item in items if not item.is_map])
            look_like_bone(greys, BONE_THRESHOLD if limits == (0.0, 255.0) else sum(limits) / 2)
            for layer in greys:
                layer.contrast_limits = limits
        self._difference = None
        if difference is not None:
            layer = self._difference = self._layer(difference.scan, difference.title)
            look_like_difference(layer, difference.scan.to_numpy())
            layers.append(layer)
        self._first = items[0].scan if items else difference.scan if difference else None
        self.cells.show(layers)
        if len(greys) > 1:
            self.viewer.layers.link_layers(greys, LINKED)
        self._show_curve(difference)
        self._enable_view_buttons()
        self.run_bar.say("")
        self._apply_mode()

    @staticmethod
    def _look(item: Item) -> dict[str, Any] | None:
        if item.key == PROBABILITY:
            return look_of_share()
        return look_of_spread(contrast_of(item.scan)[1]) if item.key == SPREAD else None

    def _layer(self, scan: Scan, title: str, look: dict[str, Any] | None = None) -> Image:
        data, attributes, _ = layer_tuple(scan, what=CELL, look=look)
        return Image(data, **{**attributes, "name": title})

    def _show_curve(self, difference: Difference | None) -> None:
        self.plot.setVisible(difference is not None)
        if difference is None:
            self.plot_note.setText("Show a difference to see the PSNR of each slice.")
            return
        self.plot.show_curve(difference.psnr, title=difference.title, label="PSNR, dB")
        same = int(np.isnan(self.plot.values).sum())
        self.plot_note.setText(f"Click to go to a slice. {same} identical slices are left out." if same else "")
        self.plot_note.setVisible(bool(self.plot_note.text()))
        self._mark()

    def _mode_changed(self, _button: Any, checked: bool) -> None:
        if checked and self.cells.shown:
            self._apply_mode()

    def _apply_mode(self) -> None:
        try:
            if self.volumes.isChecked():
                self._check_memory()
        except InputError as error:
            self.run_bar.say(str(error))
            self.slices.setChecked(True)
            return
        volume = self.volumes.isChecked()
        if self._difference is not None:
            self._difference.colormap = difference_colormap(volume=volume)
        if self._share is not None:
            self._share.colormap = share_colormap(volume=volume)
        if volume or self.viewer.dims.ndisplay == 3:
            self.cells.set_volume(volume)

    def _check_memory(self) -> None:
        needed = sum(int(layer.data.size) * layer.data.dtype.itemsize for layer in self.cells.layers)
        if needed > MOST_BYTES:
            raise InputError(
                f"{len(self.cells.layers)} volumes of this size are too much for the graphics memory",
                expected=f"at most {MOST_BYTES / 2**30:.0f} GB",
                found=f"{needed / 2**30:.1f} GB",
                remedy="Crop to the region of interest first, or show fewer cells",
            )

    def _desk_changed(self) -> None:
        """Cells of weeks or of a forecast that are no longer on the desk go, and the desk's own week is seen."""
        if self.cells.shown:
            self.leave()
            self.desk.set_week(self.desk.week)

    def leave(self) -> None:
        """Take the cells away and put the user's own view back."""
        self.cells.leave()

    def _left(self) -> None:
        self._first = self._difference = self._share = None
        self.slices.setChecked(True)
        self.plot.hide()
        self.plot_note.setText("Show a difference to see the PSNR of each slice.")
        self.plot_note.show()
        self._enable_view_buttons()

    def _enable_view_buttons(self) -> None:
        for button in (self.slices, self.volumes, self.back_button):
            button.setEnabled(self.cells.shown)

    def _axis(self) -> int:
        return int(self.viewer.dims.ndim) - 3

    def _go_to(self, index: int) -> None:
        if self._first is not None:
            self.viewer.dims.set_point(self._axis(), self._first.grid.to_um((index, 0, 0))[0])

    def _mark(self, _event: Any = None) -> None:
        if self._first is not None:
            position = self.viewer.dims.point[self._axis()]
            self.plot.mark(round(self._first.grid.to_index((position, 0, 0))[0]))

    def _theme(self, _event: Any = None) -> None:
        self.plot.set_theme(self.viewer.theme)
