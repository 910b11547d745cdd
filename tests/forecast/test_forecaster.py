"""Summaries over samples, copying, and the registry."""

from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.copying import CopyLastWeek
from napari_bonemet.forecast.forecaster import Forecaster, as_future, before, summarise
from napari_bonemet.forecast.registry import FORECASTERS, forecaster_names, load_forecaster, make_forecaster
from napari_bonemet.forecast.ridge import RidgeForecaster
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries


def future(voxels: np.ndarray) -> Scan:
    return Scan(voxels, 10.0, day=21.0, kind=Kind.PREDICTION, synthetic=True)


def test_summary_is_mean_deviation_and_share_of_bone() -> None:
    stack = np.random.default_rng(0).integers(0, 256, (5, 3, 4, 6), dtype=np.uint8)
    made = summarise([future(v) for v in stack], week=3, model="m", seed=4, bone_threshold=90)
    greys = stack.astype(float)
    mean = sum(greys) / 5
    assert made.mean.to_numpy() == pytest.approx(mean, rel=1e-6)
    assert made.spread.to_numpy() == pytest.approx(np.sqrt(sum((g - mean) ** 2 for g in greys) / 5), rel=1e-5)
    assert made.bone_probability.to_numpy() == pytest.approx((greys > 90).sum(axis=0) / 5)
    assert {s.voxels.dtype for s in (made.mean, made.spread, made.bone_probability)} == {np.dtype(np.float32)}
    assert (made.mean.kind, made.spread.kind, made.bone_probability.kind) == (
        Kind.PREDICTION,
        Kind.UNCERTAINTY,
        Kind.UNCERTAINTY,
    )
    assert (made.week, made.model, made.seed, made.mean.day, made.synthetic) == (3, "m", 4, 21, True)


def test_summary_of_nothing_or_of_two_grids_is_refused() -> None:
    with pytest.raises(InputError, match="at least one"):
        summarise([], week=3, model="m")
    with pytest.raises(InputError, match="different grids"):
        summarise([future(np.zeros((2, 2, 2))), future(np.zeros((2, 2, 3)))], week=3, model="m")


def test_futures_are_rounded_and_clipped_to_whole_greys_but_not_to_fractions() -> None:
    wanted = np.array([[[-4.0, 0.6, 254.4, 300.0]]])
    whole = as_future(future(np.zeros((1, 1, 4), np.uint8)), wanted, 3, Step("forecast"))
    assert whole.voxels.dtype == np.uint8
    assert whole.to_numpy().ravel().tolist() == [0, 1, 254, 255]
    fractions = as_future(future(np.zeros((1, 1, 4), np.float32)), wanted, 3, Step("forecast"))
    assert fractions.to_numpy() == pytest.approx(wanted)


def test_copying_gives_the_last_seen_week_where_it_lies(fading_leg) -> None:
    leg = fading_leg(1)
    made = CopyLastWeek().predict(leg, 3, samples=4, seed=9)
    (sample,) = made.samples
    last = leg.at_week(2)
    np.testing.assert_array_equal(sample.to_numpy(), last.to_numpy())
    np.testing.assert_array_equal(made.mean.to_numpy(), last.to_numpy())
    assert not made.spread.to_numpy().any()
    np.testing.assert_array_equal(made.bone_probability.to_numpy(), last.to_numpy() > 75)
    assert (sample.week, sample.grid, sample.kind, sample.leg) == (3, last.grid, Kind.PREDICTION, leg.leg)
    assert "deterministic" in made.note
    assert "4 were asked for" in made.note
    assert sample.history[-1].parameters["from_week"] == 2


def test_copying_takes_any_gap_but_needs_a_week_before(fading_leg) -> None:
    leg = fading_leg(1)
    assert CopyLastWeek().predict(leg, 7.5).samples[0].history[-1].parameters["from_week"] == 3
    with pytest.raises(InputError, match="no scan before"):
        CopyLastWeek().predict(leg, 0)


def test_composites_and_weeks_apart_are_refused(fading_leg, make_leg) -> None:
    scans = fading_leg(1).scans
    composite = scans[1].with_voxels(scans[1].voxels, step=Step("composite"), kind=Kind.COMPOSITE)
    with pytest.raises(InputError, match="grey values"):
        before(ScanSeries((scans[0], composite)), 2)
    with pytest.raises(InputError, match="Register the weeks first"):
        before(ScanSeries((scans[0], scans[1].crop((slice(0, 4), slice(None), slice(None))))), 2)


def test_every_registered_forecaster_keeps_the_protocol(fading_leg) -> None:
    assert set(forecaster_names()) == set(FORECASTERS) >= {"copy-last-week", "ridge"}
    for name in forecaster_names():
        made = make_forecaster(name)
        assert isinstance(made, Forecaster)
        assert made.name == name
        forecast = made.predict(fading_leg(1), 3, samples=2, seed=1)
        assert forecast.model == name
        assert len(forecast.samples) == (1 if made.deterministic else 2)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="copy-last-week or extrapolation or ridge"):
        make_forecaster("oracle")


def test_a_checkpoint_comes_back_as_its_forecaster(fading_leg, tmp_path: Path) -> None:
    model = RidgeForecaster.fit([fading_leg(s) for s in range(3)])
    loaded = load_forecaster(model.save(tmp_path / "ridge.safetensors"))
    assert isinstance(loaded, RidgeForecaster)
    leg = fading_leg(5)
    np.testing.assert_array_equal(loaded.predict(leg, 3).mean.to_numpy(), model.predict(leg, 3).mean.to_numpy())
    assert loaded.synthetic
    assert dict(loaded.training) == dict(model.training)
