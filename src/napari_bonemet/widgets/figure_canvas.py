"""Half of the Figure dock: the canvas as an annotated picture, with a record that replays it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtWidgets import QCheckBox, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from napari_bonemet.errors import BoneMetError
from napari_bonemet.figures.export import save_figure
from napari_bonemet.widgets.figure_parts import annotated, picture_of, record_of_canvas, usual_title
from napari_bonemet.widgets.forms import form_layout
from napari_bonemet.widgets.mark import admitted
from napari_bonemet.widgets.worker import in_words

__all__ = ["CanvasPicture"]


class CanvasPicture(QWidget):
    """Title, footer, and the button that saves what is seen.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose canvas it is.
    ask : callable
        Gets a title and a usual name; gives the file chosen, or None.
    """

    def __init__(self, viewer: Any, ask: Callable[[str, str], Path | None]) -> None:
        super().__init__()
        self.viewer, self._ask = viewer, ask
        self.title, self.footer = QLineEdit(), QLineEdit()
        self.title.setPlaceholderText("leg and slice")
        self.footer.setPlaceholderText("what to say below")
        self.footer.setToolTip("Forecasts and synthetic data are named in any case.")
        self.whole = QCheckBox("Whole layers, not just the view")
        self.button = QPushButton("Save picture…")
        self.button.setToolTip("PNG, PDF, SVG or TIFF, with a JSON record of layers, camera and overlays")
        self.button.clicked.connect(self.save)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        fields = form_layout()
        fields.addRow("Title", self.title)
        fields.addRow("Footer", self.footer)
        column.addLayout(fields)
        for widget in (self.whole, self.button, self.note):
            column.addWidget(widget)

    def save(self) -> None:
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
            self.say(in_words(error, "Saving the picture"))
            return
        self.say(f"Saved {saved.name} and {saved.name}.json in {saved.parent}")

    def say(self, text: str) -> None:
        """Show a sentence below the button."""
        self.note.setText(text)
        self.note.show()
