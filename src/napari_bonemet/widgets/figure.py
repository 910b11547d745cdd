"""The Figure dock: the montage of a leg with its live preview, films, and the canvas as an annotated picture."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QDialog, QFileDialog, QLabel, QPushButton, QScrollArea, QVBoxLayout

from napari_bonemet.errors import BoneMetError, InputError
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.options import as_flags
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.study.figure_job import FigureOptions
from napari_bonemet.study.figure_keep import save_with_data
from napari_bonemet.study.figure_record import save_montage
from napari_bonemet.study.figure_sources import FigureSources
from napari_bonemet.study.options import ForecasterName, StudyOptions
from napari_bonemet.widgets.copy_command import CopyCommandButton, CopyPythonButton, beside, folder_named
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.figure_builder import MontageBuilder
from napari_bonemet.widgets.figure_canvas import CanvasPicture
from napari_bonemet.widgets.figure_data import FigureData, Models, figure_options, gather, in_memory_alone, on_disk
from napari_bonemet.widgets.figure_film import FilmMaker
from napari_bonemet.widgets.figure_live import Live
from napari_bonemet.widgets.figure_models import ModelFolders
from napari_bonemet.widgets.figure_parts import PREVIEW_DPI, Drawing, as_png, drawn_weeks
from napari_bonemet.widgets.preview import Preview
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.script_steps import figure_script
from napari_bonemet.widgets.settings import start_in

FILTERS = "PNG (*.png);;PDF (*.pdf);;SVG (*.svg);;TIFF (*.tiff)"
IN_MEMORY = "Some of what is drawn lies in memory alone"
EXPORT_FIRST = "Export the figure first; its data are kept beside it"
DEFAULT: ForecasterName = "copy-last-week"
NOT_YET = "Open a leg first: the figure shows its weeks, and composite and forecast as far as they are made."


class FigureDock(Dock):
    """Montage with live preview and export, and the annotated canvas.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Its canvas is what the last part saves.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.models = Models(self.desk)
        self._drawing = Drawing()
        self._kept: tuple[tuple[Any, ...], FigureSources] | None = None
        self.note = self.heading(NOT_YET)
        self.builder = MontageBuilder()
        self.form = self.builder.form
        self._build_preview()
        self._build_options()
        self.film = FilmMaker(self.builder.options, self._data, self._on_disk)
        self.box("Film").addWidget(self.film)
        self.canvas = CanvasPicture(napari_viewer, self.desk, self._ask)
        self.canvas_button, self.canvas_note = self.canvas.run_bar.run_button, self.canvas.run_bar.line
        self.box("Picture of the canvas").addWidget(self.canvas)
        self.column.addStretch(1)
        for signal in ("series_changed", "registration_changed", "roi_changed", "composites_changed"):
            getattr(self.desk, signal).connect(self.refresh)
        self.desk.forecast_changed.connect(self.refresh)
        self.refresh()

    def _build_preview(self) -> None:
        box = self.box("Montage of the leg")
        self.live = Live(self, self._live_work, self._show, self._say_live)
        self.run_bar = RunBar("Preview")
        self.run_bar.run_button.setToolTip("Draw the figure as it is set up below.")
        self.run_bar.run_button.clicked.connect(self.preview)
        self.run_bar.runner.started.connect(self.live.stop)
        self.live_box = QCheckBox("Follow every change")
        self.live_box.setChecked(True)
        self.live_box.setToolTip("Draw the preview again after each change of the form, and of the leg on the desk.")
        self.live_box.toggled.connect(lambda on: self._touch() if on else self.live.stop())
        self.picture = Preview()
        self.picture.clicked.connect(self._show_full)
        self.export_button = QPushButton("Export…")
        self.export_button.setToolTip("PNG, PDF, SVG or TIFF, with a JSON record from which it is made again")
        self.export_button.clicked.connect(self.export)
        self.copy_button = CopyCommandButton(self.command, self.run_bar.say)
        self.python_button = CopyPythonButton(self.script, self.run_bar.say)
        self.keep_box = QCheckBox("Keep the data beside it")
        self.keep_box.setChecked(True)
        self.keep_box.setToolTip(
            "What lies in memory alone (weeks registered or cropped here, forecasts drawn here) is written beside the "
            "figure, so that its record makes it again."
        )
        copies = beside(self.copy_button, self.python_button)
        for widget in (self.builder.shortcuts, self.run_bar, self.live_box, self.picture, self.export_button):
            box.addWidget(widget)
        for widget in (self.keep_box, copies):
            box.addWidget(widget)

    def _build_options(self) -> None:
        box = self.box("What it shows, and how")
        self.here_button = QPushButton("Take the slice on the canvas")
        self.here_button.setToolTip("Plane and slice as the canvas shows them now.")
        self.here_button.clicked.connect(self.take_slice)
        self.folders = ModelFolders(self.models)
        self.folders.changed.connect(self.refresh)
        for widget in (self.builder, self.here_button, self.folders):
            box.addWidget(widget)
        self.builder.changed.connect(self._touch)
        self.builder.said.connect(self.run_bar.say)
        self.run_bar.lock(self.builder, self.export_button)

    def showEvent(self, event: Any) -> None:  # noqa: N802 - Qt's name
        """Draw what changed while the dock was hidden."""
        super().showEvent(event)
        if self.picture.full.isNull():
            self._touch()

    def refresh(self) -> None:
        """Say whether there is something to draw; a preview of what was on the desk before is no preview."""
        there = self.desk.series is not None
        self.note.setVisible(not there)
        self.picture.forget()
        unread = self.desk.leg is None or self.desk.leg.folder is None
        self.keep_box.setVisible(there and (in_memory_alone(self.desk) or unread))
        if not self.run_bar.running:
            self.run_bar.say("")
            for button in (self.run_bar.run_button, self.export_button):
                button.setEnabled(there)
        if not self.film.run_bar.running:
            self.film.run_bar.run_button.setEnabled(there)
        self._touch()

    def take_slice(self) -> None:
        """Fill in the slice that the canvas shows."""
        if self.desk.series is None or self.form.fields["plane"].value != "transverse":
            self.run_bar.say("Only transverse slices of an open leg can be taken from the canvas.")
            return
        drawn = drawn_weeks(self.desk).baseline
        position = self.viewer.dims.point[int(self.viewer.dims.ndim) - 3]
        index = round(drawn.grid.to_index((position, 0.0, 0.0))[0])
        self.form.fields["slice_index"].value = min(max(index, 0), drawn.shape[0] - 1)

    def _data(self, options: MontageOptions, progress: Progress) -> FigureData:
        return gather(self.desk, self.models, options, progress)

    def _on_disk(self, options: MontageOptions) -> FigureSources | None:
        return None if in_memory_alone(self.desk) else on_disk(self.desk, self.models, options)

    def _options(self) -> MontageOptions | None:
        try:
            return self.builder.options()
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return None

    def _touch(self) -> None:
        if self.live_box.isChecked() and not self.run_bar.running:
            self.live.touch()

    def _live_work(self) -> Callable[[Progress], bytes] | None:
        ready = self.isVisible() and self.desk.series is not None and not self.run_bar.running
        options = self._options() if ready else None
        return None if options is None else self._picture_of(options)

    def _picture_of(self, options: MontageOptions) -> Callable[[Progress], bytes]:
        def work(progress: Progress) -> bytes:
            data = self._data(options, PartOf(progress, 0.0, 0.2))
            asked = figure_options(self.desk, options)
            made = self._drawing.draw(data, asked, hashed=False, progress=PartOf(progress, 0.2, 0.9))
            return as_png(made.figure, PREVIEW_DPI)

        return work

    def _show(self, data: bytes) -> None:
        self.picture.show_png(data)
        self.run_bar.say("Click the picture to see it in full.")

    def _say_live(self, sentence: str) -> None:
        if sentence:
            self.picture.forget()
        self.run_bar.say(sentence)

    def preview(self) -> None:
        """Draw the montage beside the screen, and show it."""
        options = self._options()
        if options is not None:
            self.run_bar.start("Drawing the figure", self._picture_of(options), self._show)

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
        """Ask for a name, draw and write the montage and its record, and where it needs them its data."""
        montage = self._options()
        path = self._ask("Export the figure", "figure.png") if montage is not None else None
        if montage is None or path is None:
            return
        keep, asked = self.keep_box.isChecked(), figure_options(self.desk, montage)
        state = self._state(montage)

        def work(progress: Progress) -> tuple[Path, bytes, FigureSources | None]:
            data = self._data(montage, PartOf(progress, 0.0, 0.1))
            made = self._drawing.draw(data, asked, hashed=True, progress=PartOf(progress, 0.1, 0.7))
            sources = data.sources
            if sources is None and keep:
                sources = save_with_data(made, data.legs, path, options=asked, progress=PartOf(progress, 0.7, 1.0))
            else:
                save_montage(made, path, options=asked, sources=sources)
            return path, as_png(made.figure, PREVIEW_DPI), sources

        def done(made: tuple[Path, bytes, FigureSources | None]) -> None:
            saved, picture, sources = made
            self.picture.show_png(picture)
            self._kept = None if sources is None else (state, sources)
            with_data = f", and the data in {saved.name}.data" if sources and _beside(sources, saved) else ""
            self.run_bar.say(f"Saved {saved.name} and {saved.name}.json in {saved.parent}{with_data}")

        self.run_bar.start("Drawing the figure", work, done)

    def _state(self, montage: MontageOptions) -> tuple[Any, ...]:
        """What tells whether the data kept by the last export are those drawn now."""
        several = montage.layout == "table" and (montage.row_of, "models" in montage.show)
        return (self.desk.working or self.desk.series, self.desk.forecast, self.models.folders, several)

    def _ask(self, title: str, name: str) -> Path | None:
        chosen, kind = QFileDialog.getSaveFileName(self, title, start_in(name), FILTERS)
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
        montage = self.builder.options()
        sources = self._sources(montage)
        if sources is not None:
            return _figure_command(sources, figure_options(self.desk, montage))
        if montage.layout == "table":
            raise InputError(IN_MEMORY, remedy=EXPORT_FIRST)
        return self._whole_chain(montage)

    def script(self) -> str:
        """The Python script that draws this figure again.

        Raises
        ------
        InputError
            When some of it lies in memory alone.
        """
        montage = self.builder.options()
        sources = self._sources(montage)
        if sources is None:
            raise InputError(IN_MEMORY, remedy=EXPORT_FIRST)
        return figure_script(sources, figure_options(self.desk, montage))

    def _sources(self, montage: MontageOptions) -> FigureSources | None:
        """Where all that is drawn lies on disk: by the last export, or anyway."""
        if self._kept is not None and self._kept[0] == self._state(montage):
            return self._kept[1]
        return self._on_disk(montage)

    def _whole_chain(self, montage: MontageOptions) -> list[str]:
        # Weeks as scanned: the whole chain makes the figure, and with it all that the figure shows.
        folder, forecast = folder_named(self.desk), self.desk.forecast
        whole = StudyOptions(
            figure=montage,
            crop_to_roi=self.desk.roi is not None,
            forecaster=next(
                (name for name in get_args(ForecasterName) if forecast and forecast.model == name), DEFAULT
            ),
            target_week=forecast.week if forecast else None,
            samples=len(forecast.samples) if forecast else 1,
            seed=forecast.seed if forecast else 0,
        )
        return ["napari-bonemet", "run", folder, "--out", "results", *as_flags(whole)]


def _beside(sources: FigureSources, saved: Path) -> bool:
    return sources.folder.is_relative_to(saved.with_name(f"{saved.name}.data"))


def _figure_command(sources: FigureSources, options: FigureOptions) -> list[str]:
    words = ["napari-bonemet", "figure", str(sources.folder), "--legs", *sources.legs]
    if sources.predicted:
        words += ["--predicted", *map(str, sources.predicted)]
    if sources.spacing is not None:
        words += ["--spacing", *(f"{value:g}" for value in sources.spacing)]
    return [*words, "--out", "figure.png", *as_flags(options.montage), *_without_threshold(options)]


def _without_threshold(options: FigureOptions) -> list[str]:
    # One flag says it for both.
    flags = as_flags(options.composite)
    if "--bone-threshold" in flags:
        at = flags.index("--bone-threshold")
        del flags[at : at + 2]
    return flags
