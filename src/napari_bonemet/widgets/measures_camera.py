"""The camera flies to a place in the bone: in slices to its slice with the place in the middle, in 3D around it."""

from typing import Any

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_bonemet.geometry import Triple

__all__ = ["CameraFlight"]

STEPS, STEP_MS = 12, 25
# What is flown to fills this much of the canvas's shorter edge: enough around it to know where one is.
FILLS = 0.25
_LEAST_UM = 250.0


class CameraFlight(QObject):
    """Moves the camera in small steps, so that the eye follows where it goes.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose camera.
    """

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._path: list[tuple[np.ndarray, float]] = []
        self._timer = QTimer(self)
        self._timer.setInterval(STEP_MS)
        self._timer.timeout.connect(self._step)

    @property
    def flying(self) -> bool:
        """Whether the camera is under way."""
        return bool(self._path)

    def fly_to(self, place: Triple, size: float) -> None:
        """Turn to the slice of a place, and bring the place to the middle of the canvas.

        Parameters
        ----------
        place : tuple of float
            (z, y, x), micrometres.
        size : float
            How large the thing there is, micrometres.
        """
        dims, camera = self._viewer.dims, self._viewer.scene.camera
        first = int(dims.ndim) - 3
        for axis, at in enumerate(place, start=first):
            if axis not in dims.displayed:
                dims.set_point(axis, at)
        goal = np.array(camera.center, dtype=float)
        seen = [axis - first for axis in dims.displayed]
        goal[-len(seen) :] = [place[axis] for axis in seen]
        near = FILLS * min(self._viewer.canvas.viewbox_size(self._viewer.layers)) / max(size, _LEAST_UM)
        self._start(goal, near if dims.ndisplay == 3 else max(near, float(camera.zoom)))

    def _start(self, goal: np.ndarray, zoom: float) -> None:
        camera = self._viewer.scene.camera
        start, from_zoom = np.array(camera.center, dtype=float), float(camera.zoom)
        share = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, STEPS + 1) / STEPS)
        self._path = [(start + s * (goal - start), from_zoom * (zoom / from_zoom) ** s) for s in share.tolist()]
        self._timer.start()

    def _step(self) -> None:
        if not self._path:
            self._timer.stop()
            return
        centre, zoom = self._path.pop(0)
        camera = self._viewer.scene.camera
        camera.center, camera.zoom = tuple(centre.tolist()), zoom
