"""Runs a step of the core beside the screen: progress, a Cancel that stops, and errors in words."""

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from napari.qt.threading import FunctionWorker
from napari.utils.notifications import show_error
from napari.utils.progress import cancelable_progress
from qtpy.QtCore import QObject, QTimer, Signal

from napari_bonemet.errors import BoneMetError
from napari_bonemet.io.leftovers import with_final_names
from napari_bonemet.progress import Cancelled, Progress
from napari_bonemet.widgets.log_book import LogBook, book_near

__all__ = ["Runner", "in_words"]

STOPPED = "Stopped; nothing was changed."

_log = logging.getLogger("napari_bonemet")
_REFRESH_MS = 50


def in_words(error: BaseException, what: str) -> str:
    """One sentence for a person; what nobody foresaw also goes to the log, with its traceback."""
    if isinstance(error, Cancelled):
        return STOPPED
    if isinstance(error, BoneMetError):
        return with_final_names(str(error))
    _log.error("%s failed", what, exc_info=error)
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return (
            f"{what}: there is not enough memory. Close other programs, or crop the scans first; nothing was changed."
        )
    fault = with_final_names(f"{type(error).__name__}: {error}")
    return f"{what} stopped on a fault that nobody foresaw ({fault}). Nothing was changed; the log has the details."


class ThreadProgress:
    """What the core talks to from its thread; the main thread looks at it a few times a second.

    Looking instead of sending keeps a step that reports a thousand times a second from flooding the screen.
    """

    def __init__(self) -> None:
        self.fraction = 0.0
        self.text = ""
        self.reports: deque[tuple[Any, str]] = deque()
        self.stop = threading.Event()
        self.end = threading.Event()

    def advance(self, fraction: float) -> None:
        """Take note of the share done."""
        self.fraction = min(max(float(fraction), 0.0), 1.0)
        self.check()

    def message(self, text: str) -> None:
        """Take note of what is being done."""
        self.text = text
        self.check()

    def check(self) -> None:
        """Raise Cancelled once Cancel was pressed."""
        if self.stop.is_set():
            raise Cancelled

    def wants_end(self) -> bool:
        """Whether the step shall end now and give what it has (see :func:`napari_bonemet.progress.wants_end`)."""
        return self.end.is_set()

    def report(self, item: Any) -> None:
        """Hand anything to the dock while the step runs: a metric's value, a finished week."""
        self.reports.append((item, self.text))
        self.check()


def _words(error: BaseException) -> str:
    return with_final_names(str(error) if isinstance(error, BoneMetError) else f"{type(error).__name__}: {error}")


@dataclass(frozen=True)
class _Outcome:
    value: Any = None
    error: BaseException | None = None


class _Work(FunctionWorker):
    """A worker that napari's own way of ending all workers also stops."""

    def __init__(self, work: Callable[[Progress], Any], progress: ThreadProgress) -> None:
        super().__init__(_outcome_of, work, progress)
        self._progress = progress

    def quit(self) -> None:
        """Ask the step to stop."""
        self._progress.stop.set()
        super().quit()


def _outcome_of(work: Callable[[Progress], Any], progress: ThreadProgress) -> _Outcome:
    # An exception that leaves a worker may reach neither `errored` nor `finished`: none leaves.
    try:
        return _Outcome(work(progress))
    except BaseException as error:
        return _Outcome(error=error)


def _abandon(now: list[tuple[ThreadProgress, Any]]) -> None:
    while now:
        progress, bar = now.pop()
        progress.stop.set()
        # napari's own bar may have gone with the window.
        with contextlib.suppress(RuntimeError):
            bar.close()


# What Qt calls when a dock goes must outlive Python's sweep that takes the dock away: a function that was swept up
# with it is called with its code gone, and the process dies.
_LAST_CALLS: set[Callable[[], None]] = set()


def _last_call(now: list[tuple[ThreadProgress, Any]]) -> Callable[[], None]:
    def abandon() -> None:
        _LAST_CALLS.discard(abandon)
        _abandon(now)

    _LAST_CALLS.add(abandon)
    return abandon


class Runner(QObject):
    """Runs one step at a time; when its parent goes, the step is asked to stop.

    Attributes
    ----------
    started, finished : Signal
        Lock the form, and free it; `finished` always follows `started`, whatever happened.
    progressed : Signal(float, str)
        Share done (0 to 1), and what is being done.
    reported : Signal(object, str)
        What the step handed over while it ran, and what it was doing (see :meth:`ThreadProgress.report`).
    failed : Signal(str)
        The sentence to show, for errors and for Cancel.
    """

    started = Signal()
    finished = Signal()
    progressed = Signal(float, str)
    reported = Signal(object, str)
    failed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._what, self._told = "", ""
        self._done: Callable[[Any], None] | None = None
        self._then: Callable[[], None] | None = None
        self._now: list[tuple[ThreadProgress, Any]] = []
        # What is filled in when a step is started, for the log.
        self.settings: Callable[[], Mapping[str, Any]] = dict
        self._line: tuple[LogBook, int] | None = None
        # The thread must not outlive its dock; the closure holds the list, not the runner.
        now = self._now
        self.destroyed.connect(_last_call(now))
        self._timer = QTimer(self)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self._look)

    @property
    def running(self) -> bool:
        """Whether a step is under way."""
        return bool(self._now)

    def start(self, what: str, work: Callable[[Progress], Any], done: Callable[[Any], None]) -> None:
        """Run `work` in a thread, then `done` with its result in the main thread.

        Parameters
        ----------
        what : str
            The step in plain words, "Registering 871 left tibia"; starts error sentences and names the bar.
        work : callable
            Gets the progress to hand on to the core. It must not touch napari or Qt.
        done : callable
            Gets the result; not called after an error or Cancel. It may raise BoneMetError.
        """
        if self.running:
            return
        self._what, self._done = what, done
        progress = ThreadProgress()
        self._open_line(what)
        # Before the bar, which lets clicks through.
        self.started.emit()
        self._now.append((progress, cancelable_progress(total=100, desc=what)))
        worker = _Work(work, progress)
        worker.returned.connect(self._returned)
        self._timer.start()
        worker.start()

    def then(self, follow: Callable[[], None]) -> None:
        """From within `done`: call `follow` once this step has ended and the form is free."""
        self._then = follow

    def cancel(self) -> None:
        """Ask the step to stop; it does at its next check."""
        for progress, _ in self._now:
            progress.stop.set()
            self.progressed.emit(progress.fraction, "Stopping…")

    def end_early(self) -> None:
        """Ask a step that betters its result as it goes to end, and to give what it has; others take no notice."""
        for progress, _ in self._now:
            progress.end.set()

    def _look(self) -> None:
        if not self._now:
            return
        progress, bar = self._now[0]
        if bar.is_canceled and not progress.stop.is_set():
            self.cancel()
        while progress.reports:
            self.reported.emit(*progress.reports.popleft())
        if progress.stop.is_set():
            return
        self.progressed.emit(progress.fraction, progress.text)
        # napari's bar lets events through, among them the end of this very step: it comes last.
        if progress.text and progress.text != self._told:
            self._told = progress.text
            bar.set_description(f"{self._what}: {progress.text}")
        whole = int(progress.fraction * 100)
        if self._now and self._now[0][1] is bar and whole > bar.n:
            bar.update(whole - bar.n)

    def _returned(self, outcome: _Outcome) -> None:
        self._timer.stop()
        self._look()
        done, self._done = self._done, None
        self._now.pop()[1].close()
        error = outcome.error
        if error is None and done is not None:
            try:
                done(outcome.value)
            except Exception as trouble:
                error = trouble
        if error is not None:
            self._say(error)
        self._close_line(error)
        follow, self._then = self._then, None
        self.finished.emit()
        if follow is not None and error is None:
            follow()

    def _open_line(self, what: str) -> None:
        book = book_near(self)
        if book is not None:
            self._line = (book, book.begin(what, self.settings()))

    def _close_line(self, error: BaseException | None) -> None:
        line, self._line = self._line, None
        if line is None:
            return
        book, number = line
        if error is None:
            book.end(number, "done")
        else:
            stopped = isinstance(error, Cancelled)
            book.end(number, "stopped" if stopped else "failed", "" if stopped else _words(error))

    def _say(self, error: BaseException) -> None:
        sentence = in_words(error, self._what)
        self.failed.emit(sentence)
        if not isinstance(error, Cancelled):
            show_error(sentence)
