"""The options of a measurement, folded away: a part with a name for every step that has options of its own."""

from typing import Any, Generic, TypeVar

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_bonemet.options import OptionField, Options, describe
from napari_bonemet.widgets.folded import Folded
from napari_bonemet.widgets.forms import OptionsForm

__all__ = ["NestedForm"]

OptionsT = TypeVar("OptionsT", bound=Options)


class NestedForm(QWidget, Generic[OptionsT]):
    """One form for options that hold the options of several steps.

    Parameters
    ----------
    options : type of Options
        Its fields that are options themselves become parts under their names.
    title : str
        What the fold is called.

    Attributes
    ----------
    forms : dict
        Part to :class:`OptionsForm`; "" for what belongs to none.
    changed : Signal
        A value was changed.
    """

    changed = Signal()

    def __init__(self, options: type[OptionsT], title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._class = options
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 4, 0, 4)
        self.forms: dict[str, OptionsForm[Any]] = {"": OptionsForm(options)}
        self._shared: dict[str, dict[str, str]] = {}
        column.addWidget(self.forms[""])
        for field in describe(options):
            if isinstance(field.type, type) and issubclass(field.type, Options):
                self._shared[field.name] = self._asked_above(field.type)
                self.forms[field.name] = self._part(column, field)
        for form in self.forms.values():
            form.changed.connect(self.changed)
        folded = Folded(title, inside, "Compartments, thickness, density: each says what it is for.")
        self.fold = folded.button
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(folded)

    def _asked_above(self, options: type[Options]) -> dict[str, str]:
        """Names that an earlier part has, and which part: they are one choice, as they are one flag of a command."""
        names = [option.name for option in describe(options)]
        return {name: part for name in names for part, form in self.forms.items() if name in form.fields}

    def _part(self, column: QVBoxLayout, field: OptionField) -> OptionsForm[Any]:
        name = QLabel(f"<b>{field.label[:1].upper()}{field.label[1:]}</b>")
        form: OptionsForm[Any] = OptionsForm(field.type, hidden=tuple(self._shared[field.name]))
        column.addWidget(name)
        column.addWidget(form)
        return form

    @property
    def fields(self) -> dict[str, Any]:
        """Option name to magicgui widget, of all parts."""
        return {name: widget for form in self.forms.values() for name, widget in form.fields.items()}

    def options(self) -> OptionsT:
        """The options as filled in.

        Raises
        ------
        InputError
            When a value cannot be used; the sentence names the option.
        """
        parts: dict[str, Options] = {}
        for name, form in self.forms.items():
            if name:
                shared = {option: getattr(parts[part], option) for option, part in self._shared[name].items()}
                parts[name] = form.options(**shared)
        return self.forms[""].options(**parts)
