from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.calibration import Calibration
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.futures_run import FutureOptions, draw_futures, weeks_beside
from napari_bonemet.widgets.futures_words import score_rows, verdict
from napari_bonemet.widgets.target_week import target_weeks

COPY = FutureOptions(model="copy-last-week", perceptual=False)


@pytest.fixture
def series(make_series: Callable[..., ScanSeries]) -> ScanSeries:
    return make_series((0, 1, 2), kind=Kind.REGIST)


def test_every_week_after_the_first_and_the_next_can_be_forecast(series: ScanSeries) -> None:
    assert target_weeks(series) == (1, 2, 3)
    assert target_weeks(series.select([0])) == (1,)


def test_copying_scores_as_copying(series: ScanSeries) -> None:
    made = draw_futures(series, 2.0, COPY)
    assert made.scores is not None
    rows = {row[0]: row[1:] for row in score_rows(made.scores)}
    assert rows["PSNR, dB"][0] == rows["PSNR, dB"][1]
    assert rows["LPIPS"] == ["–", "–"]
    assert verdict(made.scores).startswith("copy-last-week is the baseline that other models have to beat;")


def test_a_week_to_come_has_no_scores(series: ScanSeries) -> None:
    made = draw_futures(series, 3.0, COPY)
    assert made.scores is None
    assert made.forecast.week == 3


def test_the_forecast_sees_only_earlier_weeks(series: ScanSeries) -> None:
    known = draw_futures(series, 2.0, FutureOptions(model="ridge", perceptual=False)).forecast
    alone = draw_futures(series.until(2.0), 2.0, FutureOptions(model="ridge", perceptual=False)).forecast
    assert (known.mean.to_numpy() == alone.mean.to_numpy()).all()


def test_a_missing_checkpoint_is_told_in_words(series: ScanSeries) -> None:
    with pytest.raises(InputError, match="found none chosen"):
        draw_futures(series, 2.0, FutureOptions(model="checkpoint"))


def test_weeks_are_cut_to_the_forecast(series: ScanSeries) -> None:
    part = series.crop((slice(2, 9), slice(None), slice(None)))
    forecast = draw_futures(part, 2.0, COPY).forecast
    beside = weeks_beside(series, forecast)
    assert beside.baseline.grid.matches(forecast.mean.grid)
    other = part.crop((slice(0, 3), slice(None), slice(None)))
    with pytest.raises(InputError, match="do not lie on one grid"):
        weeks_beside(other, forecast)


def test_a_calibration_of_the_model_is_asked(make_series: Callable[..., ScanSeries], holes: Any) -> None:
    legs = [make_series((0, 1, 2, 3), kind=Kind.REGIST, subject=name) for name in ("1", "2", "3")]
    options = FutureOptions(model="tvae-gate", samples=4, perceptual=False, device="cpu")
    raw = draw_futures(legs[0], 3.0, options)
    assert raw.drawn.expected_error is None
    assert raw.drawn.check is not None
    assert raw.drawn.check.calibrated_covered is None
    forecasts = [draw_futures(leg, 3.0, options).forecast for leg in legs[1:]]
    truths, lasts = ([leg.at_week(week) for leg in legs[1:]] for week in (3, 2))
    # Bone is lost where some of the samples lose it.
    lost = np.zeros(truths[0].shape, dtype=bool)
    lost[2:8, :8] = True
    truths = [true.with_voxels(np.where(lost, 20, true.to_numpy()), step=Step("lose")) for true in truths]
    holes.calibration = Calibration.fit(forecasts, truths, lasts)
    made = draw_futures(legs[0], 3.0, options)
    known = holes.calibration.apply(made.forecast, legs[0].at_week(2))
    assert made.drawn.expected_error is not None
    assert np.array_equal(made.drawn.expected_error.to_numpy(), known.spread.to_numpy())
    assert made.drawn.risk is not None
    assert np.array_equal(made.drawn.risk.to_numpy(), known.resorption_probability.to_numpy())
    assert made.drawn.check is not None
    assert made.drawn.check.level == 0.9
    assert made.drawn.check.calibrated_covered is not None
    assert made.drawn.calibration.startswith("Calibrated on 2 animals that the model did not learn from")
