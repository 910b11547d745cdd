"""A napari window that is driven as a user drives it, and clocks that stop when a picture has been drawn."""

import time
from collections.abc import Callable
from typing import Any

import napari
import numpy as np
import psutil
from qtpy.QtWidgets import QApplication

# Without a graphics card every pixel of the window is drawn by the processor, whatever is on it.
WINDOW = (1000, 700)
_PATIENCE_S = 300.0
_MIB = 2**20


class Took(float):
    """Milliseconds that passed, and those that the screen's thread worked, which other programs do not lengthen."""

    cpu: float

    @classmethod
    def since(cls, start: float, cpu: float) -> "Took":
        """What has passed since two readings of the clocks."""
        took = cls((time.perf_counter() - start) * 1e3)
        took.cpu = (time.thread_time() - cpu) * 1e3
        return took


class Window:
    """One window, its clock and its memory."""

    def __init__(self) -> None:
        self.viewer = napari.Viewer(title="benchmark")
        self.viewer.window.resize(*WINDOW)
        self._canvas: Any = self.viewer.window._qt_viewer.canvas
        self._frames = 0
        self._canvas._scene_canvas.events.draw.connect(self._drawn)
        self.rest(0.5)

    def _drawn(self, event: Any = None) -> None:  # noqa: ARG002
        self._frames += 1

    def dock(self, name: str) -> Any:
        """Open a dock of the plugin."""
        return self.viewer.window.add_plugin_dock_widget("napari-bonemet", name)[1]

    @staticmethod
    def rest(seconds: float) -> None:
        """Let the window do what it has put off."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            QApplication.processEvents()
            time.sleep(0.005)

    @staticmethod
    def wait(until: Callable[[], bool]) -> None:
        """Let the window work until something is so."""
        end = time.perf_counter() + _PATIENCE_S
        while not until():
            if time.perf_counter() > end:
                raise TimeoutError("the window did not come to rest")
            QApplication.processEvents()
            time.sleep(0.001)

    def frame(self) -> None:
        """Wait until what was just asked for has been drawn."""
        before = self._frames
        self._canvas.native.update()
        while self._frames == before:
            QApplication.processEvents()

    def timed(self, action: Callable[[], Any]) -> Took:
        """Milliseconds from an action until it has been drawn."""
        QApplication.processEvents()
        start, cpu = time.perf_counter(), time.thread_time()
        action()
        self.frame()
        return Took.since(start, cpu)

    def bright(self) -> bool:
        """Whether the picture on the canvas shows something."""
        picture = self.viewer.screenshot(canvas_only=True, flash=False)[..., :3]
        return bool((picture[100:-100, 100:-100].max(axis=2) > 60).mean() > 0.005)

    def close(self) -> None:
        """Close the window."""
        self.viewer.close()


def resident_mib() -> float:
    """Memory of this process that is really there."""
    return psutil.Process().memory_info().rss / _MIB


def spread_of(times: list[Took]) -> dict[str, float]:
    """The usual and the worst of some milliseconds."""
    return {
        "median_ms": round(float(np.median(times)), 1),
        "p95_ms": round(float(np.quantile(times, 0.95)), 1),
        "worst_ms": round(max(times), 1),
        "p95_cpu_ms": round(float(np.quantile([took.cpu for took in times], 0.95)), 1),
        "worst_cpu_ms": round(max(took.cpu for took in times), 1),
    }
