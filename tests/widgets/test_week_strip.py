"""The week strip turns the weeks by mouse, keys and by itself, and shows the future as a cell of its own."""

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.thumbnails import small_picture
from napari_bonemet.widgets.week_strip import WeekStrip

from .futures_screen import Screen


@pytest.fixture
def strip(screen: Screen) -> WeekStrip:
    screen.wait(lambda: screen.futures.window().findChild(WeekStrip) is not None)
    found = screen.futures.window().findChild(WeekStrip)
    assert isinstance(found, WeekStrip)
    screen.wait(found.isVisible)
    return found


def press(strip: WeekStrip, number: int) -> None:
    QTest.mouseClick(strip.buttons[number], Qt.MouseButton.LeftButton)


def seen(screen: Screen) -> list[str]:
    return [layer.name.split("871 left tibia, ")[-1] for layer in screen.viewer.layers if layer.visible]


def test_a_press_turns_to_a_week_and_the_canvas_shows_it(screen: Screen, strip: WeekStrip) -> None:
    assert [button.text().split("\n") for button in strip.buttons[:4]] == [
        [f"week {week}", "registered"] for week in range(4)
    ]
    before = screen.viewer.screenshot(canvas_only=True, flash=False).astype(int)
    press(strip, 3)
    assert screen.desk.week == 3
    assert strip.buttons[3].isChecked()
    assert seen(screen) == ["registered, week 3"]
    after = screen.viewer.screenshot(canvas_only=True, flash=False).astype(int)
    assert np.abs(after - before).max() > 50, "the canvas still shows the first week"


def test_keys_step_turn_and_stop_at_the_ends(screen: Screen, strip: WeekStrip) -> None:
    for key, week in ((Qt.Key.Key_Right, 1), (Qt.Key.Key_3, 3), (Qt.Key.Key_Right, 3), (Qt.Key.Key_Left, 2)):
        QTest.keyClick(strip, key)
        assert screen.desk.week == week
    QTest.keyClick(strip, Qt.Key.Key_7)
    assert screen.desk.week == 2, "there is no week 7"
    QTest.keyClick(strip, Qt.Key.Key_Home)
    assert screen.desk.week == 0


def test_it_plays_and_stops(screen: Screen, strip: WeekStrip) -> None:
    strip._timer.setInterval(30)
    turned: list[float] = []
    screen.desk.week_changed.connect(turned.append)
    QTest.keyClick(strip, Qt.Key.Key_Space)
    screen.wait(lambda: len(turned) > 5)
    QTest.keyClick(strip, Qt.Key.Key_Space)
    assert turned[:5] == [1, 2, 3, 0, 1]
    count = len(turned)
    screen.qtbot.wait(150)
    assert len(turned) == count


def test_the_future_has_a_cell_and_the_true_week_another(screen: Screen, strip: WeekStrip) -> None:
    assert strip.buttons[-1].text() == "week 4\ndraw it…"
    screen.draw()
    assert [button.text().split("\n")[1] for button in strip.buttons] == ["registered"] * 4 + ["predicted"]
    assert strip.buttons[4].isChecked(), "the samples are seen as they come"
    futures = seen(screen)
    assert len(futures) == 3
    press(strip, 3)
    assert seen(screen) == ["registered, week 3"], "the week as it came"
    assert strip.buttons[3].isChecked()
    press(strip, 4)
    assert seen(screen) == futures
    press(strip, 1)
    assert seen(screen) == ["registered, week 1"]
    QTest.keyClick(strip, Qt.Key.Key_End)
    assert seen(screen) == futures


def test_a_future_that_is_not_drawn_opens_the_dock(screen: Screen, strip: WeekStrip) -> None:
    asked: list[bool] = []
    strip.future_asked.connect(lambda: asked.append(True))
    press(strip, 4)
    assert asked
    assert screen.desk.week == 0
    assert not strip.buttons[4].isChecked()


def test_pictures_are_of_the_slice_on_the_canvas(screen: Screen, strip: WeekStrip) -> None:
    screen.wait(lambda: not strip.buttons[0].icon().isNull())
    last = screen.series[3]
    low, high = small_picture(last, 0.0, 20), small_picture(last, 60.0, 20)
    assert (high > 0).sum() < (low > 0).sum(), "the hole lies in the middle slices"
    assert np.array_equal(small_picture(last, 1e6, 20), small_picture(last, 110.0, 20)), "the last slice at the end"


def test_the_strip_goes_and_comes_by_its_box(screen: Screen, strip: WeekStrip) -> None:
    weekly = screen.dock("Weekly scans")
    QTest.mouseClick(strip.hide_button, Qt.MouseButton.LeftButton)
    assert not strip.isVisible()
    assert not weekly.strip_box.isChecked()
    weekly.strip_box.click()
    assert strip.isVisible()
    screen.desk.set_series(None)
    assert not strip.isVisible(), "an empty strip takes no room"


def test_there_is_one_strip_in_a_window(screen: Screen, strip: WeekStrip) -> None:
    dock = screen.dock("Weekly scans")
    screen.wait(lambda: dock.placed)
    assert len(strip.window().findChildren(WeekStrip)) == 1


def test_weeks_turned_under_cells_are_seen_when_they_are_gone(screen: Screen, strip: WeekStrip) -> None:
    compare = screen.dock("Compare")
    screen.press(compare.run_bar.run_button)
    screen.wait(lambda: not compare.run_bar.running)
    press(strip, 2)
    assert compare.cells.shown
    screen.press(compare.back_button)
    assert seen(screen) == ["registered, week 2"]
    assert screen.series[2].kind == Kind.REGIST


def test_a_week_to_come_is_looked_at_from_the_last_one(screen: Screen, strip: WeekStrip) -> None:
    screen.desk.set_series(ScanSeries(tuple(screen.series)[:3]))
    screen.draw()
    assert [button.text().split("\n")[0] for button in strip.buttons] == ["week 0", "week 1", "week 2", "week 3"]
    assert strip.buttons[3].isChecked()
    futures = [name for name in seen(screen) if "research use" in name]
    assert len(futures) == 2
    press(strip, 1)
    assert seen(screen) == ["registered, week 1"]
    press(strip, 3)
    assert [name for name in seen(screen) if "research use" in name] == futures
    assert screen.desk.week == 1, "docks follow weeks that are scanned"
