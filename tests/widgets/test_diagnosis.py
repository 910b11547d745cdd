"""The Diagnosis dock by its buttons: classify, read, click, and be where the lesion is."""

from types import SimpleNamespace

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtTest import QTest

from napari_bonemet.diagnose.diagnosis import Diagnosis
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import summarise
from napari_bonemet.progress import NO_PROGRESS
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind
from napari_bonemet.widgets.desk import Leg
from napari_bonemet.widgets.diagnosis import run as diagnosis_run
from napari_bonemet.widgets.diagnosis.dock import DiagnosisDock
from napari_bonemet.widgets.layers import add_scan, find_layers


class HoleFinder:
    """Takes bone that is missing from the far wall for a lesion, slice by slice; composites it refuses."""

    options = ClassifierOptions()

    def classify(self, scan, *, earlier=(), progress=NO_PROGRESS):
        assert not earlier, "it sees single weeks"
        if scan.kind == Kind.COMPOSITE:
            raise InputError("lesion-slices was trained on another kind of scan", expected="grey", found="composite")
        progress.advance(0.5)
        per_slice = 1 - (scan.to_numpy()[:, 14:] > 75).sum(axis=(1, 2)) / 36.0
        per_slice = 0.9 * np.clip(per_slice - np.arange(len(per_slice)) * 0.001, 0, 1)
        return Diagnosis(
            subject=scan.subject,
            side=scan.side,
            week=scan.week,
            model="lesion-slices",
            probability=float(per_slice.max()),
            per_slice=per_slice,
            slice_index=int(per_slice.argmax()),
            synthetic=False,
            trained_on_synthetic=True,
            note="Research use; trained on synthetic legs",
        )


@pytest.fixture
def dock(make_napari_viewer, monkeypatch, qtbot):
    monkeypatch.setattr(diagnosis_run, "classifier_for", lambda _: HoleFinder())
    viewer = make_napari_viewer()
    made = DiagnosisDock(viewer)
    qtbot.addWidget(made)
    made.resize(320, 800)
    made.show()
    return made


def classify(dock, qtbot):
    QTest.mouseClick(dock.run_bar.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dock.run_bar.running, timeout=20_000)


def with_forecast(dock, series, week=2.0):
    last = series.at_week(1)
    voxels = last.to_numpy().copy()
    voxels[2:10, 14:] = 20
    samples = [
        last.with_voxels(voxels, step=Step("sample"), kind=Kind.PREDICTION),
        last.with_voxels(last.to_numpy(), step=Step("sample"), kind=Kind.PREDICTION),
    ]
    forecast = summarise(samples, week=week, model="some")
    object.__setattr__(forecast.mean, "day", week * 7)
    dock.desk.set_forecast(forecast)
    add_scan(dock.viewer, forecast.mean)
    return forecast


def at(dock):
    """The slice that the canvas shows, in voxels of the week on it."""
    return round(dock.desk.shown.baseline.grid.to_index((dock.viewer.dims.point[0], 0, 0))[0])


def test_nothing_open_nothing_to_press(dock):
    assert "Open a leg" in dock.note.text()
    assert not dock.run_bar.run_button.isEnabled()
    assert dock.result.isHidden()


def test_classify_read_and_go(dock, qtbot, make_series):
    dock.desk.set_series(make_series(kind=Kind.REGIST))
    classify(dock, qtbot)
    table = dock.table.rows()
    assert [row[0] for row in table] == ["0", "1", "2"]
    assert [row[2] for row in table] == ["none", "lesion", "lesion"]
    assert not dock.result.isHidden()
    assert "synthetic legs" in dock.model.text()
    assert "Research use" in dock.model.text()
    assert dock.plot.values.shape == (12,)

    dock.table.cellClicked.emit(2, 0)
    assert dock.desk.week == 2
    assert at(dock) == int(table[2][3]) == 4
    assert dock.plot.values[4] == dock.volumes[2].diagnosis.probability
    (layer,) = [layer for layer in find_layers(dock.viewer, kind="regist") if layer.visible]
    assert layer.metadata["bonemet"]["week"] == 2

    dock.desk.set_week(0.0)
    assert dock.plot.values.max() < 0.5, "the plot follows the week navigator"
    assert {index.row() for index in dock.table.selectedIndexes()} == {0}


def test_a_click_near_a_thin_curve_goes_to_its_week(dock, qtbot, make_series):
    dock.desk.set_series(make_series(kind=Kind.REGIST))
    classify(dock, qtbot)
    axes = dock.plot.figure.axes[0]
    dock.plot.draw()
    tall = dock.volumes[2].curve(12)[4]
    x, y = axes.transData.transform((4.2, tall))
    size = dock.plot.size()
    scale = dock.plot.devicePixelRatioF()
    QTest.mouseClick(dock.plot, Qt.MouseButton.LeftButton, pos=_point(x / scale, size.height() - y / scale))
    assert dock.desk.week == 2
    assert at(dock) == 4
    # On the chosen curve, where others lie just as near, the week stays.
    quiet = dock.volumes[2].curve(12)[1]
    x, y = axes.transData.transform((1, quiet))
    QTest.mouseClick(dock.plot, Qt.MouseButton.LeftButton, pos=_point(x / scale, size.height() - y / scale))
    assert dock.desk.week == 2
    assert at(dock) == 1


def _point(x, y):
    from qtpy.QtCore import QPoint

    return QPoint(round(x), round(y))


def test_the_forecast_has_a_row_and_its_samples_a_range(dock, qtbot, make_series):
    series = make_series(kind=Kind.REGIST)
    dock.desk.set_series(series)
    assert dock.with_forecast.isHidden()
    with_forecast(dock, series)
    assert not dock.with_forecast.isHidden()
    classify(dock, qtbot)
    assert dock.table.rows()[-1][0] == "2 pred."
    assert "over the samples (0." in dock.forecast_line.text()
    assert "bone lesion in 2 of 2" in dock.forecast_line.text()

    dock.table.cellClicked.emit(3, 1)
    assert dock.desk.week == 2
    (predicted,) = find_layers(dock.viewer, kind="prediction")
    assert predicted.visible
    assert dock.desk.ahead
    assert dock.plot.figure.axes[0].collections, "the samples' range is drawn"
    dock.table.cellClicked.emit(2, 1)
    assert not predicted.visible, "the forecast would lie on the week that was asked for"
    assert (dock.desk.week, dock.desk.ahead) == (2, False), "the strip marks what is seen"

    dock.with_forecast.setChecked(False)
    classify(dock, qtbot)
    assert len(dock.table.rows()) == 3
    assert dock.forecast_line.isHidden()


def test_what_was_said_goes_with_what_it_was_said_of(dock, qtbot, make_series):
    series = make_series(kind=Kind.REGIST)
    dock.desk.set_series(series)
    with_forecast(dock, series)
    classify(dock, qtbot)
    dock.desk.set_forecast(None)
    assert [row[0] for row in dock.table.rows()] == ["0", "1", "2"]
    dock.desk.set_roi(SimpleNamespace(series=series.crop((slice(2, 8), slice(None), slice(None)))))
    assert dock.result.isHidden()
    assert dock.desk.diagnoses is None


def test_only_the_week_shown(dock, qtbot, make_series):
    dock.desk.set_series(make_series(kind=Kind.REGIST))
    dock.desk.set_week(1.0)
    dock.weeks.setCurrentIndex(1)
    classify(dock, qtbot)
    assert [row[0] for row in dock.table.rows()] == ["1"]
    dock.desk.set_week(2.0)
    assert dock.plot.values.shape == (12,)


def test_composites_are_refused_in_words(dock, qtbot, make_series):
    dock.desk.set_series(make_series(kind=Kind.COMPOSITE))
    assert "grey scans" in dock.note.text()
    classify(dock, qtbot)
    assert "trained on another kind of scan" in dock.run_bar.line.text()
    assert dock.desk.diagnoses is None
    assert dock.result.isHidden()


def test_weeks_on_grids_of_their_own_are_gone_to_where_they_lie(dock, qtbot, make_series):
    weeks = make_series()
    moved = weeks[2].pad((3, 0, 0), (0, 0, 0), 20)
    dock.desk.set_series(type(weeks)((weeks[0], weeks[1], moved)))
    classify(dock, qtbot)
    dock.go_to(2, 7)
    assert dock.viewer.dims.point[0] == pytest.approx(40.0)
    assert dock.plot.values.shape == (15,)


def test_the_command_names_folder_checkpoint_and_device(dock, make_series, tmp_path):
    series = make_series(kind=Kind.REGIST)
    dock.desk.set_series(series)
    dock.copy_button.click()
    assert "lie in no folder" in dock.run_bar.line.text()
    dock.desk.set_series(series, Leg(series=series, folder=tmp_path))
    dock.form.fields["device"].value = "cpu"
    dock.copy_button.click()
    command = QGuiApplication.clipboard().text()
    assert command == f"napari-bonemet classify --data {tmp_path} --out diagnosis.csv --device cpu"
    dock.form.fields["checkpoint"].value = tmp_path / "own.safetensors"
    dock.desk.set_roi(SimpleNamespace(series=series, first_slice=2, last_slice=7))
    dock.copy_button.click()
    assert QGuiApplication.clipboard().text() == (
        f"napari-bonemet roi {tmp_path} --out region --first-slice 2 --slices 6 && napari-bonemet classify "
        f"--data region --out diagnosis.csv --checkpoint {tmp_path / 'own.safetensors'} --device cpu"
    )
