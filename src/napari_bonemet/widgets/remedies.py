"""What an error tells the user to do, as a button: it opens the dock, or goes to the field, that the remedy names."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QDockWidget, QFormLayout, QLabel, QPushButton, QScrollArea, QWidget

from napari_bonemet.widgets.dock_tabs import name_of
from napari_bonemet.widgets.folded import Folded
from napari_bonemet.widgets.settings import PLUGIN

__all__ = ["OFFERS", "Offer", "RemedyButton", "Words", "offer_in"]

_OPENING_MS = 50


@dataclass(frozen=True)
class Offer:
    """Where a remedy is carried out.

    Parameters
    ----------
    words : str
        How the remedy says it.
    dock : str
        The dock's name; empty for the one that speaks.
    field : str
        The label of a field in it; empty for the dock as a whole.
    """

    words: str
    dock: str = ""
    field: str = ""

    @property
    def label(self) -> str:
        """The button's text."""
        return f"Go to {self.field}" if self.field else f"Open {self.dock}"


# The first whose words stand in a sentence is offered.
OFFERS = (
    Offer("the field 'Voxel size'", "Weekly scans", "Voxel size"),
    Offer("Open a leg", "Weekly scans"),
    Offer("in Weekly scans", "Weekly scans"),
    Offer("Register the weeks", "Register weeks"),
    Offer("Register them", "Register weeks"),
    Offer("weeks are not registered", "Register weeks"),
    Offer("Draw futures first", "Futures"),
    Offer("Crop to the region of interest first", "Composite and RoI"),
    Offer("Make one of two registered weeks first", "Composite and RoI"),
    Offer("Separate the limbs first", "Separate limbs"),
    Offer("Lower the bone threshold", field="Bone threshold"),
    Offer("Set the bone threshold", field="Bone threshold"),
    Offer("djust the bone threshold", field="Bone threshold"),
)


def offer_in(sentence: str) -> Offer | None:
    """What can be offered for a sentence that ends in a remedy; None where it names no place of ours."""
    return next((offer for offer in OFFERS if offer.words in sentence), None)


class RemedyButton(QPushButton):
    """Seen only while what was last said can be mended somewhere else."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offer: Offer | None = None
        self.setToolTip("Goes to where this can be mended.")
        self.clicked.connect(self.go)
        self.hide()

    def hear(self, sentence: str) -> None:
        """Offer what the sentence tells to do, or nothing."""
        offer = offer_in(sentence)
        self._offer = offer if offer is not None and self._helps(offer) else None
        self.setText(self._offer.label if self._offer is not None else "")
        self.setVisible(self._offer is not None)

    def _helps(self, offer: Offer) -> bool:
        """Where the user is already, and what a dock does not have, is no offer."""
        if not offer.dock:
            return field_of(self._place(), offer.field) is not None
        return bool(offer.field) or self._title() != offer.dock

    def go(self) -> None:
        """Open the dock, and put the cursor into the field."""
        offer, place = self._offer, self._place()
        if offer is None:
            return
        if offer.dock:
            place = self._open(offer.dock)
        if offer.field and place is not None:
            # A dock that has just been opened has no room for its fields yet.
            QTimer.singleShot(_OPENING_MS, lambda: _point_at(field_of(place, offer.field)))

    def _open(self, name: str) -> Any:
        viewer = getattr(self._place(), "viewer", None)
        if viewer is None:
            return None
        frame, dock = viewer.window.add_plugin_dock_widget(PLUGIN, name)
        if isinstance(frame, QDockWidget):
            frame.show()
            frame.raise_()
        return dock

    def _place(self) -> QWidget:
        """The dock that speaks."""
        return next((parent for parent in _parents(self) if hasattr(parent, "desk")), self)

    def _title(self) -> str:
        frame = next((parent for parent in _parents(self) if isinstance(parent, QDockWidget)), None)
        return "" if frame is None else name_of(frame)


class Words(QLabel):
    """A sentence that wraps, and below it what it tells to do as a button (`remedy`, which is laid out beside it)."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setWordWrap(True)
        self.remedy = RemedyButton()

    def setText(self, text: str) -> None:  # noqa: N802 - Qt's name
        """Say something else."""
        super().setText(text)
        self._offer()

    def showEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Only a dock that is seen knows where it is."""
        super().showEvent(event)
        self._offer()

    def hideEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """The button goes with its sentence."""
        super().hideEvent(event)
        if self.isHidden():
            self.remedy.hide()

    def _offer(self) -> None:
        self.remedy.hear("" if self.isHidden() else self.text())


def _parents(widget: QWidget) -> Iterator[QWidget]:
    parent = widget.parentWidget()
    while parent is not None:
        yield parent
        parent = parent.parentWidget()


def _rows(place: QWidget) -> Iterator[tuple[str, QWidget]]:
    for form in place.findChildren(QFormLayout):
        for row in range(form.rowCount()):
            label, field = (form.itemAt(row, role) for role in (QFormLayout.LabelRole, QFormLayout.FieldRole))
            name = label.widget() if label is not None else None
            if isinstance(name, QLabel) and field is not None and field.widget() is not None:
                yield name.text(), field.widget()


def field_of(place: QWidget, label: str) -> QWidget | None:
    """The field that a form of `place` shows beside this label."""
    return next((field for name, field in _rows(place) if name.casefold() == label.casefold()), None)


def _point_at(field: QWidget | None) -> None:
    if field is None:
        return
    for parent in _parents(field):
        if isinstance(parent, Folded):
            parent.unfold()
        elif isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(field)
    field.window().activateWindow()
    field.setFocus()
