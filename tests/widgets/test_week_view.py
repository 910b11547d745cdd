from dataclasses import replace

import numpy as np
from napari.layers import Layer

from napari_bonemet.forecast.copying import CopyLastWeek
from napari_bonemet.processing.composite import make_composite
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.desk import desk_of
from napari_bonemet.widgets.layers import add_scan, find_layers, layer_tuple
from napari_bonemet.widgets.week_view import FROM_READER, week_view_of


def drop(viewer, series):
    for scan in series:
        viewer.add_layer(Layer.create(*layer_tuple(scan, extra={FROM_READER: True})))


def test_one_view_per_viewer(make_napari_viewer_proxy):
    viewer = make_napari_viewer_proxy()
    assert week_view_of(viewer) is week_view_of(viewer)


def test_scans_dropped_before_the_first_dock_are_taken_up(qtbot, make_model, make_series):
    viewer = make_model()
    drop(viewer, make_series())
    drop(viewer, make_series(subject="872"))
    week_view_of(viewer)
    desk = desk_of(viewer)
    qtbot.waitUntil(lambda: desk.series is not None)
    assert sorted(leg.name for leg in desk.legs) == ["871 left tibia", "872 left tibia"]
    assert desk.series.leg == "871 left tibia"
    assert sum(layer.visible for layer in viewer.layers) == 1


def test_turned_layer_and_twice_the_same_week_are_left_alone(qtbot, make_model, make_series):
    viewer = make_model()
    desk = desk_of(viewer)
    series = make_series()
    drop(viewer, series)
    drop(viewer, series)
    viewer.layers[1].rotate = (0, 0, 20)
    week_view_of(viewer).adopt()
    assert desk.series is None
    assert len(viewer.layers) == 6


def test_registered_weeks_take_the_place_of_the_scanned(make_model, make_series):
    from types import SimpleNamespace

    viewer = make_model()
    own = viewer.add_image(np.zeros((4, 4, 4)))
    week_view_of(viewer)
    desk = desk_of(viewer)
    desk.set_series(make_series())
    desk.set_week(1)
    desk.set_registration(SimpleNamespace(series=make_series(kind=Kind.REGIST)))
    seen = [layer.name for layer in viewer.layers if layer.visible and layer != own]
    assert seen == ["871 left tibia, registered, week 1"]
    assert own.visible
    assert len(find_layers(viewer)) == 6
    desk.set_registration(SimpleNamespace(series=make_series(kind=Kind.REGIST)))
    assert len(find_layers(viewer)) == 6


def test_cells_keep_every_layer_visible(make_model, make_series):
    viewer = make_model()
    week_view_of(viewer)
    desk = desk_of(viewer)
    desk.set_series(make_series())
    for layer in viewer.layers:
        layer.visible = True
    viewer.canvas.grid.enabled = True
    desk.set_week(2)
    assert all(layer.visible for layer in viewer.layers)


def test_own_layer_stays_active_when_the_week_turns(make_model, make_series):
    viewer = make_model()
    week_view_of(viewer)
    desk = desk_of(viewer)
    desk.set_series(make_series())
    desk.set_week(1)
    assert viewer.layers.selection.active == viewer.layers[1]
    points = viewer.add_points(np.zeros((1, 3)))
    desk.set_week(2)
    assert viewer.layers.selection.active == points


def test_weeks_with_gaps_and_other_voxel_sizes_are_shown_in_place(make_model, make_series):
    viewer = make_model()
    week_view_of(viewer)
    first, second, _ = make_series()
    coarse = replace(second, spacing=(20.0, 20.0, 20.0), day=35.0)
    desk_of(viewer).set_series(ScanSeries((first, coarse)))
    assert np.allclose(viewer.layers[1].scale, 20)
    assert viewer.layers[1].name.endswith("week 5")
    assert viewer.canvas.overlays.scale_bar.visible


def test_results_that_the_desk_forgets_leave_the_canvas(qtbot, make_model, make_series):
    viewer = make_model()
    desk = week_view_of(viewer).parent()
    own = viewer.add_image(np.zeros((3, 4, 4)))
    series = make_series((0, 1, 2), kind=Kind.REGIST)
    desk.set_series(series)

    def results():
        desk.set_composite(2, make_composite(series[0], series[2]))
        add_scan(viewer, desk.composites[2].scan)
        desk.set_forecast(CopyLastWeek().predict(series.until(2), 2))
        add_scan(viewer, desk.forecast.mean)

    results()
    desk.set_week(1)
    assert len(find_layers(viewer, kind=Kind.PREDICTION)) == len(find_layers(viewer, kind=Kind.COMPOSITE)) == 1
    desk.set_roi(None)
    assert not find_layers(viewer, kind=Kind.PREDICTION)
    assert not find_layers(viewer, kind=Kind.COMPOSITE)
    assert len(find_layers(viewer, kind=Kind.REGIST)) == 3, "the weeks themselves are still on the desk"
    results()
    desk.set_series(make_series(subject="872"))
    (kept,) = find_layers(viewer, kind=Kind.PREDICTION)
    assert not kept.visible, "another leg's results stay, out of the way"
    desk.set_series(series)
    assert not find_layers(viewer, kind=Kind.PREDICTION), "back again, the desk knows nothing of them"
    assert own in viewer.layers


def test_a_deleted_week_is_back_when_turned_to(make_model, make_series):
    viewer = make_model()
    desk = week_view_of(viewer).parent()
    desk.set_series(make_series())
    viewer.layers.clear()
    desk.next_week()
    (layer,) = find_layers(viewer)
    assert layer.visible
    assert layer.data is desk.series[1].voxels
