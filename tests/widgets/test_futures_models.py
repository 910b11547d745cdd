"""The Futures dock by other models, the command that does the same, and the dock that compares."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from qtpy.QtGui import QGuiApplication

from napari_bonemet.cli import main
from napari_bonemet.forecast import registry
from napari_bonemet.forecast.checkpoint import Checkpoint, save_checkpoint
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.forecast.output import read_forecast
from napari_bonemet.io import write_series
from napari_bonemet.progress import Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.widgets.desk import Leg
from napari_bonemet.widgets.futures_layers import MEAN, SAMPLE
from napari_bonemet.widgets.layers import ANY, find_layers, record_of_layer

from .futures_screen import Holes, Make, Screen


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
    ticked = [box.text() for box in compare.choice.boxes if box.isChecked()]
    assert ticked == [
        "last seen, week 2",
        "true, week 3",
        "predicted, mean of 6, tvae-gate",
        "sample 1",
        "bone, share of 6 samples",
    ]
    assert compare.choice.single_samples.isVisibleTo(compare)
    for box in compare.choice.boxes:
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


@dataclass(frozen=True)
class Known:
    """What a calibration says of a forecast: an error of 20 greys everywhere, a risk of a half where bone was."""

    forecast: Forecast
    last: Scan
    level: float = 0.9

    def _map(self, values: np.ndarray) -> Scan:
        return self.forecast.mean.with_voxels(values.astype(np.float32), step=Step("calibrate"), kind=Kind.UNCERTAINTY)

    @property
    def spread(self) -> Scan:
        return self._map(np.full(self.last.shape, 20))

    @property
    def lower(self) -> Scan:
        return self._map(self.forecast.mean.to_numpy() - 30)

    @property
    def upper(self) -> Scan:
        return self._map(self.forecast.mean.to_numpy() + 30)

    @property
    def resorption_probability(self) -> Scan:
        return self._map(0.5 * (self.last.to_numpy() > 75))


class Calibration:
    evidence: ClassVar = {"animals": ["a", "b", "c"], "after": {"coverage": 0.912}}

    def apply(self, forecast: Forecast, last: Scan, *, progress: Progress) -> Known:
        progress.check()
        return Known(forecast, last)


def test_a_calibrated_model_shows_its_risk_and_expected_error(screen: Screen, holes: Holes) -> None:
    dock, canvas = screen.futures, screen.futures.canvas
    holes.calibration = Calibration()
    screen.draw()
    offered = [canvas.overlay.itemData(n) for n in range(canvas.overlay.count())]
    assert offered == ["risk", "loss", "probability", "error", "spread", "nothing"]
    screen.over("risk")
    last = screen.series.at_week(2).to_numpy()
    np.testing.assert_allclose(screen.layer("risk").data, 0.5 * (last > 75))
    assert screen.layer("risk").visible
    assert screen.layer("risk").name.endswith("risk of resorption, calibrated")
    assert canvas.legend.caption.text() == "calibrated probability that bone of the last seen week is newly lost"
    screen.over("error")
    assert (canvas.legend.low.text(), canvas.legend.high.text()) == ("0", "20")
    note = dock.model_note.text()
    assert "Calibrated on 3 animals that the model did not learn from; on each by the others, 91% of" in note
    rows = {row[0]: row[1:] for row in dock.check.rows()}
    mean, bone = screen.desk.forecast.mean.to_numpy(), last > 75
    within = np.mean(np.abs(mean - screen.series.at_week(3).to_numpy())[bone] <= 30)
    assert rows["in calibrated 90%"] == [f"{within:.0%}", "90%"]
    # A model without one takes its maps away.
    holes.calibration = None
    screen.draw()
    assert screen.layer("risk") is None
    assert "holds no calibration" in dock.model_note.text()
    assert [canvas.overlay.itemData(n) for n in range(canvas.overlay.count())] == [
        "loss",
        "probability",
        "spread",
        "nothing",
    ]
