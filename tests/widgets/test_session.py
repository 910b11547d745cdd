"""The dock Session: what lies on the table is saved, and lies there again in another viewer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_bonemet.io.bonemet import write_series
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.session_file import read_session
from napari_bonemet.study.session_layers import FileLayer, LabelsLayer, PointsLayer, ShapesLayer
from napari_bonemet.widgets.desk import desk_of
from napari_bonemet.widgets.layers import find_layers
from napari_bonemet.widgets.log_book import book_of
from napari_bonemet.widgets.session import open_in
from napari_bonemet.widgets.session_capture import note_session, open_docks_of
from napari_bonemet.widgets.session_places import recent

from .session_screen import PATIENCE_MS, opened, press, same_layers, work_on


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any], qtbot: Any) -> Callable[..., Any]:
    """Makes viewers with docks, each of which has taken its place."""

    def make(*names: str) -> tuple[Any, dict[str, Any]]:
        viewer = make_napari_viewer(show=True)
        viewer.window.resize(1100, 800)
        docks = {name: viewer.window.add_plugin_dock_widget("napari-bonemet", name)[1] for name in names}
        qtbot.waitUntil(lambda: set(open_docks_of(desk_of(viewer))) == set(names), timeout=PATIENCE_MS)
        return viewer, docks

    return make


@pytest.fixture
def folder(make_series: Callable[..., ScanSeries], tmp_path: Path) -> Path:
    write_series(make_series((0, 1, 2), kind=Kind.SEG), tmp_path / "scans")
    return tmp_path / "scans"


def test_what_lay_on_the_table_lies_there_again(
    window: Callable[..., Any], folder: Path, tmp_path: Path, qtbot: Any
) -> None:
    names = ("Weekly scans", "Register weeks", "Composite and RoI", "Session", "Log")
    viewer, docks = window(*names)
    work_on(viewer, docks, folder, qtbot)
    desk, path = desk_of(viewer), tmp_path / "one.bonemet.json"
    qtbot.wait(100)
    before, picture = desk, viewer.screenshot(flash=False)
    docks["Session"].save_to(path)
    qtbot.waitUntil(lambda: docks["Session"].save_bar.line.text().startswith("Saved"), timeout=PATIENCE_MS)
    session = read_session(path)
    assert session.source is not None
    assert session.source.folder == "scans"
    assert not docks["Session"].notes.isVisible()
    assert [one.path for one in recent()] == [str(path)]

    other, fresh = window("Session")
    fresh["Session"].open(path)
    opened(qtbot, fresh["Session"])
    assert fresh["Session"].notes.text() == ""
    after = desk_of(other)
    assert after is not before
    for name in ("registered", "working"):
        was, now = getattr(before, name), getattr(after, name)
        assert was.weeks == now.weeks
        for one, two in zip(was, now, strict=True):
            np.testing.assert_array_equal(one.to_numpy(), two.to_numpy())
    assert before.composites.keys() == after.composites.keys()
    for week, composite in before.composites.items():
        np.testing.assert_array_equal(composite.scan.to_numpy(), after.composites[week].scan.to_numpy())
    assert after.week == 1.0
    assert set(open_docks_of(desk_of(other))) == set(names)
    again = open_docks_of(desk_of(other))
    for name in ("Register weeks", "Composite and RoI"):
        assert again[name].filled_in() == docks[name].filled_in()
    assert again["Register weeks"].form.fields["azimuths"].value == 8
    same_layers(viewer, other)
    assert other.scene.camera.zoom == pytest.approx(3.25)
    assert other.dims.point[0] == pytest.approx(40.0)
    assert [entry.what for entry in book_of(after).entries][:2] == [e.what for e in book_of(before).entries][:2]
    other.window.resize(1100, 800)
    qtbot.wait(300)
    other.scene.camera.center = viewer.scene.camera.center
    seen = other.screenshot(flash=False)
    if seen.shape == picture.shape:
        assert (np.abs(seen.astype(int) - picture.astype(int)).max(axis=-1) > 30).mean() < 0.01


@pytest.mark.slow
def test_scans_that_moved_are_asked_for_and_the_rest_opens(
    window: Callable[..., Any], folder: Path, tmp_path: Path, qtbot: Any
) -> None:
    viewer, docks = window("Weekly scans", "Register weeks", "Composite and RoI", "Session")
    work_on(viewer, docks, folder, qtbot)
    path = tmp_path / "one.bonemet.json"
    docks["Session"].save_to(path)
    qtbot.waitUntil(lambda: path.exists() and not docks["Session"].save_bar.running, timeout=PATIENCE_MS)
    folder.rename(tmp_path / "moved")
    other, fresh = window("Session")
    dock = fresh["Session"]
    dock.open(path)
    opened(qtbot, dock)
    assert desk_of(other).series is None
    assert "no longer there" in dock.notes.text()
    assert dock.locate_button.isVisible()
    assert {"landmarks", "arrows", "by hand"} <= {layer.name for layer in other.layers}
    dock.open(path, folder=tmp_path / "moved", ask=False)
    qtbot.waitUntil(lambda: bool(desk_of(other).composites), timeout=PATIENCE_MS)
    opened(qtbot, dock)
    assert not dock.locate_button.isVisible()
    assert desk_of(other).week == 1.0


def test_a_strangers_session_is_followed_out_of_its_folder_only_when_told(
    window: Callable[..., Any], folder: Path, tmp_path: Path, qtbot: Any
) -> None:
    from napari_bonemet.io.bonemet import read_study
    from napari_bonemet.study.session import Session
    from napari_bonemet.study.session_file import write_session
    from napari_bonemet.study.session_records import source_of

    source = source_of(read_study(folder)[0], str(folder))
    path = write_session(Session(source=source, week=2.0), tmp_path / "from afar" / "one.bonemet.json")
    viewer, docks = window("Session")
    dock = docks["Session"]
    dock.open(path)
    opened(qtbot, dock)
    assert desk_of(viewer).series is None
    assert "outside its folder" in dock.notes.text()
    assert dock.follow_button.isVisible()
    assert recent() == ()
    qtbot.mouseClick(dock.follow_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: desk_of(viewer).week == 2.0 and recent() != (), timeout=PATIENCE_MS)
    assert not dock.follow_button.isVisible()


@pytest.mark.slow
def test_the_sample_comes_back_by_its_seed(window: Callable[..., Any], tmp_path: Path, qtbot: Any) -> None:
    viewer, docks = window("Weekly scans", "Session")
    docks["Weekly scans"].open_sample()
    qtbot.waitUntil(lambda: desk_of(viewer).series is not None, timeout=PATIENCE_MS)
    path = tmp_path / "sample.bonemet.json"
    docks["Session"].save_to(path)
    qtbot.waitUntil(lambda: path.exists() and not docks["Session"].save_bar.running, timeout=PATIENCE_MS)
    assert path.stat().st_size < 60_000
    other, fresh = window("Session")
    fresh["Session"].open(path)
    opened(qtbot, fresh["Session"])
    was, now = desk_of(viewer).series, desk_of(other).series
    assert was is not None
    assert now is not None
    for one, two in zip(was, now, strict=True):
        np.testing.assert_array_equal(one.to_numpy(), two.to_numpy())
    assert all(layer.name.startswith("synthetic") for layer in other.layers)


@pytest.mark.slow
def test_cells_come_back_over_the_users_own_view(
    window: Callable[..., Any], folder: Path, tmp_path: Path, qtbot: Any
) -> None:
    viewer, docks = window("Weekly scans", "Register weeks", "Composite and RoI", "Compare", "Session")
    work_on(viewer, docks, folder, qtbot)
    compare = docks["Compare"]
    press(qtbot, compare.run_bar)
    assert compare.cells.shown
    seen = [layer.name for layer in compare.cells.layers]
    path = tmp_path / "one.bonemet.json"
    docks["Session"].save_to(path)
    qtbot.waitUntil(lambda: path.exists() and not docks["Session"].save_bar.running, timeout=PATIENCE_MS)
    session = read_session(path)
    assert session.view is not None
    assert not session.view.grid
    assert session.view.camera.zoom == pytest.approx(3.25)
    assert sum(layer.look.visible for layer in session.layers) > 3
    # In the same window, over the cells.
    names = [layer.name for layer in viewer.layers if layer not in compare.cells.layers]
    before = desk_of(viewer).registered
    docks["Session"].open(path, ask=False)
    opened(qtbot, docks["Session"])
    assert desk_of(viewer).registered is not before
    qtbot.waitUntil(lambda: compare.cells.shown and not compare.run_bar.running, timeout=PATIENCE_MS)
    assert [layer.name for layer in compare.cells.layers] == seen
    assert viewer.canvas.grid.enabled
    qtbot.mouseClick(compare.back_button, Qt.MouseButton.LeftButton)
    assert [layer.name for layer in viewer.layers] == names
    assert not viewer.canvas.grid.enabled
    assert viewer.scene.camera.zoom == pytest.approx(3.25)
    assert find_layers(viewer, week=1.0, kind=Kind.ROI)[0].visible
    assert find_layers(viewer, week=1.0, kind=Kind.ROI)[0].gamma == 0.8


def test_a_session_dropped_on_the_window_opens(
    window: Callable[..., Any], folder: Path, tmp_path: Path, qtbot: Any
) -> None:
    viewer, docks = window("Weekly scans", "Session")
    docks["Weekly scans"].open_folder(folder)
    qtbot.waitUntil(lambda: desk_of(viewer).series is not None, timeout=PATIENCE_MS)
    path = tmp_path / "one.bonemet.json"
    docks["Session"].save_to(path)
    qtbot.waitUntil(lambda: path.exists() and not docks["Session"].save_bar.running, timeout=PATIENCE_MS)
    viewer.close()
    other, _ = window()
    other.open(path, plugin="napari-bonemet")
    qtbot.waitUntil(lambda: desk_of(other).series is not None, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: "Session" in open_docks_of(desk_of(other)), timeout=PATIENCE_MS)
    opened(qtbot, open_docks_of(desk_of(other))["Session"])


def test_a_hostile_session_is_refused_in_the_dock_and_the_canvas_stays(
    window: Callable[..., Any], tmp_path: Path, qtbot: Any
) -> None:
    viewer, docks = window("Session")
    viewer.add_points([[1, 2, 3]], name="mine")
    path = tmp_path / "one.bonemet.json"
    for text in ('{"format": "napari-bonemet session", "schema": 99}', "[" * 10_000, '{"a": NaN}'):
        path.write_text(text)
        docks["Session"].open(path, ask=False)
        qtbot.waitUntil(lambda: not docks["Session"].save_bar.running, timeout=PATIENCE_MS)
        assert path.name in docks["Session"].save_bar.line.text()
        assert [layer.name for layer in viewer.layers] == ["mine"]


def test_what_cannot_be_kept_is_said(window: Callable[..., Any], tmp_path: Path, qtbot: Any) -> None:
    viewer, docks = window("Session")
    viewer.add_image(np.zeros((4, 5, 6)), name="made in the console")
    docks["Session"].save_to(tmp_path / "one.bonemet.json")
    qtbot.waitUntil(docks["Session"].notes.isVisible, timeout=PATIENCE_MS)
    assert "made in the console" in docks["Session"].notes.text()


def test_a_scan_that_the_user_opened_is_opened_again(
    window: Callable[..., Any], folder: Path, tmp_path: Path, qtbot: Any
) -> None:
    viewer, _ = window("Session")
    layer = viewer.open(sorted(folder.rglob("*.png"))[0], plugin="napari")[0]
    layer.name = "my picture"
    noted = note_session(viewer, desk_of(viewer))
    session = noted.finish(tmp_path / "one.bonemet.json")
    kinds = [type(one) for one in session.layers]
    assert kinds == [FileLayer]
    assert not {LabelsLayer, PointsLayer, ShapesLayer} & set(kinds)
    assert not Path(session.layers[0].path).is_absolute()  # type: ignore[union-attr]


def test_noting_takes_milliseconds(window: Callable[..., Any], folder: Path, qtbot: Any) -> None:
    import time

    viewer, docks = window("Weekly scans", "Register weeks", "Composite and RoI", "Session")
    work_on(viewer, docks, folder, qtbot)
    viewer.add_labels(np.zeros((200, 300, 300), np.uint16), name="large")
    desk = desk_of(viewer)
    note_session(viewer, desk)
    took = []
    for _ in range(5):
        start = time.process_time()
        note_session(viewer, desk)
        took.append(time.process_time() - start)
    assert min(took) < 0.02


def test_open_in_puts_the_dock_there(window: Callable[..., Any], folder: Path, tmp_path: Path, qtbot: Any) -> None:
    del folder
    viewer, _ = window()
    path = tmp_path / "none.bonemet.json"
    dock = open_in(viewer, path)
    qtbot.waitUntil(lambda: "There is no session" in dock.save_bar.line.text(), timeout=PATIENCE_MS)


@pytest.mark.slow
def test_measures_as_painted_lesions_and_futures_come_back(
    window: Callable[..., Any], tmp_path: Path, qtbot: Any
) -> None:
    from napari_bonemet.phantom.leg import make_leg
    from napari_bonemet.phantom.options import LegOptions

    viewer, docks = window("Measures", "Futures", "Session")
    desk = desk_of(viewer)
    leg = make_leg(LegOptions(seed=6, shape=(40, 64, 64), spacing_um=45.0, weeks=(0, 1, 2)))
    desk.set_series(leg.registered())
    measures, futures = docks["Measures"], docks["Futures"]
    press(qtbot, measures.run_bar)
    measures.on_bone.choose("compartments")
    week = desk.week
    painted = find_layers(viewer, what="compartments", week=week)[0]
    whole = painted.data.copy()
    inside = tuple(int(n) for n in np.argwhere(whole == 2).mean(axis=0))
    painted.selected_label, painted.brush_size = 1, 9
    painted.paint(inside, 1)
    assert (painted.data != whole).any()
    press(qtbot, measures.on_bone.painted_bar)
    press(qtbot, measures.lesions.run_bar)
    futures.form.fields["model"].value = "ridge"
    futures.form.fields["perceptual"].value = False
    press(qtbot, futures.run_bar)
    path = tmp_path / "one.bonemet.json"
    docks["Session"].save_to(path)
    qtbot.waitUntil(lambda: path.exists() and not docks["Session"].save_bar.running, timeout=PATIENCE_MS)
    was = desk.measures, desk.lesions, desk.forecast
    labels = painted.data.copy()
    docks["Session"].open(path, ask=False)
    opened(qtbot, docks["Session"])
    assert docks["Session"].notes.text() == ""
    assert desk.measures is not was[0]
    assert desk.measures is not None
    assert desk.measures.painted == was[0].painted
    for one, two in zip(desk.measures.weeks, was[0].weeks, strict=True):
        np.testing.assert_array_equal(one.labels.to_numpy(), two.labels.to_numpy())
        assert one.as_row() == two.as_row()
    assert desk.lesions is not None
    assert desk.lesions.tables == was[1].tables
    assert desk.forecast is not None
    np.testing.assert_array_equal(desk.forecast.mean.to_numpy(), was[2].mean.to_numpy())
    again = find_layers(viewer, what="compartments", week=week)[0]
    np.testing.assert_array_equal(again.data, labels)


def test_annotations_come_back_as_annotations(
    window: Callable[..., Any], make_series: Callable[..., ScanSeries], folder: Path, tmp_path: Path, qtbot: Any
) -> None:
    from napari_bonemet.geometry import Grid

    viewer, docks = window("Weekly scans", "Annotate", "Session")
    docks["Weekly scans"].open_folder(folder)
    desk = desk_of(viewer)
    qtbot.waitUntil(lambda: desk.series is not None, timeout=PATIENCE_MS)
    sheets, grid = docks["Annotate"].sheets, make_series().baseline.grid
    assert isinstance(grid, Grid)
    sheets.begin("distance", grid)
    sheets.shapes.add_lines([[[3, 2, 2], [3, 9, 9]]])
    qtbot.waitUntil(lambda: len(sheets.all()) == 1 and sheets.all()[0].words != "", timeout=PATIENCE_MS)
    sheets.begin("label", grid, "fibula")
    sheets.points.add([3, 15, 15])
    qtbot.waitUntil(lambda: len(sheets.all()) == 2, timeout=PATIENCE_MS)
    was = [(one.kind, one.words, one.points_um.tolist()) for one in sheets.all()]
    path = tmp_path / "one.bonemet.json"
    docks["Session"].save_to(path)
    qtbot.waitUntil(lambda: path.exists() and not docks["Session"].save_bar.running, timeout=PATIENCE_MS)
    docks["Session"].open(path, ask=False)
    opened(qtbot, docks["Session"])
    assert docks["Session"].notes.text() == ""
    assert [(one.kind, one.words, one.points_um.tolist()) for one in sheets.all()] == was
    assert list(sheets.shapes.text.values) == [was[0][1]]
    assert list(sheets.points.text.values) == ["fibula"]
