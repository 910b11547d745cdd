"""Large legs on the canvas: opened without being read, whole ones at a level that fits, and the canvas says which."""

import gc
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest

from napari_bonemet.io.bonemet import write_series
from napari_bonemet.io.slab_cache import CACHE
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets import large
from napari_bonemet.widgets.desk import desk_of
from napari_bonemet.widgets.large import pyramid_of, voxels_of
from napari_bonemet.widgets.layers import add_scan, find_layers, layer_tuple, scan_from_layer
from napari_bonemet.widgets.level_keeper import LevelKeeper
from napari_bonemet.widgets.week_view import week_view_of

SHAPE = (200, 140, 140)


def bone(week: float) -> np.ndarray:
    z, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    away = np.hypot(y - 70, x - 70)
    ring = (away < 60) & (away > 40 + week)
    return np.where(ring & (z >= 0), 200, 20).astype(np.uint8)


def weeks(kind: Kind = Kind.REGIST) -> ScanSeries:
    greys = [bone(week) for week in (0, 1)]
    return ScanSeries(
        tuple(Scan(v, (10.0,) * 3, subject="871", side="left", day=7.0 * n, kind=kind) for n, v in enumerate(greys))
    )


@pytest.fixture
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Volumes of a few million voxels count as large, and a card takes an eighth of one."""
    monkeypatch.setattr(large, "LARGE_VOXELS", 2**20)
    monkeypatch.setattr(large, "largest_texture", lambda: 128)
    monkeypatch.setattr(large, "most_voxels", lambda _itemsize: 2**20)


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any], small_is_large: None) -> Any:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1000, 600)
    week_view_of(viewer)
    return viewer


def keeper(viewer: Any) -> Any:
    return week_view_of(viewer).levels


def settled(viewer: Any, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: not keeper(viewer).busy and not keeper(viewer)._soon.isActive(), timeout=20_000)
    qtbot.wait(20)


def bright(viewer: Any) -> float:
    return float((viewer.screenshot(canvas_only=True, flash=False)[..., :3].max(axis=2) > 100).mean())


@pytest.mark.parametrize("form", ["png", "zarr"])
def test_a_leg_opens_without_being_read(form: Any, window: Any, tmp_path: Path, qtbot: Any) -> None:
    write_series(weeks(), tmp_path, format=form)
    CACHE.resize(CACHE.limit)
    weekly = window.window.add_plugin_dock_widget("napari-bonemet", "Weekly scans")[1]
    weekly.open_folder(tmp_path)
    qtbot.waitUntil(lambda: len(window.layers) == 2 and not weekly.open_bar.running, timeout=20_000)
    settled(window, qtbot)
    first, second = window.layers
    assert bright(window) > 0.1
    read = [sum(pyramid_of(layer).finest.has(n) for n in range(200)) for layer in (first, second)]
    # The slice in the middle and its surroundings; of the hidden week that slice.
    assert 0 < read[0] * pyramid_of(first).finest.depth <= 100
    assert read[1] <= 1
    assert first.data_level == 0
    window.dims.set_current_step(0, 30)
    np.testing.assert_array_equal(first._slice.image.raw, bone(0)[30])
    desk_of(window).set_week(1.0)
    np.testing.assert_array_equal(second._slice.image.raw, bone(1)[30])


def test_hidden_weeks_come_after_the_one_to_be_seen(window: Any, qtbot: Any) -> None:
    desk = desk_of(window)
    desk.set_series(weeks())
    assert [layer.visible for layer in window.layers] == [True]
    active = window.layers.selection.active
    qtbot.waitUntil(lambda: len(window.layers) == 2, timeout=5000)
    assert [layer.visible for layer in window.layers] == [True, False]
    assert window.layers.selection.active == active
    desk.set_week(1.0)
    assert [layer.visible for layer in window.layers] == [False, True]
    # In linked cells, which count layers, none is added.
    window.canvas.grid.enabled = True
    window.layers.remove(window.layers[0])
    week_view_of(window)._coming.start(0)
    qtbot.wait(200)
    assert len(window.layers) == 1
    window.canvas.grid.enabled = False
    qtbot.waitUntil(lambda: len(window.layers) == 2, timeout=5000)


def test_layers_of_the_same_voxels_share_what_was_read(window: Any) -> None:
    scan = weeks()[0]
    first, second = add_scan(window, scan), add_scan(window, scan, what="cell")
    assert pyramid_of(first) is pyramid_of(second)
    assert first.data[0] is second.data[0]


def test_at_rest_the_same_slice_of_hidden_weeks_is_read(window: Any, qtbot: Any) -> None:
    looked_at: list[bool] = []
    series = weeks()
    desk_of(window).set_series(ScanSeries((series[0], lazily(series[1], looked_at))))
    qtbot.waitUntil(lambda: len(window.layers) == 2, timeout=5000)
    settled(window, qtbot)
    window.dims.set_current_step(0, 20)
    (hidden,) = find_layers(window, week=1.0)
    qtbot.waitUntil(lambda: pyramid_of(hidden).finest.has(20 // 8), timeout=5000)
    assert not any(looked_at), "beside the screen"


def test_in_3d_a_level_that_fits_is_shown_and_named(window: Any, qtbot: Any) -> None:
    desk_of(window).set_series(weeks())
    settled(window, qtbot)
    layer = find_layers(window, week=0.0)[0]
    assert voxels_of(layer) is desk_of(window).series[0].voxels
    window.dims.ndisplay = 3
    settled(window, qtbot)
    assert layer.data_level == 1
    assert layer._slice.image.raw.shape == (100, 70, 70)
    assert window.canvas.overlays.text.text == "shown at 1/2: 20 µm"
    assert bright(window) > 0.02
    window.dims.ndisplay = 2
    settled(window, qtbot)
    assert layer.data_level == 0
    assert layer._slice.image.raw.shape == SHAPE[1:]
    assert "shown at" not in window.canvas.overlays.text.text


def test_scans_come_back_whole_from_layers_shown_at_a_level(window: Any, qtbot: Any) -> None:
    series = weeks()
    desk_of(window).set_series(series)
    window.dims.ndisplay = 3
    settled(window, qtbot)
    layer = find_layers(window, week=0.0)[0]
    scan = scan_from_layer(layer)
    assert scan.grid.matches(series[0].grid)
    assert scan.voxels is series[0].voxels
    data, attributes, kind = layer.as_layer_data_tuple()
    assert scan_from_layer(type(layer).create(data, attributes, kind)).shape == SHAPE


def lazily(scan: Scan, looked_at: list[bool]) -> Scan:
    def look(block: np.ndarray, block_info: Any = None) -> np.ndarray:
        looked_at.append(threading.current_thread() is threading.main_thread())
        return block

    voxels = da.from_array(scan.voxels, chunks=(8, -1, -1)).map_blocks(
        look, dtype=np.uint8, meta=np.empty((0, 0, 0), np.uint8)
    )
    return Scan(voxels, scan.spacing, subject="871", side="left", day=scan.day, kind=Kind.REGIST)


def test_a_week_on_disk_is_turned_to_3d_and_to_its_side_beside_the_screen(window: Any, qtbot: Any) -> None:
    looked_at: list[bool] = []
    desk_of(window).set_series(ScanSeries((lazily(weeks()[0], looked_at),)))
    settled(window, qtbot)
    (layer,) = window.layers
    assert len(looked_at) <= 8
    few = sum(looked_at)
    window.dims.ndisplay = 3
    assert sum(looked_at) - few <= 2, "the screen does not wait for the whole"
    assert keeper(window).busy or keeper(window)._soon.isActive()
    qtbot.waitUntil(lambda: "reading the whole" in window.canvas.overlays.text.text, timeout=2000)
    settled(window, qtbot)
    assert layer._slice.image.raw.any()
    window.dims.ndisplay = 2
    settled(window, qtbot)
    window.dims.order = (1, 0, 2)
    settled(window, qtbot)
    assert layer.data_level == 0
    np.testing.assert_array_equal(layer._slice.image.raw, bone(0)[:, round(window.dims.point[1] / 10)])
    window.dims.order = (0, 1, 2)
    settled(window, qtbot)
    np.testing.assert_array_equal(layer._slice.image.raw, bone(0)[round(window.dims.point[0] / 10)])


def test_weeks_turned_to_and_layers_added_in_3d_are_at_a_level_too(window: Any, qtbot: Any) -> None:
    desk, series = desk_of(window), weeks()
    desk.set_series(series)
    window.dims.ndisplay = 3
    desk.set_week(1.0)
    settled(window, qtbot)
    (second,) = find_layers(window, week=1.0)
    assert second.visible
    assert second.data_level == 1
    codes = Scan(np.full(SHAPE, 180, np.uint8), (10.0,) * 3, subject="871", side="left", day=7.0, kind=Kind.COMPOSITE)
    window.mouse_over_canvas = False  # in 3D napari has no value for a cursor that has not moved yet
    labels = add_scan(window, codes)
    settled(window, qtbot)
    assert type(labels).__name__ == "Labels"
    # Two of them are drawn: each gets half of the card.
    assert {labels.data_level, second.data_level} == {1}
    assert set(np.unique(labels._slice.image.raw)) == {180}
    window.dims.ndisplay = 2
    settled(window, qtbot)
    assert {labels.data_level, second.data_level} == {0}


def test_a_read_that_was_stopped_leaves_words_not_a_fault(window: Any, qtbot: Any) -> None:
    desk_of(window).set_series(ScanSeries((lazily(weeks()[0], []),)))
    window.dims.ndisplay = 3
    qtbot.waitUntil(lambda: keeper(window).busy, timeout=2000)
    keeper(window).runner.cancel()
    settled(window, qtbot)
    if not pyramid_of(window.layers[0]).held(1):
        assert window.canvas.overlays.text.text == "too large to show whole"
    window.dims.ndisplay = 2
    settled(window, qtbot)
    assert window.layers[0].data_level == 0


def test_what_may_be_painted_stays_one_array(small_is_large: None) -> None:
    scan = Scan(np.ones(SHAPE, np.uint8), (10.0,) * 3)
    assert layer_tuple(scan, as_labels=True, paintable=True)[0] is scan.voxels
    assert len(layer_tuple(scan, as_labels=True)[0]) == 2


def test_small_scans_are_as_they_were() -> None:
    scan = Scan(np.ones((10, 11, 12), np.uint8), (10.0,) * 3)
    data, attributes, _ = layer_tuple(scan)
    assert data is scan.voxels
    assert "multiscale" not in attributes


def test_the_level_is_chosen_by_side_and_by_all_that_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "largest_texture", lambda: 2048)
    pyramid = large.Pyramid(np.broadcast_to(np.uint8(0), (1538, 539, 509)))
    for most, beside, level in ((2**30, 1, 0), (2**30, 5, 1), (2**24, 1, 2), (2**24, 5, 3), (1, 1, 4)):
        monkeypatch.setattr(large, "most_voxels", lambda _itemsize, most=most: most)
        assert large.level_that_fits(pyramid, 1, beside) == level
    monkeypatch.setattr(large, "most_voxels", lambda _itemsize: 2**40)
    monkeypatch.setattr(large, "largest_texture", lambda: 1024)
    assert large.level_that_fits(pyramid, 1, 1) == 1
    assert large.level_words([(pyramid, 2, (10.6,) * 3)]) == "shown at 1/4: 42.4 µm"
    assert large.level_words([(pyramid, 0, (10.6,) * 3)]) == ""


def test_a_large_scan_that_was_dropped_turns_to_3d_without_any_dock(
    make_napari_viewer: Callable[..., Any], small_is_large: None, tmp_path: Path, qtbot: Any
) -> None:
    write_series(weeks(), tmp_path)
    viewer = make_napari_viewer(show=True)
    viewer.open(str(tmp_path), plugin="napari-bonemet")
    keeper = desk_of(viewer).findChild(LevelKeeper)
    viewer.dims.ndisplay = 3
    qtbot.waitUntil(lambda: viewer.layers[0].data_level == 1 and not keeper.busy, timeout=20_000)
    assert viewer.layers[0]._slice.image.raw.any()


def test_a_closed_leg_lets_go_of_its_slices(window: Any, tmp_path: Path, qtbot: Any) -> None:
    write_series(weeks(), tmp_path)
    weekly = window.window.add_plugin_dock_widget("napari-bonemet", "Weekly scans")[1]
    weekly.open_folder(tmp_path)
    qtbot.waitUntil(lambda: len(window.layers) == 2 and not weekly.open_bar.running, timeout=20_000)
    settled(window, qtbot)
    assert CACHE.held > 0
    weekly.close_leg()
    qtbot.wait(200)
    gc.collect()
    assert CACHE.held == 0
