import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import napari_bonemet
from napari_bonemet.diagnose.registry import load_classifier
from napari_bonemet.io import read_study

LEG = "871 left tibia"
Cli = Callable[..., Any]


def test_one_row_for_each_leg_and_week(cli: Cli, scanned: Path, tmp_path: Path) -> None:
    out = tmp_path / "diagnosis.csv"
    said = cli("classify", "--data", scanned, "--out", out, "--json")
    assert said.code == 0
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    head = ["subject", "side", "week", "probability", "slice", "verdict", "model", "note", "synthetic"]
    assert list(rows[0]) == [*head, "strangeness", "unlike"]
    assert [(row["subject"], row["side"], float(row["week"])) for row in rows] == [("871", "left", w) for w in range(4)]
    assert {(row["model"], row["synthetic"]) for row in rows} == {("lesion-slices", "True")}
    assert said.record["rows"][2]["probability"] == float(rows[2]["probability"])
    (series,) = read_study(scanned)
    known = load_classifier().classify(series.at_week(3))
    assert float(rows[3]["probability"]) == pytest.approx(known.probability, abs=1e-4)
    assert int(rows[3]["slice"]) == int(np.argmax(known.per_slice))
    assert rows[3]["verdict"] == known.verdict
    assert any("trained on synthetic legs" in note for note in said.record["warnings"])


def test_a_single_scan_and_words_for_people(cli: Cli, scanned: Path, tmp_path: Path) -> None:
    said = cli("classify", "--data", scanned / LEG / "week 3", "--out", tmp_path / "one.csv")
    assert said.code == 0
    assert LEG in said.out
    assert "verdict" in said.out
    assert "research use" in said.err
    assert len((tmp_path / "one.csv").read_text().splitlines()) == 2


def test_what_cannot_be_classified_leaves_no_table(cli: Cli, scanned: Path, tmp_path: Path) -> None:
    out = tmp_path / "d.csv"
    assert cli("classify", "--data", tmp_path / "nothing", "--out", out).code == 2
    assert "file name" in cli("classify", "--data", scanned, "--out", tmp_path / "d.txt").err
    other = tmp_path / "other.safetensors"
    save_file({"a": np.zeros(2)}, str(other))
    said = cli("classify", "--data", scanned, "--checkpoint", other, "--out", out)
    assert said.code == 2
    assert "not written by napari-bonemet" in said.err
    assert not out.exists()
    out.write_text("mine")
    assert cli("classify", "--data", scanned, "--out", out).code == 2
    assert out.read_text() == "mine"


def test_a_scan_of_something_else_gets_no_verdict(cli: Cli, shared_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "femur.csv"
    said = cli("classify", "--data", shared_data / "mouse_femur" / "mouse_femur2.mhd", "--out", out, "--json")
    assert said.code == 0
    (row,) = said.record["rows"]
    assert row["verdict"] == "unlike what it learned from"
    assert row["unlike"] is True
    assert row["strangeness"] > 1
    assert any("no verdict" in note for note in said.record["warnings"])


def test_weeks_are_seen_together_where_it_is_asked_for(cli: Cli, scanned: Path, tmp_path: Path) -> None:
    comes = Path(napari_bonemet.__file__).parent / "checkpoints" / "lesion-weeks.safetensors"
    words = ["classify", "--data", scanned / LEG / "week 3", "--checkpoint", comes, "--json"]
    said = cli(*words, "--out", tmp_path / "d.csv")
    assert said.code == 0
    assert [row["model"] for row in said.record["rows"]] == ["lesion-weeks"]
    assert any("no earlier week was shown" in note for note in said.record["warnings"])
