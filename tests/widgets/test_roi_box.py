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


def test_the_fibula_is_taken_out_on_request(qtbot: Any, dock: Any) -> None:
    run(qtbot, dock.roi.run_bar.run_button, dock.roi.run_bar)
    whole = [np.asarray(scan.voxels) for scan in dock.desk.roi.series]
    dock.roi.form.fields["remove_fibula"].value = True
    run(qtbot, dock.roi.run_bar.run_button, dock.roi.run_bar)
    assert "Fibula taken out, confidence" in dock.roi_note.text()
    for before, scan in zip(whole, dock.desk.roi.series, strict=True):
        lost = (before > 75) & (scan.to_numpy() <= 75)
        assert 0.02 < lost.sum() / (before > 75).sum() < 0.2, "a fibula is a small part of the bone"
        assert not ((before <= 75) & (scan.to_numpy() > 75)).any()


def test_all_later_weeks_are_composed_and_shown_by_week(qtbot: Any, make_model: Callable[[], Any]) -> None:
    from napari_bonemet.widgets.composite import CompositeDock

    dock = CompositeDock(make_model())
    qtbot.addWidget(dock)
    dock.desk.set_series(
        make_leg(LegOptions(shape=(24, 48, 48), spacing_um=60.0, weeks=(0, 1, 3), seed=6)).registered()
    )
    dock.later.setCurrentIndex(dock.later.findText("all later weeks"))
    run(qtbot, dock.run_bar.run_button, dock.run_bar)
    assert sorted(dock.desk.composites) == [1, 3]
    assert dock.desk.week == 3
    assert "week 3 since week 0" in dock.which.text()
    resorbed = dock.table.rows()[2]
    dock.desk.set_week(1)
    assert "week 1 since week 0" in dock.which.text()
    assert dock.table.rows()[2] != resorbed
    shown = [layer.metadata["bonemet"]["week"] for layer in find_layers(dock.viewer, kind="composite") if layer.visible]
    assert shown == [1]
    dock.leave()
