from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_bonemet.phantom.leg import SyntheticLeg, make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.processing.roi import RoiOptions, crop_roi
from napari_bonemet.widgets.layers import find_layers


@pytest.fixture(scope="module")
def leg() -> SyntheticLeg:
    return make_leg(LegOptions(shape=(48, 64, 64), spacing_um=45.0, weeks=(0, 1), seed=6))


@pytest.fixture
def dock(make_model: Callable[[], Any], qtbot: Any, leg: SyntheticLeg) -> Iterator[Any]:
    from napari_bonemet.widgets.composite import CompositeDock

    dock = CompositeDock(make_model())
    qtbot.addWidget(dock)
    dock.desk.set_series(leg.registered())
    dock.roi.form.fields["slices"].value = 12
    yield dock
    dock.leave()


def run(qtbot: Any, button: Any, bar: Any) -> None:
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not bar.running, timeout=60_000)


def found(leg: SyntheticLeg) -> int:
    return crop_roi(leg.registered(), options=RoiOptions(slices=12)).first_slice


def test_the_landmark_is_shown_and_nothing_is_cropped(qtbot: Any, dock: Any, leg: SyntheticLeg) -> None:
    run(qtbot, dock.roi.find_button, dock.roi.run_bar)
    assert dock.roi.sheet.shown
    assert dock.roi.plane.first == dock.roi.form.fields["first_slice"].value == found(leg)
    assert f"Found after slice {found(leg) - 1}" in dock.roi_note.text()
    assert dock.desk.roi is None
    run(qtbot, dock.roi.run_bar.run_button, dock.roi.run_bar)
    assert not dock.roi.sheet.shown
    assert dock.desk.roi.first_slice == found(leg)
    assert "junction" in dock.desk.roi.landmark, "what was not corrected is still said to be the landmark"


def test_the_plane_is_dragged_and_the_region_follows(
    qtbot: Any, dock: Any, leg: SyntheticLeg, drag: Callable[..., None]
) -> None:
    run(qtbot, dock.roi.find_button, dock.roi.run_bar)
    plane, viewer, size = dock.roi.plane, dock.viewer, 45.0
    first = found(leg)
    edge = (first - 0.5) * size
    drag(plane._drag, viewer, [(edge, 0, 100), (edge - 100, 0, 100), (edge - 3 * size, 0, 100)])
    assert plane.first == dock.roi.form.fields["first_slice"].value == dock.roi.slider.value() == first - 3
    assert dock.roi.form.fields["slices"].value == 12
    end = (first - 3 + 12 - 0.5) * size
    drag(plane._drag, viewer, [(end, 0, 100), (end - 2 * size, 0, 100)])
    assert (plane.first, plane.slices) == (first - 3, 10)
    far = (first + 2) * size
    drag(plane._drag, viewer, [(far, 0, 100), (far + 300, 0, 100)])
    assert (plane.first, plane.slices) == (first - 3, 10), "away from the lines the canvas is dragged as always"
    assert viewer.scene.camera.mouse_pan
    run(qtbot, dock.roi.run_bar.run_button, dock.roi.run_bar)
    assert (dock.desk.roi.first_slice, dock.desk.roi.last_slice) == (first - 3, first + 6)
    assert [layer.data.shape[0] for layer in find_layers(viewer, kind="roi")] == [10, 10]
    # Undo by accepting again.
    dock.roi.form.fields["first_slice"].value = first
    run(qtbot, dock.roi.run_bar.run_button, dock.roi.run_bar)
    assert dock.desk.roi.first_slice == first


def test_the_slice_in_view_is_taken(qtbot: Any, dock: Any) -> None:
    viewer = dock.viewer
    viewer.dims.set_point(0, 7 * 45.0)
    assert dock.roi.take_button.text() == "Take the slice in view (7)"
    run(qtbot, dock.roi.take_button, dock.roi.run_bar)
    assert dock.roi.form.fields["first_slice"].value == 7
    dock.roi.slider.setValue(11)
    assert viewer.dims.point[0] == pytest.approx(11 * 45.0)
    run(qtbot, dock.roi.run_bar.run_button, dock.roi.run_bar)
    assert dock.desk.roi.first_slice == 11


def test_another_landmark_or_leg_forgets_the_slice(qtbot: Any, dock: Any, leg: SyntheticLeg) -> None:
    field = dock.roi.form.fields["first_slice"]
    run(qtbot, dock.roi.find_button, dock.roi.run_bar)
    dock.roi.form.fields["preset"].value = "growth-plate"
    assert not dock.roi.sheet.shown
    assert field.value == field.min
    assert dock.roi.find_button.text() == "Find the growth plate"
    field.value = 9
    dock.desk.set_series(leg.registered())
    assert field.value == field.min


def test_the_composite_is_seen_in_place_of_the_projections(qtbot: Any, dock: Any) -> None:
    run(qtbot, dock.roi.find_button, dock.roi.run_bar)
    run(qtbot, dock.run_bar.run_button, dock.run_bar)
    assert not dock.roi.sheet.shown
    (layer,) = find_layers(dock.viewer, kind="composite")
    assert layer.visible
    assert np.array_equal(dock.viewer.dims.order, (0, 1, 2))
