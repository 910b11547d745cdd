"""No step blocks the screen for more than 200 ms with our code at work."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from napari_bonemet.widgets.desk import desk_of
from napari_bonemet.widgets.session_capture import open_docks_of

if sys.platform == "win32":
    pytest.skip("threads cannot be asked what they do", allow_module_level=True)

from .watchdog import Watchdog, whose

WAIT_MS = 120_000
FEW = ("Weekly scans", "Composite and RoI", "Futures", "Session")


@pytest.fixture
def watchdog(qapp: Any) -> Iterator[Watchdog]:
    """Watches the screen during a test."""
    dog = Watchdog()
    yield dog
    dog.stop()


def test_a_block_of_ours_is_caught_and_placed(watchdog: Watchdog, make_model: Callable[[], Any], qtbot: Any) -> None:
    desk = desk_of(make_model())
    desk.week_changed.connect(lambda _: time.sleep(0.4))
    with watchdog.during("turning"):
        desk.set_week(1.0)
    (block,) = watchdog.too_long()
    assert block.ours_ms > 300
    assert block.where.startswith("widgets/desk.py")
    assert "set_week" in block.where
    assert str(block).startswith("turning: ")


def test_blocks_of_others_are_told_apart(watchdog: Watchdog, qtbot: Any) -> None:
    with watchdog.during("sleeping"):
        time.sleep(0.4)
    assert watchdog.too_long() == []
    assert [block.step for block in watchdog.apart()] == ["sleeping"]


def test_short_ones_many_together_are_none(watchdog: Watchdog, make_model: Callable[[], Any], qtbot: Any) -> None:
    desk = desk_of(make_model())
    desk.week_changed.connect(lambda _: time.sleep(0.05))
    with watchdog.during("turning"):
        for week in range(12):
            desk.set_week(float(week))
            qtbot.wait(20)
    assert watchdog.blocks == []


def test_what_was_handed_on_is_not_ours() -> None:
    assert whose(sys._getframe()) == ""
    assert whose(None) == ""


class Steps:
    """Presses what a user presses, watched."""

    def __init__(self, viewer: Any, qtbot: Any, dog: Watchdog) -> None:
        self.viewer, self.qtbot, self.dog = viewer, qtbot, dog

    def dock(self, name: str) -> Any:
        return self.viewer.window.add_plugin_dock_widget("napari-bonemet", name)[1]

    def run(self, step: str, bar: Any, button: Any = None) -> None:
        self.qtbot.wait(100)
        with self.dog.during(step):
            QTest.mouseClick(button or bar.run_button, Qt.MouseButton.LeftButton)
            self.qtbot.waitUntil(lambda: not bar.running, timeout=WAIT_MS)
            self.qtbot.wait(200)


def test_no_step_of_the_chain_blocks_the_screen(
    make_napari_viewer: Callable[..., Any], qtbot: Any, watchdog: Watchdog, tmp_path: Path, monkeypatch: Any
) -> None:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1000, 700)
    steps = Steps(viewer, qtbot, watchdog)
    weekly = steps.dock("Weekly scans")
    steps.run("sample", weekly.open_bar, weekly.sample_button)
    steps.run("register", steps.dock("Register weeks").run_bar)
    composite = steps.dock("Composite and RoI")
    steps.run("composite", composite.run_bar)
    steps.run("region", composite.roi_run)
    steps.run("measures", steps.dock("Measures").run_bar)
    futures = steps.dock("Futures")
    futures.form.fields["model"].value = "ridge"
    steps.run("futures", futures.run_bar)
    compare = steps.dock("Compare")
    steps.run("compare", compare.run_bar)
    with watchdog.during("slices"):
        for z in range(6):
            viewer.dims.set_current_step(0, z + 2)
            qtbot.wait(30)
    with watchdog.during("back to one view"):
        QTest.mouseClick(compare.back_button, Qt.MouseButton.LeftButton)
        qtbot.wait(200)
    with watchdog.during("weeks"):
        for _ in range(3):
            weekly.desk.week_before()
            qtbot.wait(50)
    figure = steps.dock("Figure")
    steps.run("figure", figure.run_bar)
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(tmp_path / "figure.png"), "PNG (*.png)"))
    )
    steps.run("export", figure.run_bar, figure.export_button)
    for kind, blocks in (("ours", watchdog.too_long()), ("apart", watchdog.apart())):
        for block in blocks:
            print(f"{kind}: {block}")
    assert [str(block) for block in watchdog.too_long()] == []


def test_large_weeks_open_and_turn_to_3d_beside_the_screen(
    make_napari_viewer: Callable[..., Any], qtbot: Any, watchdog: Watchdog, tmp_path: Path, monkeypatch: Any
) -> None:
    from napari_bonemet.io.bonemet import write_series
    from napari_bonemet.widgets import large
    from napari_bonemet.widgets.week_view import week_view_of

    from .test_large import weeks

    write_series(weeks(), tmp_path)
    monkeypatch.setattr(large, "LARGE_VOXELS", 2**20)
    monkeypatch.setattr(large, "most_voxels", lambda _itemsize: 2**20)
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1000, 700)
    weekly = viewer.window.add_plugin_dock_widget("napari-bonemet", "Weekly scans")[1]
    keeper = week_view_of(viewer).levels
    qtbot.wait(300)
    with watchdog.during("opening"):
        weekly.open_folder(tmp_path)
        qtbot.waitUntil(lambda: len(viewer.layers) == 2, timeout=WAIT_MS)
        qtbot.wait(200)
    with watchdog.during("to 3D"):
        viewer.dims.ndisplay = 3
        qtbot.waitUntil(lambda: not keeper.busy and viewer.layers[0].data_level == 1, timeout=WAIT_MS)
    with watchdog.during("to its side"):
        viewer.dims.ndisplay = 2
        viewer.dims.order = (1, 0, 2)
        qtbot.waitUntil(lambda: not keeper.busy and viewer.layers[0].data_level == 0, timeout=WAIT_MS)
    assert [str(block) for block in watchdog.too_long()] == []


@pytest.fixture
def larger_weeks(make_series: Callable[..., Any], tmp_path: Path) -> Path:
    """A folder with registered weeks of 36 × 100 × 100 voxels."""
    from napari_bonemet.io.bonemet import write_series
    from napari_bonemet.scan import Kind
    from napari_bonemet.series import ScanSeries

    small = make_series((0, 1, 2, 3), kind=Kind.REGIST)
    block = np.ones((3, 5, 5), np.uint8)
    large = [replace(scan, voxels=np.kron(scan.to_numpy(), block)) for scan in small]
    write_series(ScanSeries(tuple(large)), tmp_path / "weeks")
    return tmp_path / "weeks"


def test_a_session_is_opened_beside_the_screen(
    make_napari_viewer: Callable[..., Any], qtbot: Any, watchdog: Watchdog, larger_weeks: Path, tmp_path: Path
) -> None:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1000, 700)
    steps, path = Steps(viewer, qtbot, watchdog), tmp_path / "one.bonemet.json"
    docks = {name: steps.dock(name) for name in FEW}
    qtbot.waitUntil(lambda: len(open_docks_of(desk_of(viewer))) == len(FEW), timeout=WAIT_MS)
    docks["Weekly scans"].open_folder(larger_weeks)
    qtbot.waitUntil(lambda: desk_of(viewer).series is not None, timeout=WAIT_MS)
    steps.run("composite", docks["Composite and RoI"].run_bar)
    docks["Futures"].form.fields["model"].value = "ridge"
    steps.run("futures", docks["Futures"].run_bar)
    with watchdog.during("saving"):
        docks["Session"].save_to(path)
        qtbot.waitUntil(lambda: path.exists() and not docks["Session"].save_bar.running, timeout=WAIT_MS)
    with watchdog.during("opening a session"):
        docks["Session"].open(path, ask=False)
        qtbot.waitUntil(lambda: docks["Session"].save_bar.line.text().startswith("Opened"), timeout=WAIT_MS)
        qtbot.wait(300)
    assert desk_of(viewer).composites
    assert desk_of(viewer).forecast is not None
    for block in watchdog.apart():
        print(f"apart: {block}")
    assert [str(block) for block in watchdog.too_long()] == []
