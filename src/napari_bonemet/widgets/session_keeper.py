"""Keeps what lies on a desk in case the viewer crashes: noted now and then, written beside the screen if it changed."""

import atexit
import contextlib
import os
import threading
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari.layers import Labels
from qtpy.QtCore import QObject, QTimer

from napari_bonemet.errors import BoneMetError
from napari_bonemet.study.session_file import to_text, write_session
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.session_capture import Noted, note_session
from napari_bonemet.widgets.session_layers import PAINTED
from napari_bonemet.widgets.session_places import new_place, remove_kept

__all__ = ["SessionKeeper", "keeper_of"]

INTERVAL_MS = 30_000

# What was kept by viewers of this process: gone with it, unless it is killed.
_KEPT: set[Path] = set()


def _clean_up() -> None:
    while _KEPT:
        remove_kept(_KEPT.pop())


atexit.register(_clean_up)


class SessionKeeper(QObject):
    """Listens to one desk's viewer; lives as long as the desk.

    Parameters
    ----------
    viewer : napari.Viewer
        Held weakly.

    Attributes
    ----------
    place : Path
        The file that is kept; it goes when the viewer is closed properly.
    path : Path or None
        The session's own file, once it was saved or opened.
    """

    def __init__(self, viewer: Any, desk: Desk) -> None:
        super().__init__(desk)
        self._viewer, self._desk = weakref.ref(viewer), desk
        self.place = new_place()
        self.path: Path | None = None
        self.paused = False
        self._text = ""
        self._thread: threading.Thread | None = None
        self._saved = self._closed = False
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self.keep)
        self._timer.start()
        for layer in viewer.layers:
            self._watch(layer)
        viewer.layers.events.inserted.connect(self._inserted)

    def _inserted(self, event: Any) -> None:
        self._watch(event.value)

    @staticmethod
    def _watch(layer: Any) -> None:
        if isinstance(layer, Labels):
            layer.events.paint.connect(_painted)

    def note(self) -> Noted | None:
        """What lies on the desk and the canvas now; None once the viewer is gone."""
        viewer = self._viewer()
        return None if viewer is None else note_session(viewer, self._desk)

    def keep(self) -> None:
        """Note what is there, and write it in a thread unless it is what was written last."""
        if self.paused or self._closed or (self._thread is not None and self._thread.is_alive()):
            return
        noted = self.note()
        if noted is None or (not noted.session.layers and noted.session.source is None and not self._saved):
            return
        self._thread = threading.Thread(target=self._write, args=(noted,), daemon=True)
        self._thread.start()

    def _write(self, noted: Noted) -> None:
        with contextlib.suppress(BoneMetError, OSError, RuntimeError):
            session = noted.finish(self.place)
            text = to_text(replace(session, saved=""))
            if text == self._text:
                os.utime(self.place)
                return
            _KEPT.add(self.place)
            write_session(session, self.place)
            self._text, self._saved = text, True
            if self._closed:
                remove_kept(self.place)

    def wait(self, seconds: float = 30.0) -> None:
        """Until what is being written is written."""
        if self._thread is not None:
            self._thread.join(seconds)

    def close(self) -> None:
        """The viewer is closed properly: nothing needs to be kept."""
        self._closed = True
        remove_kept(self.place)
        _KEPT.discard(self.place)


def _painted(event: Any) -> None:
    event.source.metadata[PAINTED] = True


def keeper_of(viewer: Any, desk: Desk) -> SessionKeeper:
    """The keeper of a viewer's desk, made on first use."""
    keeper = desk.findChild(SessionKeeper)
    return keeper if keeper is not None else SessionKeeper(getattr(viewer, "__wrapped__", viewer), desk)


# What Qt calls when a window goes must outlive Python's sweep that takes the window away.
_LAST_CALLS: set[Any] = set()


def close_with(window: QObject, keeper: SessionKeeper) -> None:
    """Let a keeper end with its window."""
    known = weakref.ref(keeper)

    def ended(*_: Any) -> None:
        _LAST_CALLS.discard(ended)
        found = known()
        if found is not None:
            with contextlib.suppress(RuntimeError):
                found.close()

    _LAST_CALLS.add(ended)
    window.destroyed.connect(ended)
