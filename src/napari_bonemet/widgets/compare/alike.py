"""How alike the compared pair is, slice by slice: measured beside the screen, drawn under the canvas."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QWidget

from napari_bonemet.scan import Scan
from napari_bonemet.widgets.compare.curves import PSNR, curve
from napari_bonemet.widgets.compare.items import Item
from napari_bonemet.widgets.compare.under import UnderCanvas
from napari_bonemet.widgets.run_bar import RunBar

__all__ = ["Alike"]


class Alike(QObject):
    """Keeps the curve in step with what is compared, and its marker with the slice on the canvas.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose slice is marked, and gone to.
    bar : RunBar
        Runs the measuring.
    window : callable
        Gives the window under whose canvas the curve stands.

    Attributes
    ----------
    under : UnderCanvas
        The plot and the list of measures.
    """

    def __init__(self, viewer: Any, bar: RunBar, window: Callable[[], QWidget], parent: QObject) -> None:
        super().__init__(parent)
        self._viewer, self._bar, self._window = viewer, bar, window
        self.under = UnderCanvas(viewer.theme)
        self._pair: tuple[Item, Item] | None = None
        self._items: Sequence[Item] = ()
        self._scan: Scan | None = None
        self.under.asked.connect(self.measure)
        self.under.plot.picked.connect(self._go_to)
        viewer.dims.events.point.connect(self._mark)
        viewer.events.theme.connect(self._theme)

    def take(self, pair: tuple[Item, Item] | None, items: Sequence[Item], scan: Scan | None) -> None:
        """Measure this pair from now on, or none; slices are counted in `scan`."""
        self._pair, self._items, self._scan = pair, items, scan
        self.under.vanish()

    def measure_first(self) -> None:
        """Draw the first curve: PSNR."""
        self.measure(PSNR)

    def measure(self, measure: str) -> None:
        """Draw the curve of a measure, made beside the screen."""
        pair, items = self._pair, self._items
        if pair is None or self._bar.running:
            return
        title = " and ".join(item.label for item in pair)

        def done(values: np.ndarray) -> None:
            if self._pair is pair:
                self.under.show_curve(values, title=title, measure=measure)
                self.under.appear(self._viewer, self._window())
                self._mark()

        self.under.say(f"{measure}, slice by slice…")
        self._bar.start("Measuring", lambda progress: curve(measure, pair, items, progress), done)
        self._bar.runner.finished.connect(self._told)

    def _told(self) -> None:
        """What went wrong stands under the canvas, too, where the measure was asked for."""
        self._bar.runner.finished.disconnect(self._told)
        if self.under.note.text().endswith("…"):
            self.under.say(self._bar.line.text())

    def _axis(self) -> int:
        return int(self._viewer.dims.ndim) - 3

    def _go_to(self, index: int) -> None:
        if self._scan is not None:
            self._viewer.dims.set_point(self._axis(), self._scan.grid.to_um((index, 0, 0))[0])

    def _mark(self, _event: Any = None) -> None:
        if self._scan is not None:
            position = self._viewer.dims.point[self._axis()]
            self.under.plot.mark(round(self._scan.grid.to_index((position, 0, 0))[0]))

    def _theme(self, _event: Any = None) -> None:
        self.under.plot.set_theme(self._viewer.theme)

    def leave(self) -> None:
        """Stop listening to the viewer."""
        self._viewer.dims.events.point.disconnect(self._mark)
        self._viewer.events.theme.disconnect(self._theme)
        self.under.remove()
