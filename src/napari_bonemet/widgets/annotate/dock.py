"""The Annotate dock: draw a mark, read what it measures, point at lesions, go to each mark again."""

from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence, QShortcut
from qtpy.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QRadioButton

from napari_bonemet.errors import BoneMetError
from napari_bonemet.figures.marks import COLOURS, SliceArrow
from napari_bonemet.geometry import Grid
from napari_bonemet.io.atomic import write_table
from napari_bonemet.widgets.annotate.lesions import lost_on
from napari_bonemet.widgets.annotate.sheets import Annotation, Sheets
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.settings import start_in
from napari_bonemet.widgets.tables import SmallTable

NAMES = {
    "lesion": "Arrow: lesion",
    "wrong": "Arrow: wrong",
    "arrow": "Arrow: plain",
    "distance": "Distance",
    "angle": "Angle",
    "area": "Area",
    "label": "Label",
}
_HOW = {
    "lesion": "Blue: drag from the tail to a true lesion.",
    "wrong": "Red: drag from the tail to what was predicted wrongly.",
    "arrow": "White: drag from the tail to the tip.",
    "distance": "Drag from one end to the other.",
    "angle": "Click three points, the corner second; double click ends it.",
    "area": "Click round it; double click closes it.",
    "label": "Write the words below, then click where they belong.",
}
_HIGHEST = 240


class AnnotateDock(Dock):
    """Marks on the slice, measured by the scan's voxel size.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Gets two layers, of shapes and of points, once there is something on them.

    Attributes
    ----------
    tools : dict
        Each kind's button.
    text : QLineEdit
        What the next label says.
    table : SmallTable
        Every mark; a click goes there.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.sheets = Sheets(napari_viewer, self)
        self.note = self.heading("")
        self._build_tools()
        self._build_lesions()
        self._build_list()
        self.column.addStretch(1)
        self.sheets.changed.connect(self._fill)
        self.sheets.failed.connect(self.note.setText)
        for signal in ("series_changed", "registration_changed", "roi_changed", "forecast_changed"):
            getattr(self.desk, signal).connect(self._allow)
        self._allow()
        self._fill()

    def _build_tools(self) -> None:
        box = self.box("Draw on the slice")
        grid = QGridLayout()
        self.tools = {kind: QPushButton(words) for kind, words in NAMES.items()}
        for number, (kind, button) in enumerate(self.tools.items()):
            button.setCheckable(True)
            button.setToolTip(_HOW[kind])
            button.clicked.connect(lambda on, kind=kind: self._begin(kind, on))
            grid.addWidget(button, number // 2, number % 2)
        self.text = QLineEdit("lesion")
        self.text.setToolTip("The words that Label writes on the slice.")
        self.text.setPlaceholderText("words of the next label")
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.text, len(self.tools) // 2, 1)
        box.addLayout(grid)
        stop = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        stop.activated.connect(self._stop)

    def _build_lesions(self) -> None:
        box = self.box("Point at lesions")
        self.here, self.everywhere = QRadioButton("This slice"), QRadioButton("All slices")
        self.here.setToolTip("Arrows on the slice in view alone.")
        self.everywhere.setToolTip("Arrows on every slice with lesions.")
        self.here.setChecked(True)
        row = QHBoxLayout()
        row.addWidget(self.here)
        row.addWidget(self.everywhere)
        self.run_bar = RunBar("Set arrows")
        self.run_bar.run_button.setToolTip(
            "Blue arrows on true lesions, red ones on what is predicted wrongly, as in the papers"
        )
        self.run_bar.run_button.clicked.connect(self.point)
        box.addLayout(row)
        box.addWidget(self.run_bar)

    def _build_list(self) -> None:
        box = self.box("Marks")
        self.table = SmallTable(["mark", "size", "slice, mm"])
        self.table.make_compact(_HIGHEST)
        self.table.cellClicked.connect(self._go_to)
        self.remove_button, self.arrows_button = QPushButton("Remove"), QPushButton("Remove arrows")
        self.save_button = QPushButton("Save table…")
        self.save_button.setToolTip("All marks with their sizes as CSV.")
        self.remove_button.setToolTip("Take the mark chosen in the table away")
        self.arrows_button.setToolTip("Take all blue and red arrows away")
        self.remove_button.clicked.connect(self._remove)
        self.arrows_button.clicked.connect(lambda: self.sheets.clear(("lesion", "wrong")))
        self.save_button.clicked.connect(self._save)
        row = QHBoxLayout()
        for button in (self.remove_button, self.arrows_button, self.save_button):
            row.addWidget(button)
        box.addWidget(self.table)
        box.addLayout(row)

    def _grid(self) -> Grid | None:
        series = self.desk.shown
        return series.baseline.grid if series is not None else None

    def _allow(self) -> None:
        there = self._grid() is not None
        for widget in (*self.tools.values(), self.text, self.run_bar.run_button):
            widget.setEnabled(there)
        self.note.setText(
            "Marks lie on napari's own layers: move, edit and save them as any shapes."
            if there
            else "Open a leg in Weekly scans first: its voxel size measures what you draw."
        )

    def _begin(self, kind: str, on: bool) -> None:
        grid = self._grid()
        if not on or grid is None:
            self._stop()
            return
        if self.viewer.dims.ndisplay != 2:
            self.viewer.dims.ndisplay = 2
        if kind == "label" and not self.text.text().strip():
            self.note.setText("Write what the label says first.")
            self._stop()
            return
        for name, button in self.tools.items():
            button.setChecked(name == kind)
        self.note.setText(f"{_HOW[kind]} Escape stops.")
        self.sheets.begin(kind, grid, self.text.text().strip())

    def _stop(self) -> None:
        self.sheets.end()
        for button in self.tools.values():
            button.setChecked(False)

    def point(self) -> None:
        """Set arrows on the lesions of the slice on the canvas, or of all slices."""
        try:
            lost = lost_on(self.desk)
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return
        grid, index = lost.scan.grid, None
        if self.here.isChecked():
            z = self.viewer.dims.point[int(self.viewer.dims.ndim) - 3]
            index = min(max(round(grid.to_index((z, 0.0, 0.0))[0]), 0), lost.scan.shape[0] - 1)

        def done(arrows: tuple[SliceArrow, ...]) -> None:
            self.sheets.add_arrows(arrows, self._grid() or grid)
            where = "in this slice" if index is not None else f"in {len({arrow.tip[0] for arrow in arrows})} slices"
            count = f"{len(arrows)} arrow{'' if len(arrows) == 1 else 's'}"
            self.run_bar.say(f"{count} {where}: {lost.words}." if arrows else f"No lesion {where}: {lost.words}.")

        self.run_bar.start("Pointing at lesions", lambda progress: lost.arrows(index, progress), done)

    def _fill(self) -> None:
        marks = self.sheets.all()
        self.table.fill([_row(mark) for mark in marks])
        for number, mark in enumerate(marks):
            self.table.mark(number, 0, colour=COLOURS[mark.kind] if mark.kind in ("lesion", "wrong") else "")
        for button in (self.remove_button, self.arrows_button, self.save_button):
            button.setEnabled(bool(marks))
        shapes = self.sheets.shapes
        drawing = any(layer is not None and layer.mode.startswith("add") for layer in (shapes, self.sheets.points))
        if not drawing:
            for button in self.tools.values():
                button.setChecked(False)

    def _go_to(self, row: int, _column: int = 0) -> None:
        marks = self.sheets.all()
        if row < len(marks):
            self.viewer.dims.set_point(int(self.viewer.dims.ndim) - 3, marks[row].z_um)

    def _remove(self) -> None:
        row = self.table.currentRow()
        if 0 <= row < len(self.sheets.all()):
            self.sheets.remove(row)

    def _save(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the marks", start_in("annotations.csv"), "CSV (*.csv)")
        if not chosen:
            return
        path = Path(chosen) if Path(chosen).suffix else Path(chosen).with_suffix(".csv")
        try:
            write_table(path, [_record(mark) for mark in self.sheets.all()])
        except BoneMetError as error:
            self.note.setText(str(error))
            return
        self.note.setText(f"Saved {path.name} in {path.parent}")

    def leave(self) -> None:
        """Stop drawing, and listening to the viewer; the marks stay."""
        super().leave()
        self.sheets.leave()


def _row(mark: Annotation) -> tuple[str, str, str]:
    name = mark.words if mark.kind == "label" else NAMES[mark.kind].replace("Arrow: ", "arrow, ").lower()
    return (name, "" if mark.kind == "label" else mark.words, f"{mark.z_um / 1000:.2f}")


def _record(mark: Annotation) -> dict[str, object]:
    z, y, x = (float(part) for part in mark.points_um[0])
    return {
        "mark": mark.kind,
        "words": mark.words,
        "z (µm)": z,
        "y (µm)": y,
        "x (µm)": x,
        "points": len(mark.points_um),
    }
