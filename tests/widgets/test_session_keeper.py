"""What lies on the desk outlives a crash: kept by itself, offered at the next start, gone after a proper close."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.session import Session
from napari_bonemet.study.session_file import read_session, write_session
from napari_bonemet.widgets.desk import desk_of
from napari_bonemet.widgets.session_banner import RecoveryBanner
from napari_bonemet.widgets.session_capture import open_docks_of
from napari_bonemet.widgets.session_keeper import SessionKeeper, keeper_of
from napari_bonemet.widgets.session_places import crashed, new_place

PATIENCE_MS = 60_000


def gone_process() -> int:
    """The number of a process that has ended."""
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    return int(done.stdout)


def left_by_a_crash(session: Session) -> Path:
    place = new_place()
    parts = place.name.split("-")
    parts[1] = str(gone_process())
    return write_session(session, place.with_name("-".join(parts)))


def keeper_with_points(make_model: Callable[[], Any]) -> tuple[Any, SessionKeeper]:
    viewer = make_model()
    keeper = keeper_of(viewer, desk_of(viewer))
    viewer.add_points([[1.0, 2.0, 3.0]], name="mine")
    return viewer, keeper


def test_what_changed_is_kept_and_what_did_not_is_not_written_again(make_model: Callable[[], Any]) -> None:
    viewer, keeper = keeper_with_points(make_model)
    keeper.keep()
    keeper.wait()
    first = read_session(keeper.place)
    assert [layer.name for layer in first.layers] == ["mine"]
    assert crashed() == ()  # this process lives
    number = keeper.place.stat().st_ino
    keeper.keep()
    keeper.wait()
    assert keeper.place.stat().st_ino == number
    viewer.layers["mine"].add([4.0, 5.0, 6.0])
    keeper.keep()
    keeper.wait()
    assert len(read_session(keeper.place).layers[0].points) == 2  # type: ignore[union-attr]


def test_nothing_is_kept_of_an_empty_table_or_after_a_proper_close(make_model: Callable[[], Any]) -> None:
    empty = make_model()
    keeper = keeper_of(empty, desk_of(empty))
    keeper.keep()
    keeper.wait()
    assert not keeper.place.exists()
    _, other = keeper_with_points(make_model)
    other.keep()
    other.wait()
    assert other.place.exists()
    other.close()
    assert not other.place.exists()
    other.keep()
    other.wait()
    assert not other.place.exists()


def test_painting_on_a_layer_of_ours_is_kept(make_model: Callable[[], Any]) -> None:
    from napari_bonemet.widgets.layers import KEY

    viewer, keeper = keeper_with_points(make_model)
    record = {"kind": "labels", "leg": "871 left tibia", "week": 0.0, "what": "compartments"}
    layer = viewer.add_labels(np.zeros((4, 5, 6), np.uint8), name="ours", metadata={KEY: record})
    keeper.keep()
    keeper.wait()
    assert read_session(keeper.place).layers[-1].layer == "made"
    layer.paint((1, 2, 3), 2)
    keeper.keep()
    keeper.wait()
    kept = read_session(keeper.place).layers[-1]
    assert kept.layer == "labels"
    assert kept.made is not None
    assert kept.made.what == "compartments"


def test_what_a_crash_left_is_offered_and_comes_back(
    make_napari_viewer: Callable[..., Any], make_series: Callable[..., ScanSeries], tmp_path: Path, qtbot: Any
) -> None:
    from napari_bonemet.io.bonemet import write_series
    from napari_bonemet.study.session_records import source_of

    series = make_series((0, 1), kind=Kind.REGIST)
    write_series(series, tmp_path / "scans")
    path = left_by_a_crash(Session(source=source_of(series, str(tmp_path / "scans")), week=1.0))
    viewer = make_napari_viewer(show=True)
    dock = viewer.window.add_plugin_dock_widget("napari-bonemet", "Weekly scans")[1]
    qtbot.waitUntil(lambda: dock.findChild(RecoveryBanner) is not None, timeout=PATIENCE_MS)
    banner = dock.findChild(RecoveryBanner)
    qtbot.waitUntil(banner.isVisible, timeout=PATIENCE_MS)
    assert "871 left tibia" in banner.words.text()
    qtbot.mouseClick(banner.recover_button, Qt.MouseButton.LeftButton)
    desk = desk_of(viewer)
    qtbot.waitUntil(lambda: desk.series is not None and desk.week == 1.0, timeout=PATIENCE_MS)
    qtbot.waitUntil(
        lambda: open_docks_of(desk)["Session"].save_bar.line.text().startswith("Opened"), timeout=PATIENCE_MS
    )
    assert not path.exists()
    assert crashed() == ()
    # A second dock offers nothing.
    other = viewer.window.add_plugin_dock_widget("napari-bonemet", "Measures")[1]
    qtbot.wait(200)
    assert other.findChild(RecoveryBanner) is None


def test_what_is_discarded_is_gone(make_napari_viewer: Callable[..., Any], qtbot: Any) -> None:
    path = left_by_a_crash(Session(week=1.0))
    viewer = make_napari_viewer(show=True)
    dock = viewer.window.add_plugin_dock_widget("napari-bonemet", "Weekly scans")[1]
    qtbot.waitUntil(lambda: dock.findChild(RecoveryBanner) is not None, timeout=PATIENCE_MS)
    qtbot.mouseClick(dock.findChild(RecoveryBanner).discard_button, Qt.MouseButton.LeftButton)
    assert not path.exists()


def test_broken_leftovers_are_passed_over(own_places: Path) -> None:
    path = left_by_a_crash(Session(week=1.0))
    path.write_text("{")
    assert crashed() == ()
    write_session(Session(week=2.0), path)
    write_session(Session(week=3.0), path)
    path.write_text("{")
    assert [session.week for _, session in crashed()] == [2.0]
    assert own_places in path.parents


CRASHER = """
import os, signal, sys
from pathlib import Path
import platformdirs
platformdirs.user_state_dir = lambda *_, **__: {home!r}
from qtpy.QtWidgets import QApplication
app = QApplication([])
from napari.components import ViewerModel
from napari_bonemet.widgets.desk import desk_of
from napari_bonemet.widgets.session_keeper import keeper_of
viewer = ViewerModel()
keeper = keeper_of(viewer, desk_of(viewer))
points = viewer.add_points([[1.0, 2.0, 3.0]], name="mine")
keeper.keep()
keeper.wait()
print(keeper.place, flush=True)
while True:
    points.add([1.0, 2.0, 3.0])
    keeper.keep()
    keeper.wait()
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL there")
def test_a_killed_viewer_leaves_its_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import time

    monkeypatch.setattr("platformdirs.user_state_dir", lambda *_, **__: str(tmp_path))
    code = CRASHER.format(home=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as viewer:
        assert viewer.stdout is not None
        place = Path(viewer.stdout.readline().strip())
        assert crashed() == ()
        time.sleep(0.5)
        viewer.kill()
    [(path, session)] = crashed()
    assert path == place
    assert len(session.layers[0].points) > 1  # type: ignore[union-attr]
    assert replace(session, saved="") == replace(read_session(path), saved="")


def test_a_window_that_is_closed_leaves_nothing(make_napari_viewer: Callable[..., Any], qtbot: Any) -> None:
    viewer = make_napari_viewer(show=True)
    viewer.window.add_plugin_dock_widget("napari-bonemet", "Log")
    desk = desk_of(viewer)
    qtbot.waitUntil(lambda: desk.findChild(SessionKeeper) is not None, timeout=PATIENCE_MS)
    keeper = keeper_of(viewer, desk)
    viewer.add_points([[1.0, 2.0, 3.0]], name="mine")
    keeper.keep()
    keeper.wait()
    place = keeper.place
    assert place.exists()
    viewer.close()
    qtbot.waitUntil(lambda: not place.exists(), timeout=PATIENCE_MS)
