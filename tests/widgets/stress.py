"""A user who presses anything at any time: what must hold after every action, and at the end."""

import random
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from napari.utils.notifications import Notification, notification_manager
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QApplication

from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.layers import ANY, find_layers, record_of_layer
from napari_bonemet.widgets.week_strip import WeekStrip

PLUGIN = "napari-bonemet"
DOCKS = (
    "Weekly scans",
    "Register weeks",
    "Composite and RoI",
    "Futures",
    "Compare",
    "Annotate",
    "Figure",
    "Session",
    "Log",
)


# Labels made active in 3D, before the mouse was over the canvas, fail in napari 0.9.2 itself: a ray without direction.
NAPARI_S_OWN = ("_world_to_data_ray",)


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Exceptions of callbacks, which Qt and napari swallow, and errors that napari shows, as tracebacks."""
    found: list[str] = []
    hook, thread_hook = sys.excepthook, threading.excepthook

    def caught(kind: Any, error: Any, trace: Any) -> None:
        words = "".join(traceback.format_exception(kind, error, trace))
        if not any(fault in words for fault in NAPARI_S_OWN):
            found.append(words)

    def told(notification: Notification) -> None:
        if str(notification.severity) in ("error",) and getattr(notification, "exception", None) is not None:
            error = notification.exception
            caught(type(error), error, error.__traceback__)

    sys.excepthook = caught
    threading.excepthook = lambda args: caught(args.exc_type, args.exc_value, args.exc_traceback)
    notification_manager.notification_ready.connect(told)
    try:
        yield found
    finally:
        sys.excepthook, threading.excepthook = hook, thread_hook
        notification_manager.notification_ready.disconnect(told)


class User:
    """Acts at random in one viewer.

    Parameters
    ----------
    viewer : napari.Viewer
        Shown.
    series : callable
        Makes registered weeks of a subject.
    seed : int
        The same seed acts the same way, as far as threads allow.
    """

    def __init__(self, viewer: Any, series: Callable[[str], ScanSeries], seed: int) -> None:
        self.viewer, self.make = viewer, series
        self.random = random.Random(seed)
        self.docks: dict[str, Any] = {}
        self.done: list[str] = []
        self._subject = 871
        self.actions: dict[str, Callable[[], None]] = {
            name[4:]: getattr(self, name) for name in dir(self) if name.startswith("_do_")
        }
        for name in ("Weekly scans", "Compare", "Futures"):
            self.dock(name)
        self.desk = self.docks["Compare"].desk
        self.desk.set_series(series("871"))

    def dock(self, name: str) -> Any:
        """A dock, opened where it is not."""
        if name not in self.docks:
            self.docks[name] = self.viewer.window.add_plugin_dock_widget(PLUGIN, name)[1]
            self.settle(0.03)
        return self.docks[name]

    def settle(self, seconds: float) -> None:
        """Let the window work."""
        end = threading.Event()
        for _ in range(max(1, round(seconds / 0.01))):
            QApplication.processEvents()
            end.wait(0.01)

    def act(self) -> None:
        """Do one thing."""
        name = self.random.choice(sorted(self.actions))
        self.done.append(name)
        self.actions[name]()
        self.settle(self.random.choice((0.0, 0.01, 0.05)))

    def press(self, button: QAbstractButton) -> None:
        """Press a button if a user could."""
        if button.isEnabled() and not button.isHidden():
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def any_layer(self) -> Any:
        """One of the layers, or None."""
        return self.random.choice(list(self.viewer.layers)) if len(self.viewer.layers) else None

    def _do_add(self) -> None:
        place = {"scale": (10.0,) * 3, "units": ("um",) * 3, "axis_labels": ("z", "y", "x")}
        kind = self.random.choice(("image", "labels", "points", "shapes"))
        if kind == "image":
            self.viewer.add_image(np.zeros((12, 20, 20), np.uint8), name="mine", **place)
        elif kind == "labels":
            self.viewer.add_labels(np.zeros((12, 20, 20), np.uint8), name="mine", **place)
        elif kind == "points":
            self.viewer.add_points(np.zeros((1, 3)), name="mine", **place)
        else:
            self.viewer.add_shapes(np.array([[3, 2, 2], [3, 8, 8]]), shape_type="line", name="mine", **place)

    def _do_remove(self) -> None:
        if len(self.viewer.layers) > 25 or self.random.random() < 0.6:
            layer = self.any_layer()
            if layer is not None:
                self.viewer.layers.remove(layer)

    def _do_rename(self) -> None:
        if (layer := self.any_layer()) is not None:
            layer.name = f"renamed {self.random.randrange(9)}"

    def _do_hide(self) -> None:
        if (layer := self.any_layer()) is not None:
            layer.visible = not layer.visible

    def _do_select(self) -> None:
        if (layer := self.any_layer()) is not None:
            self.viewer.layers.selection.active = layer

    def _do_week(self) -> None:
        strip = self.docks[next(iter(self.docks))].window().findChild(WeekStrip)
        if strip is not None and strip.buttons:
            self.press(self.random.choice(strip.buttons[:-1] or strip.buttons))

    def _do_step(self) -> None:
        self.random.choice((self.desk.next_week, self.desk.week_before))()

    def _do_play(self) -> None:
        strip = self.docks[next(iter(self.docks))].window().findChild(WeekStrip)
        if strip is not None:
            strip.play(self.random.random() < 0.4)

    def _do_slice(self) -> None:
        if self.viewer.dims.ndim >= 3:
            self.viewer.dims.set_point(0, self.random.uniform(-50, 200))

    def _do_solid(self) -> None:
        self.viewer.dims.ndisplay = self.random.choice((2, 3))

    def _do_roll(self) -> None:
        if self.random.random() < 0.3:
            self.viewer.dims.roll()

    def _do_grid(self) -> None:
        if self.random.random() < 0.3:
            grid = self.viewer.canvas.grid
            grid.enabled = not grid.enabled

    def _do_layout(self) -> None:
        choice = self.dock("Compare").choice
        if choice.layouts.count():
            choice.take(choice.layouts.itemText(self.random.randrange(choice.layouts.count())))
        self.press(self.dock("Compare").run_bar.run_button)

    def _do_single(self) -> None:
        self.press(self.random.choice(list(self.dock("Compare").single_box.buttons.values())))

    def _do_edge(self) -> None:
        self.dock("Compare").single_box.edge.setValue(self.random.randrange(1001))

    def _do_volumes(self) -> None:
        compare = self.dock("Compare")
        self.press(self.random.choice((compare.volumes, compare.slices)))

    def _do_back(self) -> None:
        compare = self.dock("Compare")
        self.press(self.random.choice((compare.back_button, compare.undo_button)))

    def _do_curve(self) -> None:
        under = self.dock("Compare").under
        under.measures.setCurrentIndex(self.random.choice((0, 1, 3)))
        under.measures.activated.emit(under.measures.currentIndex())

    def _do_draw(self) -> None:
        futures = self.dock("Futures")
        futures.form.fields["samples"].value = self.random.choice((1, 3))
        futures.form.fields["perceptual"].value = False
        self.press(futures.run_bar.run_button)

    def _do_leaf(self) -> None:
        self.dock("Futures").canvas.slider.setValue(self.random.randrange(3))

    def _do_see(self) -> None:
        canvas = self.dock("Futures").canvas
        if canvas.isVisibleTo(self.dock("Futures")):
            self.press(self.random.choice(list(canvas.bases.values())))

    def _do_map(self) -> None:
        maps = self.dock("Futures").maps
        if maps.isVisibleTo(self.dock("Futures")):
            self.press(self.random.choice(list(maps.buttons.values())))

    def _do_composite(self) -> None:
        self.press(self.dock("Composite and RoI").run_bar.run_button)

    def _do_point(self) -> None:
        annotate = self.dock("Annotate")
        self.press(
            self.random.choice((annotate.run_bar.run_button, annotate.arrows_button, annotate.tools["distance"]))
        )

    def _do_preview(self) -> None:
        self.press(self.dock("Figure").run_bar.run_button)

    def _do_cancel(self) -> None:
        for dock in self.docks.values():
            bar = getattr(dock, "run_bar", None)
            if bar is not None and bar.running:
                self.press(bar.cancel_button)

    def _do_leg(self) -> None:
        if self.random.random() < 0.3:
            self._subject = self.random.choice((871, 872, 873))
            self.desk.set_series(self.make(str(self._subject)))

    def _do_close_leg(self) -> None:
        if self.random.random() < 0.15:
            self.press(self.dock("Weekly scans").close_button)
            self.desk.set_series(self.make("871"))

    def _do_open_dock(self) -> None:
        self.dock(self.random.choice(DOCKS))

    def _do_close_dock(self) -> None:
        closable = [name for name in self.docks if name != "Weekly scans"]
        if closable and self.random.random() < 0.4:
            dock = self.docks.pop(self.random.choice(closable))
            self.viewer.window.remove_dock_widget(dock)

    def _do_theme(self) -> None:
        if self.random.random() < 0.2:
            self.viewer.theme = self.random.choice(("dark", "light"))

    def finish(self) -> None:
        """Cancel and wait for what runs, and take cells away."""
        for _ in range(400):
            self._do_cancel()
            self.settle(0.02)
            running = [d for d in self.docks.values() if getattr(d, "run_bar", None) is not None and d.run_bar.running]
            if not running:
                break
        else:
            raise AssertionError(f"{running} do not stop")
        if "Compare" in self.docks:
            self.docks["Compare"].back()
        self.settle(0.3)

    def stale(self) -> list[str]:
        """Our layers of what is no longer on the desk, and cells that nobody shows any more."""
        found = []
        series, forecast = self.desk.series, self.desk.forecast
        drawing = self.dock("Futures").canvas.layers.drawn is not None
        for layer in find_layers(self.viewer, what=ANY):
            record = record_of_layer(layer) or {}
            of_forecast = record["kind"] in ("prediction", "uncertainty") and series and record["leg"] == series.leg
            if record.get("what") == "cell":
                found.append(f"the cell {layer.name!r}")
            elif of_forecast and forecast is None and not drawing:
                found.append(f"{layer.name!r} of no forecast")
        return found
