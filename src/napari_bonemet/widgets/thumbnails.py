"""Small pictures of slices, made beside the screen."""

from collections.abc import Sequence

import numpy as np
from napari.qt.threading import FunctionWorker
from qtpy.QtCore import QObject, QTimer, Signal
from qtpy.QtGui import QImage, QPixmap

from napari_bonemet.io.slabbed import SlabbedVolume
from napari_bonemet.scan import Scan, on_this_thread
from napari_bonemet.widgets.large import in_levels

__all__ = ["Thumbnails", "small_picture"]

_LATER_MS = 250


def small_picture(scan: Scan, z_um: float, side: int) -> np.ndarray:
    """The slice of `scan` at a place along the bone, made small.

    Parameters
    ----------
    scan : Scan
        Lazy voxels are read for the one slice; of a large scan on the canvas, the slab around it stays at hand for
        whoever turns to that week next.
    z_um : float
        Micrometres; the nearest slice where the scan ends before.
    side : int
        Of the longer side, pixels.

    Returns
    -------
    ndarray of uint8, (rows, columns)
    """
    index = min(max(round(scan.grid.to_index((z_um, 0.0, 0.0))[0]), 0), scan.shape[0] - 1)
    levels = in_levels(scan)
    finest = levels[0] if levels else scan.voxels
    picture = finest.alone(index) if isinstance(finest, SlabbedVolume) else on_this_thread(finest[index])
    step = max(1, -(-max(picture.shape) // side))
    picture = picture[::step, ::step].astype(np.float32)
    # Small pictures of bone are dark: the brightest of them is white.
    low, high = (0.0, 99.5) if np.dtype(scan.voxels.dtype) == np.uint8 else (0.5, 99.5)
    low, high = np.percentile(picture, (low, high))
    return np.clip((picture - low) / max(high - low, 1e-6) * 255, 0, 255).astype(np.uint8)


def as_pixmap(picture: np.ndarray) -> QPixmap:
    """A grey picture for a button."""
    rows, columns = picture.shape
    data = np.ascontiguousarray(picture)
    # The image borrows the array's memory; the pixmap is a copy.
    return QPixmap.fromImage(QImage(data.data, columns, rows, columns, QImage.Format.Format_Grayscale8))


class Thumbnails(QObject):
    """Makes pictures of several scans at one place; only the last wish counts.

    Attributes
    ----------
    ready : Signal(object)
        The pictures, one for each scan of the last wish; None for one that could not be read.
    """

    ready = Signal(object)

    def __init__(self, side: int, parent: QObject) -> None:
        super().__init__(parent)
        self._side = side
        self._wish: tuple[tuple[Scan, ...], float] | None = None
        self._busy = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_LATER_MS)
        self._soon.timeout.connect(self._start)

    def ask(self, scans: Sequence[Scan], z_um: float) -> None:
        """Wish for pictures of `scans` at a place along the bone; they come a moment later."""
        self._wish = (tuple(scans), z_um)
        self._soon.start()

    def _start(self) -> None:
        if self._busy or self._wish is None:
            return
        (scans, z_um), side = self._wish, self._side
        self._wish, self._busy = None, True
        worker = FunctionWorker(_pictures, scans, z_um, side)
        worker.returned.connect(self._made)
        worker.start()

    def _made(self, made: list[np.ndarray | None]) -> None:
        self._busy = False
        if self._wish is None:
            self.ready.emit(made)
        else:
            self._soon.start()


def _pictures(scans: Sequence[Scan], z_um: float, side: int) -> list[np.ndarray | None]:
    made: list[np.ndarray | None] = []
    for scan in scans:
        try:
            made.append(small_picture(scan, z_um, side))
        except Exception:  # a picture that cannot be made is left out, whatever the file's fault
            made.append(None)
    return made
