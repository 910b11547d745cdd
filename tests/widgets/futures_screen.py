"""A window with the Futures dock, and a model of futures made by hand, which the tests of the dock share."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton

from napari_bonemet.forecast.forecaster import Forecast, as_future, before, summarise
from napari_bonemet.forecast.patches import inputs_for
from napari_bonemet.metrics.lesions import newly_lost_bone
from napari_bonemet.progress import NO_PROGRESS, Progress, report
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

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
    calibration: Any = None
    rows: slice = field(default_factory=lambda: slice(0, 8))

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
            voxels[z : z + size, self.rows, :] = 20
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


def truly_lost(screen: Screen, voxels: np.ndarray) -> np.ndarray:
    return newly_lost_bone(voxels > 75, screen.series.at_week(2).to_numpy() > 75, opening=1)
