"""By keyboard: Tab reaches every control of every dock in reading order, and one sees where it is."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QHelpEvent, QImage
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QSlider,
    QTabBar,
    QToolTip,
    QWidget,
)

from napari_bonemet.scan import Kind
from napari_bonemet.widgets.desk import desk_of
from napari_bonemet.widgets.dock_tabs import DockTabs
from napari_bonemet.widgets.focus_ring import FocusRing
from napari_bonemet.widgets.session_restore import DOCKS

CONTROLS = (QAbstractButton, QComboBox, QAbstractSpinBox, QSlider, QLineEdit, QAbstractItemView)
PARTS = (QAbstractSpinBox, QComboBox, QAbstractItemView)
# What docks say that do not wait for a leg in Weekly scans.
NEXT = {
    "Weekly scans": ("Pick a folder",),
    "Separate limbs": ("Open a hindlimb scan",),
    "Train": ("Learn from",),
    "Classifiers": ("add a folder",),
    "Session": ("Not saved yet",),
    "Log": ("Every step that you run is listed here",),
}
# Pixels that controls of one row may lie apart.
SAME_ROW = 8


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any], qtbot: Any, make_series: Callable[..., Any]) -> Any:
    """A viewer with registered weeks and room for long docks, in front of everything."""
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1000, 800)
    desk_of(viewer).set_series(make_series((0, 1, 2, 3), kind=Kind.REGIST))
    viewer.window._qt_window.activateWindow()
    qtbot.waitUntil(viewer.window._qt_window.isActiveWindow, timeout=5000)
    return viewer


def open_dock(viewer: Any, name: str, qtbot: Any) -> Any:
    frame, dock = viewer.window.add_plugin_dock_widget("napari-bonemet", name)
    qtbot.waitUntil(lambda: dock.placed, timeout=5000)
    frame.raise_()
    qtbot.waitUntil(dock.isVisible, timeout=5000)
    return dock


def controls_of(dock: Any) -> list[QWidget]:
    """What can be used now, editors of fields and headings of tables left out."""
    found = [w for w in dock.findChildren(QWidget) if isinstance(w, CONTROLS) and w.isVisible() and w.isEnabled()]
    parts = [w for w in found if isinstance(w, QHeaderView) or isinstance(w.parentWidget(), PARTS)]
    return [w for w in found if w not in parts]


def beside_one_of(widget: QWidget, seen: list[QWidget]) -> bool:
    """Whether it is one of several of which one is chosen: Tab goes to the one, the arrow keys to the others."""
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    if group is not None:
        return any(button in seen for button in group.buttons())
    return isinstance(widget, QRadioButton) and any(w in seen for w in widget.parentWidget().findChildren(QRadioButton))


def walk(dock: Any) -> list[QWidget]:
    """What has the keyboard in turn, from the first control of the dock on, as Tab is pressed."""
    inner = dock.findChild(QScrollArea).widget()
    first = inner
    while not (first := first.nextInFocusChain()).isVisible() or not first.isEnabled() or not inner.isAncestorOf(first):
        if first is inner:
            return []
    first.setFocus(Qt.FocusReason.TabFocusReason)
    seen: list[QWidget] = []
    while (at := QApplication.focusWidget()) is not None and inner.isAncestorOf(at) and at not in seen:
        seen.append(at)
        QTest.keyClick(at, Qt.Key.Key_Tab)
    return seen


def place(widget: QWidget, dock: Any) -> tuple[int, int]:
    corner = widget.mapTo(dock.findChild(QScrollArea).widget(), widget.rect().center())
    return corner.y(), corner.x()


def in_words(widget: QWidget, dock: Any) -> str:
    text = widget.text() if hasattr(widget, "text") else ""
    return f"{type(widget).__name__} {text!r} at {place(widget, dock)}"


def silent_fields(dock: Any) -> list[QWidget]:
    """Fields that say nothing when the pointer rests on them; buttons say what they do in their words."""
    found = []
    for widget in dock.findChildren(QWidget):
        told = bool(widget.toolTip()) or isinstance(widget, QPushButton) or type(widget) in (QHeaderView, QListView)
        if isinstance(widget, CONTROLS) and not told and not isinstance(widget.parentWidget(), PARTS):
            found.append(widget)
    return found


def test_tab_reaches_every_control_in_reading_order_and_every_field_says_what_it_is(window: Any, qtbot: Any) -> None:
    lost, jumps, silent = [], [], []
    for name in DOCKS:
        dock = open_dock(window, name, qtbot)
        silent += [f"{name}: {in_words(w, dock)}" for w in silent_fields(dock)]
        seen, wanted = walk(dock), controls_of(dock)
        assert wanted, f"nothing to press in {name}"
        lost += [f"{name}: {in_words(w, dock)}" for w in wanted if w not in seen and not beside_one_of(w, seen)]
        for before, after in pairwise(seen):
            (y0, x0), (y1, x1) = place(before, dock), place(after, dock)
            if y1 < y0 - SAME_ROW or (abs(y1 - y0) <= SAME_ROW and x1 <= x0):
                jumps.append(f"{name}: from {in_words(before, dock)} back to {in_words(after, dock)}")
    assert lost == []
    assert jumps == []
    assert not silent, "\n".join(silent)


def pixels_around(widget: QWidget) -> np.ndarray:
    window = widget.window()
    area = widget.rect().adjusted(-5, -5, 5, 5)
    area.moveTopLeft(widget.mapTo(window, area.topLeft()))
    image = window.grab(area).toImage().convertToFormat(QImage.Format.Format_RGB32)
    bits = image.bits()
    bits.setsize(image.sizeInBytes())
    return np.frombuffer(bits, np.uint8).reshape(image.height(), image.width(), 4)[..., :3].astype(int)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_what_has_the_keyboard_is_ringed_and_what_was_clicked_is_not(window: Any, qtbot: Any, theme: str) -> None:
    window.theme = theme
    dock = open_dock(window, "Composite and RoI", qtbot)
    button, other = dock.run_bar.run_button, dock.form.fields["bone_threshold"].native
    other.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.wait(50)
    bare = pixels_around(button)
    button.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.wait(50)
    ringed = pixels_around(button)
    changed = np.abs(ringed - bare).sum(axis=2)
    edge = np.ones(changed.shape, bool)
    edge[8:-8, 8:-8] = False
    # Seen on its ground as text is, all around, and the button's own face untouched.
    assert (changed[edge] > 300).sum() > button.width() + button.height()
    assert not changed[~edge].any()
    QTest.mousePress(other, Qt.MouseButton.LeftButton)
    assert dock.window().findChild(FocusRing).around is None
    QTest.mouseRelease(other, Qt.MouseButton.LeftButton)


def test_all_tabs_can_be_read_and_say_their_whole_names(window: Any, qtbot: Any, monkeypatch: Any) -> None:
    for name in DOCKS:
        dock = open_dock(window, name, qtbot)
    main = dock.window()
    (bar,) = [bar for bar in main.findChildren(QTabBar) if bar.parent() is main and bar.count() == len(DOCKS)]
    qtbot.waitUntil(lambda: bar.styleSheet() != "", timeout=5000)
    qtbot.wait(100)
    texts = [bar.tabText(index) for index in range(bar.count())]
    assert sorted(texts) == sorted(name.partition(" ")[0] for name in DOCKS)
    for index in range(bar.count()):
        words = bar.fontMetrics().horizontalAdvance(bar.tabText(index))
        assert bar.tabRect(index).height() >= words, f"{bar.tabText(index)} is cut"
    told: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", staticmethod(lambda _place, text, *_: told.append(text)))
    spot = bar.tabRect(texts.index("Composite")).center()
    QApplication.sendEvent(bar, QHelpEvent(QEvent.Type.ToolTip, spot, bar.mapToGlobal(spot)))
    assert told == ["Composite and RoI"]
    assert main.findChild(DockTabs) is not None


def test_every_dock_of_an_empty_viewer_says_what_to_do_next(make_napari_viewer: Any, qtbot: Any) -> None:
    viewer = make_napari_viewer(show=True)
    wordless = []
    for name in DOCKS:
        dock = open_dock(viewer, name, qtbot)
        said = " ".join(label.text() for label in dock.findChildren(QLabel) if label.isVisible())
        if not any(word in said for word in NEXT.get(name, ("in Weekly scans", "Open a leg first"))):
            wordless.append(f"{name}: {said}")
    assert not wordless, "\n".join(wordless)
