"""The button that gives what a dock does as a command line."""

import shlex
from collections.abc import Callable, Sequence

from napari.utils.notifications import show_info
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QPushButton

from napari_bonemet.errors import InputError

__all__ = ["CopyCommandButton"]


class CopyCommandButton(QPushButton):
    """Puts the command that would do the same without a screen on the clipboard.

    Parameters
    ----------
    command : callable
        Gives the words, ``["napari-bonemet", "register", ...]``; may raise BoneMetError, which `say` shows.
    say : callable, optional
        Shows a sentence in the dock.
    """

    def __init__(self, command: Callable[[], Sequence[str]], say: Callable[[str], None] | None = None) -> None:
        super().__init__("Copy as command")
        self._command = command
        self._say = say or show_info
        self.setToolTip("Copy the command line that does the same, for scripts and records.")
        self.clicked.connect(self._copy)

    def _copy(self) -> None:
        try:
            text = shlex.join(self._command())
        except InputError as error:
            self._say(str(error))
            return
        QGuiApplication.clipboard().setText(text)
        self._say(f"Copied: {text}")
