"""Keeps every large layer of ours at a level that the canvas can show, whichever button turned it to 3D or on its side.

Slices across the long axis are left to napari, which shows as much detail as the canvas has pixels. A look at the whole
of a volume (3D, or slices along it) takes a level that fits the card and the memory; it is read beside the screen, and
the canvas says which one it is. Until it is there, napari shows the smallest one, empty where that is not there either.
"""

import weakref
from typing import Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_bonemet.io.pyramid import Pyramid
from napari_bonemet.io.slab_cache import CACHE
from napari_bonemet.io.slabbed import SlabbedVolume
from napari_bonemet.progress import Progress
from napari_bonemet.widgets.desk import desk_of
from napari_bonemet.widgets.large import bytes_on_card, level_that_fits, level_words, pyramid_of
from napari_bonemet.widgets.settings import slice_cache_setting
from napari_bonemet.widgets.worker import Runner

__all__ = ["LevelKeeper", "level_keeper_of"]

_REST_MS = 120


class LevelKeeper(QObject):
    """Listens to one viewer.

    Parameters
    ----------
    viewer : napari.Viewer
        Held weakly.

    Attributes
    ----------
    changed : Signal
        Another level is shown, or one is being read.
    runner : Runner
        Reads levels, one after the other.
    """

    changed = Signal()

    def __init__(self, viewer: Any, parent: QObject) -> None:
        super().__init__(parent)
        self._viewer = weakref.ref(viewer)
        self.runner = Runner(self)
        CACHE.resize(slice_cache_setting())
        self._refused: set[int] = set()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.settle)
        self.runner.finished.connect(self._read_ended)
        self.runner.failed.connect(self._failed)
        self._now: Pyramid | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._expect)
        viewer.dims.events.current_step.connect(self._stepped)
        viewer.dims.events.ndisplay.connect(self._turned)
        viewer.dims.events.order.connect(self._turned)
        viewer.layers.events.inserted.connect(self._inserted)
        viewer.layers.events.removed.connect(self._changed)
        for layer in viewer.layers:
            self._watch(layer)
        self._soon.start()

    @property
    def busy(self) -> bool:
        """Whether a level is being read."""
        return self.runner.running

    def words(self) -> str:
        """What the canvas has to say: the level that is shown, and whether another is being read."""
        viewer = self._viewer()
        if viewer is None or not _whole(viewer):
            return ""
        seen = [(layer, p) for layer, p in _large(viewer) if layer.visible]
        if any(not p.held(layer.data_level) for layer, p in seen):
            return "reading the whole…" if self.busy else "too large to show whole"
        shown = level_words([(p, layer.data_level, layer.scale) for layer, p in seen])
        return f"{shown}, reading a finer one…" if shown and self.busy else shown

    def _inserted(self, event: Any) -> None:
        self._watch(event.value)
        if pyramid_of(event.value) is not None:
            self._soon.start()

    def _watch(self, layer: Any) -> None:
        if pyramid_of(layer) is not None:
            layer.events.visible.connect(self._changed)

    def _changed(self, event: Any = None) -> None:  # noqa: ARG002 - napari tells by the parameters what it hands over
        viewer = self._viewer()
        if viewer is not None and (_whole(viewer) or self.busy):
            self._soon.start()

    def _stepped(self, event: Any = None) -> None:  # noqa: ARG002
        self._rest.start()

    def _expect(self) -> None:
        """Once the slider rests, read the same slice of the weeks that are hidden: one of them is turned to next."""
        viewer = self._viewer()
        if viewer is None or _whole(viewer):
            return
        for layer, pyramid in _large(viewer):
            if not layer.visible and isinstance(pyramid.finest, SlabbedVolume):
                pyramid.finest.expect(round((viewer.dims.point[-3] - layer.translate[-3]) / layer.scale[-3]))

    def _turned(self, event: Any = None) -> None:  # noqa: ARG002
        self._refused.clear()
        self.settle(again=True)

    def settle(self, *, again: bool = False) -> None:
        """Put every large layer at its level, and read what is not there yet.

        Parameters
        ----------
        again : bool
            Layers that are at their level are drawn anew.
        """
        viewer = self._viewer()
        if viewer is None:
            return
        whole = _whole(viewer)
        if not whole:
            self.runner.cancel()
        for layer, pyramid in _large(viewer):
            level = self._fitting(viewer, layer, pyramid) if whole else None
            _lock(layer, None if level is None else _there(pyramid, level), again=again and whole)
            wanted = level is not None and layer.visible and not pyramid.held(level)
            if wanted and not self.busy and id(pyramid) not in self._refused:
                self._read(layer, pyramid, level or 0)
        self.changed.emit()

    @staticmethod
    def _fitting(viewer: Any, layer: Any, pyramid: Pyramid) -> int:
        beside = sum(other.visible for other, _ in _large(viewer)) or 1
        if viewer.dims.ndisplay == 2:
            finest = pyramid.finest
            return 0 if not isinstance(finest, SlabbedVolume) or finest.fits(beside) else 1
        return level_that_fits(pyramid, bytes_on_card(layer.dtype), beside)

    def _read(self, layer: Any, pyramid: Pyramid, level: int) -> None:
        self._now = pyramid

        def work(progress: Progress) -> None:
            progress.message("reading the whole volume")
            pyramid.make(level, progress)

        self.runner.start(f"Reading {layer.name}", work, lambda _: None)

    def _read_ended(self) -> None:
        self.settle(again=True)

    def _failed(self, _sentence: str) -> None:
        # Asked for again when the canvas is turned again.
        if self._now is not None:
            self._refused.add(id(self._now))


def level_keeper_of(viewer: Any) -> LevelKeeper:
    """The keeper of a viewer, made on first use; it lives as long as the viewer's desk."""
    real = getattr(viewer, "__wrapped__", viewer)
    desk = desk_of(real)
    keeper = desk.findChild(LevelKeeper)
    return keeper if keeper is not None else LevelKeeper(real, desk)


def _whole(viewer: Any) -> bool:
    """Whether pictures on the canvas go through all slices."""
    return viewer.dims.ndim >= 3 and viewer.dims.ndim - 3 in viewer.dims.displayed


def _large(viewer: Any) -> list[tuple[Any, Pyramid]]:
    return [(layer, pyramid) for layer in viewer.layers if (pyramid := pyramid_of(layer)) is not None]


def _there(pyramid: Pyramid, level: int) -> int:
    """The finest level from `level` on that is in memory; the smallest, which napari shows by itself, where none is."""
    last = len(pyramid.shapes) - 1
    return next((n for n in range(level, last) if pyramid.held(n)), last)


def _lock(layer: Any, level: int | None, *, again: bool) -> None:
    if again or layer.locked_data_level != level:
        layer.locked_data_level = level
