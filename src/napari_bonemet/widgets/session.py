"""The dock "Session": save all that lies on the table, open it again, and take up what a crash left."""

from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QMessageBox, QPushButton

from napari_bonemet.progress import Progress
from napari_bonemet.study.session_file import SUFFIX, now, read_last_good, write_session
from napari_bonemet.widgets.desk import desk_of
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.session_banner import RecoveryBanner, about, when_words
from napari_bonemet.widgets.session_capture import note_session, open_docks_of
from napari_bonemet.widgets.session_keeper import keeper_of
from napari_bonemet.widgets.session_places import crashed, forget_recent, recent, remember, remove_kept
from napari_bonemet.widgets.session_rebuild import Rebuilt, rebuild
from napari_bonemet.widgets.session_restore import LayOut
from napari_bonemet.widgets.settings import PLUGIN, start_in

__all__ = ["SessionDock", "open_in"]

FILTER = f"BoneMet session (*{SUFFIX})"
NOT_SAVED = (
    "Not saved yet. A session keeps where the scans lie, what was done with them, how they are looked at, and what you "
    "drew or painted. Scans are not copied."
)


class SessionDock(Dock):
    """Save, open, and go back to recent sessions.

    Attributes
    ----------
    save_bar.run_button, save_as_button, open_button, open_recent_button, locate_button, follow_button : QPushButton
        What is pressed.
    recent : QListWidget
        The recent sessions; a double click opens one.
    """

    NOT_KEPT = ("recent",)

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        self.keeper = keeper_of(self.viewer, self.desk)
        self.where = self.heading(NOT_SAVED)
        self.save_bar = RunBar("Save")
        self.save_as_button = QPushButton("Save as…")
        self.open_button = QPushButton("Open…")
        self.locate_button = QPushButton("Locate folder…")
        self.follow_button = QPushButton("Follow it there")
        self.recent = QListWidget()
        self.open_recent_button, self.forget_button = QPushButton("Open selected"), QPushButton("Off the list")
        self.notes = QLabel()
        self._waiting: Path | None = None
        self._recovered: Path | None = None
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        self.where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in (self.notes,):
            label.setWordWrap(True)
        self.save_bar.run_button.setToolTip(
            "Scans are named, not copied; what was made of them is made again when the session is opened. "
            "What you drew or painted is kept in the file."
        )
        self.locate_button.setToolTip("The folder that holds the scans now.")
        self.save_as_button.setToolTip("Save in a file of another name.")
        self.open_button.setToolTip("Open a session in place of what is on the table.")
        self.follow_button.setToolTip("The session names scans outside its own folder: read them there.")
        self.recent.setToolTip("Sessions saved or opened before; a double click opens one.")
        self.open_recent_button.setToolTip("Open the session chosen in the list.")
        self.forget_button.setToolTip("Take it off this list; the file stays.")
        row = QHBoxLayout()
        row.addWidget(self.save_as_button)
        row.addWidget(self.open_button)
        self.column.addWidget(self.save_bar)
        self.column.addLayout(row)
        self.column.addWidget(self.notes)
        self.column.addWidget(self.locate_button)
        self.column.addWidget(self.follow_button)
        box = self.box("Recent studies")
        self.recent.setWordWrap(True)
        self.recent.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.recent.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        box.addWidget(self.recent)
        below = QHBoxLayout()
        below.addWidget(self.open_recent_button)
        below.addWidget(self.forget_button)
        box.addLayout(below)
        self.column.addStretch(1)
        self.notes.hide()
        self.locate_button.hide()
        self.follow_button.hide()

    def _connect(self) -> None:
        self.save_bar.lock(self.save_as_button, self.open_button, self.open_recent_button, self.locate_button)
        self.save_bar.run_button.clicked.connect(self.save)
        self.save_as_button.clicked.connect(self._pick_name)
        self.open_button.clicked.connect(self._pick_file)
        self.open_recent_button.clicked.connect(self._open_selected)
        self.forget_button.clicked.connect(self._forget_selected)
        self.locate_button.clicked.connect(self._pick_folder)
        self.follow_button.clicked.connect(self._follow)
        self.recent.itemDoubleClicked.connect(lambda _item: self._open_selected())
        self.recent.itemSelectionChanged.connect(self._allow)
        self.save_bar.runner.finished.connect(self._allow)

    def refresh(self) -> None:
        """Show the file that is saved to, and the recent ones."""
        path = self.keeper.path
        self.where.setText(NOT_SAVED if path is None else f"<b>{path.name.removesuffix(SUFFIX)}</b><br>{path.parent}")
        self.recent.clear()
        for one in recent():
            place = Path(one.path)
            item = QListWidgetItem(f"{place.name.removesuffix(SUFFIX)}: {one.title}\n{when_words(one.when)}")
            item.setToolTip(one.path)
            item.setData(Qt.ItemDataRole.UserRole, one.path)
            self.recent.addItem(item)
        if not self.recent.count():
            empty = QListWidgetItem("Sessions that you save or open are listed here.")
            empty.setFlags(Qt.ItemFlag.NoItemFlags)
            self.recent.addItem(empty)
        self._allow()

    def _allow(self) -> None:
        chosen = self._selected() is not None and not self.save_bar.running
        self.open_recent_button.setEnabled(chosen)
        self.forget_button.setEnabled(chosen)

    def _selected(self) -> Path | None:
        items = self.recent.selectedItems()
        return Path(items[0].data(Qt.ItemDataRole.UserRole)) if items else None

    def _pick_name(self) -> None:
        start = self.keeper.path or Path(f"{self.desk.leg.name if self.desk.leg else 'session'}{SUFFIX}")
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the session", str(start), FILTER)
        if chosen:
            self.save_to(Path(chosen if chosen.endswith(SUFFIX) else f"{chosen.removesuffix('.json')}{SUFFIX}"))

    def save(self) -> None:
        """Save to the session's file; asks for one where there is none yet."""
        if self.keeper.path is None:
            self._pick_name()
        else:
            self.save_to(self.keeper.path)

    def save_to(self, path: Path) -> None:
        """Save all that lies on the table to `path`; the session that was there is kept beside it (``.bak``)."""
        noted = note_session(self.viewer, self.desk)

        def work(progress: Progress) -> str:
            progress.message(f"Saving {path.name}")
            session = noted.finish(path)
            write_session(session, path)
            return session.title

        self.save_bar.start(f"Saving {path.name}", work, lambda title: self._saved(path, title, noted.left_out))

    def _saved(self, path: Path, title: str, left_out: tuple[str, ...]) -> None:
        self.keeper.path = path
        remember(path, title, now())
        self.refresh()
        self.save_bar.say(f"Saved in {path.name}.")
        self._say([f"Not kept: {'; '.join(left_out)}. Save them as files to have them again."] if left_out else [])

    def _say(self, notes: list[str]) -> None:
        self.notes.setText("<br>".join(notes))
        self.notes.setVisible(bool(notes))

    def _pick_file(self) -> None:
        start = self.keeper.path.parent if self.keeper.path is not None else ""
        chosen, _ = QFileDialog.getOpenFileName(self, "Open a session", str(start), FILTER)
        if chosen:
            self.open(Path(chosen))

    def _open_selected(self) -> None:
        path = self._selected()
        if path is not None:
            self.open(path)

    def _forget_selected(self) -> None:
        path = self._selected()
        if path is not None:
            forget_recent(str(path))
            self.refresh()

    def _pick_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder that holds the scans now", start_in())
        if folder and self._waiting is not None:
            self.open(self._waiting, folder=Path(folder), ask=False)

    def _follow(self) -> None:
        if self._waiting is not None:
            self.open(self._waiting, ask=False, trusted=True)

    def _may_clear(self) -> bool:
        """Whether what is on the canvas may go; asks where there is something of the user's own."""
        noted = note_session(self.viewer, self.desk)
        if not noted.session.layers and noted.session.source is None:
            return True
        answer = QMessageBox.question(
            self,
            "Open a session",
            f"The session takes the place of what is on the table now ({about(noted.session)}). Open it?",
        )
        return bool(answer == QMessageBox.StandardButton.Yes)

    def open(
        self,
        path: Path,
        *,
        folder: Path | None = None,
        ask: bool = True,
        recovered: bool = False,
        trusted: bool = False,
    ) -> None:
        """Open a session in place of what is there.

        Parameters
        ----------
        folder : Path, optional
            Where the scans lie now, if no longer where the session says.
        ask : bool
            Whether to ask before what is on the canvas is taken away.
        recovered : bool
            The file was kept by a viewer that crashed: it is not the session's own.
        trusted : bool
            Places outside the session's folder are followed, which for sessions saved here they always are.
        """
        if self.save_bar.running or (ask and not self._may_clear()):
            return
        self._waiting, self._recovered = path, path if recovered else None
        self.locate_button.hide()
        self.follow_button.hide()
        self._say([])
        known = {one.path for one in recent()}
        outside = trusted or recovered or str(path.resolve()) in known
        self.keeper.paused = True

        def work(progress: Progress) -> Rebuilt:
            progress.message(f"Reading {path.name}")
            session, note = read_last_good(path)
            made = rebuild(session, path, folder=folder, outside=outside, progress=progress)
            if note:
                made.notes.insert(0, note)
            return made

        self.save_bar.runner.failed.connect(self._failed)
        name = "the kept session" if recovered else path.name
        self.save_bar.start(f"Opening {name}", work, self._lay_out_session)

    def _failed(self, _sentence: str) -> None:
        self.keeper.paused = False
        self.save_bar.runner.failed.disconnect(self._failed)

    def _lay_out_session(self, made: Rebuilt) -> None:
        self.save_bar.runner.failed.disconnect(self._failed)
        self.locate_button.setVisible(made.leg_missing)
        self.follow_button.setVisible(made.led_out)
        # Until all is laid out.
        self.setEnabled(False)
        layout = LayOut(self.viewer, self.desk, made, self)
        layout.done.connect(lambda notes: self._opened(made, notes))
        layout.start()

    def _opened(self, made: Rebuilt, notes: list[str]) -> None:
        self.keeper.paused = False
        self.setEnabled(True)
        if self._recovered is None:
            self.keeper.path = made.path
            if not made.led_out:
                remember(made.path, made.session.title, made.session.saved)
        else:
            self.keeper.path = None
            # What was taken up is kept by this viewer now.
            self.keeper.keep()
            if not made.leg_missing:
                remove_kept(self._recovered)
        self.refresh()
        whole = "" if not notes else ", but not all of it"
        self.save_bar.say(f"Opened {about(made.session)}, saved at {when_words(made.session.saved)}{whole}.")
        self._say(notes)


def open_in(viewer: Any, path: Path, *, recovered: bool = False) -> SessionDock:
    """Open a session in a viewer, by its dock Session, which is put in the window if it is not there."""
    real = getattr(viewer, "__wrapped__", viewer)
    dock = open_docks_of(desk_of(real)).get("Session")
    if dock is None:
        dock = real.window.add_plugin_dock_widget(PLUGIN, "Session")[1]
    dock.open(path, ask=not recovered or bool(real.layers), recovered=recovered)
    return dock


def offer_recovery(dock: Dock) -> None:
    """Put what crashed viewers left at the top of the first dock of a window."""
    for path, session in reversed(crashed()):
        banner = RecoveryBanner(path, session, lambda path: _recover(dock, path), dock)
        dock.column.insertWidget(0, banner)


def _recover(dock: Dock, path: Path) -> None:
    open_in(dock.viewer, path, recovered=True)
