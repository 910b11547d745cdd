"""A recipe as a form: the network with its options, folders, records, and how it is cross-validated."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QVBoxLayout, QWidget

from napari_bonemet.study.recipes.networks import NETWORKS, Network, recipe_network
from napari_bonemet.study.recipes.recipe import Recipe
from napari_bonemet.widgets.folder_list import FolderList
from napari_bonemet.widgets.forms import OptionsForm, form_layout

__all__ = ["RecipeForm"]

# What the recipe says overrules these options of a network.
_SAID = ("seed", "weeks")
_BASIC = ("records", "weeks", "folds", "seed")
# Of recipes whose truth stands in the medical records.
_OF_RECORDS = ("records", "label", "positive", "weeks")


class RecipeForm(QWidget):
    """Fills a recipe, and shows one.

    Attributes
    ----------
    network : QComboBox
        The classifiers that recipes know.
    data : FolderList
        The folders of scans.
    form : OptionsForm
        The recipe's own fields.
    own : OptionsForm
        The network's, another form for another network.
    changed : Signal
        Another network was chosen.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.network = QComboBox()
        self.network.setToolTip("What is told of each scan or leg; the column of the records is the network's own.")
        for name, known in NETWORKS.items():
            self.network.addItem(known.title, name)
        self.data = FolderList(
            "Folder of weekly scans",
            "Weekly scans, their medical records in it or beside it; for bone quality a folder with labels.csv.",
        )
        self.form = OptionsForm(Recipe, basic=_BASIC, hidden=("network", "data", "out", "options"))
        self.form.fields["weeks"].native.setPlaceholderText("the network's own")
        self.form.fields["records"].line_edit.native.setPlaceholderText("in or beside the folder")
        self.own: OptionsForm[Any] = self._made()
        row = form_layout()
        row.addRow("Learns to tell", self.network)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(row)
        for widget in (self.data, self.form, self.own):
            self._column.addWidget(widget)
        self.network.currentIndexChanged.connect(self._turned)
        self._show_fields()

    @property
    def name(self) -> Network:
        """The network chosen."""
        name: Network = self.network.currentData()
        return name

    def _made(self, options: Any = None) -> OptionsForm[Any]:
        made: OptionsForm[Any] = OptionsForm(options or recipe_network(self.name).usual, basic=(), hidden=_SAID)
        if made.more is not None:
            made.more.setText("How the network looks and learns")
        return made

    def _turned(self) -> None:
        self._change(self._made())

    def _change(self, made: "OptionsForm[Any]") -> None:
        old, self.own = self.own, made
        self._column.replaceWidget(old, made)
        old.hide()
        old.deleteLater()
        self._show_fields()
        self.changed.emit()

    def _show_fields(self) -> None:
        for name in _OF_RECORDS:
            self.form.show_field(name, recipe_network(self.name).records)

    def recipe(self, out: Path | None = None) -> Recipe:
        """The recipe that is filled in.

        Raises
        ------
        InputError
            When a field cannot be used.
        """
        said = self._said(out)
        hidden = {name: value for name, value in self._overruled(said).items() if value is not None}
        return replace(said, options=self.own.options(**hidden))

    def _said(self, out: Path | None) -> Recipe:
        # What is hidden may still hold what another network was told.
        said = self.form.options(data=self.data.folders, out=out, options=None)
        empty = Recipe()
        emptied = {} if recipe_network(self.name).records else {name: getattr(empty, name) for name in _OF_RECORDS}
        return replace(said, network=self.name, **emptied)

    def _overruled(self, said: Recipe) -> dict[str, Any]:
        """What the network's own options have to be, since the recipe says it."""
        known = set(recipe_network(self.name).options.__dataclass_fields__)
        usual = recipe_network(self.name).usual
        values = {"seed": said.seed, "weeks": said.weeks or getattr(usual, "weeks", None)}
        return {name: value for name, value in values.items() if name in known}

    def show_recipe(self, recipe: Recipe) -> None:
        """Fill the form from a recipe."""
        self.network.setCurrentIndex(self.network.findData(recipe.network))
        self.data.clear()
        for folder in recipe.data:
            self.data.put(folder)
        self.form.set_options(recipe)
        self._change(self._made(recipe.filled.options))
