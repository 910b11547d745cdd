"""The dock "Log": what was run, when, how long and with which settings."""

from datetime import datetime
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QAbstractItemView, QFileDialog, QHBoxLayout, QPushButton, QTreeWidget
from qtpy.QtWidgets import QTreeWidgetItem as Row

from napari_bonemet.errors import BoneMetError
from napari_bonemet.io.atomic import atomic_file
from napari_bonemet.processing.register.result import Verdict
from napari_bonemet.study.session import LogEntry
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.log_book import as_text, book_of, setting_words
from napari_bonemet.widgets.settings import start_in
from napari_bonemet.widgets.verdicts import verdict_icon

__all__ = ["LogDock"]

EMPTY = "Nothing was run yet. Every step that you run is listed here with its settings; a session keeps the list."
_WORDS = {"done": "done", "failed": "failed", "stopped": "stopped", "running": "running…"}
_ICONS: dict[str, Verdict] = {"done": "good", "stopped": "check", "failed": "failed"}


class LogDock(Dock):
    """The runs of this viewer, newest first; a row unfolds to its settings.

    Attributes
    ----------
    tree : QTreeWidget
        A row for each run.
    copy_button, save_button, clear_button : QPushButton
        The rows selected, or all, as text.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.book = book_of(self.desk)
        self.line = self.heading(EMPTY)
        self.tree = QTreeWidget()
        self.copy_button, self.save_button = QPushButton("Copy"), QPushButton("Save as text…")
        self.clear_button = QPushButton("Clear")
        self._shown: tuple[LogEntry, ...] = ()
        self._lay_out()
        self.copy_button.clicked.connect(self.copy)
        self.save_button.clicked.connect(self._pick)
        self.clear_button.clicked.connect(self.book.clear)
        self.book.changed.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        self.tree.setHeaderHidden(True)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.setWordWrap(True)
        self.tree.setIndentation(14)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.copy_button.setToolTip("The rows selected, or all of them, as text.")
        self.save_button.setToolTip("The whole list with settings, as a text file.")
        self.tree.setToolTip("Every step that was run, the newest first; unfold one to see its settings.")
        self.clear_button.setToolTip("Forget the runs that have ended.")
        self.column.addWidget(self.tree, 1)
        row = QHBoxLayout()
        for button in (self.copy_button, self.save_button, self.clear_button):
            row.addWidget(button)
        self.column.addLayout(row)

    def refresh(self) -> None:
        """Show the log as it stands; rows that did not change stay as they are, unfolded or not."""
        entries = self.book.entries
        kept = 0
        while kept < min(len(entries), len(self._shown)) and entries[kept] is self._shown[kept]:
            kept += 1
        # Newest first: the last rows of the tree are the first of the log.
        for _ in range(len(self._shown) - kept):
            self.tree.takeTopLevelItem(0)
        for entry in entries[kept:]:
            self.tree.insertTopLevelItem(0, _row(entry))
        self._shown = entries
        self.line.setVisible(not entries)
        for button in (self.copy_button, self.save_button, self.clear_button):
            button.setEnabled(bool(entries))

    def _chosen(self) -> tuple[LogEntry, ...]:
        count = self.tree.topLevelItemCount()
        picked = {id(item) for item in self.tree.selectedItems()}
        rows = [at for at in range(count) if id(self.tree.topLevelItem(at)) in picked]
        return tuple(self._shown[count - 1 - at] for at in reversed(rows)) or self._shown

    def copy(self) -> None:
        """Put the rows selected, or all, on the clipboard."""
        QGuiApplication.clipboard().setText(as_text(self._chosen()))

    def _pick(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the log", start_in("log.txt"), "Text (*.txt)")
        if chosen:
            self.save(Path(chosen))

    def save(self, path: Path) -> None:
        """Write the rows selected, or all, as text."""
        try:
            with atomic_file(path) as beside:
                beside.write_text(as_text(self._chosen()), encoding="utf-8")
        except BoneMetError as error:
            self.line.setText(str(error))
            self.line.show()


def _row(entry: LogEntry) -> Row:
    took = "" if entry.seconds is None else f", {entry.seconds:.1f} s"
    # The name last: where it is too long for the dock, its end is cut, and nothing else.
    row = Row([f"{_time(entry.started)}, {_WORDS[entry.outcome]}{took}\n{entry.what}"])
    row.setToolTip(0, f"{entry.what}, started {entry.started}")
    if entry.outcome in _ICONS:
        row.setIcon(0, verdict_icon(_ICONS[entry.outcome]))
    children = [entry.words] if entry.words else []
    children += [f"{name.replace('_', ' ')}: {setting_words(value)}" for name, value in entry.settings.items()]
    for text in children or ["no settings"]:
        child = Row([text])
        child.setToolTip(0, text)
        child.setFlags(Qt.ItemFlag.ItemIsEnabled)
        row.addChild(child)
    return row


def _time(stamp: str) -> str:
    try:
        return f"{datetime.fromisoformat(stamp):%H:%M}"
    except ValueError:
        return stamp
