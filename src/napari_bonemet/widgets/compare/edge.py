"""The edge of a wipe: a line on the glass over the canvas, which follows the mouse that drags it."""

from collections.abc import Iterator
from typing import Any

from napari.layers import Image
from qtpy.QtCore import QObject, Signal
from qtpy.QtGui import QColor, QPainter, QPen
from qtpy.QtWidgets import QWidget

from napari_bonemet.widgets.glass import Glass, Places, glass_over

__all__ = ["WipeEdge"]

COLOUR = "#ffb000"
# How near the pointer must come, and how large the knob is, in pixels.
_NEAR = 8.0
_KNOB = 5.0


class WipeEdge(QObject):
    """Where one volume ends and the other begins, as a share of the way across.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose canvas.

    Attributes
    ----------
    share : float
        0 to 1.
    upright : bool
        Whether the edge stands upright and moves across, or lies and moves down.
    moved : Signal(float)
        It was dragged.
    """

    moved = Signal(float)

    def __init__(self, viewer: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layer: Image | None = None
        self._glass: Glass | None = None
        self._held = False
        self.share, self.upright = 0.5, True

    def start(self, layer: Image, window: QWidget) -> None:
        """Draw the edge over `layer`, a volume, and let it be dragged."""
        self.stop()
        self._layer = layer
        self._viewer.mouse_drag_callbacks.append(self._drag)
        self._viewer.mouse_move_callbacks.append(self._hover)
        self._glass = glass_over(self._viewer, window)
        if self._glass is not None:
            self._glass.add(self._paint)

    def stop(self) -> None:
        """Take it away."""
        viewer = self._viewer
        for callbacks, own in ((viewer.mouse_drag_callbacks, self._drag), (viewer.mouse_move_callbacks, self._hover)):
            if own in callbacks:
                callbacks.remove(own)
        if self._glass is not None:
            self._glass.remove(self._paint)
        self._layer, self._glass = None, None

    def update(self) -> None:
        """Draw it where it lies now."""
        if self._glass is not None:
            self._glass.update()

    @property
    def _first(self) -> int:
        """The axis of the viewer that is the volume's first."""
        return int(self._viewer.dims.ndim) - 3

    @property
    def axis(self) -> int:
        """The axis of the volume, 0 to 2, that the edge moves along."""
        shown = self._viewer.dims.displayed
        return int(shown[-1] if self.upright else shown[-2]) - self._first

    def voxel(self, layer: Image) -> float:
        """The first voxel behind the edge, along its axis."""
        return float(self.share * layer.data.shape[self.axis])

    def _world(self, layer: Image) -> float:
        return float(layer.translate[self.axis] + (self.voxel(layer) - 0.5) * layer.scale[self.axis])

    def _paint(self, painter: QPainter, places: Places) -> None:
        layer = self._layer
        if layer is None or layer not in self._viewer.layers:
            return
        corners = []
        for end in layer.extent.world:
            world = [0.0] * self._first + [float(part) for part in end]
            world[self._first + self.axis] = self._world(layer)
            corners.append(places.pixel((0, 0), world))
        for pen in (QPen(QColor(0, 0, 0, 150), 4), QPen(QColor(COLOUR), 2)):
            painter.setPen(pen)
            painter.drawLine(*corners)
        painter.setBrush(QColor(COLOUR))
        painter.drawEllipse((corners[0] + corners[1]) / 2, _KNOB, _KNOB)

    def _near(self, event: Any) -> bool:
        if self._layer is None or self._viewer.dims.ndisplay != 2:
            return False
        gap = abs(event.position[self._first + self.axis] - self._world(self._layer))
        return bool(gap * self._viewer.scene.camera.zoom <= _NEAR)

    def _hover(self, _viewer: Any, event: Any) -> None:
        if not self._held:
            self._viewer.cursor.style = "pointing" if self._near(event) else "standard"

    def _drag(self, _viewer: Any, event: Any) -> Iterator[None]:
        if not self._near(event):
            return
        camera, self._held = self._viewer.scene.camera, True
        camera.mouse_pan = False
        try:
            yield
            while event.type == "mouse_move" and self._layer is not None:
                self._follow(event.position[self._first + self.axis], self._layer)
                yield
        finally:
            camera.mouse_pan = True
            self._held = False

    def _follow(self, world: float, layer: Image) -> None:
        voxel = (world - layer.translate[self.axis]) / layer.scale[self.axis] + 0.5
        self.share = min(max(float(voxel) / layer.data.shape[self.axis], 0.0), 1.0)
        self.moved.emit(self.share)
