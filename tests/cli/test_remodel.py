"""``napari-bonemet remodel``: tables, labels and record of what became of a leg."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_bonemet.io import read_scan, write_series
from napari_bonemet.phantom.leg import SyntheticLeg, make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.scan import Kind

LEG = "9 left tibia"
Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def leg() -> SyntheticLeg:
    options = LegOptions(seed=0, subject="9", weeks=(0, 1, 3), jitter_voxels=0.1)
    return make_leg(options)


@pytest.fixture(scope="module")
def registered(leg: SyntheticLeg, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study") / "Regist-CT"
    write_series(leg.registered(), folder)
    return folder


def rows(place: Path) -> list[dict[str, str]]:
    with place.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_tables_labels_and_record(cli: Cli, leg: SyntheticLeg, registered: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = cli("remodel", registered, "--out", out, "--json")
    assert said.code == 0, said.err
    pairs = rows(out / "remodelling.csv")
    assert [(row["baseline week"], row["week"]) for row in pairs] == [("0.0", "1.0"), ("0.0", "3.0"), ("1.0", "3.0")]
    last = pairs[1]
    bone, lost = (float(last[name]) for name in ("BV (mm³)", "EV (mm³)"))
    assert float(last["EV/BV (%)"]) == pytest.approx(100 * lost / bone)
    assert float(last["BRR (%/day)"]) == pytest.approx(100 * lost / bone / 21)
    assert {"cortex EV/BV (%)", "endosteal surface ES/BS (%)", "trabecular MV/BV (%)"} <= set(last)
    true = float((leg.truth.lesion_labels[-1] > 0).sum()) * leg.options.grid.voxel_volume_mm3
    assert float(last["lesion volume (mm³)"]) == pytest.approx(true, rel=0.06)
    assert pairs[2]["lesions"] == ""
    lesions = rows(out / "lesions.csv")
    assert {row["week"] for row in lesions} == {"1.0", "3.0"}
    third = [row for row in lesions if row["week"] == "3.0"]
    assert len(third) == int(last["lesions"])
    labels = read_scan(out / LEG / "week 3")
    assert labels.kind is Kind.LABELS
    voxels = labels.to_numpy()
    assert sorted({int(row["lesion"]) for row in third}) == [int(n) for n in np.unique(voxels)[1:]]
    counted = sum(float(row["lost voxels (mm³)"]) for row in third)
    assert np.count_nonzero(voxels) * labels.grid.voxel_volume_mm3 == pytest.approx(counted)
    record = json.loads((out / "remodel.json").read_text())
    assert record["options"]["lesions"]["apart"] == 3
    assert "eats" not in record["legs"][LEG]["lesion_weeks"][0]["rule"]
    assert "lies against bone that stays" in record["legs"][LEG]["lesion_weeks"][0]["rule"]
    assert record["legs"][LEG]["lesions"][0]["weeks"]
    assert said.record["legs"][LEG]["synthetic"] is True
    assert "largest" in said.err


def test_two_weeks_alone_and_options(cli: Cli, registered: Path, tmp_path: Path) -> None:
    words = ["remodel", registered, "--weeks", 1, 3, "--least-volume", 90, "--least-loose", 90]
    assert cli(*words, "--out", tmp_path / "out").code == 0
    (pair,) = rows(tmp_path / "out" / "remodelling.csv")
    assert (pair["baseline week"], pair["week"], pair["days"]) == ("1.0", "3.0", "14.0")
    # A table without lesions has its head.
    assert rows(tmp_path / "out" / "lesions.csv") == []
    assert "event" in (tmp_path / "out" / "lesions.csv").read_text(encoding="utf-8")
    assert [path.name for path in (tmp_path / "out" / LEG).iterdir()] == ["week 3"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--weeks", 3, 1], "wrong order"),
        (["--weeks", 0, 2], "no scan of week 2"),
        (["--least-contact", 7], "least contact is out of range"),
    ],
)
def test_wrong_use_is_said(cli: Cli, registered: Path, tmp_path: Path, words: list[object], told: str) -> None:
    said = cli("remodel", registered, *words, "--out", tmp_path / "out")
    assert said.code == 2
    assert told in " ".join(said.err.split())
    assert not (tmp_path / "out").exists()
