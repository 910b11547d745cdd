"""A picture of the canvas, taken again from its record in a viewer that nobody sees."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from napari_bonemet.cli import main
from napari_bonemet.io import write_series
from napari_bonemet.processing.composite import make_composite
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.layers import add_scan

PLUGIN = "napari-bonemet"
Make = Callable[..., ScanSeries]


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


@pytest.fixture
def dock(make_napari_viewer: Callable[..., Any], qtbot: Any) -> Any:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1000, 700)
    made = viewer.window.add_plugin_dock_widget(PLUGIN, "Figure")[1]
    qtbot.waitExposed(made)
    made.live_box.setChecked(False)
    return made


@pytest.fixture
def full(dock: Any, qtbot: Any, make_series: Make, tmp_path: Path) -> Any:
    """Weeks from a folder, a composite from memory, and what a user drew, seen from near by."""
    write_series(make_series((0, 1), kind=Kind.REGIST), tmp_path / "registered")
    viewer = dock.viewer
    weekly = viewer.window.add_plugin_dock_widget(PLUGIN, "Weekly scans")[1]
    weekly.open_folder(tmp_path / "registered")
    qtbot.waitUntil(lambda: dock.desk.series is not None and not weekly.open_bar.running, timeout=20_000)
    series = dock.desk.series
    add_scan(viewer, make_composite(series[0], series[1]).scan).opacity = 0.6
    um = {"units": ("micrometer",) * 3}
    viewer.add_points(
        [[60.0, 40.0, 60.0]],
        size=20,
        face_color="#ff4136",
        text={"string": "{words}", "color": "yellow", "anchor": "upper_left"},
        features={"words": ["here"]},
        **um,
    )
    line = [[60.0, 120.0, 20.0], [60.0, 150.0, 90.0]]
    viewer.add_shapes([line], shape_type="line", edge_width=6, edge_color="#2e9bff", **um)
    viewer.dims.set_point(0, 60.0)
    viewer.scene.camera.zoom *= 0.8
    viewer.canvas.overlays.scale_bar.visible = True
    return viewer


def saved(dock: Any, qtbot: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), "PNG (*.png)"))
    QTest.mouseClick(dock.canvas_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dock.canvas.run_bar.running, timeout=30_000)
    assert f"Saved {path.name}" in dock.canvas_note.text()
    return path


def again(path: Path, *more: str) -> Path:
    out = path.with_name("again.png")
    assert main(["figure", "--from", f"{path}.json", "--out", str(out), *more]) == 0
    return out


@pytest.mark.parametrize("how", ["slice", "whole", "volume", "cells"])
def test_the_same_picture_again(dock: Any, qtbot: Any, full: Any, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    tmp_path = dock.desk.leg.folder.parent
    dock.canvas.title.setText("A title of mine")
    dock.canvas.whole.setChecked(how == "whole")
    if how == "volume":
        full.dims.ndisplay = 3
        full.scene.camera.angles = (10.0, 30.0, 60.0)
    if how == "cells":
        full.canvas.grid.enabled = True
        for layer in full.layers:
            layer.name_overlay.visible = True
    qtbot.wait(300)
    first = saved(dock, qtbot, tmp_path / "canvas.png", monkeypatch)
    seen = pixels(first)
    reddish = (seen[..., 0] > 200) & (seen[..., 1] < 110) & (seen[..., 2] < 110)
    assert how == "volume" or reddish.sum() > 30, "the user's point is not in the picture"
    second = pixels(again(first))
    assert second.shape == seen.shape
    other = np.abs(second - seen).max(axis=-1) > 24
    assert other.mean() < 0.001, f"{other.mean():.2%} of the pixels are others"
    record = json.loads((tmp_path / "canvas.png.json").read_text(encoding="utf-8"))
    weeks = [layer for layer in record["layers"] if layer["source"]["folder"]]
    assert weeks, "a week that lies in a folder is named, and not copied"
    assert len(list((tmp_path / "canvas.png.data").iterdir())) == 1


def test_what_was_not_kept_is_named(
    dock: Any, qtbot: Any, full: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    tmp_path = dock.desk.leg.folder.parent
    dock.canvas.keep.setChecked(False)
    first = saved(dock, qtbot, tmp_path / "canvas.png", monkeypatch)
    assert not (tmp_path / "canvas.png.data").exists()
    assert main(["figure", "--from", f"{first}.json", "--out", str(tmp_path / "again.png")]) == 2
    told = capsys.readouterr().err
    assert "composite" in told
    assert "in memory alone" in told
    assert again(first, "--changed-too").is_file()


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    record = json.loads(path.read_text(encoding="utf-8"))
    change(record)
    path.write_text(json.dumps(record), encoding="utf-8")


HOSTILE: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "leads out": (lambda r: r["layers"][-3]["source"].update(kept="../../secret.zarr"), "leads out of the folder"),
    "huge": (lambda r: r["canvas"].update(rows=10**7), "out of range"),
    "no number": (lambda r: r["canvas"]["view"].update(zoom="near"), "a finite number"),
    "stranger": (lambda r: r["layers"][0].update(run="rm"), "does not know"),
    "no list": (lambda r: r.update(layers="all"), "layers cannot be used"),
    "ragged": (lambda r: r["layers"][-1]["drawn"].update(shapes=[[[1.0], [2.0, 3.0]]]), "cannot be made"),
    "blending": (lambda r: r["layers"][-1]["look"].update(blending="evil"), "cannot be made"),
}


def test_a_hostile_record_is_refused_in_words(
    dock: Any, qtbot: Any, full: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    tmp_path = dock.desk.leg.folder.parent
    first = saved(dock, qtbot, tmp_path / "canvas.png", monkeypatch)
    good = (tmp_path / "canvas.png.json").read_text(encoding="utf-8")
    for change, told in HOSTILE.values():
        edit(tmp_path / "canvas.png.json", change)
        assert main(["figure", "--from", f"{first}.json", "--out", str(tmp_path / "again.png")]) == 2
        assert told in capsys.readouterr().err
        assert not (tmp_path / "again.png").exists()
        (tmp_path / "canvas.png.json").write_text(good, encoding="utf-8")


def test_no_display_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    record = {"made_by": "napari-bonemet", "kind": "canvas", "canvas": {}, "layers": []}
    (tmp_path / "c.json").write_text(json.dumps(record), encoding="utf-8")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert main(["figure", "--from", str(tmp_path / "c.json"), "--out", str(tmp_path / "a.png")]) == 2
    assert "xvfb-run" in capsys.readouterr().err
