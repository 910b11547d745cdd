"""Part of the Figure dock: films of the weeks, the samples, or turning volumes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from napari_bonemet.errors import BoneMetError, InputError
from napari_bonemet.figures.film_file import mp4_there, require_writer
from napari_bonemet.figures.film_options import FilmOptions
from napari_bonemet.figures.options import SOLID, MontageOptions
from napari_bonemet.options import as_flags
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.study.figure_sources import FigureSources
from napari_bonemet.study.film_job import film_with_data, make_film
from napari_bonemet.widgets.copy_command import CopyCommandButton
from napari_bonemet.widgets.figure_data import FigureData
from napari_bonemet.widgets.forms import OptionsForm
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.settings import start_in

__all__ = ["FilmMaker"]

MP4, GIF = "MP4 (*.mp4)", "GIF (*.gif)"


class FilmMaker(QWidget):
    """What a film shows, and the button that makes it.

    Parameters
    ----------
    montage : callable
        Gives the options of each frame; may raise InputError.
    data : callable
        Gets a progress and gives what there is to show; runs beside the screen.
    on_disk : callable
        Where all of it lies, or None where some of it lies in memory alone.
    """

    def __init__(
        self,
        montage: Callable[[], MontageOptions],
        data: Callable[[MontageOptions, Progress], FigureData],
        on_disk: Callable[[MontageOptions], FigureSources | None],
    ) -> None:
        super().__init__()
        self._montage, self._data, self._on_disk = montage, data, on_disk
        self.form = OptionsForm(
            FilmOptions, basic=("what", "volumes", "seconds", "turn_seconds", "fps"), hidden=("turned",)
        )
        self.form.changed.connect(self._show_what_counts)
        self.run_bar = RunBar("Save film…")
        self.run_bar.run_button.setToolTip(
            "MP4 or GIF, drawn like the montage; the columns ticked for the table are those that turn"
        )
        self.run_bar.run_button.clicked.connect(self.save)
        self.copy_button = CopyCommandButton(self.command, self.run_bar.say)
        self.run_bar.lock(self.form)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.form, self.run_bar, self.copy_button):
            column.addWidget(widget)
        self._show_what_counts()

    def _show_what_counts(self) -> None:
        turns = self.form.fields["what"].value == "rotation"
        self.form.show_field("turn_seconds", turns)
        self.form.show_field("seconds", not turns)
        self.form.show_field("volumes", not turns)

    def options(self) -> FilmOptions:
        """The options as filled in here and in the montage's form.

        Raises
        ------
        InputError
            When one cannot be used.
        """
        montage = self._montage()
        solid = tuple(name for name in montage.show if name in SOLID) if montage.layout == "table" else ()
        return self.form.options(turned=solid or FilmOptions().turned, montage=montage)

    def save(self) -> None:
        """Ask for a name, and make the film; Cancel leaves nothing."""
        try:
            options = self.options()
            path = self._ask()
        except BoneMetError as error:
            self.run_bar.say(str(error))
            return
        if path is None:
            return

        def work(progress: Progress) -> FigureSources | None:
            data = self._data(options.montage, PartOf(progress, 0.0, 0.05))
            part = PartOf(progress, 0.05, 1.0)
            if data.sources is None:
                return film_with_data(data.legs[0], path, options=options, progress=part)
            make_film(data.legs[0], path, options=options, sources=data.sources, progress=part)
            return data.sources

        def done(sources: FigureSources | None) -> None:
            del sources
            self.run_bar.say(f"Saved {path.name} and {path.name}.json in {path.parent}")

        self.run_bar.start("Making the film", work, done)

    def _ask(self) -> Path | None:
        kinds = (MP4, GIF) if mp4_there() else (GIF, MP4)
        name = "film.mp4" if mp4_there() else "film.gif"
        chosen, kind = QFileDialog.getSaveFileName(self, "Save the film", start_in(name), ";;".join(kinds))
        if not chosen:
            return None
        path = Path(chosen)
        path = path if path.suffix else path.with_suffix(".gif" if kind == GIF else ".mp4")
        require_writer(path)
        return path

    def command(self) -> list[str]:
        """The command that makes this film again.

        Raises
        ------
        InputError
            When some of what it shows lies in memory alone.
        """
        options = self.options()
        sources = self._on_disk(options.montage)
        if sources is None:
            raise InputError(
                "Some of what is shown lies in memory alone", remedy="Save the film first; its data are kept beside it"
            )
        words: list[Any] = ["napari-bonemet", "film", sources.folder, "--legs", sources.legs[0]]
        if sources.predicted:
            words += ["--predicted", sources.predicted[0]]
        return [*map(str, words), "--out", "film.gif", *as_flags(options)]
