"""The command that compares forecasters: what it says, where it starts, what it refuses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_bonemet.forecast.benchmark import recipes
from napari_bonemet.forecast.benchmark.recipes import Recipe

Cli = Callable[..., Any]

LEAST = (
    "--budget", "smoke", "--beside", "no", "--training-animals", 3, "--validation-animals", 2, "--animals", 2,
    "--samples", 2, "--continuations", 2, "--minutes", 0, "--draws", 50, "--no-half-precision",
)  # fmt: skip


def test_tables_are_written_and_a_row_is_added_later(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = {"width": 4, "g_dim": 8, "hidden": 8, "crop": 32, "size": 32}
    row = Recipe("tvae-gate", "tvae-gate", training={"epochs": 1, "batch": 8}, options=tiny)
    plain = {name: Recipe(name) for name in ("copy-last-week", "ridge")}
    monkeypatch.setattr(recipes, "recipes", lambda: {**plain, row.name: row})
    words = ("benchmark", "forecast", *LEAST, "--out", tmp_path / "b", "--device", "cpu")
    said = cli(*words, "--networks")
    assert said.code == 0
    assert "ridge 0: " in said.err + said.out
    assert "tvae-gate" not in (tmp_path / "b" / "table.csv").read_text()
    said = cli(*words, "--networks", "tvae-gate", "--seeds", 3, "--json")
    assert said.code == 0
    assert [(line["row"], line["seed"]) for line in said.record["rows"]] == [
        ("copy-last-week", 0),
        ("ridge", 0),
        ("tvae-gate", 3),
    ]
    assert "epoch   1" in said.err
    assert Path(said.record["page"]).is_file()
    assert (tmp_path / "b" / "rows" / "tvae-gate seed 3" / "model.safetensors").is_file()


def test_what_cannot_be_compared_is_refused(cli: Cli, tmp_path: Path) -> None:
    words = ("benchmark", "forecast", *LEAST, "--out", tmp_path / "b")
    assert cli("benchmark", "--out", tmp_path / "b").code == 2
    assert "--out FOLDER" in cli("benchmark", "forecast").err
    assert "not known" in cli(*words, "--networks", "psychic").err
    assert "1 or more" in cli(*words, "--workers", 0).err
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "thesis.txt").write_text("do not lose")
    said = cli("benchmark", "forecast", *LEAST, "--networks", "--out", tmp_path / "else")
    assert said.code == 2
    assert "something else" in said.err
    assert (tmp_path / "else" / "thesis.txt").read_text() == "do not lose"


def test_rows_trained_side_by_side_are_scored_later(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = {"width": 4, "g_dim": 8, "hidden": 8, "crop": 32, "size": 32}
    row = Recipe("tvae-gate", "tvae-gate", training={"epochs": 1, "batch": 8}, options=tiny)
    monkeypatch.setattr(recipes, "recipes", lambda: {"copy-last-week": Recipe("copy-last-week"), row.name: row})
    words = ("benchmark", "forecast", *LEAST, "--out", tmp_path / "b", "--device", "cpu", "--seeds", 1, 2)
    assert "1 or more" in cli(*words, "--at-once", 0).err
    said = cli(*words, "--at-once", 2, "--train-only")
    assert said.code == 0
    assert not (tmp_path / "b" / "table.csv").exists()
    made = [tmp_path / "b" / "rows" / f"tvae-gate seed {seed}" / "model.safetensors" for seed in (1, 2)]
    before = [path.stat().st_mtime_ns for path in made]
    said = cli(*words, "--json")
    assert [(line["row"], line["seed"]) for line in said.record["rows"]] == [
        ("copy-last-week", 0),
        ("tvae-gate", 1),
        ("tvae-gate", 2),
    ]
    assert [path.stat().st_mtime_ns for path in made] == before


def test_a_training_that_fails_beside_others_is_named(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Recipe("tvae-gate", "tvae-gate", training={"epochs": 1}, options={"size": 33, "crop": 32})
    monkeypatch.setattr(recipes, "recipes", lambda: {wrong.name: wrong})
    words = ("benchmark", "forecast", *LEAST, "--out", tmp_path / "b", "--device", "cpu", "--seeds", 1, 2)
    said = cli(*words, "--at-once", 2, "--train-only")
    assert said.code != 0
    assert "tvae-gate, seed 1" in said.err
    assert "--at-once" in said.err
