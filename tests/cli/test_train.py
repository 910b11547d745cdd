"""Networks from the command line: trained, told of, stopped, written whole."""

import csv
import itertools
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from napari_bonemet.cli.train import FAMILIES, chosen_by
from napari_bonemet.cli.train_data import Network
from napari_bonemet.diagnose.registry import load_classifier
from napari_bonemet.forecast import training
from napari_bonemet.forecast.checkpoint import load_checkpoint
from napari_bonemet.forecast.models.catalogue import ARCHITECTURES
from napari_bonemet.forecast.output import read_forecast

Cli = Callable[..., Any]

LEG = "synthetic-3t1 left tibia"
SMALL = ["--crop", 48, "--size", 32, "--width", 4, "--g-dim", 8, "--hidden", 8]


@pytest.fixture(scope="module")
def words(cohort: Path) -> list[object]:
    return ["train", "--network", "tvae-gate", "--data", cohort, "--inputs", 0, 1, 2, "--target", 3, *SMALL]


def test_each_network_has_flags_of_its_own(cli: Cli) -> None:
    flags = {"ridge": "--patch", "tvae": "--z-dim", "tvae-gate": "--z-dim", "predrnn": "--kernel", "gan-3d": "--depth"}
    for network, flag in flags.items():
        said = cli("train", "--network", network, "--help")
        assert said.code == 0
        assert flag in said.out
        assert "--weeks-seen" not in said.out
        # What the name stands for is no flag.
        assert ("--output" in said.out) == (network in ("predrnn", "gan-3d"))
    assert "--labels" in cli("train", "--network=lesion-slices", "--help").out
    assert chosen_by(["--network", "psychic"]) is chosen_by([]) is chosen_by(["--network", "ridge"])
    assert cli("train", "--network", "psychic").code == 2


def test_every_network_of_the_catalogue_has_its_command() -> None:
    classifiers = {"lesion-slices", "lesion-weeks", "response", "bone-quality"}
    assert set(get_args(Network)) == set(FAMILIES) == {"ridge", *ARCHITECTURES, *classifiers}
    assert all(kind.about and kind.title for kind in ARCHITECTURES.values())
    for name, kind in ARCHITECTURES.items():
        assert kind.options in chosen_by(["--network", name]).STEPS


@pytest.mark.parametrize("network", ["convlstm", "gan-3d"])
def test_other_networks_are_trained_the_same_way(cli: Cli, cohort: Path, tmp_path: Path, network: str) -> None:
    out = tmp_path / "m.safetensors"
    words = ["train", "--network", network, "--data", cohort, "--inputs", 0, 1, 2, "--target", 3]
    shape = {"convlstm": ["--hidden", 4, "--layers", 1], "gan-3d": ["--depth", 16, "--width", 2]}[network]
    said = cli(*words, "--crop", 48, "--size", 32, *shape, "--epochs", 1, "--out", out, "--json")
    assert said.code == 0
    assert "nats" not in said.err
    checkpoint = load_checkpoint(out)
    assert checkpoint.name == network
    options: Any = checkpoint.training["options"]
    assert options["batch"] == {"convlstm": 48, "gan-3d": 4}[network]
    leg = cohort / "Regist-CT" / LEG
    drawn = cli("predict", "--data", leg, "--checkpoint", out, "--samples", 2, "--out", tmp_path / "f", "--json")
    assert drawn.record["legs"][LEG]["samples"] == (1 if network == "convlstm" else 2)


def test_a_network_is_trained_told_of_and_scored(cli: Cli, words: list[object], tmp_path: Path) -> None:
    out = tmp_path / "m.safetensors"
    said = cli(*words, "--epochs", 2, "--validation", "synthetic-3t1", "synthetic-3c1", "--out", out, "--json")
    assert said.code == 0
    checkpoint = load_checkpoint(out)
    assert (checkpoint.name, checkpoint.weeks, checkpoint.synthetic) == ("tvae-gate", (-3, -2, -1), True)
    assert checkpoint.training["validation_animals"] == ["synthetic-3c1", "synthetic-3t1"]
    lines = [line for line in said.err.splitlines() if line.startswith("epoch ")]
    assert [line.split(":")[0] for line in lines] == ["epoch   1", "epoch   2"]
    assert all("dB from copying on animals held out" in line for line in lines)
    assert "On 2 legs held out, the mean of 4 futures is" in said.err
    assert said.record["legs"] == [f"synthetic-3{name} left tibia" for name in ("c2", "t2", "t3")]
    assert {row["leg"] for row in said.record["validation"]} == {"synthetic-3c1 left tibia", LEG}
    assert all(row["copy_psnr_db"] > 10 for row in said.record["validation"])


def test_the_paper_s_output_and_the_gate_are_two_networks(networks: Path) -> None:
    names = ("tvae", "tvae-gate")
    outputs = {name: load_checkpoint(networks / f"{name}.safetensors").configuration["output"] for name in names}
    assert outputs == {"tvae": "sigmoid", "tvae-gate": "gate"}


def test_a_share_of_the_animals_is_held_out_for_networks_alone(
    cli: Cli, cohort: Path, networks: Path, tmp_path: Path
) -> None:
    assert len(load_checkpoint(networks / "tvae.safetensors").training["validation_animals"]) == 1
    said = cli("train", "--data", cohort, "--out", tmp_path / "r.safetensors", "--json")
    assert len(said.record["legs"]) == 5
    assert said.record["validation"] == []


def test_the_time_given_ends_the_training_and_keeps_what_there_is(
    cli: Cli, words: list[object], tmp_path: Path
) -> None:
    out = tmp_path / "m.safetensors"
    assert cli(*words, "--epochs", 5000, "--patience", 5000, "--minutes", 0.02, "--out", out).code == 0
    assert 1 <= int(str(load_checkpoint(out).training["epochs"])) < 5000


def test_ctrl_c_in_a_training_leaves_what_was_there(
    cli: Cli, words: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> float:
        signal.raise_signal(signal.SIGINT)
        return 0.0

    out = tmp_path / "m.safetensors"
    out.write_text("an older one")
    monkeypatch.setattr(training, "validation_gain", interrupted)
    said = cli(*words, "--epochs", 3, "--out", out, "--overwrite", "--json")
    assert said.code == 1
    assert "nothing is half-written" in said.record["error"]
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]
    assert out.read_text() == "an older one"


def test_what_is_there_is_not_trained_over(cli: Cli, words: list[object], tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").write_text("mine")
    for out, told in (("m.safetensors", "--overwrite"), ("m.pt", ".safetensors")):
        said = cli(*words, "--out", tmp_path / out)
        assert said.code == 2
        assert told in said.err
    assert (tmp_path / "m.safetensors").read_text() == "mine"


def test_futures_are_drawn_by_a_checkpoint(cli: Cli, cohort: Path, networks: Path, tmp_path: Path) -> None:
    def drawn(seed: int, name: str) -> np.ndarray:
        said = cli(
            "predict", "--data", cohort / "Regist-CT" / LEG, *by, "--seed", seed, "--out", tmp_path / name, "--json"
        )
        assert said.code == 0
        assert said.record["legs"][LEG]["samples"] == 3
        forecast = read_forecast(tmp_path / name / f"{LEG}.zarr")
        return np.stack([sample.to_numpy() for sample in forecast.samples])

    by = ["--checkpoint", networks / "tvae-gate.safetensors", "--samples", 3]
    one = drawn(1, "a")
    assert all((first != second).any() for first, second in itertools.combinations(one, 2))
    np.testing.assert_array_equal(drawn(1, "b"), one)
    assert (drawn(2, "c") != one).any()
    by[:2] = ["--forecaster", "tvae-gate", "--week", 3]
    np.testing.assert_array_equal(drawn(1, "d"), one)


def test_weeks_together_by_labels_of_the_animal_with_folds(cli: Cli, tmp_path: Path) -> None:
    out, six = tmp_path / "weeks.safetensors", tmp_path / "six"
    size = ["--shape", 10, 50, 50, "--spacing-um", 60, "--seed", 3]
    assert cli("cohort", "--controls", 3, "--tumours", 3, *size, "--out", six).code == 0
    words = ["train", "--network", "lesion-weeks", "--data", six / "Regist-CT", "--out", out, "--epochs", 1]
    words += ["--validation", "synthetic-3c1", "synthetic-3t1"]
    said = cli(*words, "--crop", 48, "--width", 4, "--definition", "last week", "--folds", 2, "--slices", 4)
    assert said.code == 0, said.err
    model = load_classifier(out)
    assert (model.name, model.options.together) == ("lesion-weeks", 3)
    record: Any = model.training
    meant = record["labels_mean"]
    assert (meant["definition"], meant["legs"], meant["injected"]) == ("last week", 6, 3)
    assert record["with_lesion"] + record["validation"]["with_lesion"] == 4 * meant["lesion_by_last_week"]
    crossed = record["cross_validation"]
    assert crossed["folds"] == 2
    assert crossed["accuracy"]["animals"] == record["animals"] == 4, "those to learn from alone"
    assert 0 <= crossed["accuracy"]["low"] <= crossed["accuracy"]["high"] <= 1
    assert "never saw the animal" in said.out + said.err
    wrong = cli(
        "train", "--network", "lesion-slices", "--together", 2, *words[3:5], "--out", tmp_path / "s.safetensors"
    )
    assert "sees a week alone" in wrong.err


def test_the_classifier_is_trained_on_the_records_beside_the_scans(
    cli: Cli, cohort: Path, networks: Path, tmp_path: Path
) -> None:
    record: Any = load_classifier(networks / "lesion-slices.safetensors").training
    assert record["scans"] + record["validation"]["scans"] == 20
    with (cohort / "MiceMediRec.csv").open() as file:
        lesions = sum(row["diagnosis"] == "bone lesion" for row in csv.DictReader(file))
    assert record["with_lesion"] + record["validation"]["with_lesion"] == lesions
    # Of animals with a lesion and of those without some were held out.
    assert {animal[-2] for animal in record["validation"]["animals"]} == {"c", "t"}
    words = [
        "train",
        "--network",
        "lesion-slices",
        "--data",
        cohort / "Regist-CT" / LEG,
        "--out",
        tmp_path / "l.safetensors",
    ]
    (tmp_path / "labels.csv").write_text("subject,side,week,diagnosis\nsynthetic-3t1,left,0,no lesion\n")
    said = cli(*words, "--labels", tmp_path / "labels.csv")
    assert said.code == 2
    assert "0 with and 1 without" in said.err
    assert not (tmp_path / "l.safetensors").exists()
