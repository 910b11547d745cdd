"""The Figure dock: the montage of a leg with its preview, and the canvas as an annotated picture."""

from pathlib import Path
from typing import Any, get_args

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
)

from napari_bonemet.errors import BoneMetError
from napari_bonemet.figures.export import save_figure
from napari_bonemet.figures.montage import MontageOptions
from napari_bonemet.options import as_flags
from napari_bonemet.progress import Progress
from napari_bonemet.study.options import ForecasterName, StudyOptions
from napari_bonemet.widgets.copy_command import CopyCommandButton, folder_named
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.figure_parts import (
    PREVIEW_DPI,
    annotated,
    as_png,
    draw_study,
    drawn_weeks,
    picture_of,
    record_of_canvas,
    usual_title,
)
from napari_bonemet.widgets.forms import OptionsForm, form_layout
from napari_bonemet.widgets.mark import admitted
from napari_bonemet.widgets.preview import Preview
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.worker import in_words

FILTERS = "PNG (*.png);;PDF (*.pdf);;SVG (*.svg);;TIFF (*.tiff)"
DEFAULT: ForecasterName = "copy-last-week"
NOT_YET = "Open a leg first: the figure shows its weeks, and composite and forecast as far as they are made."


class FigureDock(Dock):
    """Montage with preview and export, and the annotated canvas.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Its canvas is what the second half saves.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.note = self.heading(NOT_YET)
        self._build_montage()
        self._build_canvas()
        self.column.addStretch(1)
        for signal in ("series_changed", "registration_changed", "roi_changed", "composites_changed"):
            getattr(self.desk, signal).connect(self.refresh)
        self.desk.forecast_changed.connect(self.refresh)
        self.refresh()

    def _build_montage(self) -> None:
        box = self.box("Montage of the leg")
        self.form = OptionsForm(MontageOptions, basic=("plane", "slice_index", "arrows", "dpi"))
        self.here_button = QPushButton("Take the slice on the canvas")
        self.here_button.clicked.connect(self.take_slice)
        self.run_bar = RunBar("Preview")
        self.run_bar.run_button.clicked.connect(self.preview)
        self.picture = Preview()
        self.picture.clicked.connect(self._show_full)
        self.export_button = QPushButton("Export…")
        self.export_button.setToolTip("PNG, PDF, SVG or TIFF, with a JSON record of how it was made")
        self.export_button.clicked.connect(self.export)
        self.copy_button = CopyCommandButton(self.command, self.run_bar.say)
        self.run_bar.lock(self.form, self.export_button)
        row = QHBoxLayout()
        row.addWidget(self.export_button)
        row.addWidget(self.copy_button)
        for widget in (self.form, self.here_button, self.run_bar, self.picture):
            box.addWidget(widget)
        box.addLayout(row)

    def _build_canvas(self) -> None:
        box = self.box("Picture of the canvas")
        self.title, self.footer = QLineEdit(), QLineEdit()
        self.title.setPlaceholderText("leg and slice")
        self.footer.setPlaceholderText("what to say below")
        self.footer.setToolTip("Forecasts and synthetic data are named in any case.")
        self.whole = QCheckBox("Whole layers, not just the view")
        fields = form_layout()
        fields.addRow("Title", self.title)
        fields.addRow("Footer", self.footer)
        box.addLayout(fields)
        self.canvas_button = QPushButton("Save picture…")
        self.canvas_button.clicked.connect(self.save_canvas)
        self.canvas_note = QLabel()
        self.canvas_note.setWordWrap(True)
        self.canvas_note.hide()
        for widget in (self.whole, self.canvas_button, self.canvas_note):
            box.addWidget(widget)

    def refresh(self) -> None:
        """Say whether there is something to draw; a preview of what was on the desk before is no preview."""
        there = self.desk.series is not None
        self.note.setVisible(not there)
        self.picture.forget()
        if not self.run_bar.running:
            self.run_bar.say("")
            for button in (self.run_bar.run_button, self.export_button):
                button.setEnabled(there)

    def take_slice(self) -> None:
        """Fill in the slice that the canvas shows."""
        if self.desk.series is None or self.form.fields["plane"].value != "transverse":
            self.run_bar.say("Only transverse slices of an open leg can be taken from the canvas.")
            return
        drawn = drawn_weeks(self.desk).baseline
        position = self.viewer.dims.point[int(self.viewer.dims.ndim) - 3]
        index = round(drawn.grid.to_index((position, 0.0, 0.0))[0])
        self.form.fields["slice_index"].value = min(max(index, 0), drawn.shape[0] - 1)

    def _options(self) -> MontageOptions | None:
        try:
            return self.form.options()
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return None

    def preview(self) -> None:
        """Draw the montage beside the screen, and show it."""
        options = self._options()
        if options is None:
            return

        def work(progress: Progress) -> bytes:
            return as_png(draw_study(self.desk, options, progress).figure, PREVIEW_DPI)

        def done(data: bytes) -> None:
            self.picture.show_png(data)
            self.run_bar.say("Click the picture to see it in full.")

        self.run_bar.start("Drawing the figure", work, done)

    def _show_full(self) -> None:
        if self.picture.full.isNull():
            return
        dialog = QDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Preview")
        area, label = QScrollArea(), QLabel()
        label.setPixmap(self.picture.full)
        area.setWidget(label)
        QVBoxLayout(dialog).addWidget(area)
        dialog.resize(min(self.picture.full.width() + 60, 1500), min(self.picture.full.height() + 70, 900))
        dialog.show()

    def export(self) -> None:
        """Ask for a name, draw and write the montage and its record."""
        options = self._options()
        if options is None:
            return
        path = self._ask("Export the figure", "figure.png")
        if path is None:
            return

        def work(progress: Progress) -> tuple[Path, bytes]:
            made = draw_study(self.desk, options, progress)
            return save_figure(made.figure, path, made.record), as_png(made.figure, PREVIEW_DPI)

        def done(made: tuple[Path, bytes]) -> None:
            self.picture.show_png(made[1])
            self.run_bar.say(f"Saved {made[0].name} and {made[0].name}.json in {made[0].parent}")

        self.run_bar.start("Drawing the figure", work, done)

    def save_canvas(self) -> None:
        """Ask for a name, and write the canvas with its title and what it has to admit."""
        path = self._ask("Save the picture", "canvas.png")
        if path is None:
            return
        title = self.title.text().strip() or usual_title(self.viewer)
        footer = self.footer.text().strip()
        try:
            image = picture_of(self.viewer, whole=self.whole.isChecked())
            figure = annotated(image, title, footer, admitted(self.viewer))
            saved = save_figure(figure, path, record_of_canvas(self.viewer, title, footer))
        except BoneMetError as error:
            self._say_canvas(in_words(error, "Saving the picture"))
            return
        self._say_canvas(f"Saved {saved.name} and {saved.name}.json in {saved.parent}")

    def _say_canvas(self, text: str) -> None:
        self.canvas_note.setText(text)
        self.canvas_note.show()

    def _ask(self, title: str, name: str) -> Path | None:
        chosen, kind = QFileDialog.getSaveFileName(self, title, name, FILTERS)
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix else path.with_suffix(f".{kind.partition(' ')[0].lower() or 'png'}")

    def command(self) -> list[str]:
        """The command that draws this figure again.

        Raises
        ------
        InputError
            When the leg lies in no folder.
        """
        folder = folder_named(self.desk)
        options = self.form.options()
        if self.desk.registration is None and self.desk.forecast is None:
            return ["napari-bonemet", "figure", folder, "--out", "figure.png", *as_flags(options)]
        # Weeks as scanned: the whole chain makes the figure, and with it all that the figure shows.
        forecast = self.desk.forecast
        whole = StudyOptions(
            figure=options,
            crop_to_roi=self.desk.roi is not None,
            forecaster=next(
                (name for name in get_args(ForecasterName) if forecast and forecast.model == name), DEFAULT
            ),
            target_week=forecast.week if forecast else None,
            samples=len(forecast.samples) if forecast else 1,
            seed=forecast.seed if forecast else 0,
        )
        return ["napari-bonemet", "run", folder, "--out", "results", *as_flags(whole)]
