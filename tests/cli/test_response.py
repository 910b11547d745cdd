"""Response to treatment from the command line: trained, scored on others, asked, and done again by its recipe."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_bonemet.cli.evaluate import chosen_by
from napari_bonemet.cli.train import chosen_by as training_of
from napari_bonemet.forecast import shipped

Cli = Callable[..., Any]

SMALL = ["--rows", 8, "--columns", 16, "--pixel-um", 120, "--width", 2, "--hidden", 4, "--epochs", 2, "--weeks", 0, 2]
ANIMALS = ["--controls", 1, "--tumours", 0, "--treated", 6, "--responders", 0.5, "--resistant-strength", 0, "--seed"]
LEGS = ["--shape", 10, 40, 40, "--spacing-um", 60, "--weeks", 0, 2, "--format", "zarr"]


def test_train_evaluate_and_ask(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in (7, 8):
        assert cli("cohort", *ANIMALS, seed, *LEGS, "--out", tmp_path / str(seed)).code == 0
    data, others = tmp_path / "7" / "Regist-CT", tmp_path / "8" / "Regist-CT"
    train = ["train", "--network", "response", "--data", data, *SMALL, "--folds", 2]
    said = cli(*train, "--out", tmp_path / "made", "--json")
    assert said.code == 0, said.err
    assert "fold 2 of 2" in said.err
    assert "synthetic-7c1" in said.err
    assert [each["title"] for each in said.record["opinions"]][1:] == [
        "bone volume, first to last week",
        "volume and grey of bone, each week",
    ]
    assert cli(*train, "--out", tmp_path / "made").code == 2
    assert cli(*train, "--validation", "synthetic-7r1", "--out", tmp_path / "other").code == 2

    again = cli("train", "--recipe", tmp_path / "made" / "recipe.toml", "--out", tmp_path / "again", "--json")
    assert again.code == 0, again.err
    assert again.record["opinions"] == said.record["opinions"]

    model = tmp_path / "made" / "model.safetensors"
    scored = cli("evaluate", "--checkpoint", model, "--data", others, "--out", tmp_path / "scored", "--json")
    assert scored.code == 0, scored.err
    assert (scored.record["cases"], scored.record["model"]) == (6, None)
    assert (tmp_path / "scored" / "report.html").is_file()
    refused = cli("evaluate", "--checkpoint", model, "--data", data, "--out", tmp_path / "no")
    assert refused.code == 2
    assert "learn from" in refused.err

    asked = cli("response", "--data", others, "--checkpoint", model, "--out", tmp_path / "response.csv", "--json")
    assert asked.code == 0, asked.err
    with (tmp_path / "response.csv").open() as file:
        rows = list(csv.DictReader(file))
    monkeypatch.setattr(shipped, "FOLDER", model.parent)
    model.rename(model.with_name("response.safetensors"))
    again = cli("response", "--data", others, "--out", tmp_path / "again.csv", "--json")
    assert again.record["rows"] == asked.record["rows"]
    assert len(rows) == 7
    assert {row["synthetic"] for row in rows} == {"True"}
    with (tmp_path / "scored" / "predictions.csv").open() as file:
        told = {row["animal"]: float(row["3D network on projections: responder"]) for row in csv.DictReader(file)}
    for row in rows:
        if row["subject"] in told:
            assert float(row["probability"]) == pytest.approx(told[row["subject"]], abs=1e-3)


def test_which_command_is_meant() -> None:
    assert training_of(["--recipe", "r.toml"]).__name__.endswith("train_recipe")
    assert training_of(["--recipe=r.toml", "--out", "x"]).__name__.endswith("train_recipe")
    assert training_of(["--network", "response"]).__name__.endswith("train_response")
    assert chosen_by(["--checkpoint=m.safetensors"]).__name__.endswith("evaluate_classifier")
    assert chosen_by(["--predicted", "x"]).__name__.endswith("evaluate")
