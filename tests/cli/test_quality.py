"""Synthetic spines on disk, the bone quality network trained on them, and what it says of them."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_bonemet.bone_quality import Quality
from napari_bonemet.cli import main
from napari_bonemet.diagnose.registry import load_quality_classifier

Cli = Callable[..., Any]
PATIENTS = ["--patients", "8", "--vertebrae", "2", "--pixel-mm", "3", "--side", "48", "--seed", "2"]
TINY = ["--crop", "32", "--pixel-um", "3000", "--growth", "4", "--blocks", "1", "1", "1", "1", "--epochs", "2"]


@pytest.fixture(scope="module")
def spines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clinic") / "spines"
    assert main(["spines", *PATIENTS, "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def checkpoint(spines: Path) -> Path:
    path = spines.parent / "quality.safetensors"
    words = ["train", "--network", "bone-quality", "--data", str(spines / "labels.csv"), "--out", str(path)]
    assert main([*words, *TINY]) == 0
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_training_holds_patients_out_and_says_that_they_are_synthetic(spines: Path, checkpoint: Path) -> None:
    model = load_quality_classifier(checkpoint)
    record: Any = model.training
    labels = rows(spines / "labels.csv")
    assert record["patients"] + record["validation"]["patients"] == 8
    assert record["slices"] + record["validation"]["count"] == len(labels)
    assert record["validation"]["patients"] >= 1
    assert model.synthetic
    assert model.options.growth == 4


def test_every_vertebra_and_slice_gets_a_row(cli: Cli, spines: Path, checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "quality.csv"
    said = cli("classify", "--bone-quality", "--data", spines, "--checkpoint", checkpoint, "--out", out, "--json")
    assert said.code == 0, said.err
    labels, found = rows(spines / "labels.csv"), rows(out)
    assert len([row for row in found if row["slice"]]) == len(labels)
    assert len([row for row in found if not row["slice"]]) == len({(row["scan"], row["vertebra"]) for row in labels})
    assert {row["scan"] for row in found} == {row["scan"] for row in labels}
    assert {row["quality"] for row in found} <= {each.word for each in Quality}
    assert any("synthetic bone alone" in note for note in said.record["warnings"])
    scan = spines / labels[0]["scan"]
    plain = cli("classify", "--bone-quality", "--data", scan, "--checkpoint", checkpoint, "--out", tmp_path / "one.csv")
    assert plain.code == 0, plain.err
    assert "whole scan" in plain.out
    assert "synthetic bone" in plain.out


def test_what_is_in_the_way_is_spared(cli: Cli, spines: Path, tmp_path: Path) -> None:
    assert "is there already" in cli("spines", *PATIENTS, "--out", spines).err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("mine")
    said = cli("spines", *PATIENTS, "--out", tmp_path / "mine", "--overwrite")
    assert said.code == 2
    assert (tmp_path / "mine" / "letter.txt").is_file()
    none = cli("train", "--network", "bone-quality", "--data", tmp_path, "--out", tmp_path / "q.safetensors")
    assert none.code == 2
    assert "labels.csv" in none.err
