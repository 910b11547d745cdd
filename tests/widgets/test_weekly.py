import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtGui import QShortcut

from napari_bonemet.io import tree, write_series
from napari_bonemet.widgets.layers import find_layers
from napari_bonemet.widgets.navigator import BACK_KEY, ON_KEY
from napari_bonemet.widgets.weekly import WeeklyDock
from napari_bonemet.widgets.worker import STOPPED


def press(qtbot, button):
    assert button.isEnabled(), button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def dock(qtbot, viewer):
    _, widget = viewer.window.add_plugin_dock_widget("napari-bonemet", "Weekly scans")
    return widget


def rows(dock):
    tree = dock.tree
    return [
        (
            leg.text(0),
            *[(leg.child(k).text(0), leg.child(k).text(1), leg.child(k).text(2)) for k in range(leg.childCount())],
        )
        for i in range(tree.topLevelItemCount())
        for j in range(tree.topLevelItem(i).childCount())
        for leg in [tree.topLevelItem(i).child(j)]
    ]


def test_sample_button_to_layers_and_navigator(qtbot, viewer, dock):
    assert isinstance(dock, WeeklyDock)
    with qtbot.waitSignal(dock.open_bar.runner.finished, timeout=30000):
        press(qtbot, dock.sample_button)
    assert [layer.visible for layer in viewer.layers] == [True, False, False, False]
    assert rows(dock)[0][1:] == tuple((f"week {w}", "30 µm", "separated") for w in range(4))
    assert dock.open_bar.line.text() == ""
    press(qtbot, dock.navigator.on)
    assert viewer.layers[1].visible
    assert not viewer.layers[0].visible
    assert viewer.layers.selection.active == viewer.layers[1]
    assert dock.tree.chosen_week() == 1
    assert "Week 1 (day 7), scan 2 of 4" in dock.navigator.label.text()
    dock.navigator.slider.setValue(3)
    assert viewer.layers[3].visible
    assert not dock.navigator.on.isEnabled()
    press(qtbot, dock.navigator.back)
    assert dock.desk.week == 2


def test_keys_turn_the_weeks_whichever_dock_is_in_front(qtbot, make_napari_viewer, make_series):
    viewer = make_napari_viewer(show=True)
    _, dock = viewer.window.add_plugin_dock_widget("napari-bonemet", "Weekly scans")
    front, _ = viewer.window.add_plugin_dock_widget("napari-bonemet", "Register weeks")
    window = dock.window()
    qtbot.waitUntil(lambda: bool(window.tabifiedDockWidgets(front)))
    dock.desk.set_series(make_series())
    # A virtual screen has no window manager, so no window is active and no key reaches a shortcut by itself.
    keys = {key.key().toString(): key for key in window.findChildren(QShortcut, "bonemet-week")}
    assert {key.parent() for key in keys.values()} == {window}
    keys[ON_KEY].activated.emit()
    assert dock.desk.week == 1
    keys[BACK_KEY].activated.emit()
    assert dock.desk.week == 0


def test_folder_with_one_leg_opens_at_once(qtbot, viewer, dock, tmp_path, make_series):
    write_series(make_series(), tmp_path)
    dock.open_folder(tmp_path)
    qtbot.waitUntil(lambda: dock.desk.series is not None and not dock.open_bar.running, timeout=20000)
    assert len(find_layers(viewer, leg="871 left tibia")) == 3
    assert dock.desk.leg.folder == tmp_path
    press(qtbot, dock.close_button)
    assert len(viewer.layers) == 0
    assert dock.desk.series is None


def test_folder_with_two_legs_lets_one_choose(qtbot, viewer, dock, tmp_path, make_series):
    write_series(make_series(), tmp_path)
    write_series(make_series(subject="872"), tmp_path)
    with qtbot.waitSignal(dock.open_bar.runner.finished, timeout=20000):
        dock.open_folder(tmp_path)
    assert dock.open_bar.line.text() == "Found 2 legs, 6 scans."
    assert dock.desk.series is None
    dock.tree.choose(dock.desk.legs[1].key)
    with qtbot.waitSignal(dock.open_bar.runner.finished, timeout=20000):
        press(qtbot, dock.open_bar.run_button)
    assert dock.desk.series.leg == "872 left tibia"


def test_voxel_size_is_asked_for_in_the_dock(qtbot, dock, tmp_path):
    for week in (0, 1):
        place = tmp_path / "871 left tibia" / f"week {week}"
        place.mkdir(parents=True)
        for z in range(3):
            Image.fromarray(np.full((6, 6), z, np.uint8)).save(place / f"slice_{z:04d}.png")
    dock.open_folder(tmp_path)
    qtbot.waitUntil(lambda: "voxel size" in dock.open_bar.line.text() and not dock.open_bar.running, timeout=20000)
    assert dock.desk.series is None
    dock.spacing.setValue(10.6)
    with qtbot.waitSignal(dock.open_bar.runner.finished, timeout=20000):
        press(qtbot, dock.open_bar.run_button)
    assert dock.desk.series[0].spacing == pytest.approx((10.6,) * 3)


def test_folder_without_scans_is_said_in_words(qtbot, dock, tmp_path):
    (tmp_path / "notes.txt").write_text("nothing here")
    with qtbot.waitSignal(dock.open_bar.runner.finished, timeout=20000):
        dock.open_folder(tmp_path)
    assert "holds no scans" in dock.open_bar.line.text()
    assert dock.folder_button.isEnabled()


def test_nothing_is_missing_in_a_narrow_dock(qtbot, make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    _, dock = viewer.window.add_plugin_dock_widget("napari-bonemet", "Weekly scans")
    dock.resize(300, 700)
    qtbot.wait(50)
    inner = dock.column.parentWidget()
    for widget in (dock.folder_button, dock.sample_button, dock.spacing, dock.tree, dock.navigator):
        right = widget.mapTo(inner, widget.rect().topRight()).x()
        assert right <= inner.width()


def test_picked_folder_is_opened(qtbot, dock, tmp_path, make_series, monkeypatch):
    write_series(make_series(), tmp_path)
    monkeypatch.setattr("napari_bonemet.widgets.weekly.QFileDialog.getExistingDirectory", lambda *_: str(tmp_path))
    press(qtbot, dock.folder_button)
    qtbot.waitUntil(lambda: dock.desk.series is not None and not dock.open_bar.running, timeout=20000)
    assert Path(dock.where.text()) == tmp_path


def test_looking_into_a_large_folder_can_be_stopped(qtbot, dock, tmp_path, make_series, monkeypatch):
    write_series(make_series(), tmp_path)
    looked, seen = tree._look, []

    def slowly(folder, root):
        seen.append(folder)
        time.sleep(0.3)
        return looked(folder, root)

    monkeypatch.setattr(tree, "_look", slowly)
    dock.open_folder(tmp_path)
    qtbot.waitUntil(lambda: bool(seen), timeout=5000)
    with qtbot.waitSignal(dock.open_bar.runner.finished, timeout=5000):
        press(qtbot, dock.open_bar.cancel_button)
    assert dock.open_bar.line.text() == STOPPED
    assert len(seen) < 5
    assert dock.desk.legs == ()
