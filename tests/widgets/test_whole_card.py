"""The whole card on one screen, by its buttons: weeks opened, registered, composed; futures drawn, looked at, judged.

Weeks from a folder, registration, composite, several futures, their uncertainty over the bone, the diagnosis, side by
side with the true week in 2D and in 3D, and the annotated figure on disk. The networks are those of the package.
"""

import json
import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QFileDialog

from napari_bonemet.io import write_series
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.widgets.futures_drawn import Drawn
from napari_bonemet.widgets.layers import ANY, find_layers, record_of_layer

WAIT_MS = 240_000
PLUGIN = "napari-bonemet"
SAMPLES = 3
LEG = "synthetic-card left tibia"


class Window:
    """A napari window as a user has it: docks to open, buttons to press, runs to wait for, a canvas to look at."""

    def __init__(self, viewer: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.viewer, self.qtbot, self.monkeypatch = viewer, qtbot, monkeypatch

    def dock(self, name: str) -> Any:
        return self.viewer.window.add_plugin_dock_widget(PLUGIN, name)[1]

    def press(self, button: QAbstractButton, bar: Any = None) -> None:
        """A click that a user could make; where it starts a run, wait for its end."""
        assert button.isEnabled(), f"{button.text()!r} is disabled"
        assert not button.isHidden(), f"{button.text()!r} is hidden"
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        if bar is not None:
            self.qtbot.waitUntil(lambda: not bar.running, timeout=WAIT_MS)

    def answer(self, dialog: str, answer: object) -> None:
        """What the user chooses in the next file dialogs."""
        self.monkeypatch.setattr(QFileDialog, dialog, staticmethod(lambda *_: answer))

    def canvas(self) -> np.ndarray:
        """What is drawn, without titles and bars at its edges."""
        self.qtbot.wait(200)
        image = self.viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(float)
        height, width = image.shape[:2]
        return image[height // 6 : -height // 6, width // 8 : -width // 8]

    def cells(self) -> list[np.ndarray]:
        """What is drawn in each cell, titles and bars cut off, in reading order."""
        self.qtbot.wait(200)  # new cells get their cameras when they are first drawn
        image = self.viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(float)
        rows, columns = self.viewer.canvas.grid.actual_shape(self.viewer.layers)
        height, width = image.shape[0] // rows, image.shape[1] // columns
        inner = (slice(height // 5, -height // 5), slice(width // 8, -width // 8))
        places = [(row, column) for row in range(rows) for column in range(columns)]
        return [image[r * height : (r + 1) * height, c * width : (c + 1) * width][inner] for r, c in places]


@pytest.fixture
def window(make_napari_viewer: Callable[..., Any], qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Window:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1000, 700)  # software draws volumes pixel by pixel
    return Window(viewer, qtbot, monkeypatch)


@pytest.mark.slow
def test_the_whole_card(window: Window, tmp_path: Path) -> None:
    gentle = {"pose_degrees": 2.0, "turn_degrees": 4.0, "pose_voxels": 0.5}  # little leaves the small field of view
    leg = make_leg(LegOptions(seed=6, shape=(30, 72, 72), subject="synthetic-card", **gentle))
    write_series(leg.series, tmp_path / "Seg-CT")
    open_weeks(window, tmp_path / "Seg-CT")
    register(window)
    compose(window)
    draw_futures(window)
    overlay_uncertainty(window)
    diagnose(window)
    compare(window)
    export(window, tmp_path)


def open_weeks(window: Window, folder: Path) -> None:
    dock = window.dock("Weekly scans")
    window.answer("getExistingDirectory", str(folder))
    window.press(dock.folder_button)
    window.qtbot.waitUntil(lambda: dock.desk.series is not None and not dock.open_bar.running, timeout=WAIT_MS)
    assert dock.desk.series.leg == LEG
    assert dock.desk.series.weeks == (0, 1, 2, 3)
    assert dock.desk.series.synthetic
    assert window.canvas().std() > 10, "the canvas is blank"


def register(window: Window) -> None:
    dock = window.dock("Register weeks")
    window.press(dock.run_bar.run_button, dock.run_bar)
    rows = dock.table.rows()
    assert [row[0] for row in rows] == ["0", "1", "2", "3"]
    assert {row[1] for row in rows} == {"good"}, dock.reasons.text()
    weeks = find_layers(window.viewer, kind="regist")
    assert len({(tuple(layer.scale), tuple(layer.translate), layer.data.shape) for layer in weeks}) == 1


def compose(window: Window) -> None:
    dock = window.dock("Composite and RoI")
    window.press(dock.run_bar.run_button, dock.run_bar)
    (layer,) = find_layers(window.viewer, kind="composite")
    assert set(np.unique(layer.data)) <= {0, 60, 180, 240}
    volumes = {row[0]: float(row[1]) for row in dock.table.rows()}
    assert volumes["conserved"] > volumes["resorbed"] > 0


def draw_futures(window: Window) -> None:
    dock = window.dock("Futures")
    came: list[int] = []
    dock.run_bar.runner.reported.connect(lambda item, _: came.append(item.count) if isinstance(item, Drawn) else None)
    assert dock.form.fields["model"].value == "tvae-gate"
    assert dock.week.text() == "week 3"
    dock.form.fields["samples"].value = SAMPLES
    window.press(dock.run_bar.run_button, dock.run_bar)
    assert dock.desk.forecast is not None, dock.run_bar.line.text()
    assert came == [1, 2, 3], "each sample appears as it is drawn"
    futures = [sample.to_numpy() for sample in dock.desk.forecast.samples]
    assert all((one != other).any() for one, other in combinations(futures, 2)), "the futures are one and the same"
    assert dock.desk.scores is not None
    assert "copying the last week" in dock.verdict.text()


def overlay_uncertainty(window: Window) -> None:
    dock = window.dock("Futures")
    window.qtbot.waitUntil(lambda: not dock.canvas.layers.busy, timeout=WAIT_MS)
    forecast, axis = dock.desk.forecast, int(window.viewer.dims.ndim) - 3
    most = int(forecast.spread.to_numpy().std(axis=(1, 2)).argmax())
    window.viewer.dims.set_point(axis, forecast.spread.grid.to_um((most, 0, 0))[0])
    pictures = {}
    for name in ("nothing", "probability", "spread"):
        dock.canvas.overlay.setCurrentIndex(dock.canvas.overlay.findData(name))
        dock.canvas.overlay.activated.emit(dock.canvas.overlay.currentIndex())
        pictures[name] = window.canvas()
        seen = [layer for layer in find_layers(window.viewer, kind="uncertainty", what=ANY) if layer.visible]
        assert len(seen) == (name != "nothing")
        assert dock.canvas.legend.isHidden() == (name == "nothing")
    assert f"{SAMPLES} samples" in dock.canvas.legend.caption.text()
    for name in ("probability", "spread"):
        changed = np.abs(pictures[name] - pictures["nothing"]).max(axis=2) > 8
        coloured = np.ptp(pictures[name], axis=2) > 20
        assert changed.mean() > 0.001, f"the {name} is not seen on the canvas"
        assert coloured.mean() > 0.001, f"the {name} has no colour"
    assert "research use" in window.viewer.canvas.overlays.text.text
    assert "synthetic" in window.viewer.canvas.overlays.text.text


def diagnose(window: Window) -> None:
    viewer, dock = window.viewer, window.dock("Diagnosis")
    window.press(dock.run_bar.run_button, dock.run_bar)
    rows = dock.table.rows()
    assert [row[0] for row in rows] == ["0", "1", "2", "3", "3 predicted"], dock.run_bar.line.text()
    said = [volume.diagnosis.probability for volume in dock.volumes]
    number = r"[<>]? ?0\.\d\d"
    assert re.match(
        rf"Predicted week 3: {number} \(samples {number} to {number}\), bone lesion in \d of {SAMPLES} samples",
        dock.forecast_line.text(),
    )
    assert "trained on synthetic legs" in dock.model.text()
    assert "research use" in dock.model.text()
    assert said[3] > said[0], "the lesion of week 3 is not told from the whole bone of week 0"

    curve = dock.volumes[3].curve(dock.desk.shown.baseline.shape[0])
    peak = int(np.nanargmax(curve))
    dock.go_to(3, 0)
    dock.plot.draw()
    x, y = dock.plot.figure.axes[0].transData.transform((peak, curve[peak])) / dock.plot.devicePixelRatioF()
    place = QPoint(round(x), round(dock.plot.height() - y))
    QTest.mouseClick(dock.plot, Qt.MouseButton.LeftButton, pos=place)
    assert dock.desk.week == 3
    at = dock.desk.shown.baseline.grid.to_index((viewer.dims.point[int(viewer.dims.ndim) - 3], 0, 0))[0]
    assert round(at) == peak
    seen = [record_of_layer(layer) for layer in viewer.layers if layer.visible and record_of_layer(layer)]
    assert [record["week"] for record in seen if record["kind"] == "regist"] == [3]


def compare(window: Window) -> None:
    viewer, dock = window.viewer, window.dock("Compare")
    window.press(dock.run_bar.run_button, dock.run_bar)
    titles = [layer.name for layer in dock.cells.layers]
    assert any(title.startswith("true, week 3") for title in titles), titles
    assert any(title.startswith("predicted") for title in titles), titles
    assert any("share of" in title for title in titles), titles
    flat = window.cells()
    for title, cell in zip(titles, flat, strict=False):
        assert cell.std() > 2, f"{title!r} is blank"
    window.press(dock.volumes)
    assert viewer.dims.ndisplay == 3
    solid = window.cells()
    for title, cell, before in zip(titles, solid, flat, strict=False):
        assert cell.std() > 2, f"{title!r} is blank in 3D"
        height = min(len(cell), len(before))  # the slider below the canvas is gone in 3D
        assert np.abs(cell[:height] - before[:height]).mean() > 1, f"{title!r} is the slice still"
    window.press(dock.back_button)
    assert viewer.dims.ndisplay == 2
    assert not dock.cells.shown


def export(window: Window, folder: Path) -> None:
    dock = window.dock("Figure")
    window.answer("getSaveFileName", (str(folder / "figure.png"), "PNG (*.png)"))
    window.press(dock.export_button, dock.run_bar)
    assert "Saved figure.png" in dock.run_bar.line.text()
    picture = imread(folder / "figure.png")[..., :3]
    assert min(picture.shape[:2]) > 300
    assert picture.std() > 0.05
    record = json.loads((folder / "figure.png.json").read_text(encoding="utf-8"))
    assert record["forecast"]["use"] == "predicted, research use"
    assert record["forecast"]["synthetic"]
    assert record["forecast"]["samples"] == SAMPLES
    assert all(panel["synthetic"] for panel in record["panels"])
    titles = [panel["title"] for panel in record["panels"]]
    assert len(record["forecast"]["shown_samples"]) == SAMPLES
    assert any(title.startswith("true") for title in titles), titles
    assert {"composite", "probability"} <= {panel["kind"] for panel in record["panels"]}
    arrows = [arrow["meaning"] for panel in record["panels"] for arrow in panel["arrows"]]
    assert arrows, "no lesion is pointed at"
