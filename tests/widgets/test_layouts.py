"""Named layouts hold what their name says, and are offered only where there is something to fill them."""

from collections.abc import Callable

import numpy as np

from napari_bonemet.processing.composite import make_composite
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.compare.items import Item, items_on
from napari_bonemet.widgets.compare.layouts import OWN, layouts_for
from napari_bonemet.widgets.compare.recipes import recipes_on
from napari_bonemet.widgets.desk import Desk

from .futures_screen import Holes

Make = Callable[..., ScanSeries]


def items_with_samples(series: ScanSeries) -> tuple[Desk, tuple[Item, ...]]:
    desk = Desk()
    desk.set_series(series)
    desk.set_forecast(Holes().predict(series.until(3), 3, samples=3))
    items = items_on(desk)
    return desk, (*items, *recipes_on(desk, items))


def test_weeks_alone_have_one_layout(make_series: Make) -> None:
    desk = Desk()
    desk.set_series(make_series((0, 1, 2), kind=Kind.REGIST))
    items = items_on(desk)
    offered = layouts_for((*items, *recipes_on(desk, items)))
    assert [layout.name for layout in offered] == ["All weeks", OWN]
    assert offered[0].keys == ("week 0", "week 1", "week 2")
    assert offered[0].difference


def test_a_forecast_brings_its_own(make_series: Make) -> None:
    _, items = items_with_samples(make_series((0, 1, 2, 3), kind=Kind.REGIST))
    offered = {layout.name: layout.keys for layout in layouts_for(items)}
    assert offered["Observed, true, predicted, spread"] == ("week 2", "week 3", "predicted", "spread")
    assert offered["3 samples"] == ("week 3", "predicted", "sample 1", "sample 2", "sample 3")
    assert offered["All weeks and the predicted one"] == ("week 0", "week 1", "week 2", "week 3", "predicted")
    assert offered["Composites, predicted and true"] == ("composite predicted", "composite true")
    assert not any("registration" in name for name in offered), "nothing was registered here"


def test_a_composite_is_made_of_the_first_week_and_the_forecast(make_series: Make) -> None:
    desk, items = items_with_samples(make_series((0, 1, 2, 3), kind=Kind.REGIST))
    by_key = {item.key: item for item in items}
    for key, later in (("composite predicted", desk.forecast.mean), ("composite true", desk.series[3])):
        assert not by_key[key].is_true, "a composite is no true week"
        made = by_key[key].made().scan
        assert made.kind == Kind.COMPOSITE
        expected = make_composite(desk.series[0], later).scan.to_numpy()
        assert np.array_equal(made.to_numpy(), expected)
        assert (expected == 60).any()
