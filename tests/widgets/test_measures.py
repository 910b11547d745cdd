"""The Measures dock by its buttons: measure, read, click, paint, and see it on the bone."""

import csv
import shlex
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from napari_bonemet.cli.flags import parse
from napari_bonemet.cli.measure import STEPS, Arguments
from napari_bonemet.morphometry.definitions import DEFINITIONS
from napari_bonemet.morphometry.measure import MeasureOptions
from napari_bonemet.scan import Kind
from napari_bonemet.widgets import measures_run
from napari_bonemet.widgets.desk import Leg
from napari_bonemet.widgets.layers import ANY, find_layers, record_of_layer
from napari_bonemet.widgets.measures import MeasuresDock

from .measured import NO_RODS, measure_series, measured

WAIT_MS = 20_000


@pytest.fixture
def dock(make_model, monkeypatch, qtbot):
    monkeypatch.setattr(measures_run, "measure_series", measure_series)
    viewer = make_model()
    made = MeasuresDock(viewer)
    qtbot.addWidget(made)
    made.resize(320, 900)
    made.show()
    return made


@pytest.fixture
def done(dock, qtbot, make_series):
    dock.desk.set_series(make_series(kind=Kind.REGIST))
    press(dock.run_bar, qtbot)
    return dock


def press(bar, qtbot):
    assert bar.run_button.isEnabled()
    QTest.mouseClick(bar.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not bar.running, timeout=WAIT_MS)


def cells(dock, symbol):
    table = dock.result.table
    for row in range(table.rowCount()):
        if table._symbol_at(row) == symbol:
            return row, [table.item(row, column) for column in range(1, table.columnCount())]
    raise AssertionError(f"{symbol} is not in the table")


def click(dock, symbol, column):
    row, _ = cells(dock, symbol)
    dock.result.table.cellClicked.emit(row, column)


def shown(dock, what):
    return [layer for layer in find_layers(dock.viewer, what=what) if layer.visible]


def test_nothing_open_nothing_to_press(dock):
    assert "open a leg" in dock.what.text()
    assert not dock.run_bar.run_button.isEnabled()
    assert dock.result_box.isHidden()
    assert dock.bone_box.isHidden()


def test_what_will_be_measured_is_said_in_words(dock, make_series):
    dock.desk.set_series(make_series(kind=Kind.REGIST))
    assert dock.what.text() == "871 left tibia, registered, weeks 0, 1, 2. Voxels of 10 µm."
    dock.desk.set_series(make_series(kind=Kind.SEG))
    assert "not registered" in dock.what.text()


def test_composites_are_refused_in_words(dock, make_series):
    dock.desk.set_series(make_series(kind=Kind.COMPOSITE))
    QTest.mouseClick(dock.run_bar.run_button, Qt.MouseButton.LeftButton)
    assert "bone is measured on greys" in dock.run_bar.line.text()
    assert not dock.run_bar.running


def test_measure_and_read(done):
    table = done.result.table
    headings = [table.horizontalHeaderItem(column).text() for column in range(table.columnCount())]
    assert headings == ["week", "0", "1", "2"]
    assert [item.text() for item in cells(done, "BV/TV")[1]] == ["30.0", "27.0", "24.0"]
    dash = cells(done, "Tb.BMD")[1][0]
    assert dash.text() == "–"
    assert NO_RODS in dash.toolTip()
    row, _ = cells(done, "BV/TV")
    assert DEFINITIONS["BV/TV"] in table.item(row, 0).toolTip()
    assert done.notes.text() == "The growth plate was not found."
    done.result.show_as.setCurrentIndex(2)
    assert [item.text() for item in cells(done, "BV/TV")[1]] == ["base", "−10.0", "−20.0"]


def test_a_number_goes_to_its_week_and_plots_its_measure(done):
    click(done, "Ct.Ar", 3)
    assert done.desk.week == 2
    assert done.result.symbol == "Ct.Ar"
    assert done.result.plot.values.tolist() == [made.values["Ct.Ar"] for made in done.desk.measures.weeks]
    bold = [done.result.table.horizontalHeaderItem(column).font().bold() for column in (1, 2, 3)]
    assert bold == [False, False, True]


def test_the_plot_goes_to_the_week_and_the_curve_to_the_slice(done):
    click(done, "Ct.Ar", 0)
    axes = done.result.plot.figure.axes[0]
    done.result.plot._clicked(SimpleNamespace(inaxes=axes, xdata=1.1, ydata=0))
    assert done.desk.week == 1
    assert not done.result.along.isHidden()
    curve = done.result.along.values
    assert np.isnan(curve[:2]).all()
    assert np.allclose(curve[2:], done.desk.measures.weeks[1].slices["Ct.Ar"])
    along = done.result.along.figure.axes[0]
    done.result.along._clicked(SimpleNamespace(inaxes=along, xdata=7.2, ydata=0))
    assert done.viewer.dims.point[0] == 70.0
    click(done, "BV/TV", 0)
    assert done.result.along.isHidden(), "a measure of the volume has no slices"


def test_compartments_fold_away_under_their_name(done):
    table = done.result.table
    before = table.rowCount()
    cortical = next(row for row in range(before) if "Cortical" in table.item(row, 0).text())
    table.cellClicked.emit(cortical, 0)
    assert table.rowCount() < before
    assert "▸" in table.item(cortical, 0).text()
    table.copy()
    assert "Ct.Th (mm)" in QGuiApplication.clipboard().text(), "what is folded away is copied, too"
    table.cellClicked.emit(cortical, 0)
    assert table.rowCount() == before


def test_four_weeks_fit_in_320_pixels(dock, qtbot, make_series):
    dock.desk.set_series(make_series((0, 1, 2, 3), kind=Kind.REGIST))
    press(dock.run_bar, qtbot)
    qtbot.wait(50)
    table = dock.result.table
    assert table.horizontalScrollBar().maximum() == 0
    assert table.columnWidth(0) >= 78


def test_pictures_lie_on_the_bone_of_the_week(done, qtbot):
    done.on_bone.choose("Ct.Th")
    qtbot.wait(20)
    (layer,) = shown(done, "Ct.Th, µm")
    record = record_of_layer(layer)
    assert (record["leg"], record["week"]) == ("871 left tibia", 0)
    assert tuple(layer.scale) == (10, 10, 10)
    assert [str(unit) for unit in layer.units] == ["micrometer"] * 3
    assert tuple(layer.axis_labels) == ("z", "y", "x")
    assert layer.colorbar.visible
    assert layer.data.max() == 30
    assert layer.contrast_limits[1] >= 32, "one range for all weeks"
    ring = np.argwhere(done.desk.series.baseline.to_numpy()[6] > 75).min(axis=0)
    assert tuple(layer.translate[1:]) == tuple(10.0 * ring), "cut to what it holds, it lies where it lay"
    done.desk.set_week(2.0)
    assert [record_of_layer(layer)["week"] for layer in shown(done, "Ct.Th, µm")] == [2]
    done.on_bone.choose("nothing")
    assert not shown(done, ANY)[1:], "the week alone"


def test_painted_compartments_are_measured_again(done, qtbot, monkeypatch):
    asked = {}

    def measure_scan(scan, *, options, compartments, keep_maps, progress):
        asked[scan.week] = compartments.labels
        return measured(scan, **{"BV/TV": 99.0})

    monkeypatch.setattr(measures_run, "measure_scan", measure_scan)
    done.desk.set_week(1.0)
    done.on_bone.choose("compartments")
    (layer,) = shown(done, "compartments")
    assert layer.features["compartment"].tolist() == ["outside", "cortex", "trabecular"]
    assert done.on_bone.painted_bar.isHidden()
    layer.data_setitem((np.array([6]), np.array([1]), np.array([1])), 2)
    assert not done.on_bone.painted_bar.isHidden()
    assert done.desk.measures.weeks[2].labels.voxels[6, 1, 1] == 0, "no other week is painted"
    press(done.on_bone.painted_bar, qtbot)
    assert shown(done, "compartments") == [layer], "it is filled anew, not replaced"
    assert list(asked) == [1]
    assert asked[1][6, 1, 1] == 2
    assert [item.text() for item in cells(done, "BV/TV")[1]] == ["30.0", "99.0", "24.0"]
    assert "painted by hand in week 1" in done.result.whose.text()


def test_compartments_that_weeks_share_are_painted_for_all(done, qtbot, monkeypatch):
    asked = {}

    def measure_scan(scan, *, options, compartments, keep_maps, progress):
        asked[scan.week] = compartments.labels
        return measured(scan)

    monkeypatch.setattr(measures_run, "measure_scan", measure_scan)
    one = done.desk.measures.weeks[0].labels
    weeks = tuple(replace(week, labels=replace(week.scan, voxels=one.voxels)) for week in done.desk.measures.weeks)
    done.desk.set_measures(replace(done.desk.measures, weeks=weeks))
    done.desk.set_week(1.0)
    done.on_bone.choose("compartments")
    (layer,) = shown(done, "compartments")
    layer.data_setitem((np.array([6]), np.array([1]), np.array([1])), 2)
    press(done.on_bone.painted_bar, qtbot)
    assert list(asked) == [0, 1, 2]
    assert all(labels[6, 1, 1] == 2 for labels in asked.values())


def test_measures_go_with_the_leg(done, make_series):
    done.on_bone.choose("compartments")
    done.desk.set_series(make_series(subject="872"))
    assert done.desk.measures is None
    assert done.result_box.isHidden()
    assert not find_layers(done.viewer, what="compartments")


def test_other_weeks_meanwhile_drop_the_result(dock, qtbot, make_series, monkeypatch):
    def slow(series, **others):
        qtbot.wait(1)
        return measure_series(series, **others)

    dock.desk.set_series(make_series(kind=Kind.REGIST))
    monkeypatch.setattr(measures_run, "measure_series", measure_series)
    QTest.mouseClick(dock.run_bar.run_button, Qt.MouseButton.LeftButton)
    dock.desk.set_series(make_series(kind=Kind.REGIST, subject="872"))
    qtbot.waitUntil(lambda: not dock.run_bar.running, timeout=WAIT_MS)
    assert dock.desk.measures is None
    assert "was dropped" in dock.run_bar.line.text()


def test_the_cohort_is_drawn_around_the_leg(done, qtbot, tmp_path):
    table = tmp_path / "cohort.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Mouse", "Side", "Week", "Tumour", "BV/TV (%)"])
        writer.writerows(
            [a, "left", w, "yes" if a > 873 else "no", 30 - w + a - 871] for a in range(871, 877) for w in (0, 1)
        )
    done.cohort.add(table)
    qtbot.waitUntil(lambda: not done.cohort.bar.running, timeout=WAIT_MS)
    assert done.cohort.by.currentText() == "mean and SD by tumour"
    assert "6 animals" in done.cohort.said.text()
    words = [text.get_text() for text in done.result.plot.figure.legends[0].get_texts()]
    assert words == ["871 left tibia", "no tumour (3 legs)", "tumour (3 legs)"]
    click(done, "Ct.Ar", 0)
    assert not done.result.plot.figure.legends, "the table knows nothing of this measure"
    done.cohort.clear()
    assert done.cohort.by.isHidden()


def test_a_table_without_animals_is_told(done, qtbot, tmp_path):
    table = tmp_path / "wrong.csv"
    table.write_text("a,b\n1,2\n")
    done.cohort.add(table)
    qtbot.waitUntil(lambda: not done.cohort.bar.running, timeout=WAIT_MS)
    assert "no row that names its columns" in done.cohort.bar.line.text()
    assert done.cohort.rows == ()


def test_tables_are_saved(done, qtbot, tmp_path, monkeypatch):
    actions = {action.text(): action for action in done.result.export.menu().actions()}
    for words, name in (
        ("Save a row per week (CSV)…", "wide.csv"),
        ("Save in long form for R and Prism (CSV)…", "long.csv"),
        ("Save a report (text)…", "report.txt"),
    ):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *_, at=tmp_path / name: (str(at), "")))
        actions[words].trigger()
        qtbot.waitUntil(lambda: not done.exports.bar.running, timeout=WAIT_MS)
    with (tmp_path / "wide.csv").open(encoding="utf-8") as file:
        wide = list(csv.DictReader(file))
    assert [float(row["BV/TV (%)"]) for row in wide] == [30, 27, 24]
    with (tmp_path / "long.csv").open(encoding="utf-8") as file:
        long = [row for row in csv.DictReader(file) if row["measure"] == "BV/TV"]
    assert [float(row["value"]) for row in long] == [30, 27, 24]
    assert float(long[2]["change_percent"]) == pytest.approx(-20)
    report = (tmp_path / "report.txt").read_text(encoding="utf-8")
    assert "BV/TV,24,%,-6" in report
    assert NO_RODS in report


def test_the_command_names_folder_and_options(dock, make_series, tmp_path):
    series = make_series(kind=Kind.REGIST)
    dock.desk.set_series(series, Leg(series=series, folder=tmp_path))
    dock.form.fields["bone_threshold"].value = 80
    dock.form.fields["thickness_convention"].value = "bonej"
    dock.form.fields["slope"].value, dock.form.fields["intercept"].value = 5, -100
    assert dock.form.options().cortical.thickness_convention == "bonej", "asked once, as there is one flag"
    dock.copy_button.click()
    command = shlex.split(QGuiApplication.clipboard().text())
    assert command[:5] == ["napari-bonemet", "measure", str(tmp_path), "--out", "measures.csv"]
    _, chosen = parse(Arguments, STEPS, command[2:], name="measure", about="")
    assert chosen(MeasureOptions) == dock.form.options()


def test_a_calibration_by_halves_is_told(dock, make_series, qtbot):
    dock.desk.set_series(make_series(kind=Kind.REGIST))
    dock.form.fields["slope"].value = 5
    press(dock.run_bar, qtbot)
    assert "given by halves" in dock.run_bar.line.text()
    assert dock.desk.measures is None
