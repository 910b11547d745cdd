"""The builder of a montage: the paper's figures in one click, templates, columns, and the form of all options."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from matplotlib import font_manager
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QCompleter,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_bonemet.errors import BoneMetError
from napari_bonemet.figures.options import WIDTHS_MM, MontageOptions
from napari_bonemet.figures.paper import PAPER
from napari_bonemet.figures.template import Template, read_template, write_template
from napari_bonemet.widgets.figure_columns import ColumnList
from napari_bonemet.widgets.forms import OptionsForm, form_layout
from napari_bonemet.widgets.settings import start_in

__all__ = ["MontageBuilder"]

FILES = "Templates (*.toml *.json)"
OWN = "as given below"
BASIC = (
    "layout",
    "row_of",
    "rows",
    "shown_samples",
    "as_volumes",
    "plane",
    "slice_index",
    "theme",
    "letters",
    "arrows",
    "dpi",
)
# Options that count in some layouts alone.
_OF_TABLE = ("row_of", "as_volumes")
_OF_ROWS = ("rows",)


class MontageBuilder(QWidget):
    """Gives the options of a montage.

    Attributes
    ----------
    changed : Signal
        Any option was changed.
    said : Signal(str)
        What went wrong with a template, or where it was saved.
    """

    changed = Signal()
    said = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.name = "overview"
        self.columns = ColumnList()
        self.form = OptionsForm(MontageOptions, basic=BASIC, hidden=("show",))
        self.width = QComboBox()
        self.width.addItems(["automatic", *(f"{name}, {mm:g} mm" for name, mm in WIDTHS_MM.items()), OWN])
        self.width.setToolTip("Widths of journals' columns; another one stands under More options.")
        self.width.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.paper = {name: self._button(name) for name in ("overview", *PAPER)}
        self.load_button, self.save_button = QPushButton("Load template…"), QPushButton("Save template…")
        self.load_button.setToolTip("Settings that were saved as a template, for another leg or study.")
        self.save_button.setToolTip("These settings as a file, to use them again.")
        self._setting = False
        self._lay_out()
        self._connect()
        self._show_what_counts()

    def _button(self, name: str) -> QPushButton:
        button = QPushButton("Overview" if name == "overview" else f"Figure {name[-1]}")
        button.setToolTip(_TOLD[name])
        button.clicked.connect(lambda: self.take(Template(name, PAPER.get(name, MontageOptions()))))
        return button

    def _lay_out(self) -> None:
        self.shortcuts = QWidget()
        grid = QGridLayout(self.shortcuts)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        for number, button in enumerate(self.paper.values()):
            grid.addWidget(button, number // 3, number % 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        files = QHBoxLayout()
        files.addWidget(self.load_button)
        files.addWidget(self.save_button)
        column.addLayout(files)
        fields = form_layout()
        fields.addRow("Width", self.width)
        column.addLayout(fields)
        column.addWidget(self.columns)
        column.addWidget(self.form)
        families = sorted({entry.name for entry in font_manager.fontManager.ttflist})
        completer = QCompleter(families, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.form.fields["font"].native.setCompleter(completer)

    def _connect(self) -> None:
        self.form.changed.connect(self._changed)
        self.columns.changed.connect(self._changed)
        self.width.activated.connect(self._choose_width)
        self.load_button.clicked.connect(self.load)
        self.save_button.clicked.connect(self.save)

    def options(self) -> MontageOptions:
        """The options as filled in.

        Raises
        ------
        InputError
            When one cannot be used.
        """
        return self.form.options(show=self.columns.chosen())

    def take(self, template: Template) -> None:
        """Fill in a template."""
        self.name = template.name
        self._setting = True
        try:
            self.form.set_options(template.options)
            self.columns.choose(template.options.show)
        finally:
            self._setting = False
        self._changed()

    def _changed(self) -> None:
        if self._setting:
            return
        self._show_what_counts()
        self.changed.emit()

    def _show_what_counts(self) -> None:
        layout = self.form.fields["layout"].value
        self.columns.setVisible(layout == "table")
        for name in _OF_TABLE:
            self.form.show_field(name, layout == "table")
        for name in _OF_ROWS:
            self.form.show_field(name, layout != "overview")
        value = self._width_mm()
        known = [None, *WIDTHS_MM.values()]
        self.width.setCurrentIndex(known.index(value) if value in known else self.width.count() - 1)

    def _width_mm(self) -> float | None:
        field = self.form.fields["width_mm"]
        return None if field.value <= field.min else float(field.value)

    def _choose_width(self, index: int) -> None:
        if index == self.width.count() - 1:
            if self.form.more is not None:
                self.form.more.unfold()
            self.form.fields["width_mm"].native.setFocus()
            return
        field = self.form.fields["width_mm"]
        field.value = [field.min, *WIDTHS_MM.values()][index]

    def load(self) -> None:
        """Ask for a template's file, and fill it in."""
        chosen, _ = QFileDialog.getOpenFileName(self, "Load a template", start_in(), FILES)
        if chosen:
            self._try(lambda: self._read(Path(chosen)))

    def _read(self, path: Path) -> str:
        template = read_template(path)
        self.take(template)
        return f"Took the template {template.name}"

    def save(self) -> None:
        """Ask for a name, and write the options as a template."""
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the template", start_in("figure.toml"), FILES)
        if chosen:
            path = Path(chosen)
            self._try(lambda: self._write(path if path.suffix else path.with_suffix(".toml")))

    def _write(self, path: Path) -> str:
        write_template(Template(path.stem, self.options()), path)
        return f"Saved {path.name} in {path.parent}"

    def _try(self, what: Any) -> None:
        try:
            self.said.emit(what())
        except BoneMetError as error:
            self.said.emit(str(error))

    def with_slice(self, index: int) -> None:
        """Fill in a slice."""
        self.take(Template(self.name, replace(self.options(), slice_index=index)))


_TOLD = {
    "overview": "All there is of one slice.",
    "paper figure 1": "As figure 1 of Xiong et al.: weeks seen, true week, forecast; a row for each animal or slice.",
    "paper figure 2": "As figure 2 of Xiong et al.: weeks seen, every model's forecast, true week.",
    "paper figure 3": "As figure 3 of Xiong et al.: predicted volumes and the true one, seen from outside.",
    "paper figure 4": "As figure 4 of Xiong et al.: weeks seen, true week, six samples and their uncertainty map.",
    "paper figure 5": "As figure 5 of Xiong et al.: slices on which the forecast is most wrong.",
}
