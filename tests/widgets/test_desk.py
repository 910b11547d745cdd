import gc
import weakref
from types import SimpleNamespace

from napari_bonemet.scan import Kind
from napari_bonemet.widgets.desk import Leg, desk_of


def test_one_desk_per_viewer_through_the_proxy(make_napari_viewer_proxy):
    viewer = make_napari_viewer_proxy()
    assert desk_of(viewer) is desk_of(viewer.__wrapped__)


def test_another_leg_takes_the_results_away(qtbot, make_model, make_series):
    desk = desk_of(make_model())
    desk.set_series(make_series())
    desk.set_registration(SimpleNamespace(series=make_series(kind=Kind.REGIST)))
    desk.set_composite(1.0, SimpleNamespace())
    assert desk.working is desk.registration.series
    with qtbot.waitSignals([desk.composites_changed, desk.forecast_changed, desk.series_changed, desk.week_changed]):
        desk.set_series(make_series(subject="872"))
    assert desk.registration is None
    assert desk.composites == {}
    assert desk.working is None
    assert [leg.name for leg in desk.legs] == ["871 left tibia", "872 left tibia"]


def test_weeks_read_as_registered_need_no_registration(make_model, make_series):
    desk = desk_of(make_model())
    desk.set_series(make_series(kind=Kind.REGIST))
    assert desk.registered is desk.series
    desk.set_series(make_series(kind=Kind.SEG))
    assert desk.registered is None


def test_week_steps_stop_at_the_ends(qtbot, make_model, make_series):
    desk = desk_of(make_model())
    desk.step_week(1)
    assert desk.week is None
    desk.set_series(make_series(weeks=(0, 2, 5)))
    weeks = []
    desk.week_changed.connect(weeks.append)
    for by in (1, 1, 1, -1):
        desk.step_week(by)
    assert weeks == [2, 5, 5, 2]


def test_legs_are_told_apart_by_name_and_place(make_model, make_series):
    desk = desk_of(make_model())
    leg = Leg(series=make_series())
    desk.add_legs(leg, Leg(series=make_series()))
    assert len(desk.legs) == 1
    assert leg.weeks == (0, 1, 2)


def test_scans_go_with_the_desk(make_model, make_series):
    desk = desk_of(make_model())
    desk.set_series(make_series())
    voxels = weakref.ref(desk.series[0])
    desk.clear()
    gc.collect()
    assert voxels() is None
