"""A pane of glass over the canvas: marks that follow the mouse, and belong to no layer.

A points layer for each of six cells takes 50 ms to move, and the canvas as long again to be drawn; a pane of glass over
it takes 10 ms, fills no layer list, and stays out of pictures of the canvas.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qtpy.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from qtpy.QtGui import QPainter
from qtpy.QtWidgets import QMainWindow, QWidget

__all__ = ["Glass", "Places", "canvas_in", "glass_over", "places_on", "value_at"]

# Vispy's class of the widget that holds the picture; napari's own way to it is private.
_CANVAS = "CanvasBackend"


@dataclass(frozen=True)
class Places:
    """Where the world lies on the canvas, slices in 2D only.

    Parameters
    ----------
    size : tuple of float
        Width and height of the canvas in its own pixels.
    shape : tuple of int
        Rows and columns of cells; (1, 1) outside the grid.
    gap : float
        Between cells, pixels.
    centre : tuple of float
        The world's place in the middle of each cell, down and across, micrometres.
    zoom : float
        Pixels to a micrometre.
    axes : tuple of int
        The world's axes that run down and across.
    """

    size: tuple[float, float]
    shape: tuple[int, int]
    gap: float
    centre: tuple[float, float]
    zoom: float
    axes: tuple[int, int]

    def cell(self, at: tuple[int, int]) -> QRectF:
        """The rectangle of a cell, by row and column."""
        (width, height), (rows, columns) = self.size, self.shape
        wide = (width - self.gap * (columns - 1)) / columns
        high = (height - self.gap * (rows - 1)) / rows
        return QRectF(at[1] * (wide + self.gap), at[0] * (high + self.gap), wide, high)

    def pixel(self, at: tuple[int, int], world: Sequence[float]) -> QPointF:
        """Where a place of the world lies in a cell."""
        down, across = (float(world[axis]) for axis in self.axes)
        middle = self.cell(at).center()
        return QPointF(
            middle.x() + (across - self.centre[1]) * self.zoom, middle.y() + (down - self.centre[0]) * self.zoom
        )


def places_on(viewer: Any, size: tuple[float, float]) -> Places | None:
    """Where the world lies on a canvas of this size; None in 3D, or where it is turned over."""
    camera, grid, dims = viewer.scene.camera, viewer.canvas.grid, viewer.dims
    if dims.ndisplay != 2 or tuple(str(way) for way in camera.orientation2d) != ("down", "right"):
        return None
    down, across = dims.displayed
    shape = grid.actual_shape(viewer.layers)
    gap = float(grid.spacing) if grid.enabled and grid.spacing >= 1 else 0.0
    centre = (float(camera.center[-2]), float(camera.center[-1]))
    return Places(size, shape, gap, centre, float(camera.zoom), (down, across))


Painter = Callable[[QPainter, Places], None]


class Glass(QWidget):
    """Lets the mouse through, and is painted by those who have something to mark.

    Parameters
    ----------
    canvas : QWidget
        What it lies on, and moves with.
    viewer : napari.Viewer
        Whose camera it follows.
    """

    def __init__(self, canvas: QWidget, viewer: Any) -> None:
        super().__init__(canvas)
        self._viewer = viewer
        self._painters: list[Painter] = []
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setObjectName("bonemet-glass")
        canvas.installEventFilter(self)
        self.resize(canvas.size())
        self.hide()
        for emitter in (viewer.scene.camera.events, viewer.dims.events.ndisplay, viewer.canvas.grid.events):
            emitter.connect(self._moved)

    @property
    def painters(self) -> tuple[Painter, ...]:
        """Who draws on it."""
        return tuple(self._painters)

    def add(self, painter: Painter) -> None:
        """Let `painter` draw whenever the glass is drawn."""
        if painter not in self._painters:
            self._painters.append(painter)
        self.setVisible(True)
        self.raise_()
        self.update()

    def remove(self, painter: Painter) -> None:
        """Draw without `painter` from now on."""
        if painter in self._painters:
            self._painters.remove(painter)
        self.setVisible(bool(self._painters))
        self.update()

    def _moved(self, event: Any = None) -> None:  # noqa: ARG002 - napari's event
        if self._painters:
            self.update()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802 - Qt's name
        """Stay as large as the canvas."""
        if event is not None and event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.resize(watched.size())
        return False

    def paintEvent(self, _event: Any) -> None:  # noqa: N802 - Qt's name
        """Have everybody draw."""
        places = places_on(self._viewer, (self.width(), self.height()))
        if places is None:
            return
        with _painting(self) as painter:
            for draw in self._painters:
                draw(painter, places)


class _painting:  # noqa: N801 - used as a function
    """A painter that ends whatever happens: Qt aborts where one is left over."""

    def __init__(self, on: QWidget) -> None:
        self._painter = QPainter(on)

    def __enter__(self) -> QPainter:
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        return self._painter

    def __exit__(self, *_: object) -> None:
        self._painter.end()


def canvas_in(window: QWidget) -> QWidget | None:
    """The widget of `window` that holds napari's picture; None where there is none."""
    return next((w for w in window.findChildren(QWidget) if type(w).__name__.startswith(_CANVAS)), None)


def glass_over(viewer: Any, window: QWidget) -> Glass | None:
    """The glass over the canvas of `window`, made on first use; None where there is no canvas."""
    canvas = canvas_in(window) if isinstance(window, QMainWindow) else None
    if canvas is None:
        return None
    made = canvas.findChild(Glass)
    return made if isinstance(made, Glass) else Glass(canvas, getattr(viewer, "__wrapped__", viewer))


def value_at(layer: Any, world: Sequence[float]) -> float | None:
    """The value of the voxel of an image or labels layer at a place, as far as it is on the canvas."""
    found = layer.get_value(tuple(world), world=True)
    if isinstance(found, tuple):
        found = found[-1]
    return None if found is None or np.ndim(found) else float(found)
