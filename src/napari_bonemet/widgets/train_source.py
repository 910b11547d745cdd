"""What a network learns from: synthetic animals made on the spot, or folders of registered weeks."""

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_bonemet.geometry import Triple
from napari_bonemet.io.bonemet import LegFiles, find_legs
from napari_bonemet.progress import Progress
from napari_bonemet.study.training_legs import SyntheticAnimals
from napari_bonemet.widgets.forms import OptionsForm, form_layout
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.settings import start_in, voxel_size_setting

__all__ = ["TrainingSource"]

SYNTHETIC, FOLDERS = "synthetic", "folders"
_WORDS = {SYNTHETIC: "synthetic animals", FOLDERS: "folders of registered weeks"}
_LIST_HEIGHT = 74
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
        self.list = QListWidget()
        self.add_button, self.remove_button = QPushButton("Add folder…"), QPushButton("Remove")
        self.spacing = QDoubleSpinBox()
        self.bar = RunBar("Look")
        if self.animals.more is not None:
            self.animals.more.setText("Size of the scans, strain")
        self._lay_out()
        self.kind.currentIndexChanged.connect(self._turned)
        self.add_button.clicked.connect(self.ask)
        self.remove_button.clicked.connect(self._remove)
        self.list.itemSelectionChanged.connect(self._allow)
        self.bar.lock(self.add_button)
        self.bar.runner.started.connect(self.bar.show)
        self._turned()

    def _lay_out(self) -> None:
        self.list.setFixedHeight(_LIST_HEIGHT)
        self.list.setToolTip("Weeks on one grid: what Register weeks or `napari-bonemet register` wrote.")
        self.kind.setToolTip("Animals made on the spot, or registered weeks in folders of your own.")
        self.add_button.setToolTip("A folder of registered legs; all legs in it are listed.")
        self.remove_button.setToolTip("Take the folder chosen in the list off it.")
        self.spacing.setToolTip("Voxel size, where the files state none; where they do, theirs counts.")
        self.bar.run_button.setToolTip("See how many legs and weeks the folders hold, before training.")
        self.spacing.setRange(0, 1000)
        self.spacing.setDecimals(3)
        self.spacing.setSuffix(" µm")
        self.spacing.setSpecialValueText(STATED)
        self.spacing.setValue(voxel_size_setting())
        self.bar.run_button.hide()
        self.bar.hide()
        learn = form_layout()
        learn.addRow("Learn from", self.kind)
        size = form_layout()
        size.addRow("Voxel size", self.spacing)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button, 2)
        buttons.addWidget(self.remove_button, 1)
        self._folders = QWidget()
        inside = QVBoxLayout(self._folders)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.list)
        inside.addLayout(buttons)
        inside.addWidget(self.bar)
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
        return tuple(Path(self.list.item(row).toolTip()) for row in range(self.list.count()))

    @property
    def voxel_size(self) -> Triple | None:
        """For files that state none, (z, y, x) micrometres."""
        value = float(self.spacing.value())
        return (value, value, value) if value else None

    def ask(self) -> None:
        """Ask for a folder, and add it."""
        chosen = QFileDialog.getExistingDirectory(self, "Folder of registered weeks", start_in())
        if chosen:
            self.add(Path(chosen))

    def add(self, folder: Path) -> None:
        """Add a folder once it is known what it holds; no voxel is read yet."""
        self.kind.setCurrentIndex(self.kind.findData(FOLDERS))

        def work(progress: Progress) -> tuple[LegFiles, ...]:
            progress.message(f"Looking for scans in {folder.name}")
            return find_legs(folder, progress=progress)

        self.bar.start(f"Looking into {folder.name}", work, lambda legs: self._found(folder, legs))

    def _found(self, folder: Path, legs: tuple[LegFiles, ...]) -> None:
        self.bar.say("")
        self.bar.hide()
        if folder in self.folders:
            return
        weeks = sorted({week for leg in legs for week, _ in leg.weeks})
        count = f"{len(legs)} leg{'' if len(legs) == 1 else 's'}"
        item = QListWidgetItem(f"{folder.name}: {count}, weeks {', '.join(f'{week:g}' for week in weeks)}")
        item.setToolTip(str(folder))
        self.list.addItem(item)
        self.list.setCurrentItem(item)
        self.changed.emit()

    def _remove(self) -> None:
        for item in self.list.selectedItems():
            self.list.takeItem(self.list.row(item))
        self.changed.emit()
        self._allow()

    def _allow(self) -> None:
        self.remove_button.setEnabled(bool(self.list.selectedItems()))

    def _turned(self) -> None:
        self.animals.setVisible(self.synthetic)
        self._folders.setVisible(not self.synthetic)
        self._allow()
        self.changed.emit()
