"""Compare on a real window: what is pressed and dragged shows on the canvas."""

from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QWidget

from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.cell_cursor import COLOUR as CURSOR
from napari_bonemet.widgets.cells import View
from napari_bonemet.widgets.compare.edge import COLOUR as EDGE
from napari_bonemet.widgets.glass import Glass, glass_over, places_on

from .futures_screen import Screen
from .pixels import is_colour, window_pixels

DARK, BRIGHT = 60, 220


def plain_weeks() -> ScanSeries:
    """A dark week and a bright one, so that a picture tells which of them is seen."""
    scans = [
        Scan(np.full((12, 20, 20), grey, np.uint8), (10.0,) * 3, (0.0,) * 3, "871", "left", day=7 * n, kind=Kind.REGIST)
        for n, grey in enumerate((DARK, BRIGHT))
    ]
    return ScanSeries(tuple(scans))


@pytest.fixture
def compare(make_napari_viewer: Any, qtbot: Any) -> Any:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1100, 760)
    screen = Screen(viewer, qtbot, plain_weeks())
    dock = screen.dock("Compare")
    qtbot.waitUntil(lambda: dock.placed)
    dock.screen = screen
    # The first is minus, the second is left of the edge otherwise.
    dock.choice.set_pair("week 0", "week 1")
    return dock


def show(dock: Any, mode: str) -> np.ndarray:
    dock.screen.press(dock.single_box.buttons[mode])
    dock.screen.wait(lambda: not dock.run_bar.running)
    return picture(dock)


def picture(dock: Any) -> np.ndarray:
    dock.screen.qtbot.wait(60)
    return np.asarray(dock.viewer.screenshot(canvas_only=True, flash=False))[..., 0].astype(int)


def canvas_of(dock: Any) -> QWidget:
    glass = dock.window().findChild(Glass)
    assert glass is not None
    return glass.parentWidget()


def share_of_dark(image: np.ndarray) -> float:
    dark, bright = np.abs(image - DARK) < 12, np.abs(image - BRIGHT) < 12
    assert dark.sum() + bright.sum() > 5000
    return float(dark.sum() / (dark.sum() + bright.sum()))


def coloured(dock: Any, colour: str) -> np.ndarray:
    """Where the window, glass and all, has a colour: rows and columns on the canvas."""
    canvas = canvas_of(dock)
    corner = canvas.mapTo(dock.window(), QPoint(0, 0))
    pixels = window_pixels(dock.window())[corner.y() :, corner.x() :][: canvas.height(), : canvas.width()]
    return np.argwhere(is_colour(pixels, colour))


def test_the_edge_of_a_wipe_is_dragged_on_the_canvas(compare: Any) -> None:
    before = View.of(compare.viewer)
    assert share_of_dark(show(compare, "Wipe")) == pytest.approx(0.5, abs=0.06)
    marked = coloured(compare, EDGE)
    assert len(marked) > 100, "the edge is not drawn"
    column, row = int(np.median(marked[:, 1])), int(np.median(marked[:, 0]))
    drag(compare, QPoint(column, row + 40), 90)
    moved = int(np.median(coloured(compare, EDGE)[:, 1]))
    assert moved == pytest.approx(column + 90, abs=4), "the edge follows the mouse"
    assert compare.single_box.edge.value() == round(compare.single.edge.share * 1000)
    assert share_of_dark(picture(compare)) == pytest.approx(compare.single.edge.share, abs=0.06)
    compare.single_box.edge.setValue(200)
    assert share_of_dark(picture(compare)) == pytest.approx(0.2, abs=0.06)
    compare.single_box.way.setCurrentIndex(1)
    image = picture(compare)
    assert share_of_dark(image) == pytest.approx(0.2, abs=0.06)
    middle = image[:, image.shape[1] // 2]
    assert np.argmax(np.abs(middle - DARK) < 12) < np.argmax(np.abs(middle - BRIGHT) < 12), "the first is above"
    compare.screen.press(compare.back_button)
    assert View.of(compare.viewer) == before
    assert not len(coloured(compare, EDGE))


def drag(compare: Any, start: QPoint, across: int) -> None:
    canvas, left = canvas_of(compare), Qt.MouseButton.LeftButton
    QTest.mouseMove(canvas, start)
    QTest.mousePress(canvas, left, Qt.KeyboardModifier.NoModifier, start)
    for step in range(1, 10):
        QTest.mouseMove(canvas, start + QPoint(across * step // 9, 0))
        compare.screen.qtbot.wait(10)
    QTest.mouseRelease(canvas, left, Qt.KeyboardModifier.NoModifier, start + QPoint(across, 0))


def test_a_board_shows_half_of_each_and_flicker_both_by_turns(compare: Any) -> None:
    assert share_of_dark(show(compare, "Board")) == pytest.approx(0.5, abs=0.1)
    compare.single_box.rate.setValue(10)
    show(compare, "Flicker")
    seen = {round(share_of_dark(picture(compare))) for _ in range(12)}
    assert seen == {0, 1}
    assert sum(layer.visible for layer in compare.cells.layers) == 1


def test_a_wipe_in_3d_is_cut_on_the_card(compare: Any) -> None:
    show(compare, "Wipe")
    compare.screen.press(compare.volumes)
    one, two = (layer for layer in compare.cells.layers if layer.visible)
    for layer, way in ((one, -1), (two, 1)):
        (plane,) = layer.experimental_clipping_planes
        assert plane.normal[2] == way
        assert plane.position[2] == pytest.approx(10)
    compare.single_box.edge.setValue(250)
    compare.screen.wait(lambda: one.experimental_clipping_planes[0].position[2] == pytest.approx(5))


def hover(compare: Any, spot: QPoint) -> None:
    """Move as a hand does, again and again: a window that another test opens takes the mouse off this one."""

    for _ in range(100):
        for place in (spot + QPoint(3, 0), spot):
            QTest.mouseMove(canvas_of(compare), place)
            compare.screen.qtbot.wait(40)
        if compare.cursor.at is not None:
            return
    raise AssertionError("the mouse is not on the canvas")


def test_the_cursor_is_marked_in_every_cell_with_its_value(compare: Any) -> None:
    compare.choice.with_difference.click()
    compare.screen.press(compare.run_bar.run_button)
    compare.screen.wait(lambda: not compare.run_bar.running)
    canvas = canvas_of(compare)
    places = places_on(compare.viewer, (canvas.width(), canvas.height()))
    assert places is not None
    assert places.shape == (1, 2)
    world = (60.0, 90.0, 110.0)
    spots = [places.pixel((0, column), world) for column in (0, 1)]
    hover(compare, spots[0].toPoint())
    assert compare.cursor.at[-2:] == pytest.approx(world[-2:], abs=2), "the glass and napari agree where things lie"
    marked = coloured(compare, CURSOR)
    for spot in spots:
        near = np.hypot(marked[:, 0] - spot.y(), marked[:, 1] - spot.x()) < 25
        assert near.sum() > 20, "a cell lacks the cursor"
    compare.screen.press(compare.back_button)
    assert compare.cursor.at is None
    assert not len(coloured(compare, CURSOR))


def test_layouts_undo_themselves(compare: Any) -> None:
    before = View.of(compare.viewer)
    compare.screen.press(compare.run_bar.run_button)
    compare.screen.wait(lambda: not compare.run_bar.running)
    first = [layer.name for layer in compare.cells.layers]
    show(compare, "Wipe")
    assert [layer.name for layer in compare.cells.layers] != first
    compare.screen.press(compare.undo_button)
    compare.screen.wait(lambda: not compare.run_bar.running)
    assert [layer.name for layer in compare.cells.layers] == first
    compare.screen.press(compare.undo_button)
    assert not compare.cells.shown
    assert View.of(compare.viewer) == before


def test_a_closed_dock_leaves_no_cells_and_no_glass(compare: Any) -> None:
    before = View.of(compare.viewer)
    show(compare, "Flicker")
    window = compare.window()
    compare.viewer.window.remove_dock_widget(compare)
    QApplication.processEvents()
    assert View.of(compare.viewer) == before
    glass = glass_over(compare.viewer, window)
    assert glass is not None
    assert glass.painters == ()


def test_another_measure_is_drawn_under_the_canvas(compare: Any) -> None:
    compare.screen.press(compare.run_bar.run_button)
    compare.screen.wait(lambda: not compare.run_bar.running)
    assert compare.under.isVisible()
    psnr = compare.plot.values.copy()
    compare.under.measures.setCurrentText("SSIM")
    compare.under.measures.activated.emit(1)
    compare.screen.wait(lambda: not compare.run_bar.running)
    assert not np.allclose(compare.plot.values, psnr)
    assert np.all(compare.plot.values < 1)
    compare.under.measures.setCurrentText("lesion overlap, Dice")
    compare.under.measures.activated.emit(3)
    compare.screen.wait(lambda: not compare.run_bar.running)
    assert "a week before both" in compare.under.note.text()
