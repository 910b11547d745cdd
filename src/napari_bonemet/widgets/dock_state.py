"""What is filled in on a dock, by name: read for a session, and filled in again."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QComboBox,
    QDoubleSpinBox,
    QGroupBox,
    QLineEdit,
    QRadioButton,
    QSpinBox,
    QWidget,
)

from napari_bonemet.errors import InputError
from napari_bonemet.options import record_of
from napari_bonemet.widgets.forms import OptionsForm

__all__ = ["fill_in", "filled_in", "settings_of"]

_OURS = "napari_bonemet."
_FIELDS = (QAbstractButton, QComboBox, QDoubleSpinBox, QSpinBox, QAbstractSlider, QLineEdit)


def filled_in(owner: QWidget) -> dict[str, Any]:
    """Every field of a dock as a plain JSON value, by its path: "form.bone_threshold", "roi.form.slices".

    Fields are the public attributes of `owner` and of the widgets of this package in it. A widget names fields that
    only follow something else in its `NOT_KEPT`.
    """
    found = {}
    for path, field in _walk(owner, "", set()):
        with contextlib.suppress(InputError):
            found[path] = _value(field)
    return found


def fill_in(owner: QWidget, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Fill in what :func:`filled_in` gave; the names of what is no longer there or no longer possible.

    One field may change another: what differs after the first round is filled in once more.
    """
    lost: list[str] = []
    for last in (False, True):
        fields = dict(_walk(owner, "", set()))
        lost = [path for path in values if path not in fields]
        for path, value in values.items():
            if path in fields and not _put(fields[path], value) and last:
                lost.append(path)
    return tuple(lost)


def settings_of(widgets: Iterable[QWidget], owner: QWidget | None) -> dict[str, Any]:
    """The values of `widgets`, forms among them, by the names that `owner` has for them; buttons left out."""
    names = {id(widget): name.lstrip("_") for name, widget in vars(owner).items()} if owner is not None else {}
    left_out = getattr(type(owner), "NOT_KEPT", ())
    widgets = [widget for widget in widgets if names.get(id(widget)) not in left_out]
    found: dict[str, Any] = {}
    for widget in widgets:
        inner = dict(_walk_one(names.get(id(widget), ""), widget, set()))
        for path, field in inner.items():
            if not isinstance(field, QAbstractButton) or field.isCheckable():
                with contextlib.suppress(InputError):
                    found[path.rpartition(".")[2]] = _value(field)
    return found


def _walk(owner: Any, prefix: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    seen.add(id(owner))
    left_out = getattr(type(owner), "NOT_KEPT", ())
    for name, item in list(vars(owner).items()):
        if name.startswith("_") or name in left_out:
            continue
        if isinstance(item, dict):
            for key, inner in item.items():
                if isinstance(key, str):
                    yield from _walk_one(f"{prefix}{name}.{key}" if key else f"{prefix}{name}", inner, seen)
        else:
            yield from _walk_one(f"{prefix}{name}", item, seen)


def _walk_one(path: str, item: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if not isinstance(item, QWidget) or id(item) in seen:
        return
    if isinstance(item, OptionsForm):
        seen.add(id(item))
        for name in item.fields:
            yield f"{path}.{name}", (item, name)
    elif isinstance(item, _FIELDS):
        seen.add(id(item))
        if not isinstance(item, QAbstractButton) or item.isCheckable():
            yield path, item
    elif type(item).__module__.startswith(_OURS):
        if isinstance(item, QGroupBox) and item.isCheckable():
            yield path, item
        yield from _walk(item, f"{path}.", seen)


def _value(field: Any) -> Any:
    if isinstance(field, tuple):
        form, name = field
        return record_of(form.value_of(name))
    if isinstance(field, QAbstractButton | QGroupBox):
        return field.isChecked()
    if isinstance(field, QComboBox):
        return field.currentText()
    if isinstance(field, QLineEdit):
        return field.text()
    return field.value()


def _put(field: Any, value: Any) -> bool:
    """Whether the field now holds the value; what it already holds is not set again."""
    with contextlib.suppress(InputError):
        if _value(field) == value:
            return True
    if isinstance(field, tuple):
        form, name = field
        return _put_option(form, name, value)
    if isinstance(field, QAbstractButton | QGroupBox):
        return isinstance(value, bool) and _check(field, value)
    if isinstance(field, QComboBox | QLineEdit):
        return isinstance(value, str) and _write(field, value)
    return not isinstance(value, bool) and isinstance(value, int | float) and _set_number(field, value)


def _write(field: Any, text: str) -> bool:
    if isinstance(field, QLineEdit):
        field.setText(text)
        return True
    index = field.findText(text)
    if index >= 0:
        field.setCurrentIndex(index)
        field.activated.emit(index)
    return bool(index >= 0)


def _set_number(field: Any, value: float) -> bool:
    inside = bool(field.minimum() <= value <= field.maximum())
    if inside:
        field.setValue(value if isinstance(field, QDoubleSpinBox) else int(value))
    return inside


def _check(field: Any, value: bool) -> bool:
    if isinstance(field, QRadioButton) and not value:
        return True  # another one of its group is checked
    # As a person would: some of our buttons listen to clicks alone.
    if isinstance(field, QAbstractButton) and field.isEnabled():
        field.click()
    else:
        field.setChecked(value)
    return bool(field.isChecked() == value)


def _put_option(form: OptionsForm[Any], name: str, value: Any) -> bool:
    choices = form.choices_of(name)
    if choices:
        value = next((choice for choice in choices if record_of(choice) == value), value)
    elif isinstance(value, list):
        value = tuple(value)
    try:
        form.set_value(name, Path(value) if form.is_path(name) and isinstance(value, str) else value)
    except (TypeError, ValueError):  # magicgui's own, for what a field cannot hold
        return False
    return True
