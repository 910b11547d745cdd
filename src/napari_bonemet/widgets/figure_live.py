"""A preview that follows the form: it waits for a pause, draws beside the screen, and drops what is out of date."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import QObject, QTimer

from napari_bonemet.errors import BoneMetError
from napari_bonemet.progress import Progress
from napari_bonemet.widgets.worker import Runner

__all__ = ["Live"]

_PAUSE_MS = 350


@dataclass(frozen=True)
class _Refused:
    """Why there is no picture. Said in the dock alone: a popup for each wrong key would be in the way."""

    sentence: str


class Live(QObject):
    """Draws again after a change.

    Parameters
    ----------
    work : callable
        Called in the main thread; gives what is run in a thread, or None where there is nothing to draw now.
    done : callable
        Gets what the thread made, unless something newer was asked for meanwhile.
    say : callable
        Shows what went wrong, or an empty sentence.
    """

    def __init__(
        self,
        parent: QObject,
        work: Callable[[], Callable[[Progress], Any] | None],
        done: Callable[[Any], None],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(parent)
        self._work, self._done, self._say = work, done, say
        self._dropped = self._again = False
        self.runner = Runner(self)
        self.runner.finished.connect(self._finished)
        self.runner.failed.connect(self._failed)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._start)

    @property
    def busy(self) -> bool:
        """Whether a picture is on its way."""
        return self.runner.running or self._pause.isActive()

    def touch(self) -> None:
        """Something changed: what is being drawn is out of date."""
        self._pause.start()
        if self.runner.running:
            self._dropped = self._again = True
            self.runner.cancel()

    def stop(self) -> None:
        """Draw nothing until the next change."""
        self._pause.stop()
        self._again = False
        if self.runner.running:
            self._dropped = True
            self.runner.cancel()

    def _start(self) -> None:
        if self.runner.running:
            return  # its end begins the next
        work = self._work()
        if work is None:
            return
        self._dropped = self._again = False

        def tried(progress: Progress) -> Any:
            try:
                return work(progress)
            except BoneMetError as error:
                return _Refused(str(error))

        self.runner.start("Preview of the figure", tried, self._made)

    def _made(self, picture: Any) -> None:
        if self._dropped:
            return
        self._say(picture.sentence if isinstance(picture, _Refused) else "")
        if not isinstance(picture, _Refused):
            self._done(picture)

    def _failed(self, sentence: str) -> None:
        if not self._dropped:
            self._say(sentence)

    def _finished(self) -> None:
        if self._again:
            self._again = False
            self._pause.start()
