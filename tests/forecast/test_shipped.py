"""The networks that come with the package: they are there, say what they are, and beat copying on strangers."""

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.forecast import shipped
from napari_bonemet.forecast.checkpoint import load_checkpoint
from napari_bonemet.forecast.registry import make_forecaster
from napari_bonemet.forecast.shipped import SHIPPED, shipped_checkpoint
from napari_bonemet.phantom.cohort import CohortOptions, animals
from napari_bonemet.phantom.leg import LegOptions, make_leg
from napari_bonemet.series import ScanSeries

MEGABYTE = 2**20


@pytest.fixture(scope="module")
def strangers() -> list[ScanSeries]:
    """Animals of another cohort than the one that was trained on."""
    return [make_leg(animal).registered() for animal in animals(CohortOptions(controls=1, tumours=3, seed=3))]


def test_all_of_them_are_small_and_say_that_they_are_synthetic() -> None:
    assert sum(shipped_checkpoint(name).stat().st_size for name in SHIPPED) < 20 * MEGABYTE
    for name in SHIPPED:
        header = load_checkpoint(shipped_checkpoint(name)).header()
        assert header["name"] == name
        assert header["synthetic"] is True
        vertebrae = name == "bone-quality"
        assert header["trained_on"] == ("synthetic vertebrae" if vertebrae else "synthetic legs")
        assert header["input_kind"] == ("HU" if vertebrae else "grey")
        assert header["spacing_um"] == [1500.0 if vertebrae else 30.0] * 3
        assert header["training"]


def test_st_vae_beats_copying_by_far_and_its_futures_lose_different_amounts(strangers: list[ScanSeries]) -> None:
    model = make_forecaster("stvae")
    assert model.calibration is not None
    mine = copied = 0.0
    for leg in strangers:
        forecast = model.predict(leg.until(3.0), 3.0, samples=4, seed=1)
        drawn = np.stack([scan.to_numpy() for scan in forecast.samples]).astype(float)
        truth, last = (leg.at_week(week).to_numpy().astype(float) for week in (3.0, 2.0))
        mine += ((drawn.mean(axis=0) - truth) ** 2).mean()
        copied += ((last - truth) ** 2).mean()
        assert drawn.std(axis=0).max() > 20
    assert 10 * np.log10(copied / mine) > 1.6


def test_st_vae_bridges_a_week_that_is_missing(strangers: list[ScanSeries]) -> None:
    model = make_forecaster("stvae")
    mine = copied = 0.0
    for leg in strangers:
        seen = ScanSeries(tuple(scan for scan in leg if scan.week in (0, 2)))
        forecast = model.predict(seen, 3.0, samples=4, seed=1)
        truth, last = (leg.at_week(week).to_numpy().astype(float) for week in (3.0, 2.0))
        mine += ((forecast.mean.to_numpy() - truth) ** 2).mean()
        copied += ((last - truth) ** 2).mean()
    assert 10 * np.log10(copied / mine) > 1.2


@pytest.mark.parametrize("name", ["tvae", "tvae-gate"])
def test_the_networks_learned_from_the_generator_as_it_is(name: str) -> None:
    training = load_checkpoint(shipped_checkpoint(name)).training
    assert training["generator"] == [str(LegOptions().generator)]
    assert training["animals"] > 100
    assert training["validation_gain_db"] > 0.5
    assert training["kl_nats"] > 0.5


def test_st_vae_learned_from_the_generator_as_it_is_gaps_too() -> None:
    training = load_checkpoint(shipped_checkpoint("stvae")).training
    assert training["generator"] == [str(LegOptions().generator)]
    assert training["animals"] >= 400
    assert training["options"]["loose"] > 0
    assert training["validation_gain_db"] > 2


def test_the_gate_beats_copying_on_strangers_and_its_samples_differ(strangers: list[ScanSeries]) -> None:
    model = make_forecaster("tvae-gate")
    mine = copied = 0.0
    for leg in strangers:
        forecast = model.predict(leg.until(3.0), 3.0, samples=4, seed=1)
        truth, last = (leg.at_week(week).to_numpy().astype(float) for week in (3.0, 2.0))
        mine += ((forecast.mean.to_numpy() - truth) ** 2).mean()
        copied += ((last - truth) ** 2).mean()
        assert forecast.spread.to_numpy().max() > 10
    assert 10 * np.log10(copied / mine) > 1.0


def test_what_does_not_come_with_the_package_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    with pytest.raises(InputError, match="No network"):
        shipped_checkpoint("crystal-ball")
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    with pytest.raises(InputError, match="train one"):
        make_forecaster("tvae-gate")
