"""A form made from a step's options: the same truth as the flags and the record, so nothing is written twice."""

import types
from collections.abc import Sequence
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar, Union, get_args, get_origin

from magicgui.widgets import CheckBox, ComboBox, FileEdit, FloatSpinBox, LineEdit
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from napari_bonemet.errors import InputError
from napari_bonemet.options import OptionField, Options, describe
from napari_bonemet.widgets.folded import Folded

__all__ = ["OptionsForm", "form_layout"]

_MOST = 2**31 - 1
# Room for the two buttons of a number field, pixels.
_BUTTONS = 44
_ABBREVIATIONS = {"dpi", "fps", "kl"}

OptionsT = TypeVar("OptionsT", bound=Options)


def _plain(option: OptionField) -> tuple[Any, bool]:
    """The option's type without None, and whether None was in it."""
    if get_origin(option.type) in (Union, types.UnionType):
        rest = [kind for kind in get_args(option.type) if kind is not type(None)]
        return (rest[0] if len(rest) == 1 else str), len(rest) < len(get_args(option.type))
    return option.type, False


class _Field:
    """One option's widget, and the way from its value to the option's and back."""

    def __init__(self, option: OptionField) -> None:
        self.option = option
        self.kind, self.optional = _plain(option)
        self.widget: Any = self._make()
        self.widget.tooltip = option.doc
        for part in self.widget.native.findChildren(QWidget):
            part.setToolTip(option.doc)
        if not option.required:
            self.set(option.default)

    def _make(self) -> Any:
        name = self.option.name
        if self.option.choices:
            blank = [(self.option.unset, None)] if self.optional else []
            return ComboBox(name=name, choices=blank + [(_words(c), c) for c in self.option.choices])
        if self.kind is bool:
            box = CheckBox(name=name)
            # The label stands beside it; magicgui would repeat it.
            box.native.setText("")
            return box
        if self.kind in (int, float):
            return self._number()
        if self.kind is Path:
            return FileEdit(name=name, nullable=self.optional)
        return LineEdit(name=name)

    def _number(self) -> Any:
        between = self.option.between
        low, high = (between.low, between.high) if between else (0.0, float(_MOST))
        whole = self.kind is int
        step = 1.0 if whole else _step(self.option.default, high - low)
        # One step below the range stands for "automatic" or the like, which Qt then shows in words.
        low, high = round(max(low, -_MOST) - (step if self.optional else 0), 9), min(high, _MOST)
        # Whole numbers too: magicgui's SpinBox is of a Qt class that shows no unit behind the number.
        box: Any = FloatSpinBox(name=self.option.name, min=low, max=high, step=step, value=low)
        box.native.setDecimals(0 if whole else _decimals(self.option, step))
        if self.optional:
            box.native.setSpecialValueText(self.option.unset)
            # napari lets number fields shrink: words would be cut instead of the field being put below its label.
            texts = (self.option.unset, f"00.00 {self.option.unit}")
            widest = max(box.native.fontMetrics().horizontalAdvance(text) for text in texts)
            box.native.setStyleSheet(f"min-width: {widest + _BUTTONS}px")
            box.native.lineEdit().textEdited.connect(partial(self._emptied, box.native))
        if self.option.unit:
            box.native.setSuffix(f" {self.option.unit}")
        return box

    def _emptied(self, field: Any, text: str) -> None:
        """A field whose number is deleted stands for no number, and what is typed next replaces the words."""
        if not text.removesuffix(field.suffix()).strip():
            field.setValue(field.minimum())
            field.selectAll()

    @property
    def label(self) -> str:
        # The unit stands behind the number.
        text = self.option.label.removesuffix(" um") if self.option.unit else self.option.label
        words = " ".join(word.upper() if word in _ABBREVIATIONS else word for word in text.split())
        return words[:1].upper() + words[1:]

    def get(self) -> Any:
        value = self.widget.value
        if self.option.choices or self.kind is bool:
            return value
        if self.kind in (int, float):
            return None if self.optional and value <= self.widget.min else self.kind(value)
        if self.kind is Path:
            return value
        text = str(value).strip()
        if self.optional and text in ("", self.option.unset):
            return None
        return text if self.kind is str else self._several(text)

    def _several(self, text: str) -> tuple[Any, ...]:
        kinds = [kind for kind in get_args(self.kind) if kind is not Ellipsis] or [float]
        parts = text.replace(",", " ").split()
        open_ended = Ellipsis in get_args(self.kind)
        try:
            if not open_ended and len(parts) != len(kinds):
                raise ValueError(text)  # noqa: TRY301 - said in words below
            return tuple((kinds[0] if open_ended else kinds[i])(part) for i, part in enumerate(parts))
        except ValueError as error:
            many = "numbers" if open_ended else f"{len(kinds)} numbers"
            raise InputError(
                f"The {self.option.label} cannot be used", expected=f"{many}, spaces between", found=repr(text)
            ) from error

    def set(self, value: Any) -> None:
        if self.option.choices or self.kind is bool:
            self.widget.value = value
        elif self.kind in (int, float):
            self.widget.value = self.widget.min if value is None else value
        elif isinstance(value, tuple):
            self.widget.value = " ".join(f"{item:g}" if isinstance(item, float) else str(item) for item in value)
        elif self.kind is Path:
            self.widget.value = value if value is not None or self.optional else ""
        else:
            self.widget.value = self.option.unset if value is None else value


def _words(choice: Any) -> str:
    return str(choice.value if isinstance(choice, Enum) else choice).replace("-", " ").replace("_", " ")


def _step(default: Any, span: float) -> float:
    size = abs(default) if isinstance(default, int | float) and default else span
    return 10.0 if size > 1000 else 1.0 if size > 10 else 0.1 if size > 1 else float(f"{min(size, 0.01):.0e}")


def _decimals(option: OptionField, step: float) -> int:
    if option.default is None:
        # Nothing says how fine it is; of one thing per another, many digits count.
        return 5 if " per " in option.unit else 2
    written = f"{option.default if isinstance(option.default, float) else step:.10f}"
    return max(2, len(written.rstrip("0").partition(".")[2]))


def form_layout(parent: QWidget | None = None) -> QFormLayout:
    """Label beside field, and above it where the dock is too narrow for both."""
    layout = QFormLayout(parent)
    layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
    layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    layout.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setVerticalSpacing(4)
    return layout


class OptionsForm(QWidget, Generic[OptionsT]):
    """Fields for every option of a step; what few need is folded away.

    Parameters
    ----------
    options : type of Options
        The step's options class, or an instance of it whose values are the start.
    basic : sequence of str, optional
        Names of the options that are always seen; all of them when None.
    hidden : sequence of str, optional
        Names of options that the dock sets itself (see :meth:`options`).

    Attributes
    ----------
    changed : Signal
        A value was changed, by whomever.
    fields : dict
        Option name to magicgui widget.
    """

    changed = Signal()

    def __init__(
        self,
        options: type[OptionsT] | OptionsT,
        *,
        basic: Sequence[str] | None = None,
        hidden: Sequence[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._class: type[OptionsT] = options if isinstance(options, type) else type(options)
        known = [option for option in describe(self._class) if option.name not in hidden]
        # Options within options belong to forms of their own.
        known = [option for option in known if not (isinstance(option.type, type) and issubclass(option.type, Options))]
        self._fields = {option.name: _Field(option) for option in known}
        self.fields = {name: field.widget for name, field in self._fields.items()}
        seen = list(self._fields) if basic is None else [name for name in basic if name in self._fields]
        self.more: Folded | None = None
        self._lay_out(seen, [name for name in self._fields if name not in seen])
        if not isinstance(options, type):
            self.set_options(options)
        for widget in self.fields.values():
            widget.changed.connect(self._on_change)

    def _lay_out(self, seen: Sequence[str], folded: Sequence[str]) -> None:
        self._labels: dict[str, QLabel] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        top = form_layout()
        column.addLayout(top)
        self._add_rows(top, seen)
        if not folded:
            return
        inside = QWidget()
        self._add_rows(form_layout(inside), folded)
        self.more = Folded("More options", inside, "What few need to change; each says what it is for.")
        column.addWidget(self.more)

    def _add_rows(self, layout: QFormLayout, names: Sequence[str]) -> None:
        for name in names:
            field = self._fields[name]
            label = QLabel(field.label)
            label.setToolTip(field.option.doc)
            label.setBuddy(field.widget.native)
            layout.addRow(label, field.widget.native)
            self._labels[name] = label

    def show_field(self, name: str, visible: bool) -> None:
        """Show or hide an option that counts only beside others; its value stays."""
        self._labels[name].setVisible(visible)
        self.fields[name].native.setVisible(visible)

    def _on_change(self) -> None:
        self.changed.emit()

    def options(self, **others: Any) -> OptionsT:
        """The options as filled in.

        Parameters
        ----------
        others
            Values of options that the form does not show.

        Raises
        ------
        InputError
            When a value cannot be used; the sentence names the option.
        """
        return self._class(**{name: field.get() for name, field in self._fields.items()}, **others)

    def set_options(self, options: OptionsT) -> None:
        """Fill the form."""
        for name, field in self._fields.items():
            field.set(getattr(options, name))

    def reset(self) -> None:
        """Fill in the defaults."""
        for field in self._fields.values():
            if not field.option.required:
                field.set(field.option.default)

    def value_of(self, name: str) -> Any:
        """The value of one option.

        Raises
        ------
        InputError
            When it cannot be used.
        """
        return self._fields[name].get()

    def set_value(self, name: str, value: Any) -> None:
        """Fill in one option."""
        self._fields[name].set(value)

    def choices_of(self, name: str) -> tuple[Any, ...]:
        """The values that an option may have; empty where it is no choice."""
        return self._fields[name].option.choices

    def is_path(self, name: str) -> bool:
        """Whether an option is a file or folder."""
        return self._fields[name].kind is Path
