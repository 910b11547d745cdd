"""How a classifier did on the animals held out: a table of its figures, and the way to the report."""

from qtpy.QtCore import Qt, QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from napari_bonemet.study.recipes.run import Done
from napari_bonemet.widgets.copy_command import beside
from napari_bonemet.widgets.tables import SmallTable

__all__ = ["RecipeResult", "rows_of", "words_of"]

COLUMNS = ("", "AUC", "Accuracy", "F1")
_FIGURES = ("auc", "accuracy", "f1")
ABOUT = (
    "Of animals that the network did not learn from. AUC: area under the receiver operating characteristic, 0.5 where "
    "nothing is told; F1: harmonic mean of precision and recall. The report has their intervals over animals."
)


def rows_of(done: Done) -> list[list[str]]:
    """A row per opinion: the network, then what it is held against."""
    return [[each.title, *(f"{each.figures[name].value:.2f}" for name in _FIGURES)] for each in done.report.opinions]


def words_of(done: Done) -> str:
    """What was done, and whether on synthetic animals."""
    result = done.result
    lines = [f"{len(result.cases)} cases of {len(set(result.animals))} animals. {result.protocol}."]
    if result.folds:
        mean, spread = done.report.opinions[0].mean_of_folds("auc")
        lines.append(f"AUC of {len(result.folds)} folds: {mean:.2f} ± {spread:.2f}.")
    if result.synthetic:
        lines.append("Synthetic animals: these figures say nothing of mice.")
    return " ".join(lines)


class RecipeResult(QWidget):
    """Shows what a recipe left on the disk.

    Attributes
    ----------
    table : SmallTable
        The figures.
    words : QLabel
        What was done.
    page_button, folder_button : QPushButton
        Open the report in the browser; open its folder.
    """

    def __init__(self) -> None:
        super().__init__()
        self.done: Done | None = None
        self.table = SmallTable(COLUMNS)
        self.table.horizontalHeader().setToolTip(ABOUT)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.page_button, self.folder_button = QPushButton("Open the report"), QPushButton("Open its folder")
        self.page_button.setToolTip("One page with tables, curves, every case and the model's card.")
        self.page_button.clicked.connect(lambda: self._open(page=True))
        self.folder_button.clicked.connect(lambda: self._open(page=False))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for widget in (self.table, self.words, beside(self.page_button, self.folder_button)):
            column.addWidget(widget)

    def take(self, done: Done) -> None:
        """Show one."""
        self.done = done
        self.table.fill(rows_of(done))
        self.words.setText(words_of(done))

    def _open(self, *, page: bool) -> None:
        if self.done is not None:
            place = self.done.report.page if page else self.done.folder
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(place)))
