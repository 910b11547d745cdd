"""What a command says, and where: words for people, one line of JSON for machines."""

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDTH_OF_A_FILE = 160


class _Console(Console):
    """A console whose reader may go away, as ``| head`` does: the work goes on without words."""

    def on_broken_pipe(self) -> None:
        """Say nothing more; rich would leave the program here, with results half done."""
        self.quiet = True
        if not self.stderr:
            mute_stdout()


def _console(*, stderr: bool) -> Console:
    console = _Console(stderr=stderr, highlight=False, soft_wrap=True)
    # Into a file or a pipe a table need not squeeze into 80 columns.
    return console if console.is_terminal else _Console(stderr=stderr, highlight=False, width=_WIDTH_OF_A_FILE)


def mute_stdout() -> None:
    """Send what is still to be said on stdout nowhere, so that Python does not complain of it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


class Terminal:
    """Words on stdout, warnings and errors on stderr; with `machine`, only one line of JSON on stdout.

    Parameters
    ----------
    machine : bool
        Whether ``--json`` was given.
    """

    def __init__(self, *, machine: bool = False) -> None:
        self.machine = machine
        self.warnings: list[str] = []
        self.errors = _console(stderr=True)
        self.words = self.errors if machine else _console(stderr=False)

    def say(self, text: str) -> None:
        """Words for people."""
        self.words.print(Text(text), soft_wrap=True)

    def show(self, table: Table) -> None:
        """A table for people."""
        self.words.print(table)

    def tell(self, text: str) -> None:
        """How a long step stands; no result, and so beside the bar on stderr."""
        self.errors.print(Text(text), soft_wrap=True)

    def warn(self, text: str) -> None:
        """Something that the reader of the result has to know; kept for the JSON line, too."""
        if text not in self.warnings:
            self.warnings.append(text)
            self.errors.print(Text(f"Note: {text}", style="yellow"), soft_wrap=True)

    def fail(self, text: str) -> None:
        """Why it did not work, one clear sentence."""
        self.errors.print(Text(text, style="red"), soft_wrap=True)

    def finish(self, record: Mapping[str, Any]) -> None:
        """The one line for machines, where it is wanted."""
        if self.machine:
            line = json.dumps({**record, "warnings": self.warnings}, ensure_ascii=False, default=str)
            try:
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
            except BrokenPipeError:
                mute_stdout()
