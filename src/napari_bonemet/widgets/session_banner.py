"""The offer to take up again what lay on the desk when a viewer crashed."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_bonemet.study.session import Session
from napari_bonemet.widgets.session_places import remove_kept

__all__ = ["RecoveryBanner", "about", "when_words"]


def when_words(stamp: str) -> str:
    """A session's time for people: "14:05 on 3 March 2026"; as it stands where it is none."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    return f"{moment:%H:%M} on {moment.day} {moment:%B %Y}"


def about(session: Session) -> str:
    """What a session holds, in a line."""
    own = sum(getattr(layer, "layer", "made") != "made" for layer in session.layers)
    drawn = f"{own} layer{'s' if own > 1 else ''} of your own" if own else ""
    return ", ".join(part for part in (session.title, *session.steps, drawn) if part)


class RecoveryBanner(QFrame):
    """One crashed viewer's session: Recover, or Discard.

    Attributes
    ----------
    recover_button, discard_button : QPushButton
        What is pressed.
    """

    def __init__(self, path: Path, session: Session, recover: Callable[[Path], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._path, self._recover = path, recover
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setObjectName("bonemet-recovery")
        self.words = QLabel(
            f"<b>The viewer was not closed properly.</b> Kept at {when_words(session.saved)}: {about(session)}."
        )
        self.words.setWordWrap(True)
        self.recover_button, self.discard_button = QPushButton("Recover"), QPushButton("Discard")
        self.recover_button.setToolTip("Open what lay on the table; what is on the canvas now is taken away.")
        self.discard_button.setToolTip("Delete what was kept.")
        row = QHBoxLayout()
        row.addWidget(self.recover_button)
        row.addWidget(self.discard_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        column.addWidget(self.words)
        column.addLayout(row)
        self.recover_button.clicked.connect(self._take_up)
        self.discard_button.clicked.connect(self._discard)

    def _take_up(self) -> None:
        self.hide()
        self._recover(self._path)
        self.deleteLater()

    def _discard(self) -> None:
        remove_kept(self._path)
        self.hide()
        self.deleteLater()
