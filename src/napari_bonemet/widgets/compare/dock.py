"""The Compare dock: weeks, forecast and their difference in linked cells or in one view."""

from collections.abc import Mapping, Sequence
from typing import Any

from qtpy.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QRadioButton

from napari_bonemet.errors import BoneMetError, InputError
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.widgets.cell_cursor import CellCursor
from napari_bonemet.widgets.cells import LinkedCells
from napari_bonemet.widgets.compare.alike import Alike
from napari_bonemet.widgets.compare.arrangement import Arrangement
from napari_bonemet.widgets.compare.choice import Choice
from napari_bonemet.widgets.compare.items import Difference, Item, items_on, registered_note, subtract
from napari_bonemet.widgets.compare.kept import CELLS, arrangement_from, kept_of
from napari_bonemet.widgets.compare.panes import LINKED, Panes, caption_of, panes_of, require_room
from napari_bonemet.widgets.compare.recipes import recipes_on
from napari_bonemet.widgets.compare.samples import SampleLeaf
from napari_bonemet.widgets.compare.single import DIFFERENCE, SingleView
from napari_bonemet.widgets.compare.single_box import SingleBox
from napari_bonemet.widgets.compare.under import UnderCanvas
from napari_bonemet.widgets.copy_command import CopyPythonButton
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.script_steps import compare_script
from napari_bonemet.widgets.sliceplot import SlicePlot

_MOST_STEPS_BACK = 20


class CompareDock(Dock):
    """Cells by named layouts, two volumes in one view, and how alike two volumes are slice by slice.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Its own layers are hidden while others are compared and come back as they were.
    """

    FILLED_LAST = True

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.cells = LinkedCells(napari_viewer, on_left=self._left)
        self.single = SingleView(napari_viewer, self.cells, self)
        self.cursor = CellCursor(napari_viewer, lambda: self.cells.layers if self.cells.in_cells else (), self)
        self._panes = Panes()
        self._items: tuple[Item, ...] = ()
        self._past: list[Arrangement] = []
        self._now: Arrangement | None = None
        self._week: float | None = None
        self.note = self.heading("")
        self._build_choice()
        self._build_view()
        self.column.addStretch(1)
        # Whatever changes what can be compared takes the forecast away, or brings one: this one signal follows all.
        self.desk.forecast_changed.connect(self.refresh)
        self.desk.forecast_changed.connect(self._desk_changed)
        self.refresh()

    def _build_choice(self) -> None:
        box = self.box("Side by side")
        self.choice = Choice()
        self.choice.chosen_layout.connect(self._layout_chosen)
        self.run_bar = RunBar("Show side by side")
        self.run_bar.run_button.clicked.connect(self.show_cells)
        self.alike = Alike(self.viewer, self.run_bar, self.window, self)
        box.addWidget(self.choice)
        box.addWidget(self.run_bar)
        self.python_button = CopyPythonButton(self.script, self.run_bar.say)
        self.python_button.setToolTip("Copy a Python script that compares the two weeks of the difference by slices.")
        box.addWidget(self.python_button)
        alone = self.box("In one view")
        self.single_box = SingleBox(self.single)
        self.single_box.asked.connect(self.show_single)
        alone.addWidget(self.single_box)
        self.run_bar.lock(self.choice, self.single_box)

    def _build_view(self) -> None:
        self.leaf = SampleLeaf()
        self.column.addWidget(self.leaf)
        self.slices, self.volumes = QRadioButton("Slices"), QRadioButton("Volumes (3D)")
        self.slices.setToolTip("Every cell shows the same slice; the slider below the canvas moves all.")
        self.volumes.setToolTip("Every cell shows the bone as a volume; turn one and all turn.")
        self.slices.setChecked(True)
        self._modes = QButtonGroup(self)
        row = QHBoxLayout()
        for button in (self.slices, self.volumes):
            self._modes.addButton(button)
            row.addWidget(button)
        row.addStretch(1)
        self._modes.buttonToggled.connect(self._mode_changed)
        self.undo_button, self.back_button = QPushButton("Layout before"), QPushButton("Back to my view")
        self.undo_button.setToolTip("Shows again what was compared before this.")
        self.back_button.setToolTip("Takes the cells away; layers, grid and camera are as they were before.")
        self.undo_button.clicked.connect(self.undo)
        self.back_button.clicked.connect(self.back)
        buttons = QHBoxLayout()
        buttons.addWidget(self.undo_button)
        buttons.addWidget(self.back_button)
        self.column.addLayout(row)
        self.column.addLayout(buttons)
        self.caption = self.heading("")
        self.caption.hide()
        self._enable_view_buttons()

    @property
    def under(self) -> UnderCanvas:
        """The curve and its list of measures, under the canvas."""
        return self.alike.under

    @property
    def plot(self) -> SlicePlot:
        """The curve over the slices."""
        return self.alike.under.plot

    def refresh(self) -> None:
        """Offer what lies on the desk; say so where nothing can be compared."""
        try:
            items = items_on(self.desk)
            self._items = (*items, *recipes_on(self.desk, items))
            self.note.setText(registered_note(self.desk) or "Cells share one slice slider, one camera, one contrast.")
        except BoneMetError as error:
            self._items = ()
            self.note.setText(str(error))
        self.choice.fill(self._items, self.desk.week)
        self._past, self._now = [], None
        self.run_bar.run_button.setEnabled(bool(self._items))
        self.single_box.setEnabled(self.choice.pair() is not None)

    def _layout_chosen(self) -> None:
        """A layout taken while cells are shown is shown at once."""
        if self.cells.shown:
            self.show_cells()

    def show_cells(self) -> None:
        """Make what is still to be made and subtract, beside the screen, then lay the cells out."""
        items = self.choice.ticked()
        pair = self.choice.pair() if self.choice.with_difference.isChecked() else None
        if not items and pair is None:
            self.run_bar.say("Tick at least one cell.")
            return
        asked = self._asked(None)
        measured = pair or self._telling_pair(items)

        def work(progress: Progress) -> tuple[list[Item], Difference | None]:
            parts = len(items) + 1
            made = [item.made(PartOf(progress, n / parts, (n + 1) / parts)) for n, item in enumerate(items)]
            progress.advance(len(items) / parts)
            return made, subtract(*pair, PartOf(progress, len(items) / parts, 1.0)) if pair else None

        def done(made: tuple[list[Item], Difference | None]) -> None:
            self._lay_out(asked, measured, *made)
            # The cells are seen first: to measure every slice of a large leg takes longer than to show it.
            self.run_bar.runner.then(self.alike.measure_first)

        self.run_bar.start("Comparing", work, done)

    def _telling_pair(self, items: Sequence[Item]) -> tuple[Item, Item] | None:
        """The pair, where both are in cells: without a cell for the difference their curve still tells."""
        pair = self.choice.pair()
        shown = {item.key for item in items}
        return pair if pair is not None and {pair[0].key, pair[1].key} <= shown else None

    def show_single(self, mode: str) -> None:
        """Show the pair in one view."""
        pair = self.choice.pair()
        if pair is None:
            self.run_bar.say("Choose two different volumes, the one minus the other.")
            self.single_box.show_mode(self.single.mode)
            return
        asked = self._asked(mode)

        def done(difference: Difference | None) -> None:
            self._remember(asked)
            self._panes = self.single.show(mode, pair, difference, self.window())
            self._shown(pair, pair[1].scan)
            self.run_bar.runner.then(self.alike.measure_first)

        def work(progress: Progress) -> Difference | None:
            return subtract(*pair, progress) if mode == DIFFERENCE else None

        self.run_bar.start("Comparing", work, done)

    def _lay_out(
        self,
        asked: Arrangement,
        measured: tuple[Item, Item] | None,
        items: Sequence[Item],
        difference: Difference | None,
    ) -> None:
        self._remember(asked)
        self.single.stop()
        panes = self._panes = panes_of(items, difference)
        self.cells.show(panes.layers, columns=self.choice.layout_taken.columns)
        if len(panes.greys) > 1:
            self.viewer.layers.link_layers(panes.greys, LINKED)
        self._shown(measured, items[0].scan if items else difference.scan if difference else None)
        self._leaf_through(items)

    def script(self) -> str:
        """A Python script that compares the chosen pair of weeks.

        Raises
        ------
        InputError
            When no two weeks are chosen.
        """
        pair = self.choice.pair()
        weeks = [item.scan.week for item in pair or () if item.is_week and item.scan.week is not None]
        if len(weeks) != 2:
            raise InputError("A script compares two weeks", remedy="Choose two weeks, the one minus the other")
        return compare_script(self.desk, weeks)

    def _leaf_through(self, items: Sequence[Item]) -> None:
        samples = tuple(item for item in self._items if item.one_of_many)
        shown = [item for item in items if item.one_of_many]
        layer = self._panes.by_key[shown[0].key] if len(shown) == 1 else None
        at = next((n for n, item in enumerate(samples) if shown and item.key == shown[0].key), 0)
        self.leaf.take(samples, layer, at)

    def _shown(self, measured: tuple[Item, Item] | None, first: Scan | None) -> None:
        self.single_box.show_mode(self.single.mode)
        self.leaf.take((), None, 0)
        self.alike.take(measured, self._items, first)
        self.cursor.start(self.window())
        self._enable_view_buttons()
        self.run_bar.say("")
        self._apply_mode()
        self.caption.setText(caption_of(self._panes))
        self.caption.setVisible(bool(self.caption.text()))

    def _asked(self, mode: str | None) -> Arrangement:
        choice = self.choice
        keys = tuple(item.key for item in choice.ticked())
        pair = (choice.minuend.currentText(), choice.subtrahend.currentText())
        return Arrangement(mode, choice.layouts.currentText(), keys, choice.with_difference.isChecked(), pair)

    def _remember(self, asked: Arrangement) -> None:
        if not self.cells.shown:
            self._week = self.desk.week
        if self._now is not None and asked != self._now:
            self._past = [*self._past[1 - _MOST_STEPS_BACK :], self._now]
        self._now = asked

    def undo(self) -> None:
        """Show what was compared before, or the user's own view where nothing was."""
        if not self._past:
            self.back()
            return
        *self._past, before = self._past
        self._now = None
        self._choose(before)
        if before.mode is None:
            self.show_cells()
        else:
            self.show_single(before.mode)

    def _choose(self, asked: Arrangement) -> None:
        choice = self.choice
        choice.take(asked.layout)
        choice.tick(asked.keys, difference=asked.difference)
        choice.set_pair(*asked.pair)

    def filled_in(self) -> dict[str, Any]:
        """What is chosen, and whether it is on the canvas."""
        asked = self._now if self.cells.shown and self._now is not None else self._asked(None)
        return kept_of(asked, shown=self.cells.shown, volume=self.volumes.isChecked())

    def fill_in(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Choose again what :meth:`filled_in` gave, and show it if it was shown."""
        try:
            asked, shown, volume = arrangement_from(values)
        except InputError:
            return tuple(values)
        if not self._items:
            return ()
        self._choose(asked)
        if volume and shown is not None:
            self.run_bar.runner.finished.connect(self._as_volumes)
        if shown == CELLS:
            self.show_cells()
        elif shown in self.single_box.buttons:
            self.show_single(shown)
        return ()

    def _as_volumes(self) -> None:
        self.run_bar.runner.finished.disconnect(self._as_volumes)
        self.volumes.setChecked(self.cells.shown)

    def _mode_changed(self, _button: Any, checked: bool) -> None:
        if checked and self.cells.shown:
            self._apply_mode()

    def _apply_mode(self) -> None:
        try:
            if self.volumes.isChecked():
                require_room(self.cells.layers)
        except InputError as error:
            self.run_bar.say(str(error))
            self.slices.setChecked(True)
            return
        volume = self.volumes.isChecked()
        self._panes.for_volume(volume)
        if volume or self.viewer.dims.ndisplay == 3:
            self.cells.set_volume(volume)

    def _desk_changed(self) -> None:
        """Cells of weeks or of a forecast that are no longer on the desk go, and the desk's own week is seen."""
        if self.cells.shown:
            self.cells.leave()
            self.desk.set_week(self.desk.week)

    def back(self) -> None:
        """Take the cells away and put the user's own view back, and stop what is made for them."""
        self.run_bar.runner.cancel()
        self.cells.leave()

    def leave(self) -> None:
        """The dock is closed: give the view back, and stop listening to the viewer."""
        super().leave()
        self.cells.leave()
        self.alike.leave()

    def _left(self) -> None:
        self.single.stop()
        self.cursor.stop()
        self.leaf.take((), None, 0)
        self.alike.take(None, (), None)
        self._panes = Panes()
        self._past, self._now = [], None
        self.slices.setChecked(True)
        if self._week is not None and self.desk.week != self._week:
            # Turned while the cells were shown: what they gave back is the week before.
            self.desk.set_week(self.desk.week)
        self.caption.hide()
        self.single_box.show_mode(None)
        self._enable_view_buttons()

    def _enable_view_buttons(self) -> None:
        for button in (self.slices, self.volumes, self.back_button, self.undo_button):
            button.setEnabled(self.cells.shown)
