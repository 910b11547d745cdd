"""What has to be said of the canvas, on the canvas: that a week is predicted, that data are synthetic."""

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from psygnal import EmitLoopError
from qtpy.QtCore import QObject, QTimer

from napari_bonemet.scan import Kind
from napari_bonemet.widgets.layers import record_of_layer

__all__ = ["CanvasMark", "admitted"]

POINTS = 8
# Three cells beside each other in a window of usual width cut longer lines.
POINTS_IN_CELLS = 7
_FORECAST = (str(Kind.PREDICTION), str(Kind.UNCERTAINTY))


def admitted(viewer: Any, *, short: bool = False) -> str:
    """What a picture of the visible layers has to say of them: forecasts and synthetic scans.

    Parameters
    ----------
    short : bool
        For narrow cells, the titles of which tell what is predicted and what is true; says whose leg it is, where
        all are of one, because those titles have no room for it.
    """
    records = [record_of_layer(layer) or {} for layer in viewer.layers if layer.visible]
    words = []
    if any(record.get("kind") in _FORECAST or record.get("predicted") for record in records):
        words.append("research use" if short else "predicted, research use")
    whose = _whose(records) if short else ""
    if any(record.get("synthetic") for record in records) and "synthetic" not in whose:
        words.append("synthetic" if short else "synthetic data")
    if whose:
        words.append(whose)
    return " · ".join(words)


def _whose(records: Sequence[Mapping[str, Any]]) -> str:
    """Subject and side of the one leg that is seen; nothing where there are several."""
    legs = {(record.get("subject"), record.get("side")) for record in records if record.get("subject")}
    return " ".join(part for part in legs.pop() if part) if len(legs) == 1 else ""


class CanvasMark(QObject):
    """Keeps napari's text overlay saying it; where the user has a text of their own there, that one stays.

    In linked cells every cell says it, shorter, above its title, so that the two never lie on each other.

    Parameters
    ----------
    viewer : napari.Viewer
        Held weakly.
    """

    def __init__(self, viewer: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = weakref.ref(viewer)
        self._said = ""
        # What else has to be said of what is on the canvas.
        self.also: Callable[[], str] = str
        # Turning a week shows one layer and hides another: the words change once.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.refresh)
        viewer.layers.events.inserted.connect(self._inserted)
        viewer.layers.events.removed.connect(self._changed)
        viewer.canvas.grid.events.enabled.connect(self._changed)
        for layer in viewer.layers:
            layer.events.visible.connect(self._changed)
        self._soon.start()

    def _inserted(self, event: Any) -> None:
        event.value.events.visible.connect(self._changed)
        self._soon.start()

    def _changed(self, event: Any = None) -> None:  # noqa: ARG002 - napari tells by the parameters what it may hand over
        self._soon.start()

    def refresh(self) -> None:
        """Say what the visible layers are."""
        viewer = self._viewer()
        if viewer is None:
            return
        overlay = viewer.canvas.overlays.text
        said = (admitted(viewer, short=viewer.canvas.grid.enabled), self.also())
        words = " · ".join(part for part in said if part)
        own = bool(overlay.text) and overlay.text != self._said
        if own or words == overlay.text:
            return
        self._said = words
        try:
            self._write(overlay, words, viewer.canvas.grid.enabled)
        except EmitLoopError as error:
            # The window was closed meanwhile, and the canvas with it.
            if "deleted" not in str(error):
                raise

    @staticmethod
    def _write(overlay: Any, words: str, in_cells: bool) -> None:
        # One that appears in a grid has no copies for its cells yet, which napari raises at: it is laid out anew.
        overlay.gridded = False
        overlay.text, overlay.visible = words, bool(words)
        overlay.position, overlay.gridded = "top_left", True
        overlay.font_size = POINTS_IN_CELLS if in_cells else POINTS
