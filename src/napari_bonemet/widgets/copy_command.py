"""The button that gives what a dock does as a command line."""

import shlex
from collections.abc import Callable, Sequence

from napari.utils.notifications import show_info
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget

from napari_bonemet.errors import InputError
from napari_bonemet.widgets.desk import Desk

__all__ = ["CopyCommandButton", "CopyPythonButton", "beside", "folder_named"]

Command = Sequence[str] | Sequence[Sequence[str]]


def folder_named(desk: Desk) -> str:
    """The folder of the leg on the desk, as a command names it.

    Raises
    ------
    InputError
        When the leg lies in no folder (a sample, or scans dropped on the window).
    """
    if desk.leg is None or desk.leg.folder is None:
        raise InputError(
            "The weeks lie in no folder that a command could name",
            remedy="Select the weeks as scanned, save them (File > Save Selected Layers, BoneMet weeks), and open "
            "that folder",
        )
    return str(desk.leg.folder)


class CopyCommandButton(QPushButton):
    """Puts the command that would do the same without a screen on the clipboard.

    Parameters
    ----------
    command : callable
        Gives the words, ``["napari-bonemet", "register", ...]``, or several such commands, each of which needs the
        one before it; may raise BoneMetError, which `say` shows.
    say : callable, optional
        Shows a sentence in the dock.
    """

    def __init__(self, command: Callable[[], Command], say: Callable[[str], None] | None = None) -> None:
        super().__init__("Copy as command")
        self._command = command
        self._say = say or show_info
        self.setToolTip("Copy the command line that does the same, for scripts and records.")
        self.clicked.connect(self._copy)

    def _copy(self) -> None:
        try:
            text = _line(self._command())
        except InputError as error:
            self._say(str(error))
            return
        QGuiApplication.clipboard().setText(text)
        self._say(f"Copied: {text}")


class CopyPythonButton(QPushButton):
    """Puts a Python script that would do the same on the clipboard.

    Parameters
    ----------
    script : callable
        Gives the script; may raise BoneMetError, which `say` shows.
    say : callable, optional
        Shows a sentence in the dock.
    """

    def __init__(self, script: Callable[[], str], say: Callable[[str], None] | None = None) -> None:
        super().__init__("Copy as Python")
        self._script = script
        self._say = say or show_info
        self.setToolTip("Copy a Python script that does the same, for notebooks and studies of your own.")
        self.clicked.connect(self._copy)

    def _copy(self) -> None:
        try:
            text = self._script()
        except InputError as error:
            self._say(str(error))
            return
        QGuiApplication.clipboard().setText(text)
        self._say(f"Copied a script of {len(text.splitlines())} lines.")


def beside(*buttons: QPushButton) -> QWidget:
    """Buttons in one row, equally wide."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for button in buttons:
        layout.addWidget(button, 1)
    return row


def _line(command: Command) -> str:
    one = [word for word in command if isinstance(word, str)]
    return shlex.join(one) or " && ".join(shlex.join(words) for words in command if not isinstance(words, str))
