"""The whole chain by the real viewer's widgets: buttons pressed, and what then stands on the canvas and on disk."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QFileDialog

from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.cells import View
from napari_bonemet.widgets.layers import find_layers, record_of_layer

WAIT_MS = 60_000
PLUGIN = "napari-bonemet"


def press(button: QAbstractButton) -> None:
    """A click of the mouse on a button that a user could click."""
    assert button.isEnabled(), f"{button.text()!r} is disabled"
    assert not button.isHidden(), f"{button.text()!r} is hidden"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


class Screen:
    """A napari window as a user has it: docks to open, buttons to press, runs to wait for."""

    def __init__(self, viewer: Any, qtbot: Any) -> None:
        self.viewer, self.qtbot = viewer, qtbot

    def dock(self, name: str) -> Any:
        return self.viewer.window.add_plugin_dock_widget(PLUGIN, name)[1]

    def run(self, bar: Any, button: QAbstractButton | None = None) -> None:
        """Press the button (the bar's own unless given), and wait for the end of the run."""
        press(button or bar.run_button)
        self.qtbot.waitUntil(lambda: not bar.running, timeout=WAIT_MS)


@pytest.fixture
def screen(make_napari_viewer: Callable[..., Any], qtbot: Any) -> Screen:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1000, 700)  # software draws volumes pixel by pixel
    return Screen(viewer, qtbot)


def choose(monkeypatch: pytest.MonkeyPatch, path: Path, kind: str = "") -> None:
    """What the user will choose in the next file dialogs."""

    def file(*_: object) -> tuple[str, str]:
        return str(path), kind

    def folder(*_: object) -> str:
        return str(path)

    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(file))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", staticmethod(folder))


def cells_of(screen: Screen) -> list[np.ndarray]:
    """The pictures in the cells of the grid, titles and bars cut off, reading order."""
    viewer = screen.viewer
    screen.qtbot.wait(200)  # new cells get their cameras when they are first drawn
    image = viewer.screenshot(canvas_only=True, flash=False)[..., :3]
    rows, columns = viewer.canvas.grid.actual_shape(viewer.layers)
    height, width = image.shape[0] // rows, image.shape[1] // columns
    inner = (slice(height // 5, -height // 5), slice(width // 8, -width // 8))
    return [
        image[r * height : (r + 1) * height, c * width : (c + 1) * width][inner]
        for r in range(rows)
        for c in range(columns)
    ]


def open_registered_sample(screen: Screen) -> None:
    weekly = screen.dock("Weekly scans")
    screen.run(weekly.open_bar, weekly.sample_button)
    screen.run(screen.dock("Register weeks").run_bar)


def test_from_the_sample_to_the_figure(screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_registered_sample(screen)
    check_registered(screen.viewer)
    check_composite(screen, tmp_path, monkeypatch)
    check_forecast(screen)
    check_compare(screen)
    check_figure(screen, tmp_path, monkeypatch)


def check_registered(viewer: Any) -> None:
    weeks = find_layers(viewer, kind="regist")
    assert [record_of_layer(layer)["week"] for layer in weeks] == [0, 1, 2, 3]
    for layer in weeks:
        assert tuple(layer.scale) == tuple(weeks[0].scale)
        assert tuple(layer.translate) == tuple(weeks[0].translate)
        assert {str(unit) for unit in layer.units} == {"micrometer"}
        assert layer.axis_labels == ("z", "y", "x")
        assert record_of_layer(layer)["synthetic"]
    assert sum(layer.visible for layer in weeks) == 1


def check_composite(screen: Screen, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    viewer, dock = screen.viewer, screen.dock("Composite and RoI")
    assert dock.baseline.currentText() == "week 0"
    assert dock.later.currentText() == "week 3"
    screen.run(dock.run_bar)
    (layer,) = find_layers(viewer, kind="composite")
    assert layer.visible
    assert type(layer).__name__ == "Labels"
    assert set(np.unique(layer.data)) <= {0, 60, 180, 240}
    assert tuple(layer.scale) == (30.0, 30.0, 30.0)
    table = {row[0]: [float(value) for value in row[1:]] for row in dock.table.rows()}
    voxel_mm3 = 0.03**3
    assert table["resorbed"][0] == pytest.approx(np.count_nonzero(layer.data == 60) * voxel_mm3, abs=1e-4)
    assert table["conserved"][0] == pytest.approx(np.count_nonzero(layer.data == 180) * voxel_mm3, abs=1e-4)
    assert table["resorbed"][0] < table["resorbed"][1], "the noise rule takes noise away"
    assert "voxels" in dock.rule.text()
    press(dock.greys)
    (layer,) = find_layers(viewer, kind="composite")
    assert type(layer).__name__ == "Image"
    press(dock.colours)

    choose(monkeypatch, folder / "composites")
    screen.run(dock.saver, dock.save_button)
    assert "mm3" in (folder / "composites" / "volumes.csv").read_text(encoding="utf-8")
    slices = sorted((folder / "composites").rglob("*.png"))
    assert len(slices) == layer.data.shape[0]


def check_forecast(screen: Screen) -> None:
    viewer, dock = screen.viewer, screen.dock("Futures")
    dock.form.fields["model"].value = "ridge"
    assert dock.week.text() == "week 3"
    screen.run(dock.run_bar)
    screen.qtbot.waitUntil(lambda: not dock.canvas.layers.busy)
    (layer,) = find_layers(viewer, kind="prediction")
    record = record_of_layer(layer)
    assert (record["week"], record["model"]) == (3, "ridge")
    assert "research use" in layer.name
    rows = {row[0]: row[1:] for row in dock.table.rows()}
    assert 15 < float(rows["PSNR, dB"][1]) < 60
    assert float(rows["PSNR, dB"][0]) != float(rows["PSNR, dB"][1])
    assert "copying the last week" in dock.verdict.text()


def check_compare(screen: Screen) -> None:
    viewer, dock = screen.viewer, screen.dock("Compare")
    before = View.of(viewer)
    screen.run(dock.run_bar)
    titles = [layer.name for layer in dock.cells.layers]
    assert [title.split(",")[0] for title in titles] == [
        "last seen",
        "true",
        "predicted",
        "predicted − true",
    ]
    mark = viewer.canvas.overlays.text
    screen.qtbot.waitUntil(lambda: mark.text == "research use · synthetic-1 left")
    assert mark.visible
    assert mark.gridded, "every cell says it"
    assert viewer.canvas.grid.enabled
    visible = [layer for layer in viewer.layers if layer.visible]
    assert visible == list(dock.cells.layers)
    assert len({tuple(layer.contrast_limits) for layer in dock.cells.layers[:3]}) == 1
    dock.cells.layers[0].contrast_limits = (20, 200)
    assert tuple(dock.cells.layers[1].contrast_limits) == (20, 200), "contrast is linked"
    low, high = dock.cells.layers[3].contrast_limits
    assert low == -high
    worst = int(np.nanargmin(dock.plot.values))
    dock.plot.picked.emit(worst)
    z = dock.cells.layers[0].translate[0] + worst * dock.cells.layers[0].scale[0]
    assert viewer.dims.point[0] == pytest.approx(z, abs=15)
    for number, cell in enumerate(cells_of(screen)):
        assert cell.std() > 2, f"cell {number} is blank"

    press(dock.volumes)
    assert viewer.dims.ndisplay == 3
    for number, cell in enumerate(cells_of(screen)):
        assert cell.std() > 2, f"cell {number} is blank in 3D"
    press(dock.back_button)
    assert not dock.cells.shown
    assert View.of(viewer) == before


def check_figure(screen: Screen, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dock = screen.dock("Figure")
    screen.run(dock.run_bar)
    assert not dock.picture.full.isNull()
    forecast, scores = dock.desk.forecast, dock.desk.scores
    dock.desk.set_forecast(None)
    assert dock.picture.full.isNull(), "the preview showed a forecast that is gone"
    dock.desk.set_forecast(forecast, scores)
    for kind in ("png", "pdf"):
        choose(monkeypatch, folder / f"figure.{kind}", f"{kind.upper()} (*.{kind})")
        screen.run(dock.run_bar, dock.export_button)
        record = json.loads((folder / f"figure.{kind}.json").read_text(encoding="utf-8"))
        titles = [panel["title"] for panel in record["panels"]]
        assert {"week 0", "true scan", "difference"} <= set(titles)
        assert any(title.startswith("composite") for title in titles)
        assert any(title.startswith("predicted") for title in titles)
    assert imread(folder / "figure.png")[..., :3].std() > 0.05
    assert (folder / "figure.pdf").read_bytes().startswith(b"%PDF")
    choose(monkeypatch, folder / "canvas", "PNG (*.png)")
    screen.run(dock.canvas.run_bar, dock.canvas_button)
    record = json.loads((folder / "canvas.png.json").read_text(encoding="utf-8"))
    assert "synthetic" in record["admitted"]
    assert imread(folder / "canvas.png")[..., :3].std() > 0.05


def test_cancel_stops_and_changes_nothing(screen: Screen) -> None:
    weekly = screen.dock("Weekly scans")
    screen.run(weekly.open_bar, weekly.sample_button)
    register = screen.dock("Register weeks")
    press(register.run_bar.run_button)
    screen.qtbot.waitUntil(lambda: register.run_bar.bar.value() > 0, timeout=WAIT_MS)
    assert not register.run_bar.run_button.isEnabled()
    press(register.run_bar.cancel_button)
    screen.qtbot.waitUntil(lambda: not register.run_bar.running, timeout=WAIT_MS)
    assert "topped" in register.run_bar.line.text()
    assert weekly.desk.registration is None
    assert not find_layers(screen.viewer, kind="regist")
    assert register.run_bar.run_button.isEnabled()


def test_bad_input_is_told_in_words(screen: Screen, make_series: Callable[..., Any]) -> None:
    composite, compare, forecast = (screen.dock(name) for name in ("Composite and RoI", "Compare", "Futures"))
    assert "Open a leg in Weekly scans first" in composite.note.text()
    assert not composite.run_bar.run_button.isEnabled()
    assert "Open a leg" in compare.note.text()

    composite.desk.set_series(make_series((0, 1, 2), kind=Kind.REGIST))
    composite.form.fields["bone_threshold"].value = 250
    screen.run(composite.run_bar)
    assert composite.run_bar.line.text() == (
        "871 left tibia, week 0 shows no bone: expected grey values above 250; found at most 180. "
        "Lower the bone threshold."
    )
    assert not find_layers(screen.viewer, kind="composite")

    composite.roi_form.fields["first_slice"].value = 40
    screen.run(composite.roi_run)
    assert "starts outside the scan: expected a first slice from 0 to 11; found 40" in composite.roi_run.line.text()
    assert composite.desk.roi is None

    forecast.form.fields["model"].value = "checkpoint"
    screen.run(forecast.run_bar)
    assert "There is no checkpoint to forecast with" in forecast.run_bar.line.text()
    assert composite.desk.forecast is None


def test_weeks_on_different_grids_are_not_compared(screen: Screen, make_series: Callable[..., Any]) -> None:
    compare = screen.dock("Compare")
    weeks = make_series((0, 1))
    other = weeks[1].crop((slice(0, 8), slice(None), slice(None)))
    compare.desk.set_series(ScanSeries((weeks[0], other)))
    assert compare.note.text() == "Comparing needs the weeks of 871 left tibia on one grid. Register the weeks first."
    assert not compare.run_bar.run_button.isEnabled()


def test_an_export_that_the_disk_refuses_is_told(
    screen: Screen, make_series: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = screen.dock("Figure")
    figure.desk.set_series(make_series((0, 1), kind=Kind.REGIST))
    choose(monkeypatch, tmp_path / "figure.docx", "PNG (*.png)")
    screen.run(figure.run_bar, figure.export_button)
    assert "cannot be saved as figure.docx" in figure.run_bar.line.text()
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder", encoding="utf-8")
    choose(monkeypatch, in_the_way / "figure.png", "PNG (*.png)")
    screen.run(figure.run_bar, figure.export_button)
    assert str(in_the_way) in figure.run_bar.line.text()
    assert in_the_way.read_text(encoding="utf-8") == "not a folder"


def test_the_region_of_interest_comes_and_goes(screen: Screen, make_series: Callable[..., Any]) -> None:
    dock = screen.dock("Composite and RoI")
    dock.desk.set_series(make_series((0, 1, 2), kind=Kind.REGIST))
    screen.run(dock.run_bar)
    whole = dock.table.rows()
    dock.roi_form.fields["first_slice"].value = 4
    dock.roi_form.fields["slices"].value = 5
    screen.run(dock.roi_run)
    assert dock.roi_note.text().startswith("Slices 4 to 8")
    assert [layer.data.shape[0] for layer in find_layers(screen.viewer, kind="roi")] == [5, 5, 5]
    (composite,) = find_layers(screen.viewer, kind="composite")
    assert (composite.data.shape[0], composite.translate[0]) == (5, 40.0)
    assert dock.table.rows() != whole
    screen.run(dock.roi_run, dock.whole_button)
    assert dock.table.rows() == whole
    assert not find_layers(screen.viewer, kind="roi")
    assert dock.whole_button.isHidden()


def test_cells_go_when_their_weeks_do(screen: Screen, make_series: Callable[..., Any]) -> None:
    compare = screen.dock("Compare")
    compare.desk.set_series(make_series((0, 1), kind=Kind.REGIST))
    screen.run(compare.run_bar)
    assert compare.cells.shown
    compare.desk.set_series(make_series((0, 1, 2), kind=Kind.REGIST, subject="872"))
    assert not compare.cells.shown
    assert not screen.viewer.canvas.grid.enabled
    seen = [record_of_layer(layer) for layer in screen.viewer.layers if layer.visible]
    assert [(record["leg"], record["week"]) for record in seen] == [("872 left tibia", 0)]
    assert [box.text() for box in compare.choice.boxes] == ["week 0", "week 1", "week 2"]
