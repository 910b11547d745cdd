"""Outlines, perforations and risk on the bone: on the canvas by a press, gone by another, with their words."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.phantom.sample import sample_leg
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.cells import View
from napari_bonemet.widgets.futures_maps import LEVEL_COLOURS, OUTLINES, PERFORATION, SURFACE, levels_in

from .futures_screen import Screen


@pytest.fixture(scope="module")
def tibia() -> ScanSeries:
    return sample_leg().registered()


@pytest.fixture
def drawn(make_napari_viewer: Callable[..., Any], qtbot: Any, tibia: ScanSeries, holes: Any) -> Screen:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1000, 700)
    # Where the synthetic tibia has bone.
    holes.rows = slice(30, 45)
    made = Screen(viewer, qtbot, tibia)
    made.choose(perceptual=False)
    made.draw()
    return made


def press(screen: Screen, what: str) -> None:
    maps = screen.futures.maps
    screen.press(maps.buttons[what])
    screen.wait(lambda: not maps.run_bar.running)
    screen.qtbot.wait(50)


def near(screen: Screen, colour: str) -> int:
    """How many pixels of the canvas have a colour."""
    image = screen.viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    wanted = np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)])
    return int((np.abs(image - wanted).sum(axis=-1) < 30).sum())


def test_outlines_are_drawn_at_the_shares_asked_for(drawn: Screen) -> None:
    maps, desk = drawn.futures.maps, drawn.desk
    most = int(desk.drawn.loss_probability.to_numpy().sum(axis=(1, 2)).argmax())
    drawn.viewer.dims.set_point(0, desk.drawn.mean.grid.to_um((most, 0, 0))[0])
    assert near(drawn, LEVEL_COLOURS[0]) == 0
    maps.levels.setText("0.01, 0.3")
    press(drawn, OUTLINES)
    assert near(drawn, LEVEL_COLOURS[0]) > 30
    (layer,) = [layer for layer in drawn.viewer.layers if "outlines" in layer.name]
    share = desk.drawn.loss_probability.to_numpy()
    assert np.array_equal(layer.data > 0, share >= 0.01 - 1e-6)
    assert np.array_equal(layer.data > 1, share >= 0.3 - 1e-6)
    assert "share of 6 samples" in maps.caption.text()
    assert "no confidence" in maps.caption.text()
    drawn.desk.look(1.0, ahead=False)
    assert not layer.visible, "another week is seen free of them"
    press(drawn, OUTLINES)
    assert layer not in drawn.viewer.layers
    assert maps.caption.isHidden()


def test_perforation_is_told_in_words_and_shown(drawn: Screen) -> None:
    maps = drawn.futures.maps
    press(drawn, PERFORATION)
    (layer,) = [layer for layer in drawn.viewer.layers if "perforation" in layer.name]
    assert layer.visible
    assert 0 < layer.data.max() <= 1
    assert "of 6 samples lost bone goes through the cortex" in maps.caption.text()
    # A new forecast takes what was made of the old one away.
    drawn.desk.set_forecast(None)
    assert layer not in drawn.viewer.layers
    assert maps.isHidden()


def test_risk_is_seen_on_the_bone_and_the_view_comes_back(drawn: Screen) -> None:
    before = View.of(drawn.viewer)
    maps = drawn.futures.maps
    press(drawn, SURFACE)
    assert drawn.viewer.dims.ndisplay == 3
    image = drawn.viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    assert (image.max(axis=-1) > 60).mean() > 0.03, "no bone is seen"
    reddish = (image[..., 0] > 120) & (image[..., 1] < image[..., 0] * 0.5)
    assert reddish.sum() > 50, "no risk is seen"
    assert maps.buttons[SURFACE].isChecked()
    press(drawn, SURFACE)
    assert View.of(drawn.viewer) == before
    assert not maps.buttons[SURFACE].isChecked()


@pytest.mark.parametrize("text", ["", "much", "0", "1.5", "0.1, 0.2, 0.3, 0.4, 0.5", "nan"])
def test_shares_that_are_none_are_told_in_words(text: str) -> None:
    with pytest.raises(InputError, match="outlines cannot be drawn"):
        levels_in(text)


def test_shares_are_sorted_and_told_once() -> None:
    assert levels_in("0.9; 0.5, 0.5") == (0.5, 0.9)
