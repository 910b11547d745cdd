"""The tour opens every dock, rings what is pressed, presses it when asked, and offers itself once."""

from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_bonemet.widgets import tour
from napari_bonemet.widgets.tour import RING, STEPS, Tour, tour_was_seen

from .pixels import is_colour, window_pixels

PLUGIN = "napari-bonemet"


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(platformdirs, "user_config_dir", lambda *_, **__: str(tmp_path / "config"))
    return tmp_path / "config"


@pytest.fixture
def weekly(make_napari_viewer: Any, qtbot: Any, config: Path) -> Any:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1200, 800)
    dock = viewer.window.add_plugin_dock_widget(PLUGIN, "Weekly scans")[1]
    qtbot.waitUntil(lambda: dock.placed)
    qtbot.wait(50)
    return dock


def press(button: Any) -> None:
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def ring_of(made: Tour) -> np.ndarray:
    """Where the window has the ring's colour outside the bubble, rows and columns."""
    pixels, box = window_pixels(made.window()), made.geometry()
    pixels[box.top() : box.bottom() + 1, box.left() : box.right() + 1] = 0
    return np.argwhere(is_colour(pixels, RING))


def test_it_goes_through_the_docks_and_rings_what_is_pressed(weekly: Any, qtbot: Any) -> None:
    assert "New here" in weekly.tour_button.text()
    press(weekly.tour_button)
    made = weekly._tour
    for number, step in enumerate(STEPS):
        qtbot.wait(250)
        assert made.count.text() == f"{number + 1} of {len(STEPS)}"
        target = made.ring.around
        assert target.isVisible(), f"{step.dock}: what is ringed is not seen"
        corner = target.mapTo(made.window(), QPoint(0, 0))
        image = made.window().grab().toImage()
        edge = image.pixelColor(made.geometry().center().x(), made.geometry().top() + 1).name()
        assert edge == RING, f"{step.dock}: the bubble is not seen"
        ring = ring_of(made)
        assert len(ring) > 50, f"{step.dock}: no ring"
        assert ring[:, 0].min() == pytest.approx(corner.y(), abs=6)
        assert ring[:, 1].max() == pytest.approx(corner.x() + target.width(), abs=6)
        press(made.next_button)
    assert not made.isVisible()
    assert tour_was_seen()


def test_what_is_ringed_is_pressed_when_asked(weekly: Any, qtbot: Any) -> None:
    press(weekly.tour_button)
    press(weekly._tour.do_button)
    assert weekly.open_bar.running
    qtbot.waitUntil(lambda: weekly.desk.series is not None, timeout=60_000)


def test_it_ends_where_its_dock_is_closed_and_goes_on(weekly: Any, qtbot: Any) -> None:
    press(weekly.tour_button)
    made = weekly._tour
    press(made.next_button)
    register = weekly.viewer.window.add_plugin_dock_widget(PLUGIN, "Register weeks")[1]
    weekly.viewer.window.remove_dock_widget(register)
    qtbot.wait(300)
    assert not made.ring.isVisible()
    press(made.next_button)
    qtbot.wait(250)
    assert made.ring.isVisible()
    press(made.end_button)
    assert not made.isVisible()


def test_a_home_that_cannot_be_written_is_no_reason_to_fail(config: Path) -> None:
    config.write_text("a file where the folder should be")
    tour.remember_tour()
    assert not tour_was_seen()
