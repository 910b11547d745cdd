"""Forecasts of many legs: one that cannot be made stops no other."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from napari_bonemet.forecast import shipped
from napari_bonemet.io import write_series
from napari_bonemet.phantom.leg import SyntheticLeg

Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def two(leg: SyntheticLeg, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """870 lacks week 1, which a network needs; it is read first."""
    folder = tmp_path_factory.mktemp("two")
    whole = leg.registered()
    write_series(whole, folder)
    write_series(whole.select([0, 2]).map(lambda scan: replace(scan, subject="870")), folder)
    return folder


def test_a_leg_that_cannot_be_forecast_stops_no_other(cli: Cli, two: Path, tmp_path: Path) -> None:
    out = tmp_path / "p"
    said = cli("predict", "--data", two, "--forecaster", "tvae-gate", "--samples", 2, "--week", 3, "--out", out)
    assert said.code == 2
    assert "1 of 2 legs could not be forecast. 870 left tibia: tvae-gate cannot forecast week 3" in said.err
    assert {path.name for path in out.iterdir()} == {"871 left tibia.zarr", "predict.json"}
    record = json.loads((out / "predict.json").read_text())
    assert record["legs"]["871 left tibia"]["samples"] == 2
    assert "week 3" in record["refused"]["870 left tibia"]


def test_nothing_is_written_where_no_leg_can_be_forecast(cli: Cli, two: Path, tmp_path: Path) -> None:
    said = cli("predict", "--data", two, "--forecaster", "tvae", "--week", 2.5, "--out", tmp_path / "p", "--json")
    assert said.code == 2
    assert "2 of 2 legs" in said.record["error"]
    assert not (tmp_path / "p").exists()


def test_a_network_that_did_not_come_along_is_told_of(
    cli: Cli, two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped, "FOLDER", tmp_path / "none")
    said = cli("predict", "--data", two, "--forecaster", "tvae", "--out", tmp_path / "p")
    assert said.code == 2
    assert "did not come with this installation" in said.err
    assert "Traceback" not in said.err
