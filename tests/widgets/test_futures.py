"""The Futures dock by its buttons: samples one by one, what they say together, Cancel, errors, the command."""

import shlex
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton

from napari_bonemet.cli import main
from napari_bonemet.forecast import registry
from napari_bonemet.forecast.checkpoint import Checkpoint, save_checkpoint
from napari_bonemet.forecast.copying import CopyLastWeek
from napari_bonemet.forecast.forecaster import Forecast, as_future, before, summarise
from napari_bonemet.forecast.output import read_forecast
from napari_bonemet.forecast.patches import inputs_for
from napari_bonemet.io import write_series
from napari_bonemet.metrics.lesions import newly_lost_bone
from napari_bonemet.progress import NO_PROGRESS, Progress, report
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.desk import Leg
from napari_bonemet.widgets.futures_layers import LOSS, MEAN, PROBABILITY, SAMPLE, SPREAD
from napari_bonemet.widgets.layers import ANY, find_layers, record_of_layer

WAIT_MS = 120_000
PLUGIN = "napari-bonemet"
Make = Callable[..., ScanSeries]


@dataclass
class Holes:
    """Draws futures of its own making: last week with a hole that the seed places; waits before each until it may."""

    name: str = "tvae-gate"
    deterministic: bool = False
    may: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(1000))
    fail_at: int | None = None
    device: str = "cpu"

    def on(self, device: str) -> "Holes":
        self.device = device
        return self

    def predict(
        self, seen: ScanSeries, week: float, *, samples: int = 1, seed: int = 0, progress: Progress = NO_PROGRESS
    ) -> Forecast:
        last = inputs_for(before(seen, week), week, 3, 1.0, self.name)[-1]
        drawn: list[Scan] = []
        for number in range(samples):
            while not self.may.acquire(timeout=0.02):
                progress.check()
            if number == self.fail_at:
                raise RuntimeError("CUDA out of memory")
            rng = np.random.default_rng([seed, number])
            voxels = last.to_numpy().copy()
            z, size = int(rng.integers(2, 8)), int(rng.integers(3, 5))
            voxels[z : z + size, :8, :] = 20
            progress.advance(number / samples)
            drawn.append(as_future(last, voxels, week, Step("forecast", {"sample": number})))
            report(progress, drawn[-1])
        return summarise(drawn, week=week, model=self.name, seed=seed, note="Model samples, not confidence")


class Screen:
    """A napari window with the Futures dock, and weeks on its desk."""

    def __init__(self, viewer: Any, qtbot: Any, series: ScanSeries) -> None:
        self.viewer, self.qtbot, self.series = viewer, qtbot, series
        self.futures = self.dock("Futures")
        self.desk = self.futures.desk
        self.desk.set_series(series)

    def dock(self, name: str) -> Any:
        return self.viewer.window.add_plugin_dock_widget(PLUGIN, name)[1]

    def press(self, button: QAbstractButton) -> None:
        assert button.isEnabled(), f"{button.text()!r} is disabled"
        assert not button.isHidden(), f"{button.text()!r} is hidden"
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def wait(self, ready: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(ready, timeout=WAIT_MS)

    def finish(self) -> None:
        layers = self.futures.canvas.layers
        self.wait(lambda: not self.futures.run_bar.running and not layers.busy)

    def draw(self) -> None:
        self.press(self.futures.run_bar.run_button)
        self.finish()

    def layer(self, role: str) -> Any:
        return self.futures.canvas.layers.layer(role)

    def choose(self, **options: Any) -> None:
        for name, value in options.items():
            self.futures.form.fields[name].value = value

    def over(self, name: str) -> None:
        combo = self.futures.canvas.overlay
        combo.setCurrentIndex(combo.findData(name))
        combo.activated.emit(combo.currentIndex())


@pytest.fixture
def holes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Holes]:
    registry.forecaster_names()
    model = Holes()
    monkeypatch.setitem(registry.FORECASTERS, "tvae-gate", lambda: model)
    yield model
    for _ in range(100):
        model.may.release()


@pytest.fixture
def screen(make_napari_viewer: Callable[..., Any], qtbot: Any, make_series: Make, holes: Holes) -> Screen:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1000, 700)
    made = Screen(viewer, qtbot, make_series((0, 1, 2, 3), kind=Kind.REGIST))
    made.choose(perceptual=False)
    return made


def truly_lost(screen: Screen, voxels: np.ndarray) -> np.ndarray:
    return newly_lost_bone(voxels > 75, screen.series.at_week(2).to_numpy() > 75, opening=1)


def test_samples_appear_as_they_are_drawn_and_maps_refine(screen: Screen, holes: Holes) -> None:
    dock, canvas = screen.futures, screen.futures.canvas
    assert (dock.form.fields["model"].value, dock.form.fields["samples"].value) == ("tvae-gate", 6)
    assert "synthetic" in dock.about.text()
    assert "not confidence" in dock.about.text()
    assert dock.week.currentText() == "week 3"
    holes.may = threading.Semaphore(0)
    screen.choose(samples=3, seed=4)
    screen.press(dock.run_bar.run_button)
    means = []
    for number in range(1, 4):
        assert screen.desk.forecast is None
        holes.may.release()
        if number < 3:
            screen.wait(lambda n=number: canvas.layers.drawn is not None and canvas.layers.drawn.count == n)
            screen.wait(lambda: not canvas.layers.busy)
            assert dock.run_bar.running
            assert canvas.count.text() == f"{number} of 3"
            assert canvas.state.text() == f"{number} of 3 samples are drawn."
            assert screen.layer(SAMPLE).visible
            assert f"sample {number} of 3" in screen.layer(SAMPLE).name
            assert f"share of {number}, 3 asked" in screen.layer(PROBABILITY).name
            shares = np.unique(screen.layer(PROBABILITY).data * number)
            assert np.allclose(shares, np.rint(shares), atol=1e-5), "shares of the samples so far"
            means.append(screen.layer(MEAN).data)
    screen.finish()
    forecast = screen.desk.forecast
    assert forecast is not None
    assert len(forecast.samples) == 3
    assert forecast.seed == 4
    assert canvas.state.isHidden()
    means.append(screen.layer(MEAN).data)
    stack = np.stack([sample.to_numpy() for sample in forecast.samples]).astype(float)
    for number, mean in enumerate(means, start=1):
        np.testing.assert_allclose(mean, stack[:number].mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(screen.layer(SPREAD).data, stack.std(axis=0), atol=1e-3)
    np.testing.assert_allclose(screen.layer(PROBABILITY).data, (stack > 75).mean(axis=0), atol=1e-6)
    lost = np.mean([truly_lost(screen, sample) for sample in stack], axis=0)
    np.testing.assert_allclose(screen.layer(LOSS).data, lost, atol=1e-6)
    assert lost.any()


def test_one_layer_leafs_through_the_samples(screen: Screen) -> None:
    screen.draw()
    canvas, forecast = screen.futures.canvas, screen.desk.forecast
    assert len(find_layers(screen.viewer, kind="prediction", what="sample")) == 1
    assert canvas.count.text() == "6 of 6"
    assert not canvas.on.isEnabled()
    for at in (4, 3):
        screen.press(canvas.back)
        layer = screen.layer(SAMPLE)
        assert np.array_equal(layer.data, forecast.samples[at].to_numpy())
        assert canvas.count.text() == f"{at + 1} of 6"
        record = record_of_layer(layer)
        assert (record["sample"], record["seed"], record["model"]) == (at, 0, "tvae-gate")
        assert record["history"][-1]["parameters"] == {"sample": at}
    canvas.slider.setValue(0)
    assert np.array_equal(screen.layer(SAMPLE).data, forecast.samples[0].to_numpy())
    assert not canvas.back.isEnabled()


def test_what_is_seen_is_chosen_in_the_dock(screen: Screen) -> None:
    screen.draw()
    canvas, viewer = screen.futures.canvas, screen.viewer

    def seen() -> list[str]:
        return [layer.name.split("week 3, ")[-1] for layer in viewer.layers if layer.visible][1:]

    assert seen() == ["sample 6 of 6", "lost, share of 6"]
    screen.press(canvas.bases["mean"])
    screen.over(PROBABILITY)
    assert seen() == ["mean of 6", "bone, share of 6"]
    layer = screen.layer(PROBABILITY)
    assert tuple(layer.contrast_limits) == (0, 1)
    assert layer.colorbar.visible
    assert (canvas.legend.low.text(), canvas.legend.high.text()) == ("0", "1")
    assert canvas.legend.caption.text() == "share of 6 samples that is bone"
    screen.over(SPREAD)
    assert canvas.legend.caption.text() == "grey values: standard deviation over 6 samples"
    assert float(canvas.legend.high.text()) == pytest.approx(screen.layer(SPREAD).data.max(), rel=0.01)
    screen.press(canvas.bases["copied"])
    screen.over("nothing")
    assert seen() == ["last week copied"]
    assert canvas.legend.isHidden()
    screen.desk.set_week(1)
    screen.press(canvas.bases["true"])
    assert [layer.name for layer in viewer.layers if layer.visible] == ["871 left tibia, registered, week 3"]
    # In 3D one looks through what all samples say.
    viewer.dims.ndisplay = 3
    assert screen.layer(PROBABILITY).colormap.colors[-1][3] < 0.1
    viewer.dims.ndisplay = 2
    assert screen.layer(PROBABILITY).colormap.colors[-1][3] == 1
    # Leafing is looking at samples.
    screen.press(canvas.back)
    assert seen() == ["sample 5 of 6"]


def test_another_week_is_not_hidden_by_the_futures(screen: Screen) -> None:
    screen.draw()
    canvas = screen.futures.canvas

    def seen() -> list[str]:
        return [layer.name for layer in screen.viewer.layers if layer.visible]

    futures = seen()
    assert len(futures) == 3
    screen.desk.set_week(2)
    assert seen() == ["871 left tibia, registered, week 2"]
    screen.desk.set_week(3)
    assert seen() == futures
    screen.desk.set_week(1)
    screen.press(canvas.back)
    assert screen.desk.week == 3
    assert [name.split("week 3, ")[-1] for name in seen()[1:]] == ["sample 5 of 6", "lost, share of 6"]


def test_scores_and_lost_bone_stand_beside_copying(screen: Screen) -> None:
    screen.draw()
    dock, forecast = screen.futures, screen.desk.forecast
    rows = {row[0]: row[1:] for row in dock.table.rows()}
    assert float(rows["PSNR, dB"][1]) == pytest.approx(screen.desk.scores.copy_psnr, abs=0.005)
    assert float(rows["PSNR, dB"][0]) == pytest.approx(screen.desk.scores.psnr, abs=0.005)
    assert rows["PSNR, dB"][0] != rows["PSNR, dB"][1]
    voxel_mm3 = 0.01**3
    lost = [np.count_nonzero(truly_lost(screen, sample.to_numpy())) * voxel_mm3 for sample in forecast.samples]
    true = np.count_nonzero(truly_lost(screen, screen.series.at_week(3).to_numpy())) * voxel_mm3
    assert len(set(lost)) > 1
    expected = [min(lost), np.mean(lost), max(lost), true]
    assert [float(text) for text in dock.lost.rows()[0][1:]] == pytest.approx(expected, abs=6e-5)
    assert "not confidence" in dock.model_note.text()


def test_a_week_to_come_has_samples_but_no_truth(screen: Screen) -> None:
    screen.futures.week.setCurrentIndex(screen.futures.week.findText("week 4 (to come)"))
    screen.draw()
    assert screen.desk.forecast.week == 4
    assert screen.futures.table.isHidden()
    assert screen.futures.canvas.bases["true"].isHidden()
    assert screen.futures.lost.rows()[0][-1] == "–"
    assert "still to come" in screen.futures.model_note.text()


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


def test_a_model_of_one_future_has_no_samples_to_leaf_through(screen: Screen) -> None:
    screen.choose(model="copy-last-week")
    assert not screen.futures.form.fields["samples"].native.isEnabled()
    assert screen.futures.run_bar.run_button.text() == "Forecast"
    screen.draw()
    assert [record_of_layer(layer)["model"] for layer in find_layers(screen.viewer, kind="prediction")] == [
        "copy-last-week"
    ]
    assert not find_layers(screen.viewer, kind="uncertainty", what=ANY)
    assert screen.futures.canvas._leafing.isHidden()
    screen.choose(model="ridge")
    screen.draw()
    canvas = screen.futures.canvas
    shown = {name for name, button in canvas.bases.items() if not button.isHidden()}
    assert shown == {"mean", "copied", "true"}
    assert canvas.bases["mean"].text() == "Forecast"
    assert "ridge, fitted to" in screen.futures.model_note.text()


def test_what_cannot_be_forecast_is_told_in_words(screen: Screen, holes: Holes, make_series: Make) -> None:
    dock = screen.futures

    def told() -> str:
        screen.draw()
        assert screen.desk.forecast is None
        return str(dock.run_bar.line.text())

    screen.choose(device="mps")
    assert "The device 'mps' is not there: expected" in told()
    screen.choose(device="auto")
    dock.week.setCurrentIndex(dock.week.findText("week 2"))
    assert told().startswith("tvae-gate cannot forecast week 2 of 871 left tibia: expected scans of weeks -1, 0, 1;")
    screen.choose(model="checkpoint")
    assert not dock.form.fields["checkpoint"].native.isHidden()
    assert "There is no checkpoint to forecast with" in told()
    screen.choose(checkpoint=Path(__file__))
    assert "test_futures.py" in told()
    screen.choose(model="tvae-gate")
    assert dock.form.fields["checkpoint"].native.isHidden()
    composite = [scan.with_voxels(scan.voxels, step=Step("x"), kind=Kind.COMPOSITE) for scan in screen.series]
    screen.desk.set_series(ScanSeries(tuple(composite)))
    assert "composites" in dock.note.text()
    assert not dock.run_bar.run_button.isEnabled()
    screen.desk.set_series(make_series((0, 1, 2)))
    assert "Register the weeks first" in dock.note.text()


def test_a_checkpoint_draws_as_the_network_does(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []

    def load(checkpoint: Checkpoint, device: str) -> Holes:
        asked.append(device)
        return Holes(name=checkpoint.name)

    monkeypatch.setitem(registry.LOADERS, "test-holes", load)
    path = save_checkpoint(
        Checkpoint("test-holes", {}, {"w": np.zeros(1, np.float32)}, "grey", (10, 10, 10), (-1,)),
        tmp_path / "holes.safetensors",
    )
    screen.choose(model="checkpoint", checkpoint=path, samples=2, device="cpu")
    screen.draw()
    assert asked == ["cpu"]
    assert len(screen.desk.forecast.samples) == 2
    assert "from the file holes.safetensors" in screen.futures.model_note.text()


def test_the_copied_command_draws_the_same(
    screen: Screen, make_series: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dock = screen.futures
    screen.press(dock.copy_button)
    assert "lie in no folder" in dock.run_bar.line.text()
    folder = tmp_path / "registered weeks"
    write_series(screen.series, folder)
    screen.desk.set_series(screen.series, Leg(series=screen.series, folder=folder))
    screen.choose(samples=4, seed=9)
    screen.draw()
    screen.press(dock.copy_button)
    words = shlex.split(QGuiApplication.clipboard().text())
    assert words[:4] == ["napari-bonemet", "predict", "--data", str(folder)]
    monkeypatch.chdir(tmp_path)
    assert main(words[1:]) == 0
    (made,) = (tmp_path / "futures").glob("*.zarr")
    again, shown = read_forecast(made), screen.desk.forecast
    assert (again.week, again.model, len(again.samples)) == (3, "tvae-gate", 4)
    for one, other in zip(again.samples, shown.samples, strict=True):
        assert np.array_equal(one.to_numpy(), other.to_numpy())


def test_compare_offers_samples_and_their_share_of_bone(screen: Screen) -> None:
    screen.draw()
    compare = screen.dock("Compare")
    ticked = [box.text() for box in compare.choices if box.isChecked()]
    assert ticked == [
        "last seen, week 2",
        "true, week 3",
        "predicted, mean of 6, tvae-gate",
        "sample 1",
        "bone, share of 6 samples",
    ]
    assert compare.single_samples.isVisibleTo(compare)
    for box in compare.choices:
        if box.text() == "sample 4":
            box.setChecked(True)
    screen.press(compare.run_bar.run_button)
    screen.wait(lambda: not compare.run_bar.running)
    names = [layer.name for layer in compare.cells.layers]
    assert names[2:6] == [
        "predicted, mean of 6",
        "predicted, sample 1 of 6",
        "predicted, sample 4 of 6",
        "bone, share of 6 samples",
    ]
    share = compare.cells.layers[5]
    assert tuple(share.contrast_limits) == (0, 1)
    assert share.colorbar.visible
    assert np.array_equal(compare.cells.layers[4].data, screen.desk.forecast.samples[3].to_numpy())
    screen.press(compare.volumes)
    assert screen.viewer.dims.ndisplay == 3
    # The dock cannot add to the cells by accident.
    screen.press(screen.futures.canvas.bases["mean"])
    assert not screen.layer(MEAN).visible
    assert "Back to my view" in screen.futures.canvas.state.text()
    # A new forecast takes the cells of the old one away before its samples come.
    screen.choose(seed=1)
    screen.draw()
    assert not compare.cells.shown
    assert screen.viewer.dims.ndisplay == 2
    assert screen.layer(SAMPLE).visible


def test_a_study_that_is_laid_out_is_shown_by_the_dock(screen: Screen, make_series: Make) -> None:
    from napari_bonemet.widgets.futures_run import drawn_of

    forecast = Holes().predict(screen.series.until(3), 3, samples=2)
    screen.desk.set_forecast(forecast, None, drawn_of(forecast, screen.series))
    screen.wait(lambda: not screen.futures.canvas.layers.busy)
    assert screen.futures.canvas.count.text() == "2 of 2"
    assert np.array_equal(screen.layer(SAMPLE).data, forecast.samples[1].to_numpy())
    screen.desk.set_forecast(CopyLastWeek().predict(screen.series.until(3), 3))
    assert screen.futures.result.isVisibleTo(screen.futures)
