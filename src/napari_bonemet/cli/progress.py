"""A bar on stderr for one running command, and Ctrl-C as the user's wish to stop."""

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from napari_bonemet.progress import Cancelled


class TerminalProgress:
    """Progress of one command: a bar where stderr is a terminal, else a line per message.

    The first Ctrl-C asks the step to stop at its next safe place; the second stops at once.

    Parameters
    ----------
    console : rich.console.Console
        Where the bar is drawn.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._asked_to_stop = threading.Event()
        self._last = ""
        self._before: Any = None
        self._task: TaskID | None = None
        self._bar: Progress | None = None
        if console.is_terminal:
            columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
            self._bar = Progress(*columns, TextColumn("{task.description}"), console=console, transient=True)

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._stop)
        if self._bar is not None:
            self._task = self._bar.add_task("", total=1.0)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        if self._bar is not None:
            self._bar.stop()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked_to_stop.is_set():
            raise KeyboardInterrupt
        self._asked_to_stop.set()
        self._console.print(Text("Stopping at the next safe place; press Ctrl-C again to stop at once."))

    def ask(self, question: str) -> bool:
        """Ask the person at the keyboard; the bar is out of the way meanwhile. Anything but yes is no."""
        if self._bar is not None:
            self._bar.stop()
        self._console.print(Text(f"{question} [y/N] "), end="")
        try:
            answer = sys.stdin.readline()
        finally:
            if self._bar is not None:
                self._bar.start()
        return answer.strip().lower() in ("y", "yes")

    def advance(self, fraction: float) -> None:
        """Move the bar."""
        self.check()
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=min(max(fraction, 0.0), 1.0))

    def message(self, text: str) -> None:
        """Say what is being done."""
        self.check()
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=text)
        elif text != self._last:
            self._console.print(Text(text, style="dim"))
        self._last = text

    def check(self) -> None:
        """Raise Cancelled once Ctrl-C was pressed."""
        if self._asked_to_stop.is_set():
            raise Cancelled
