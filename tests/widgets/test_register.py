import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication

from napari_bonemet.io import read_transform
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.scan import Kind
from napari_bonemet.widgets.desk import Leg
from napari_bonemet.widgets.layers import find_layers
from napari_bonemet.widgets.worker import STOPPED


def press(qtbot, button):
    assert button.isEnabled(), button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture(scope="module")
def leg():
    return make_leg(LegOptions(shape=(32, 64, 64), spacing_um=45.0, weeks=(0, 1), seed=1))


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer()


@pytest.fixture
def dock(qtbot, viewer):
    _, widget = viewer.window.add_plugin_dock_widget("napari-bonemet", "Register weeks")
    return widget


def register(qtbot, dock, leg):
    dock.desk.set_series(leg.series)
    dock.form.fields["azimuths"].value = 8
    with qtbot.waitSignal(dock.run_bar.runner.finished, timeout=60000):
        press(qtbot, dock.run_bar.run_button)


def test_empty_desk_says_what_to_do(dock):
    assert "Open a leg" in dock.leg.text()
    assert not dock.run_bar.run_button.isEnabled()
    assert not dock.save_button.isEnabled()
    assert not dock.board.isEnabled()


def test_run_button_to_registered_layers_and_verdicts(qtbot, viewer, dock, leg):
    register(qtbot, dock, leg)
    layers = find_layers(viewer, kind=Kind.REGIST)
    assert [layer.name for layer in layers] == [f"{scan.leg}, registered, week {scan.week:g}" for scan in leg.series]
    assert layers[0].visible
    assert not any(layer.visible for layer in find_layers(viewer, kind=Kind.SEG))
    assert np.array_equal(layers[1].data, dock.desk.registered[1].voxels)
    table = dock.table.rows()
    assert [row[0] for row in table] == ["0", "1"]
    assert table[1][1] == "good"
    assert "Week 1:" in dock.reasons.text()
    assert dock.run_bar.line.text() == "Done; every week lies well."
    assert list(dock.plot.lines) == ["week 1"]
    assert len(dock.plot.lines["week 1"]) == len(dock.desk.registration.quality[1].metric_trace)


def test_metric_is_plotted_while_it_runs(qtbot, dock, leg):
    seen = []
    dock.run_bar.runner.reported.connect(lambda *_: seen.append(dock.run_bar.running))
    register(qtbot, dock, leg)
    assert len(seen) > 10
    assert seen[0]


def test_cancel_leaves_everything_as_it_was(qtbot, viewer, dock, leg):
    dock.desk.set_series(leg.series)
    press(qtbot, dock.run_bar.run_button)
    assert not dock.form.isEnabled()
    press(qtbot, dock.run_bar.cancel_button)
    qtbot.waitUntil(lambda: not dock.run_bar.running, timeout=30000)
    assert dock.run_bar.line.text() == STOPPED
    assert dock.desk.registration is None
    assert find_layers(viewer, kind=Kind.REGIST) == []
    assert dock.form.isEnabled()


def test_checkerboard_before_and_after(qtbot, viewer, dock, leg):
    register(qtbot, dock, leg)
    dock.desk.set_week(1)
    boards = {}
    for name in ("Before", "After"):
        press(qtbot, dock.board.buttons[name])
        words = f"{name.lower()} registration"
        qtbot.waitUntil(lambda words=words: words in dock.board.line.text(), timeout=20000)
        (layer,) = find_layers(viewer, what="checkerboard")
        boards[name] = np.asarray(layer.data).astype(float)
    truth = np.asarray(dock.desk.registered[0].voxels).astype(float)
    assert np.abs(boards["After"] - truth).mean() < np.abs(boards["Before"] - truth).mean()
    dock.desk.set_week(0)
    qtbot.waitUntil(lambda: "is the baseline" in dock.board.line.text())
    assert find_layers(viewer, what="checkerboard") == []
    press(qtbot, dock.board.buttons["Off"])
    assert find_layers(viewer, what="checkerboard") == []


def test_a_result_takes_the_place_of_the_checkerboard(qtbot, viewer, dock, leg):
    register(qtbot, dock, leg)
    dock.desk.set_week(1)
    press(qtbot, dock.board.buttons["After"])
    qtbot.waitUntil(lambda: find_layers(viewer, what="checkerboard") != [], timeout=20000)
    composite = viewer.window.add_plugin_dock_widget("napari-bonemet", "Composite and RoI")[1]
    with qtbot.waitSignal(composite.run_bar.runner.finished, timeout=60000):
        press(qtbot, composite.run_bar.run_button)
    assert find_layers(viewer, kind=Kind.COMPOSITE)
    assert find_layers(viewer, what="checkerboard") == [], "week 0 in half of its squares, taken for week 1"
    assert dock.board.buttons["Off"].isChecked()


def test_transforms_are_saved(qtbot, dock, leg, tmp_path, monkeypatch):
    register(qtbot, dock, leg)
    monkeypatch.setattr("napari_bonemet.widgets.register.QFileDialog.getExistingDirectory", lambda *_: str(tmp_path))
    press(qtbot, dock.save_button)
    assert (tmp_path / "registration.json").is_file()
    result = dock.desk.registration
    grids = {"fixed": result.series[0].grid, "moving": leg.series[1].grid}
    saved = read_transform(tmp_path / "week 1.tfm", **grids)
    assert np.allclose(saved.matrix, result.transforms[1].matrix, atol=1e-6)
    assert "Saved 2 transforms" in dock.run_bar.line.text()


def test_command_names_the_folder_or_says_why_not(qtbot, dock, leg, tmp_path):
    dock.desk.set_series(leg.series)
    press(qtbot, dock.copy_button)
    assert "no folder" in dock.run_bar.line.text()
    dock.desk.set_series(leg.series, Leg(series=leg.series, folder=tmp_path))
    dock.baseline.setCurrentIndex(2)
    dock.form.fields["seed"].value = 3
    press(qtbot, dock.copy_button)
    text = QGuiApplication.clipboard().text()
    assert text.startswith(f"napari-bonemet register {tmp_path} --out ")
    assert "--baseline-week 1.0" in text
    assert "--seed 3" in text


def test_reference_bone_comes_from_another_layer(qtbot, viewer, dock, leg):
    from napari_bonemet.widgets.layers import add_scan

    other = make_leg(LegOptions(shape=(32, 64, 64), spacing_um=45.0, weeks=(0,), seed=1, subject="synthetic-ref"))
    add_scan(viewer, other.series[0])
    dock.desk.set_series(leg.series)
    names = [dock.reference.itemText(i) for i in range(dock.reference.count())]
    assert names == ["none", other.series[0].title]
    dock.reference.setCurrentIndex(1)
    with qtbot.waitSignal(dock.run_bar.runner.finished, timeout=60000):
        press(qtbot, dock.run_bar.run_button)
    assert dock.desk.registration is not None, dock.run_bar.line.text()
    assert dock.desk.registered[0].grid.matches(other.series[0].grid)


def test_bad_option_is_said_in_words(qtbot, dock, leg, monkeypatch):
    dock.desk.set_series(leg.series)
    from napari_bonemet.errors import InputError

    def refuse(**_):
        raise InputError("The tilt is out of range")

    monkeypatch.setattr(dock.form, "options", refuse)
    press(qtbot, dock.run_bar.run_button)
    assert dock.run_bar.line.text() == "The tilt is out of range."
    assert not dock.run_bar.running


def test_docks_of_the_plugin_share_one_place(qtbot, make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    viewer.window.add_plugin_dock_widget("napari-bonemet", "Weekly scans")
    second, dock = viewer.window.add_plugin_dock_widget("napari-bonemet", "Register weeks")
    window = dock.window()
    qtbot.waitUntil(lambda: bool(window.tabifiedDockWidgets(second)))
    assert second.windowTitle() == "Register"
    dock.resize(300, 700)
    inner = dock.column.parentWidget()
    for widget in (dock.form, dock.run_bar, dock.board, dock.copy_button):
        assert widget.mapTo(inner, widget.rect().topRight()).x() <= inner.width()


def test_a_result_for_weeks_that_were_put_away_meanwhile_is_dropped(qtbot, viewer, dock, leg, make_series):
    dock.desk.set_series(leg.series)
    dock.form.fields["azimuths"].value = 8
    other = make_series(subject="872")
    with qtbot.waitSignal(dock.run_bar.runner.finished, timeout=60000):
        press(qtbot, dock.run_bar.run_button)
        dock.desk.set_series(other)
    assert "was dropped, because other weeks were put on the table" in dock.run_bar.line.text()
    assert dock.desk.registration is None
    assert dock.desk.series is other
    assert not find_layers(viewer, kind=Kind.REGIST)
