"""A synthetic cohort from the command line: whole or not at all, and never in the place of something else."""

import csv
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_bonemet.io import read_study
from napari_bonemet.phantom import cohort as phantom_cohort

Cli = Callable[..., Any]

FEW = ["--tumours", 1, "--shape", 8, 20, 20, "--spacing-um", 60, "--weeks", 0, 2]


def test_a_cohort_is_written_and_said_to_be_synthetic(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "cohort"
    said = cli("cohort", "--controls", 2, *FEW, "--seed", 5, "--out", out)
    assert said.code == 0
    (line,) = [line for line in said.out.splitlines() if line]
    assert "3 synthetic animals (2 without a tumour, 1 with one) in weeks 0, 2" in line
    assert str(out / "Regist-CT") in line
    legs = read_study(out)
    assert [leg.leg for leg in legs] == [f"synthetic-5{name} left tibia" for name in ("c1", "c2", "t1")]
    assert all(leg.synthetic and leg.weeks == (0, 2) for leg in legs)
    with (out / "MiceMediRec.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 6


def test_the_record_names_the_places(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "cohort"
    said = cli("cohort", "--controls", 0, *FEW, "--component", "Seg-CT", "--out", out, "--json")
    assert said.record["synthetic"] is True
    assert said.record["legs"] == ["synthetic-0t1 left tibia"]
    for name in ("scans", "records", "truth"):
        assert Path(said.record[name]).exists()
    assert Path(said.record["scans"]).name == "Seg-CT"


def test_overwriting_leaves_no_animal_of_the_earlier_cohort(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "cohort"
    assert cli("cohort", "--controls", 1, *FEW, "--out", out).code == 0
    again = ["cohort", "--controls", 0, *FEW, "--out", out]
    said = cli(*again)
    assert said.code == 2
    assert "--overwrite" in said.err
    assert len(read_study(out)) == 2
    assert cli(*again, "--overwrite").code == 0
    assert [leg.leg for leg in read_study(out)] == ["synthetic-0t1 left tibia"]


@pytest.mark.parametrize("name", ["Regist-CT/notes.txt", "mine.safetensors"])
def test_nothing_but_a_cohort_is_replaced(cli: Cli, tmp_path: Path, name: str) -> None:
    out = tmp_path / "scans"
    (out / name).parent.mkdir(parents=True)
    (out / name).write_text("precious")
    said = cli("cohort", *FEW, "--out", out, "--overwrite")
    assert said.code == 2
    assert "holds more than a synthetic cohort" in said.err
    assert (out / name).read_text() == "precious"


def test_ctrl_c_leaves_no_part_of_a_cohort(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, written = phantom_cohort.write_series, []

    def interrupted(*words: Any, **named: Any) -> Any:
        if written:
            signal.raise_signal(signal.SIGINT)
        written.append(whole(*words, **named))

    monkeypatch.setattr(phantom_cohort, "write_series", interrupted)
    assert cli("cohort", "--controls", 2, *FEW, "--out", tmp_path / "cohort").code == 1
    assert written
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "told"), [(["--spacing", 20], "--spacing-um"), (["--no-tumour"], "--no-tumour"), (["--tumours", 0], "no")]
)
def test_flags_that_mean_nothing_here_are_refused(cli: Cli, tmp_path: Path, words: list[object], told: str) -> None:
    said = cli("cohort", "--controls", 0, "--shape", 8, 20, 20, *words, "--out", tmp_path / "cohort")
    assert said.code == 2
    assert told in said.err
    assert not list(tmp_path.iterdir())
