"""What was run in a viewer, when, how long and with which settings: written by every run, read by the dock Log."""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_bonemet.study.session import LogEntry
from napari_bonemet.study.session_file import now

__all__ = ["LogBook", "as_text", "book_near", "book_of", "setting_words"]

MOST = 2000


class LogBook(QObject):
    """The log of one desk, oldest first.

    Attributes
    ----------
    changed : Signal
        A line was added, or ended.
    """

    changed = Signal()

    def __init__(self, desk: QObject) -> None:
        super().__init__(desk)
        self._entries: dict[int, LogEntry] = {}
        self._began: dict[int, float] = {}
        self._next = 0

    @property
    def entries(self) -> tuple[LogEntry, ...]:
        """All of them."""
        return tuple(self._entries.values())

    def begin(self, what: str, settings: Mapping[str, Any]) -> int:
        """Note that something was started; the number to end it by."""
        number, self._next = self._next, self._next + 1
        self._entries[number] = LogEntry(what, now(), outcome="running", settings=dict(settings))
        self._began[number] = time.monotonic()
        while len(self._entries) > MOST:
            self._entries.pop(next(iter(self._entries)))
        self.changed.emit()
        return number

    def end(self, number: int, outcome: Any, words: str = "") -> None:
        """Note how it ended: "done", "failed" or "stopped", and what was said."""
        entry, began = self._entries.get(number), self._began.pop(number, None)
        if entry is None or began is None:
            return
        seconds = round(time.monotonic() - began, 3)
        self._entries[number] = replace(entry, seconds=seconds, outcome=outcome, words=words[:2000])
        self.changed.emit()

    def take_up(self, entries: tuple[LogEntry, ...]) -> None:
        """The lines of a session in place of those that are there; what never ended was stopped with its viewer."""
        running = {number: self._entries[number] for number in self._began if number in self._entries}
        ended = [
            replace(e, outcome="stopped", words="the viewer was closed") if e.outcome == "running" else e
            for e in entries[-MOST:]
        ]
        self._entries = {self._next + at: entry for at, entry in enumerate(ended)}
        self._next += len(ended)
        for number, entry in running.items():
            self._entries[number] = entry
        self.changed.emit()

    def clear(self) -> None:
        """Forget what has ended."""
        self._entries = {number: self._entries[number] for number in self._began if number in self._entries}
        self.changed.emit()


def book_of(desk: QObject) -> LogBook:
    """The log of a desk, made on first use."""
    book = desk.findChild(LogBook)
    return book if book is not None else LogBook(desk)


def book_near(widget: QObject | None) -> LogBook | None:
    """The log of the dock that a widget is in; None where it is in none."""
    while widget is not None:
        desk = getattr(widget, "desk", None)
        if isinstance(desk, QObject):
            return book_of(desk)
        widget = widget.parent()
    return None


def as_text(entries: tuple[LogEntry, ...]) -> str:
    """The log as plain text, a line for each run and its settings below."""
    lines = []
    for entry in entries:
        took = "" if entry.seconds is None else f", {entry.seconds:.1f} s"
        lines.append(f"{entry.started}  {entry.what}: {entry.outcome}{took}")
        if entry.words:
            lines.append(f"    {entry.words}")
        lines += [f"    {name}: {setting_words(value)}" for name, value in entry.settings.items()]
    return "".join(f"{line}\n" for line in lines)


def setting_words(value: Any) -> str:
    """A setting for people."""
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    return "automatic" if value is None else "yes" if value is True else "no" if value is False else str(value)
