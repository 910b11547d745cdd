"""What a network learns from: synthetic animals made on the spot, or folders of registered weeks."""

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QVBoxLayout, QWidget

from napari_bonemet.geometry import Triple
from napari_bonemet.study.training_legs import SyntheticAnimals
from napari_bonemet.widgets.folder_list import FolderList
from napari_bonemet.widgets.forms import OptionsForm, form_layout
from napari_bonemet.widgets.settings import voxel_size_setting

__all__ = ["TrainingSource"]

SYNTHETIC, FOLDERS = "synthetic", "folders"
_WORDS = {SYNTHETIC: "synthetic animals", FOLDERS: "folders of registered weeks"}
STATED = "as the files state"


class TrainingSource(QWidget):
    """Chooses animals to learn from.

    Attributes
    ----------
    kind : QComboBox
        "synthetic" or "folders".
    animals : OptionsForm
        How many synthetic animals, and of what voxel size.
    add_button, remove_button : QPushButton
        For the list of folders.
    changed : Signal
        Something else was chosen.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = QComboBox()
        for name, words in _WORDS.items():
            self.kind.addItem(words, name)
        self.animals = OptionsForm(SyntheticAnimals, basic=("animals", "voxel_size"))
        tip = "Weeks on one grid: what Register weeks or `napari-bonemet register` wrote."
        self._chosen = FolderList("Folder of registered weeks", tip)
        self.list, self.bar = self._chosen.list, self._chosen.bar
        self.add_button, self.remove_button = self._chosen.add_button, self._chosen.remove_button
        self.spacing = QDoubleSpinBox()
        if self.animals.more is not None:
            self.animals.more.setText("Size of the scans, strain")
        self._lay_out()
        self.kind.currentIndexChanged.connect(self._turned)
        self._chosen.changed.connect(self.changed)
        self._turned()

    def _lay_out(self) -> None:
        self.kind.setToolTip("Animals made on the spot, or registered weeks in folders of your own.")
        self.spacing.setToolTip("Voxel size, where the files state none; where they do, theirs counts.")
        self.spacing.setRange(0, 1000)
        self.spacing.setDecimals(3)
        self.spacing.setSuffix(" µm")
        self.spacing.setSpecialValueText(STATED)
        self.spacing.setValue(voxel_size_setting())
        learn = form_layout()
        learn.addRow("Learn from", self.kind)
        size = form_layout()
        size.addRow("Voxel size", self.spacing)
        self._folders = QWidget()
        inside = QVBoxLayout(self._folders)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self._chosen)
        inside.addLayout(size)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(learn)
        column.addWidget(self.animals)
        column.addWidget(self._folders)

    @property
    def synthetic(self) -> bool:
        """Whether the animals are made by the generator."""
        return bool(self.kind.currentData() == SYNTHETIC)

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders to learn from."""
        return self._chosen.folders

    @property
    def voxel_size(self) -> Triple | None:
        """For files that state none, (z, y, x) micrometres."""
        value = float(self.spacing.value())
        return (value, value, value) if value else None

    def ask(self) -> None:
        """Ask for a folder, and add it."""
        self._chosen.ask()

    def add(self, folder: Path) -> None:
        """Add a folder once it is known what it holds; no voxel is read yet."""
        self.kind.setCurrentIndex(self.kind.findData(FOLDERS))
        self._chosen.add(folder)

    def _turned(self) -> None:
        self.animals.setVisible(self.synthetic)
        self._folders.setVisible(not self.synthetic)
        self.changed.emit()
