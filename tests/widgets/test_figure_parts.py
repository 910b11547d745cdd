from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_bonemet.errors import InputError
from napari_bonemet.figures.montage import MontageOptions
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.canvas_record import note_canvas
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.figure_parts import (
    annotated,
    as_png,
    draw_study,
    drawn_weeks,
    usual_title,
)
from napari_bonemet.widgets.futures_run import FutureOptions, draw_futures
from napari_bonemet.widgets.layers import add_scan
from napari_bonemet.widgets.mark import admitted

Make = Callable[..., ScanSeries]


def test_the_figure_shows_what_lies_on_the_desk(make_series: Make) -> None:
    desk = Desk()
    desk.set_series(make_series((0, 1, 2), kind=Kind.REGIST))
    options = MontageOptions(dpi=60)
    weeks_only = [panel["title"] for panel in draw_study(desk, options).record["panels"]]
    assert weeks_only == ["week 0", "week 1", "week 2", "composite, weeks 0 to 2"]
    made = draw_futures(desk.series, 2.0, FutureOptions(model="copy-last-week"))
    desk.set_forecast(made.forecast, made.scores)
    record: dict[str, Any] = draw_study(desk, options).record
    assert [panel["title"] for panel in record["panels"]][3:] == [
        "predicted, copy last week",
        "true scan",
        "difference",
    ]


def test_slices_are_counted_in_what_is_drawn(make_series: Make) -> None:
    desk = Desk()
    whole = make_series((0, 1, 2), kind=Kind.REGIST)
    inner = whole.crop((slice(2, whole.baseline.shape[0]), slice(None), slice(None)))
    desk.set_series(whole)
    assert drawn_weeks(desk).baseline.origin == whole.baseline.origin
    made = draw_futures(inner, 2.0, FutureOptions(model="copy-last-week"))
    desk.set_forecast(made.forecast, made.scores)
    # Beside a forecast of the inner slices, the figure's first slice is the whole's third.
    assert drawn_weeks(desk).baseline.origin[0] == whole.baseline.grid.to_um((2, 0, 0))[0]


def test_nothing_open_is_told_in_words() -> None:
    with pytest.raises(InputError, match="nothing to draw yet"):
        draw_study(Desk(), MontageOptions())


def test_the_picture_keeps_its_pixels_and_admits_what_it_shows(make_series: Make) -> None:
    image = np.zeros((200, 300, 4), np.uint8)
    image[..., 0], image[..., 3] = 200, 255
    figure = annotated(image, "title", "", "synthetic data")
    assert {text.get_text() for text in figure.texts} >= {"title", "synthetic data"}
    assert as_png(figure, 150).startswith(b"\x89PNG")
    figure.canvas.draw()
    drawn = np.asarray(figure.canvas.buffer_rgba())
    inside = (drawn[..., 0] == 200) & (drawn[..., 1] == 0)
    assert inside.sum() == pytest.approx(200 * 300, rel=0.02)


def test_only_what_is_seen_is_admitted_and_recorded(make_series: Make) -> None:
    viewer = ViewerModel()
    scan = make_series((0,), kind=Kind.PREDICTION)[0]
    layer = add_scan(viewer, scan)
    assert admitted(viewer) == "predicted, research use"
    assert usual_title(viewer).startswith("871 left tibia, z = ")
    assert noted(viewer)[0].name == layer.name
    layer.visible = False
    assert admitted(viewer) == ""
    assert noted(viewer)[0].type == "hidden"


def noted(viewer: Any) -> Any:
    return note_canvas(viewer, Desk(), title="t", footer="f", size=(20, 30), scale_factor=None)[1]
