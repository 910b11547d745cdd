"""Errors offer what they tell to do as a button, which opens the dock or goes to the field."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

import napari_bonemet
from napari_bonemet.errors import InputError, MissingSpacingError
from napari_bonemet.scan import Kind
from napari_bonemet.widgets.desk import desk_of
from napari_bonemet.widgets.remedies import OFFERS, field_of, offer_in


def test_every_offer_is_made_by_some_error() -> None:
    sources = Path(napari_bonemet.__file__).parent.rglob("*.py")
    told = "\n".join(path.read_text(encoding="utf-8") for path in sources if path.name != "remedies.py")
    assert [offer.words for offer in OFFERS if offer.words not in told] == []


def test_sentences_without_a_place_offer_nothing() -> None:
    assert offer_in(str(InputError("The disk is full", remedy="Free some space"))) is None
    assert offer_in("") is None
    offer = offer_in(str(MissingSpacingError("week 0")))
    assert offer is not None
    assert (offer.dock, offer.field) == ("Weekly scans", "Voxel size")


def opened(viewer: Any, name: str) -> Any:
    dock = viewer.window.add_plugin_dock_widget("napari-bonemet", name)[1]
    QApplication.processEvents()
    return dock


def press(button: Any) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_an_unregistered_leg_offers_to_register(
    make_napari_viewer: Callable[..., Any], make_series: Callable[..., Any], qtbot: Any
) -> None:
    viewer = make_napari_viewer(show=True)
    composite = opened(viewer, "Composite and RoI")
    qtbot.waitUntil(composite.note.remedy.isVisible, timeout=5000)
    assert composite.note.remedy.text() == "Open Weekly scans"
    desk_of(viewer).set_series(make_series((0, 1)))
    assert composite.note.remedy.text() == "Open Register weeks"
    remedy = composite.run_bar.remedy
    composite.run_bar.say("The weeks differ. Register the weeks first.")
    assert remedy.text() == "Open Register weeks"
    press(remedy)
    QApplication.processEvents()
    register = opened(viewer, "Register weeks")
    qtbot.waitUntil(register.isVisible, timeout=5000)
    # There the same words are no offer: it is where the user is.
    register.run_bar.say("Register the weeks first.")
    assert not register.run_bar.remedy.isVisible()
    desk_of(viewer).set_series(make_series((0, 1), kind=Kind.REGIST))
    composite.run_bar.say("")
    assert not composite.note.remedy.isVisible()
    assert not remedy.isVisible()


def test_a_field_is_gone_to(make_napari_viewer: Callable[..., Any], qtbot: Any) -> None:
    dock = opened(make_napari_viewer(show=True), "Composite and RoI")
    field = field_of(dock, "Bone threshold")
    assert field is not None
    dock.run_bar.say("No bone was found. Lower the bone threshold.")
    assert dock.run_bar.remedy.text() == "Go to Bone threshold"
    press(dock.run_bar.remedy)
    qtbot.waitUntil(field.hasFocus, timeout=5000)
