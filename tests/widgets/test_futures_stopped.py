"""The Futures dock when it is stopped, runs out of memory, or is given what cannot be forecast."""

import threading
from pathlib import Path

import pytest

from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.futures_layers import MEAN, SAMPLE
from napari_bonemet.widgets.layers import ANY, find_layers, record_of_layer

from .futures_screen import Holes, Make, Screen


def test_cancel_keeps_what_is_drawn_and_says_so(screen: Screen, holes: Holes) -> None:
    dock, canvas = screen.futures, screen.futures.canvas
    holes.may = threading.Semaphore(2)
    screen.press(dock.run_bar.run_button)
    screen.wait(lambda: canvas.layers.drawn is not None and canvas.layers.drawn.count == 2)
    screen.press(dock.run_bar.cancel_button)
    screen.finish()
    assert dock.run_bar.line.text() == (
        "Stopped. 2 of 6 samples are drawn and stay on the canvas; no forecast was recorded."
    )
    assert canvas.state.text() == "Stopped: 2 of 6 samples are drawn."
    assert screen.desk.forecast is None
    assert screen.layer(MEAN).name.endswith("mean of 2, 6 asked")
    assert record_of_layer(screen.layer(MEAN))["drawn"] == 2
    screen.press(canvas.back)
    assert canvas.count.text() == "1 of 6"
    assert dock.table.isHidden()
    # Drawn again, all of them.
    holes.may = threading.Semaphore(1000)
    screen.draw()
    assert len(screen.desk.forecast.samples) == 6
    assert canvas.state.isHidden()
    assert len(find_layers(screen.viewer, kind="prediction", what=ANY)) == 3


def test_cancel_before_the_first_sample_changes_nothing(screen: Screen, holes: Holes) -> None:
    screen.draw()
    before = screen.desk.forecast
    holes.may = threading.Semaphore(0)
    screen.press(screen.futures.run_bar.run_button)
    screen.wait(lambda: "forecasting week 3" in screen.futures.run_bar.line.text())
    screen.press(screen.futures.run_bar.cancel_button)
    screen.finish()
    assert screen.futures.run_bar.line.text() == "Stopped; nothing was changed."
    assert screen.desk.forecast is before
    assert screen.layer(SAMPLE).visible


def test_memory_that_runs_out_keeps_what_is_drawn(screen: Screen, holes: Holes) -> None:
    holes.fail_at = 3
    screen.draw()
    line = screen.futures.run_bar.line.text()
    assert "not enough memory" in line
    assert "3 of 6 samples are drawn and stay on the canvas" in line
    assert screen.desk.forecast is None
    assert screen.layer(SAMPLE).visible


@pytest.mark.slow
def test_other_weeks_on_the_table_take_the_futures_away(screen: Screen, holes: Holes, make_series: Make) -> None:
    canvas = screen.futures.canvas
    holes.may = threading.Semaphore(1)
    screen.press(screen.futures.run_bar.run_button)
    screen.wait(lambda: canvas.layers.drawn is not None and not canvas.layers.busy)
    screen.desk.set_series(make_series((0, 1, 2, 3), kind=Kind.REGIST))
    assert not find_layers(screen.viewer, kind="prediction", what=ANY)
    assert not find_layers(screen.viewer, kind="uncertainty", what=ANY)
    assert canvas.isHidden()
    for _ in range(5):
        holes.may.release()
    screen.finish()
    assert "was dropped" in screen.futures.run_bar.line.text()
    assert not find_layers(screen.viewer, kind="prediction", what=ANY)
    assert screen.desk.forecast is None


def test_what_cannot_be_forecast_is_told_in_words(screen: Screen, holes: Holes, make_series: Make) -> None:
    dock = screen.futures

    def told() -> str:
        screen.draw()
        assert screen.desk.forecast is None
        return str(dock.run_bar.line.text())

    screen.choose(device="mps")
    assert "The device 'mps' is not there: expected" in told()
    screen.choose(device="auto")
    dock.week.setValue(2)
    assert told().startswith("tvae-gate cannot forecast week 2 of 871 left tibia: expected scans of weeks -1, 0, 1;")
    screen.choose(model="checkpoint")
    assert not dock.form.fields["checkpoint"].native.isHidden()
    assert "There is no checkpoint to forecast with" in told()
    screen.choose(checkpoint=Path(__file__))
    assert Path(__file__).name in told()
    screen.choose(model="tvae-gate")
    assert dock.form.fields["checkpoint"].native.isHidden()
    composite = [scan.with_voxels(scan.voxels, step=Step("x"), kind=Kind.COMPOSITE) for scan in screen.series]
    screen.desk.set_series(ScanSeries(tuple(composite)))
    assert "composites" in dock.note.text()
    assert not dock.run_bar.run_button.isEnabled()
    screen.desk.set_series(make_series((0, 1, 2)))
    assert "Register the weeks first" in dock.note.text()
