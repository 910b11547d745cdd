from collections.abc import Callable

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.copying import CopyLastWeek
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.compare.items import items_on, registered_note, subtract, usual_pair
from napari_bonemet.widgets.desk import Desk

Make = Callable[..., ScanSeries]


def desk_with(series: ScanSeries, forecast_week: float | None = None) -> Desk:
    desk = Desk()
    desk.set_series(series)
    if forecast_week is not None:
        desk.set_forecast(CopyLastWeek().predict(series.until(forecast_week), forecast_week))
    return desk


def test_without_a_forecast_every_week_is_shown(make_series: Make) -> None:
    items = items_on(desk_with(make_series((0, 1, 2), kind=Kind.REGIST)))
    assert [(item.key, item.usual) for item in items] == [("week 0", True), ("week 1", True), ("week 2", True)]
    assert usual_pair(items) == ("week 2", "week 0")


def test_with_a_forecast_its_role_is_in_the_title(make_series: Make) -> None:
    items = items_on(desk_with(make_series((0, 1, 2), kind=Kind.REGIST), forecast_week=2))
    assert [item.title for item in items] == [
        "week 0",
        "last seen, week 1",
        "true, week 2",
        "predicted, week 2, copied",
    ]
    assert [item.usual for item in items] == [False, True, True, True]
    assert usual_pair(items) == ("predicted", "week 2")


def test_a_week_to_come_is_compared_with_the_last_one(make_series: Make) -> None:
    items = items_on(desk_with(make_series((0, 1), kind=Kind.REGIST), forecast_week=2))
    assert usual_pair(items) == ("predicted", "week 1")


def test_the_difference_is_signed(make_series: Make) -> None:
    series = make_series((0, 1), kind=Kind.REGIST)
    items = items_on(desk_with(series))
    made = subtract(items[1], items[0])
    expected = series[1].to_numpy().astype(int) - series[0].to_numpy()
    assert np.array_equal(made.scan.to_numpy(), expected)
    assert made.scan.voxels.dtype == np.int16
    assert made.scan.grid == series[0].grid
    assert made.title == "week 1 − week 0"


def test_nothing_open_is_told_in_words() -> None:
    with pytest.raises(InputError, match="nothing to compare yet"):
        items_on(Desk())


def test_weeks_that_are_not_registered_come_with_a_warning(make_series: Make) -> None:
    assert "not registered" in registered_note(desk_with(make_series((0, 1))))
    assert registered_note(desk_with(make_series((0, 1), kind=Kind.REGIST))) == ""
