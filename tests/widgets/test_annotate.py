"""Marks drawn with the mouse: measured by the voxel size, on native layers, gone to and saved."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Points, Shapes
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from napari_bonemet.figures.marks import COLOURS, SliceArrow
from napari_bonemet.forecast.forecaster import as_future, summarise
from napari_bonemet.phantom.sample import sample_leg
from napari_bonemet.provenance import Step
from napari_bonemet.widgets.glass import canvas_in, places_on

from .futures_screen import Screen

LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


class Hand:
    """Draws on the canvas at places given in micrometres (y, x)."""

    def __init__(self, screen: Screen, dock: Any) -> None:
        self.screen, self.dock = screen, dock
        canvas = canvas_in(dock.window())
        assert canvas is not None
        self.canvas = canvas

    def at(self, place: tuple[float, float]) -> QPoint:
        places = places_on(self.screen.viewer, (self.canvas.width(), self.canvas.height()))
        assert places is not None
        return places.pixel((0, 0), (0.0, *place)).toPoint()

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        a, b = self.at(start), self.at(end)
        QTest.mouseMove(self.canvas, a)
        QTest.mousePress(self.canvas, LEFT, NO_KEYS, a)
        for step in range(1, 6):
            QTest.mouseMove(self.canvas, a + (b - a) * step / 5)
            self.screen.qtbot.wait(15)
        QTest.mouseRelease(self.canvas, LEFT, NO_KEYS, b)
        self.screen.qtbot.wait(60)

    def click(self, place: tuple[float, float]) -> None:
        point = self.at(place)
        QTest.mouseMove(self.canvas, point)
        self.screen.qtbot.wait(120)
        QTest.mouseClick(self.canvas, LEFT, NO_KEYS, point)
        # Quicker, and napari takes two clicks for one; on a busy machine its moves come late.
        self.screen.qtbot.wait(500)


@pytest.fixture
def annotate(screen: Screen) -> Any:
    dock = screen.dock("Annotate")
    screen.wait(lambda: dock.placed)
    screen.qtbot.wait(100)
    dock.hand = Hand(screen, dock)
    return dock


def begin(screen: Screen, dock: Any, kind: str) -> None:
    screen.press(dock.tools[kind])
    screen.qtbot.wait(30)


def test_a_distance_is_measured_in_micrometres(screen: Screen, annotate: Any) -> None:
    begin(screen, annotate, "distance")
    annotate.hand.drag((40, 30), (40, 150))
    ((name, size, _),) = annotate.table.rows()
    assert name == "distance"
    assert size.endswith(" µm")
    assert float(size.split()[0]) == pytest.approx(120, rel=0.05)
    assert isinstance(annotate.sheets.shapes, Shapes)
    assert not annotate.tools["distance"].isChecked(), "the hand comes back"
    assert annotate.sheets.shapes.mode == "pan_zoom"
    image = screen.viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    yellow = np.abs(image - [255, 210, 31]).sum(axis=-1) < 60
    assert yellow.sum() > 100, "the line is not on the canvas"


def test_angles_areas_and_labels(screen: Screen, annotate: Any) -> None:
    # Clicks that end a line or a polygon depend on how quickly the machine takes them: the layer is drawn on instead.
    for kind, corners in (
        ("angle", [(50, 150), (50, 50), (150, 50)]),
        ("area", [(60, 60), (60, 140), (140, 140), (140, 60)]),
    ):
        begin(screen, annotate, kind)
        data = np.array([(6.0, y / 10, x / 10) for y, x in corners])
        annotate.sheets.shapes.add(data, shape_type="path" if kind == "angle" else "polygon")
        screen.wait(lambda: annotate.sheets.shapes.mode == "pan_zoom")
    annotate.text.setText("cortex")
    begin(screen, annotate, "label")
    annotate.hand.click((100, 100))
    rows = annotate.table.rows()
    assert [row[0] for row in rows] == ["angle", "area", "cortex"]
    assert float(rows[0][1].rstrip("°")) == pytest.approx(90, abs=3)
    assert float(rows[1][1].split()[0]) == pytest.approx(6400, rel=0.08)
    assert rows[1][1].endswith("µm²")
    assert isinstance(annotate.sheets.points, Points)


def test_an_angle_of_two_points_is_taken_back_in_words(screen: Screen, annotate: Any) -> None:
    begin(screen, annotate, "angle")
    annotate.sheets.shapes.add(np.array([(6.0, 5, 15), (6.0, 5, 5)]), shape_type="path")
    screen.wait(lambda: "An angle has three points" in annotate.note.text())
    assert annotate.table.rows() == []


def test_an_arrow_gets_its_head_and_keeps_its_colour(screen: Screen, annotate: Any) -> None:
    for kind in ("wrong", "lesion", "distance"):
        begin(screen, annotate, kind)
        annotate.hand.drag((40 if kind == "wrong" else 120, 40), (80, 120))
    layer = annotate.sheets.shapes
    kinds = list(layer.features["kind"])
    assert sorted(kinds) == ["distance", "lesion", "wrong"]
    for kind, colour, data in zip(kinds, layer.edge_color, layer.data, strict=True):
        wanted = [int(COLOURS[kind][n : n + 2], 16) / 255 for n in (1, 3, 5)]
        assert np.allclose(colour[:3], wanted, atol=0.01), f"{kind} has another's colour"
        assert len(data) == (2 if kind == "distance" else 5)


def test_moving_a_mark_measures_it_again(screen: Screen, annotate: Any) -> None:
    begin(screen, annotate, "distance")
    annotate.hand.drag((40, 30), (40, 130))
    layer = annotate.sheets.shapes
    moved = layer.data[0].copy()
    moved[1, 2] = moved[0, 2] + 5
    layer.data = [moved]
    screen.wait(lambda: annotate.table.rows()[0][1] == "50 µm")


def test_arrows_point_at_lost_bone_blue_where_right_and_red_where_wrong(screen: Screen, annotate: Any) -> None:
    series = sample_leg().registered()
    screen.desk.set_series(series)
    voxels = series[2].to_numpy().copy()
    voxels[20:32, 20:60, :45] = 20
    future = as_future(series[2], voxels, 3, Step("forecast", {"model": "made by hand"}))
    screen.desk.set_forecast(summarise([future], week=3, model="made by hand", seed=0, note=""))
    screen.desk.look(3, ahead=True)
    annotate.everywhere.setChecked(True)
    screen.press(annotate.run_bar.run_button)
    screen.wait(lambda: not annotate.run_bar.running)
    marks = annotate.sheets.all()
    assert marks, annotate.run_bar.line.text()
    assert {mark.kind for mark in marks} <= {"lesion", "wrong"}
    assert f"{len(marks)} arrow" in annotate.run_bar.line.text()
    # That side of the bone stays in truth.
    assert any(mark.kind == "wrong" for mark in marks)
    annotate._go_to(len(marks) - 1)
    assert screen.viewer.dims.point[0] == pytest.approx(marks[-1].z_um, abs=16)
    layers = list(screen.viewer.layers)
    assert layers[-1] == annotate.sheets.shapes, "marks lie on top"
    screen.press(annotate.arrows_button)
    assert annotate.sheets.all() == ()


def test_marks_that_were_hidden_when_3d_began_are_seen_with_what_is_added(screen: Screen, annotate: Any) -> None:
    begin(screen, annotate, "distance")
    annotate.hand.drag((40, 30), (40, 130))
    grid, shapes = screen.desk.series.baseline.grid, annotate.sheets.shapes
    shapes.visible = False
    screen.viewer.dims.ndisplay = 3
    arrow = SliceArrow((100.0, 20.0, 20.0), (100.0, 60.0, 60.0), "lesion")
    annotate.sheets.add_arrows([arrow, arrow], grid)
    assert shapes.visible
    assert [mark.kind for mark in annotate.sheets.all()] == ["distance", "lesion", "lesion"]
    screen.viewer.dims.ndisplay = 2
    assert len(annotate.sheets.all()) == 3


def test_without_lesions_it_says_what_is_needed(screen: Screen, annotate: Any) -> None:
    screen.desk.set_week(0)
    screen.press(annotate.run_bar.run_button)
    assert "turn to a later one" in annotate.run_bar.line.text()


def test_marks_stay_on_top_of_what_comes_later(screen: Screen, annotate: Any) -> None:
    begin(screen, annotate, "distance")
    annotate.hand.drag((40, 30), (40, 130))
    screen.viewer.add_image(np.zeros((12, 20, 20)), scale=(10,) * 3, units=("um",) * 3, axis_labels=("z", "y", "x"))
    screen.wait(lambda: screen.viewer.layers[-1] == annotate.sheets.shapes)


def test_the_table_is_saved(screen: Screen, annotate: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(screen, annotate, "distance")
    annotate.hand.drag((40, 30), (40, 150))
    target = tmp_path / "marks.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(target), "CSV (*.csv)")))
    screen.press(annotate.save_button)
    with target.open(encoding="utf-8") as stream:
        (row,) = csv.DictReader(stream)
    assert row["mark"] == "distance"
    assert row["words"].endswith("µm")
    assert float(row["y (µm)"]) == pytest.approx(40, abs=6)


def test_marks_survive_their_dock_and_are_found_again(screen: Screen, annotate: Any) -> None:
    begin(screen, annotate, "distance")
    annotate.hand.drag((40, 30), (40, 150))
    rows = annotate.table.rows()
    screen.viewer.window.remove_dock_widget(annotate)
    again = screen.dock("Annotate")
    assert again.table.rows() == rows
