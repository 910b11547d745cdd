"""Forecasts on disk: equal when read back, whole or absent."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr

from napari_bonemet.errors import InputError, OutputError
from napari_bonemet.forecast.forecaster import Forecast, as_future, summarise
from napari_bonemet.forecast.output import ATTRIBUTES, read_forecast, write_forecast
from napari_bonemet.progress import Cancelled
from napari_bonemet.provenance import Source, Step

PARTS = ("mean", "spread", "bone_probability")


@pytest.fixture
def forecast(fading_leg) -> Forecast:
    last = fading_leg(1, weeks=3)[-1]
    rng = np.random.default_rng(0)
    step = Step("forecast", {"model": "seer", "options": {"n": [1, 2]}}, (Source("week 2", "ab" * 32),))
    futures = [as_future(last, last.to_numpy() + rng.normal(scale=9, size=last.shape), 3, step) for _ in range(3)]
    return summarise(futures, week=3, model="seer", seed=17, note="three futures")


def test_a_forecast_comes_back_equal(forecast: Forecast, tmp_path: Path) -> None:
    read = read_forecast(write_forecast(forecast, tmp_path / "s1 left tibia.zarr"))
    assert (read.week, read.model, read.seed, read.note) == (3, "seer", 17, "three futures")
    pairs = [*zip(read.samples, forecast.samples, strict=True)]
    pairs += [(getattr(read, name), getattr(forecast, name)) for name in PARTS]
    for found, wanted in pairs:
        np.testing.assert_array_equal(found.to_numpy(), wanted.to_numpy())
        assert np.dtype(found.voxels.dtype) == wanted.voxels.dtype
        assert (found.grid, found.leg, found.day, found.kind) == (wanted.grid, wanted.leg, wanted.day, wanted.kind)
        assert found.synthetic
        assert [s.as_record() for s in found.history] == [s.as_record() for s in wanted.history]


def test_the_arrays_are_as_the_contract_names_them(forecast: Forecast, tmp_path: Path) -> None:
    group = zarr.open_group(str(write_forecast(forecast, tmp_path / "f.zarr")), mode="r")
    assert group.metadata.zarr_format == 3
    assert {name: (array.shape, array.dtype) for name, array in group.arrays()} == {
        "samples": ((3, 8, 24, 26), np.dtype(np.uint8)),
        **{name: ((8, 24, 26), np.dtype(np.float32)) for name in PARTS},
    }
    assert group["samples"].metadata.dimension_names == ("sample", "z", "y", "x")
    record = group.attrs[ATTRIBUTES]
    assert (record["spacing_um"], record["origin_um"]) == ([10.6, 10, 10], [5, -3, 2])
    assert (record["subject"], record["side"], record["day"], record["synthetic"]) == ("s1", "left", 21, True)
    assert record["use"] == "predicted, research use"


def test_an_existing_forecast_is_replaced_only_on_request(forecast: Forecast, tmp_path: Path) -> None:
    path = write_forecast(forecast, tmp_path / "f.zarr")
    other = replace(forecast, seed=18)
    with pytest.raises(OutputError):
        write_forecast(other, path)
    assert read_forecast(path).seed == 17
    assert read_forecast(write_forecast(other, path, overwrite=True)).seed == 18


class StopLater:
    def __init__(self) -> None:
        self.calls = 0

    def advance(self, *_: float) -> None: ...

    def message(self, *_: str) -> None: ...

    def check(self) -> None:
        self.calls += 1
        if self.calls > 3:
            raise Cancelled


def test_a_stopped_write_leaves_nothing(forecast: Forecast, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        write_forecast(forecast, tmp_path / "f.zarr", progress=StopLater())
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_forecast_is_refused(forecast: Forecast, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not there"):
        read_forecast(tmp_path / "none.zarr")
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(InputError, match="damaged or no forecast"):
        read_forecast(tmp_path / "empty.zarr")
    zarr.create_group(str(tmp_path / "other.zarr"))
    with pytest.raises(InputError, match="something else"):
        read_forecast(tmp_path / "other.zarr")
    path = write_forecast(forecast, tmp_path / "f.zarr")
    group = zarr.open_group(str(path), mode="a")
    del group["spread"]
    with pytest.raises(InputError, match="incomplete forecast: found no spread"):
        read_forecast(path)
    group.create_group("spread")
    with pytest.raises(InputError, match="incomplete forecast: found no spread"):
        read_forecast(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "napari-bonemet forecast 9"}, "is no forecast"),
        ({"history": {}}, "incomplete or damaged"),
        ({"spacing_um": None}, "cannot be used|damaged"),
    ],
)
def test_damaged_attributes_are_refused(
    forecast: Forecast, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    path = write_forecast(forecast, tmp_path / "f.zarr")
    group = zarr.open_group(str(path), mode="a")
    group.attrs[ATTRIBUTES] = group.attrs[ATTRIBUTES] | change
    with pytest.raises(InputError, match=message):
        read_forecast(path)


def test_arrays_that_do_not_fit_each_other_are_refused(forecast: Forecast, tmp_path: Path) -> None:
    path = write_forecast(forecast, tmp_path / "f.zarr")
    group = zarr.open_group(str(path), mode="a")
    del group["mean"]
    group.create_array("mean", shape=(2, 2, 2), dtype="float32")
    with pytest.raises(InputError, match="do not fit"):
        read_forecast(path)
