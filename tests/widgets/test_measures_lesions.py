"""Lesions in the Measures dock: listed, flown to in slices and in 3D, saved."""

import csv
import shlex

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from napari_bonemet.cli.flags import parse
from napari_bonemet.cli.remodel import STEPS, Arguments
from napari_bonemet.morphometry.change.remodelling_result import Change, Remodelling
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind
from napari_bonemet.study.remodelling import RemodelOptions
from napari_bonemet.widgets import measures
from napari_bonemet.widgets.desk import Leg
from napari_bonemet.widgets.layers import find_layers, record_of_layer
from napari_bonemet.widgets.measures import MeasuresDock
from napari_bonemet.widgets.measures_lesion_list import LesionLine, Seen, lesion_rows, said_of, story
from napari_bonemet.widgets.measures_lesion_run import LegLesions, remodelling_as

WAIT_MS = 20_000
GROWING = LesionLine(
    1, {1.0: Seen(0.001, (60.0, 100.0, 30.0), 0.06), 2.0: Seen(0.004, (60.0, 110.0, 40.0), 0.06, 0.003, 2, 0.0003)}
)
LATE = LesionLine(2, {2.0: Seen(0.0005, (90.0, 40.0, 150.0), 0.09)}, "merged with lesion 1 in week 3")

WHOLE = Change(2.0, 0.1, 0.3, 10.0, 1.0, 2.0, 0.1, 0.2, 14)
CHANGED = Remodelling(None, 0.0, 2.0, 14, WHOLE, {"cortex": Change(1.0, 0, 0.5, 0, 0, 0, 0, 0, 14)}, {})


def found_in(series, options, labels, progress):
    """Two lesions; their numbers in the voxels of each week."""
    labels = {}
    for scan in series:
        voxels = np.zeros(scan.shape, np.uint8)
        for lesion in (GROWING, LATE):
            if scan.week in lesion.weeks:
                z, y, x = (int(um / 10) for um in lesion.weeks[scan.week].centre_um)
                voxels[z - 1 : z + 2, y - 1 : y + 2, x - 1 : x + 2] = lesion.number
        labels[scan.week] = scan.with_voxels(voxels, step=Step("lesions"))
    progress.advance(1.0)
    rows = [{"animal": series.baseline.subject, "lesion": 1, "week": week} for week in GROWING.weeks]
    return LegLesions(
        series.weeks,
        (GROWING, LATE),
        labels,
        remodelling=(CHANGED,),
        tables={"lesions": rows},
        notes=("no growth plate was found",),
    )


@pytest.fixture
def dock(make_model, monkeypatch, qtbot, make_series):
    monkeypatch.setattr(measures, "find_in", found_in)
    made = MeasuresDock(make_model())
    qtbot.addWidget(made)
    made.resize(320, 900)
    made.show()
    made.desk.set_series(make_series(kind=Kind.REGIST))
    return made


@pytest.fixture
def done(dock, qtbot):
    find(dock, qtbot)
    return dock


def find(dock, qtbot):
    bar = dock.lesions.run_bar
    QTest.mouseClick(bar.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not bar.running, timeout=WAIT_MS)


def choose(dock, qtbot, row):
    dock.lesions.table.cellClicked.emit(row, 0)
    qtbot.waitUntil(lambda: not dock.flight.flying, timeout=WAIT_MS)


def test_lesions_need_registered_weeks(dock, qtbot, make_series):
    dock.desk.set_series(make_series(kind=Kind.SEG))
    find(dock, qtbot)
    assert "Register the weeks first" in dock.lesions.run_bar.line.text()
    dock.desk.set_series(make_series((0,), kind=Kind.REGIST))
    find(dock, qtbot)
    assert "two weeks or more" in dock.lesions.run_bar.line.text()
    assert dock.desk.lesions is None


def test_remodelling_is_told_and_by_compartment(done):
    assert done.lesions.changes.rows() == [["2", "5.0", "15.0", "10.0", "20.0"]]
    tip = done.lesions.changes.item(0, 1).toolTip()
    assert "cortex: MV/BV 0.0 %, EV/BV 50.0 %, MS/BS – %" in tip
    assert "since week 0" in done.lesions.since.text()


def test_the_list_follows_the_week(done):
    assert done.lesions.said.text() == (
        "2 lesions in week 2: 0.0045 mm³ lost, 2 holes through the cortex. No growth plate was found."
    )
    done.desk.set_week(2.0)
    assert done.lesions.table.rows() == [
        ["1", "1", "0.0040", "+0.0030", "0.06", "2"],
        ["2", "2", "0.0005", "–", "0.09", "0"],
    ]
    done.desk.set_week(1.0)
    assert done.lesions.table.rows()[1] == ["2", "2", "–", "–", "0.09", "–"]


def test_the_camera_flies_to_the_slice_and_the_place(done, qtbot):
    assert done.desk.week == 0
    choose(done, qtbot, 1)
    assert done.desk.week == 2, "the lesion is not there yet in week 0"
    assert done.viewer.dims.point[0] == 90.0
    assert done.viewer.scene.camera.center[-2:] == pytest.approx((40.0, 150.0))
    layers = [layer for layer in find_layers(done.viewer, what="lesions") if layer.visible]
    assert [record_of_layer(layer)["week"] for layer in layers] == [2]
    assert layers[0].data[9, 4, 15] == 2
    assert tuple(layers[0].scale) == (10, 10, 10)
    assert "Merged with lesion 1" in done.lesions.story.text()
    assert done.lesions.plot.values.tolist() == [0, 0, 0.0005]


def test_the_flight_is_a_path_and_comes_closer(done, qtbot):
    camera = done.viewer.scene.camera
    camera.zoom = 0.1
    places = []
    camera.events.center.connect(lambda _: places.append(camera.center[-1]))
    choose(done, qtbot, 0)
    assert len(set(places)) > 5
    assert camera.zoom > 0.1
    camera.zoom = 50.0
    choose(done, qtbot, 1)
    assert camera.zoom == 50.0, "nobody is taken further away"


def test_in_3d_the_camera_goes_around_the_lesion(done, qtbot):
    done.viewer.dims.ndisplay = 3
    choose(done, qtbot, 0)
    assert done.desk.week == 2
    assert done.viewer.scene.camera.center == pytest.approx((60.0, 110.0, 40.0))


def test_lesions_go_with_the_leg(done, make_series):
    done.desk.set_series(make_series(kind=Kind.REGIST, subject="872"))
    assert done.desk.lesions is None
    assert done.lesions.table.isHidden()
    assert not find_layers(done.viewer, what="lesions")


def test_the_table_is_saved_week_by_week(done, qtbot, tmp_path, monkeypatch):
    at = tmp_path / "lesions.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_: (str(at), "")))
    done.lesions.save_button.menu().actions()[0].trigger()
    qtbot.waitUntil(lambda: not done.lesions.saver.running, timeout=WAIT_MS)
    with at.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["animal"], row["lesion"], row["week"]) for row in rows] == [("871", "1", "1.0"), ("871", "1", "2.0")]


def test_the_command_does_the_same(dock, make_series, tmp_path):
    series = make_series(kind=Kind.REGIST)
    dock.desk.set_series(series, Leg(series=series, folder=tmp_path))
    dock.form.fields["bone_threshold"].value = 80
    dock.copy_lesions.click()
    command = shlex.split(QGuiApplication.clipboard().text())
    assert command[:3] == ["napari-bonemet", "remodel", str(tmp_path)]
    _, chosen = parse(Arguments, STEPS, command[2:], name="remodel", about="")
    made = chosen(RemodelOptions)
    assert made == remodelling_as(dock.form.options())
    assert made.composite.bone_threshold == made.lesions.bone_threshold == 80


def test_words_of_a_lesion():
    assert (
        story(GROWING)
        == "Lesion 1: 0.0010 mm³ in week 1, 0.0040 mm³ in week 2; 2 holes through the cortex, 0.0003 mm²."
    )
    assert story(LATE).endswith("no hole through the cortex. Merged with lesion 1 in week 3.")
    assert said_of((), (0, 1)).startswith("No lesion")
    assert lesion_rows((GROWING,), None)[0][2] == "–"
    assert GROWING.size_um(2.0) == pytest.approx(196.9, abs=0.1)
