from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from napari_bonemet.scan import Kind
from napari_bonemet.widgets.layers import add_scan
from napari_bonemet.widgets.week_view import week_view_of


@pytest.fixture
def viewer(make_model: Callable[[], Any]) -> Any:
    viewer = make_model()
    week_view_of(viewer)
    return viewer


def test_the_canvas_says_what_is_synthetic_and_what_is_predicted(qtbot: Any, viewer: Any, make_series: Any) -> None:
    overlay, scan = viewer.canvas.overlays.text, make_series()[0]
    add_scan(viewer, scan)
    qtbot.wait(10)
    assert (overlay.text, overlay.visible) == ("", False)
    made = add_scan(viewer, replace(scan, synthetic=True, subject="synthetic-1"))
    qtbot.waitUntil(lambda: (overlay.text, overlay.visible) == ("synthetic data", True))
    predicted = add_scan(viewer, replace(scan, kind=Kind.PREDICTION))
    qtbot.waitUntil(lambda: overlay.text == "predicted, research use · synthetic data")
    made.visible = False
    qtbot.waitUntil(lambda: overlay.text == "predicted, research use")
    viewer.layers.remove(predicted)
    qtbot.waitUntil(lambda: (overlay.text, overlay.visible) == ("", False))


def test_a_text_of_the_users_own_stays(qtbot: Any, viewer: Any, make_series: Any) -> None:
    viewer.canvas.overlays.text.text = "my experiment"
    add_scan(viewer, replace(make_series()[0], synthetic=True))
    viewer.add_image(np.zeros((3, 4, 4)))
    qtbot.wait(20)
    assert viewer.canvas.overlays.text.text == "my experiment"
