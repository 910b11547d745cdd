"""The dock "Weekly scans": pick a folder, open a leg, leaf through its weeks."""

import contextlib
import importlib
import threading
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QDoubleSpinBox, QFileDialog, QHBoxLayout, QLabel, QMainWindow, QPushButton

from napari_bonemet.io.bonemet import find_legs, read_series
from napari_bonemet.phantom.sample import sample_leg
from napari_bonemet.progress import Progress
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.copy_command import CopyCommandButton, CopyPythonButton, beside, folder_named
from napari_bonemet.widgets.desk import Leg
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.forms import form_layout
from napari_bonemet.widgets.navigator import WeekNavigator
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.script import scanned_script
from napari_bonemet.widgets.settings import PLUGIN, start_in, voxel_size_setting
from napari_bonemet.widgets.tour import Tour, tour_was_seen
from napari_bonemet.widgets.weekly_tree import WeeklyTree

__all__ = ["WeeklyDock"]

STATED = "as the files state"


class WeeklyDock(Dock):
    """Find scans, open a leg, and turn from week to week; every other dock follows.

    Attributes
    ----------
    folder_button, sample_button, tour_button, close_button, open_bar.run_button : QPushButton
        What is pressed.
    spacing : QDoubleSpinBox
        Voxel size in micrometres; zero leaves it to the files.
    tree : WeeklyTree
        What was found.
    navigator : WeekNavigator
        The current week.
    """

    # The week is the desk's.
    NOT_KEPT = ("navigator",)

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.folder_button = QPushButton("Open folder…")
        self.sample_button = QPushButton("Sample data")
        self.tour_button = QPushButton("New here? Take the tour")
        self.where = QLabel("Pick a folder with the weeks of one or more legs, or drop one on the window.")
        self.spacing = QDoubleSpinBox()
        self.tree = WeeklyTree()
        self.open_bar = RunBar("Open leg")
        self.close_button = QPushButton("Close leg")
        self.copy_button = CopyCommandButton(self._command, self.open_bar.say)
        self.python_button = CopyPythonButton(lambda: scanned_script(self.desk).text(), self.open_bar.say)
        self.navigator = WeekNavigator(self.desk)
        self._tour: Tour | None = None
        self.strip_box = QCheckBox("Week strip under the canvas")
        self._lay_out()
        self._connect()
        self._refresh()
        threading.Thread(target=_ready_readers, name="bonemet readies readers", daemon=True).start()

    def _lay_out(self) -> None:
        self.folder_button.setToolTip("A folder in the BoneMet layout, one with a folder per week, or one scan.")
        self.sample_button.setToolTip("Four weeks of a synthetic tibia with a growing lesion, made on the spot.")
        self.close_button.setToolTip("Take this leg's layers off the canvas and release its memory.")
        self.open_bar.run_button.setToolTip("Put the leg chosen in the list on the table; a double click does so, too.")
        self.tree.setToolTip("Animals, their legs and weeks; a click on a week of the open leg turns to it.")
        self.where.setWordWrap(True)
        self.where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.spacing.setRange(0, 1000)
        self.spacing.setDecimals(3)
        self.spacing.setSuffix(" µm")
        self.spacing.setSpecialValueText(STATED)
        self.spacing.setValue(voxel_size_setting())
        self.spacing.setToolTip("Needed where the files state no voxel size; where they do, theirs counts.")
        row = QHBoxLayout()
        row.addWidget(self.folder_button)
        row.addWidget(self.sample_button)
        self.column.addLayout(row)
        self.tour_button.setToolTip("Two minutes through the docks, in the order of the work")
        self.column.addWidget(self.tour_button)
        if tour_was_seen():
            self.tour_button.setText("Tour")
        self.column.addWidget(self.where)
        form = form_layout()
        form.addRow("Voxel size", self.spacing)
        self.column.addLayout(form)
        self.column.addWidget(self.tree, 1)
        self.column.addWidget(self.open_bar)
        self.column.addWidget(self.close_button)
        self.column.addWidget(beside(self.copy_button, self.python_button))
        self.column.addWidget(self.navigator)
        self.strip_box.setChecked(True)
        self.strip_box.setToolTip(
            "A picture of every week and of the future, over all docks. Alt+0 to Alt+9 turn to a week."
        )
        self.column.addWidget(self.strip_box)

    def _connect(self) -> None:
        self.open_bar.lock(self.folder_button, self.sample_button, self.tree, self.close_button)
        self.folder_button.clicked.connect(self._pick)
        self.sample_button.clicked.connect(self.open_sample)
        self.tour_button.clicked.connect(self.take_tour)
        self.open_bar.run_button.clicked.connect(self.open_leg)
        self.open_bar.runner.finished.connect(self._refresh)
        self.close_button.clicked.connect(self.close_leg)
        self.tree.itemSelectionChanged.connect(self._chosen)
        self.tree.itemDoubleClicked.connect(self._double_clicked)
        for signal in (
            self.desk.legs_changed,
            self.desk.series_changed,
            self.desk.registration_changed,
            self.desk.roi_changed,
            self.desk.forecast_changed,
        ):
            signal.connect(self._refresh)
        self.desk.week_changed.connect(self._mark_week)
        self.strip_box.clicked.connect(self.desk.strip_wanted)
        self.desk.strip_wanted.connect(self.strip_box.setChecked)

    def _command(self) -> list[str]:
        return ["napari", "--plugin", PLUGIN, folder_named(self.desk)]

    def _refresh(self) -> None:
        self.tree.blockSignals(True)
        self.tree.fill(self.desk)
        self.tree.blockSignals(False)
        self._allow()

    def _mark_week(self, week: float | None) -> None:
        self.tree.blockSignals(True)
        self.tree.choose(self.desk.leg.key if self.desk.leg else None, week)
        self.tree.blockSignals(False)

    def _allow(self) -> None:
        if not self.open_bar.running:
            self.open_bar.run_button.setEnabled(self._leg() is not None)
            self.close_button.setEnabled(self.desk.series is not None)

    def _leg(self) -> Leg | None:
        key = self.tree.chosen()
        return next((leg for leg in self.desk.legs if key is not None and leg.key == tuple(key)), None)

    def _chosen(self) -> None:
        self._allow()
        week, leg = self.tree.chosen_week(), self._leg()
        here = self.desk.leg is not None and leg is not None and leg.key == self.desk.leg.key
        if here and week is not None and self.desk.shown and week in self.desk.shown.weeks:
            self.desk.set_week(week)

    def _double_clicked(self) -> None:
        leg = self._leg()
        if leg is not None and (self.desk.leg is None or leg.key != self.desk.leg.key):
            self.open_leg()

    def _pick(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder with weekly scans", start_in())
        if folder:
            self.open_folder(Path(folder))

    def open_folder(self, folder: Path) -> None:
        """Look for legs in `folder`; a single one is opened at once."""
        self.where.setText(str(folder))

        def work(progress: Progress) -> tuple[Leg, ...]:
            progress.message(f"Looking for scans in {folder.name}")
            return tuple(Leg(files=files, folder=folder) for files in find_legs(folder, progress=progress))

        self.open_bar.start(f"Looking into {folder.name}", work, self._found)

    def _found(self, legs: tuple[Leg, ...]) -> None:
        self.desk.add_legs(*legs)
        self.tree.choose(legs[0].key)
        weeks = sum(len(leg.weeks) for leg in legs)
        self.open_bar.say(f"Found {_count(len(legs), 'leg')}, {_count(weeks, 'scan')}.")
        if len(legs) == 1:
            # After this step has ended: one step at a time.
            self.open_bar.runner.then(self.open_leg)

    def open_leg(self) -> None:
        """Read the selected leg, lazily where its format allows it, and put it on the table."""
        leg = self._leg()
        if leg is None:
            return
        files = leg.files
        if files is None:
            self.desk.set_series(leg.series, leg)
            return
        spacing = self.spacing.value() or None

        def work(progress: Progress) -> ScanSeries:
            return read_series(files, spacing=spacing, progress=progress)

        self.open_bar.start(f"Opening {leg.name}", work, lambda series: self.desk.set_series(series, leg))

    def take_tour(self) -> None:
        """Go from dock to dock, with what is pressed next ringed."""
        window = self.window()
        if not isinstance(window, QMainWindow):
            return
        if self._tour is None:
            self._tour = Tour(self.viewer, window)
        self.tour_button.setText("Tour")
        self._tour.go(0)

    def open_sample(self) -> None:
        """Make the synthetic sample and put it on the table."""

        def work(progress: Progress) -> ScanSeries:
            progress.message("Making the synthetic sample")
            return sample_leg(progress=progress).series

        self.open_bar.start("Making the sample", work, self.desk.set_series)

    def close_leg(self) -> None:
        """Release the leg on the table, its results and its layers."""
        if self.desk.leg is not None:
            name = self.desk.leg.name
            self.desk.set_series(None)
            self.view.remove(name)


def _ready_readers() -> None:
    """Import what the first opened scan would wait for; a reader that cannot be imported is told of then."""
    with contextlib.suppress(ImportError):
        importlib.import_module("napari_bonemet.io.zarr")


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
