"""A list of folders of weekly scans, each looked into before it is taken."""

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from napari_bonemet.io.bonemet import LegFiles, find_legs
from napari_bonemet.progress import Progress
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.settings import start_in

__all__ = ["FolderList"]

_HEIGHT = 74


class FolderList(QWidget):
    """Folders to learn from.

    Parameters
    ----------
    asks : str
        What the dialog asks for.
    tip : str
        What such a folder holds.

    Attributes
    ----------
    list : QListWidget
        The folders, with how many legs and which weeks they hold.
    add_button, remove_button : QPushButton
        Ask for one more; take the chosen one away.
    bar : RunBar
        Looks into a folder beside the screen.
    changed : Signal
        A folder came or went.
    """

    changed = Signal()

    def __init__(self, asks: str, tip: str) -> None:
        super().__init__()
        self._asks = asks
        self.list = QListWidget()
        self.list.setFixedHeight(_HEIGHT)
        self.list.setToolTip(tip)
        self.add_button, self.remove_button = QPushButton("Add folder…"), QPushButton("Remove")
        self.add_button.setToolTip("A folder of legs; all legs in it are taken.")
        self.remove_button.setToolTip("Take the folder chosen in the list off it.")
        self.bar = RunBar("Look")
        self.bar.run_button.hide()
        self.bar.hide()
        buttons = QHBoxLayout()
        buttons.addWidget(self.add_button, 2)
        buttons.addWidget(self.remove_button, 1)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.list)
        inside.addLayout(buttons)
        inside.addWidget(self.bar)
        self.add_button.clicked.connect(self.ask)
        self.remove_button.clicked.connect(self._remove)
        self.list.itemSelectionChanged.connect(self._allow)
        self.bar.lock(self.add_button)
        self.bar.runner.started.connect(self.bar.show)
        self._allow()

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders, in their order."""
        return tuple(Path(self.list.item(row).toolTip()) for row in range(self.list.count()))

    def ask(self) -> None:
        """Ask for a folder, and add it."""
        chosen = QFileDialog.getExistingDirectory(self, self._asks, start_in())
        if chosen:
            self.add(Path(chosen))

    def add(self, folder: Path) -> None:
        """Add a folder once it is known what it holds; no voxel is read yet."""

        def work(progress: Progress) -> tuple[LegFiles, ...]:
            progress.message(f"Looking for scans in {folder.name}")
            return find_legs(folder, progress=progress)

        self.bar.start(f"Looking into {folder.name}", work, lambda legs: self._found(folder, legs))

    def _found(self, folder: Path, legs: tuple[LegFiles, ...]) -> None:
        self.bar.say("")
        self.bar.hide()
        weeks = sorted({week for leg in legs for week, _ in leg.weeks})
        count = f"{len(legs)} leg{'' if len(legs) == 1 else 's'}"
        self.put(folder, f"{folder.name}: {count}, weeks {', '.join(f'{week:g}' for week in weeks)}")

    def put(self, folder: Path, words: str = "") -> None:
        """Add a folder as it is, once."""
        if folder in self.folders:
            return
        item = QListWidgetItem(words or folder.name)
        item.setToolTip(str(folder))
        self.list.addItem(item)
        self.list.setCurrentItem(item)
        self.changed.emit()

    def clear(self) -> None:
        """Take all of them away."""
        self.list.clear()
        self.changed.emit()
        self._allow()

    def _remove(self) -> None:
        for item in self.list.selectedItems():
            self.list.takeItem(self.list.row(item))
        self.changed.emit()
        self._allow()

    def _allow(self) -> None:
        self.remove_button.setEnabled(bool(self.list.selectedItems()))
