"""Part of the Figure dock: the canvas as an annotated picture, with a record from which it is taken again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from napari_bonemet.figures.export import save_figure
from napari_bonemet.progress import Progress
from napari_bonemet.widgets.canvas_record import note_canvas, record_of, with_sources
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.figure_parts import annotated, picture_of, scale_of_whole, usual_title
from napari_bonemet.widgets.forms import form_layout
from napari_bonemet.widgets.run_bar import RunBar

__all__ = ["CanvasPicture"]


class CanvasPicture(QWidget):
    """Title, footer, and the button that saves what is seen.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose canvas it is.
    desk : Desk
        Knows where the leg on the canvas lies.
    ask : callable
        Gets a title and a usual name; gives the file chosen, or None.
    """

    def __init__(self, viewer: Any, desk: Desk, ask: Callable[[str, str], Path | None]) -> None:
        super().__init__()
        self.viewer, self._desk, self._ask = viewer, desk, ask
        self.title, self.footer = QLineEdit(), QLineEdit()
        self.title.setPlaceholderText("leg and slice")
        self.footer.setPlaceholderText("what to say below")
        self.footer.setToolTip("Forecasts and synthetic data are named in any case.")
        self.title.setToolTip("Above the picture; leg and slice when left empty.")
        self.whole = QCheckBox("Whole layers, not just the view")
        self.whole.setToolTip("All of the layers' extent, rather than what the window shows.")
        self.keep = QCheckBox("Keep the data beside it")
        self.keep.setChecked(True)
        self.keep.setToolTip(
            "Layers that lie in memory alone are written beside the picture, so that its record takes it again."
        )
        self.run_bar = RunBar("Save picture…")
        self.run_bar.run_button.setToolTip("PNG, PDF, SVG or TIFF, with a JSON record of layers, camera and overlays")
        self.run_bar.run_button.clicked.connect(self.save)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        fields = form_layout()
        fields.addRow("Title", self.title)
        fields.addRow("Footer", self.footer)
        column.addLayout(fields)
        for widget in (self.whole, self.keep, self.run_bar):
            column.addWidget(widget)

    def save(self) -> None:
        """Ask for a name, and write the canvas with its title and what it has to admit."""
        path = self._ask("Save the picture", "canvas.png")
        if path is None:
            return
        title = self.title.text().strip() or usual_title(self.viewer)
        whole, keep = self.whole.isChecked(), self.keep.isChecked()
        image = picture_of(self.viewer, whole=whole)
        factor = scale_of_whole(self.viewer) if whole else None
        canvas, layers, voxels = note_canvas(
            self.viewer,
            self._desk,
            title=title,
            footer=self.footer.text().strip(),
            size=image.shape[:2],
            scale_factor=factor,
        )

        def work(progress: Progress) -> Path:
            figure = annotated(image, canvas.title, canvas.footer, canvas.admitted)
            # First as it is: should the disk be full, nothing of its data is left without it.
            save_figure(figure, path, record_of(canvas, layers))
            known = with_sources(layers, voxels, path, keep=keep, progress=progress)
            return save_figure(figure, path, record_of(canvas, known))

        def done(saved: Path) -> None:
            self.run_bar.say(f"Saved {saved.name} and {saved.name}.json in {saved.parent}")

        self.run_bar.start("Saving the picture", work, done)
