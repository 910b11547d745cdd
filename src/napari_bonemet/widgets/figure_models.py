"""Forecasts from folders, shown in the figure beside that of the desk."""

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_bonemet.widgets.figure_data import Models
from napari_bonemet.widgets.settings import start_in

__all__ = ["ModelFolders"]

NONE = "Forecasts drawn here are shown by themselves. Others, of more models or animals, come from folders."


class ModelFolders(QWidget):
    """Adds folders of forecasts, and forgets them.

    Attributes
    ----------
    changed : Signal
        Other folders.
    """

    changed = Signal()

    def __init__(self, models: Models) -> None:
        super().__init__()
        self._models = models
        self.add_button, self.forget_button = QPushButton("Add forecasts…"), QPushButton("Forget")
        self.add_button.setToolTip("A folder that `napari-bonemet predict` or `run` wrote")
        self.forget_button.setToolTip("Show the forecast of the desk alone")
        self.add_button.clicked.connect(self.add)
        self.forget_button.clicked.connect(self.forget)
        self.line = QLabel()
        self.line.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.add_button, 2)
        row.addWidget(self.forget_button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.line)
        self._tell()

    def add(self) -> None:
        """Ask for a folder."""
        folder = QFileDialog.getExistingDirectory(self, "Folder of forecasts", start_in())
        if folder:
            self._models.add_folder(Path(folder))
            self._tell()
            self.changed.emit()

    def forget(self) -> None:
        """Take the folders away."""
        self._models.forget_folders()
        self._tell()
        self.changed.emit()

    def _tell(self) -> None:
        names = [folder.name for folder in self._models.folders]
        self.line.setText(f"Also from: {', '.join(names)}" if names else NONE)
        self.forget_button.setEnabled(bool(names))
