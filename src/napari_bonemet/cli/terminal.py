"""What a command says, and where: words for people, one line of JSON for machines."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text


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
        self.errors = Console(stderr=True, highlight=False, soft_wrap=True)
        self.words = self.errors if machine else Console(highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """Words for people."""
        self.words.print(Text(text))

    def show(self, table: Table) -> None:
        """A table for people."""
        self.words.print(table)

    def warn(self, text: str) -> None:
        """Something that the reader of the result has to know; kept for the JSON line, too."""
        if text not in self.warnings:
            self.warnings.append(text)
            self.errors.print(Text(f"Note: {text}", style="yellow"))

    def fail(self, text: str) -> None:
        """Why it did not work, one clear sentence."""
        self.errors.print(Text(text, style="red"))

    def finish(self, record: Mapping[str, Any]) -> None:
        """The one line for machines, where it is wanted."""
        if self.machine:
            line = json.dumps({**record, "warnings": self.warnings}, ensure_ascii=False, default=str)
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
