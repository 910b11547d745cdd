import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_bonemet.io import read_study, write_series
from napari_bonemet.morphometry.masks.compartments import CompartmentOptions
from napari_bonemet.morphometry.measure import MeasureOptions, measure_series
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries

Cli = Callable[..., Any]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def measured(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from napari_bonemet.cli import main

    out = tmp_path_factory.mktemp("measured") / "measured"
    words = ["measure", cohort / "Regist-CT", "--records", cohort / "MiceMediRec.csv", "--out", out]
    assert main([str(word) for word in words]) == 0
    return out


def test_one_row_for_each_leg_and_week(cli: Cli, scanned: Path, tmp_path: Path) -> None:
    out = tmp_path / "measures.csv"
    said = cli("measure", scanned, "--out", out, "--bone-threshold", "80", "--json")
    assert said.code == 0
    rows = rows_of(out)
    assert [(row["animal"], row["side"], float(row["week"])) for row in rows] == [("871", "left", w) for w in range(4)]
    assert {row["synthetic"] for row in rows} == {"True"}
    assert "group" not in rows[0]
    (leg,) = read_study(scanned)
    known = measure_series(leg, options=MeasureOptions(compartments=CompartmentOptions(bone_threshold=80)))
    for row, each in zip(rows, known, strict=True):
        assert float(row["Tt.BV (mm³)"]) == pytest.approx(each.values["Tt.BV"])
    assert said.record["rows"][2]["Tt.BV (mm³)"] == pytest.approx(known[2].values["Tt.BV"])
    assert list(tmp_path.iterdir()) == [out]
    assert any("Tb.BMD" in note and "not measured" in note for note in said.record["warnings"])


def test_a_cohort_in_one_command(measured: Path, cohort: Path) -> None:
    rows = rows_of(measured / "measures.csv")
    assert len(rows) == 20
    assert {row["group"] for row in rows} == {"no tumour", "tumour"}
    assert {row["group"] for row in rows if "3c" in row["animal"]} == {"no tumour"}
    back = rows_of(measured / "MiceMediRec-with-measures.csv")
    known = rows_of(cohort / "MiceMediRec.csv")
    assert [{name: row[name] for name in known[0]} for row in back] == known
    by_leg = {(row["animal"], float(row["week"])): row["Tt.BV (mm³)"] for row in rows}
    for row in back:
        ours = float(by_leg[row["subject"], float(row["week"])])
        assert float(row["bone_volume_mm3 measured"]) == pytest.approx(ours, rel=1e-5)
    statistics = rows_of(measured / "statistics.csv")
    reasons = {row["reason"] for row in statistics if row["kind"] == "between groups"}
    assert any("Welch t needs 3 animals in each group, there are 2 and 3" in reason for reason in reasons)
    assert (measured / "plots" / "Tt.BV.svg").is_file()
    assert "Synthetic data" in (measured / "report.html").read_text(encoding="utf-8")
    assert len(list((measured / "legs").iterdir())) == 5


def test_records_that_do_not_fit_are_told_before_anything_is_measured(
    cli: Cli, scanned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("measured all the same")

    monkeypatch.setattr("napari_bonemet.study.measure_legs.measure_series", never)
    records = tmp_path / "mice.csv"
    records.write_text("Mouse,Week\n9,0\n")
    said = cli("measure", scanned, "--records", records, "--out", tmp_path / "out")
    assert said.code == 2
    assert "no row of any animal that was scanned: expected 871; found 9" in " ".join(said.err.split())
    assert not (tmp_path / "out").exists()
    said = cli("measure", scanned, "--groups", "tumour", "--out", tmp_path / "out")
    assert said.code == 2
    assert "--records" in said.err


def test_wrong_places(cli: Cli, scanned: Path, tmp_path: Path) -> None:
    assert "--out NAME.csv or a folder" in cli("measure", scanned, "--out", tmp_path / "m.xlsx").err
    (tmp_path / "m.csv").write_text("mine")
    assert cli("measure", scanned, "--out", tmp_path / "m.csv").code == 2
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine.txt").write_text("mine")
    assert cli("measure", scanned, "--out", tmp_path / "folder", "--overwrite").code == 2
    assert (tmp_path / "m.csv").read_text() == (tmp_path / "folder" / "mine.txt").read_text() == "mine"


def test_composites_are_refused_and_a_leg_without_bone_does_not_stop_the_others(
    cli: Cli, scanned: Path, tmp_path: Path
) -> None:
    codes = np.zeros((6, 8, 8), np.uint8)
    codes[1:5, 2:6, 2:6] = 180
    composite = Scan(codes, (10, 10, 10), subject="5", side="left", day=7, kind=Kind.COMPOSITE)
    write_series(ScanSeries((composite,)), tmp_path / "RoI-CT")
    said = cli("measure", tmp_path / "RoI-CT", "--out", tmp_path / "m.csv")
    assert said.code == 2
    assert "no grey scans" in said.err
    (leg,) = read_study(scanned)
    empty = Scan(np.zeros((6, 8, 8), np.uint8), (10, 10, 10), subject="5", side="left", day=0)
    write_series(ScanSeries((empty,)), tmp_path / "Seg-CT")
    write_series(leg.select([0, 1]), tmp_path / "Seg-CT")
    said = cli("measure", tmp_path / "Seg-CT", "--out", tmp_path / "m.csv")
    assert said.code == 2
    assert "5 left tibia" in said.err
    assert len(rows_of(tmp_path / "m.csv")) == 2


def test_flags_of_a_batch_change_nothing_that_they_are_not_about(tmp_path: Path) -> None:
    from napari_bonemet.cli import batch
    from napari_bonemet.cli.flags import parse

    def chosen(*words: str) -> batch.BatchOptions:
        return batch.options_of(parse(batch.Arguments, batch.STEPS, ["Seg-CT", *words], name="batch", about="")[1])

    assert chosen() == batch.BatchOptions()
    both = chosen("--remove-fibula", "--measures", "--bone-threshold", "90")
    assert both.study.roi.remove_fibula
    assert both.measuring.compartments.remove_fibula
    assert both.measuring.compartments.bone_threshold == both.study.roi.bone_threshold == 90


def test_records_of_a_batch_that_do_not_fit(cli: Cli, scanned: Path, tmp_path: Path) -> None:
    (tmp_path / "mice.csv").write_text("Mouse,Week\n9,0\n")
    words = ("batch", scanned, "--out", tmp_path / "out", "--records", tmp_path / "mice.csv")
    assert "Add --measures" in cli(*words).err
    said = cli(*words, "--measures")
    assert said.code == 2
    assert "no row of any animal" in " ".join(said.err.split())
    assert not (tmp_path / "out").exists()
