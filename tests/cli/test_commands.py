import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_bonemet.forecast.output import read_forecast
from napari_bonemet.io import read_scan, read_study, read_transform, write_series
from napari_bonemet.phantom import sample
from napari_bonemet.phantom.leg import SyntheticLeg
from napari_bonemet.resample import resample
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries

LEG = "871 left tibia"
QUICK = ["--levels", "2", "--iterations", "40", "--sampling", "10000", "--no-perceptual"]

Cli = Callable[..., Any]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_info_tells_what_is_there(cli: Cli, scanned: Path) -> None:
    said = cli("info", scanned, "--json")
    assert said.code == 0
    assert said.record["legs"] == [LEG]
    assert [row["week"] for row in said.record["scans"]] == [0, 1, 2, 3]
    assert said.record["scans"][0]["spacing_um_zyx"] == [60, 60, 60]
    assert said.record["scans"][0]["synthetic"] is True
    plain = cli("info", scanned)
    assert LEG in plain.out
    assert "24 50 50" in plain.out


def test_register_writes_weeks_transforms_and_the_record(registered: Path, scanned: Path, leg: SyntheticLeg) -> None:
    record = json.loads((registered / "register.json").read_text())
    weeks = record["legs"][LEG]["weeks"]
    assert [week["week"] for week in weeks] == [0, 1, 2, 3]
    assert all(week["verdict"] == "good" for week in weeks)
    (series,) = read_study(registered)
    assert series.on_one_grid
    assert {scan.kind for scan in series} == {Kind.REGIST}
    for number, week in enumerate(range(4)):
        found = read_transform(
            registered / LEG / f"week {week}.tfm", fixed=series.baseline.grid, moving=leg.series[number].grid
        )
        corners = np.array([[z, y, x] for z in (300, 1100) for y in (700, 2200) for x in (700, 2200)], dtype=float)
        error = np.linalg.norm(found(corners) - leg.truth.poses[number](corners), axis=1)
        assert error.max() < 60.0  # a voxel, at the corners of the bone


def test_register_to_zarr_onto_another_week(cli: Cli, scanned: Path, tmp_path: Path) -> None:
    said = cli("register", scanned, "--out", tmp_path / "r", "--baseline-week", 2, "--format", "zarr", *QUICK[:-1])
    assert said.code == 0
    assert (tmp_path / "r" / LEG / "week 0.zarr").is_dir()
    record = json.loads((tmp_path / "r" / "register.json").read_text())
    assert record["legs"][LEG]["weeks"][2]["angles_degrees"] == [0, 0, 0]


def test_register_onto_a_reference(cli: Cli, scanned: Path, leg: SyntheticLeg, tmp_path: Path) -> None:
    reference = scanned / LEG / "week 1"
    said = cli("register", scanned, "--reference", reference, "--out", tmp_path / "r", *QUICK[:-1])
    assert said.code == 0
    record = json.loads((tmp_path / "r" / "register.json").read_text())
    assert record["legs"][LEG]["weeks"][0]["angles_degrees"] != [0, 0, 0]


def test_composite_writes_codes_and_volumes(cli: Cli, registered: Path, tmp_path: Path) -> None:
    said = cli("composite", registered, "--weeks", 0, 3, "--out", tmp_path / "c", "--json")
    assert said.code == 0
    scan = read_scan(tmp_path / "c" / LEG / "week 3")
    assert scan.kind is Kind.COMPOSITE
    assert set(np.unique(scan.to_numpy())) <= {0, 60, 180, 240}
    (row,) = rows(tmp_path / "c" / "volumes.csv")
    lost = np.count_nonzero(scan.to_numpy() == 60) * 0.06**3
    assert float(row["resorbed_mm3"]) == pytest.approx(lost)
    assert row["synthetic"] == "True"
    assert "core" in row["noise_rule"]
    assert said.record["volumes"][0]["week"] == 3


def test_roi_crops_every_week(cli: Cli, registered: Path, tmp_path: Path) -> None:
    said = cli("roi", registered, "--first-slice", 5, "--slices", 10, "--out", tmp_path / "roi", "--json")
    assert said.code == 0
    assert said.record["legs"][LEG]["last_slice"] == 14
    (series,) = read_study(tmp_path / "roi")
    assert series.baseline.shape == (10, 50, 50)
    assert series.baseline.origin[0] == pytest.approx(5 * 60.0)


def test_predict_writes_the_arrays_on_the_grid_of_the_input(forecasts: Path, registered: Path) -> None:
    (series,) = read_study(registered)
    forecast = read_forecast(forecasts / f"{LEG}.zarr")
    assert forecast.mean.grid.matches(series.baseline.grid)
    np.testing.assert_array_equal(forecast.samples[0].to_numpy(), series.at_week(2).to_numpy())
    record = json.loads((forecasts / "predict.json").read_text())
    assert record["use"] == "predicted, research use"
    assert record["legs"][LEG]["weeks_seen"] == [0, 1, 2]


def test_predict_by_default_forecasts_the_week_after_the_last(cli: Cli, registered: Path, tmp_path: Path) -> None:
    said = cli("predict", "--data", registered, "--out", tmp_path / "p", "--json")
    assert said.record["legs"][LEG]["week"] == 4


def test_evaluate_scores_beside_copying(cli: Cli, forecasts: Path, registered: Path, tmp_path: Path) -> None:
    out = tmp_path / "metrics.csv"
    words = ["--predicted", forecasts, "--truth", registered, "--week", 3, "--out", out, "--no-perceptual"]
    said = cli("evaluate", *words, "--json")
    assert said.code == 0
    (row,) = rows(out)
    assert row["leg"] == LEG
    assert float(row["psnr_db"]) == pytest.approx(float(row["copy_psnr_db"]))
    assert 10 < float(row["psnr_db"]) < 60


def test_evaluate_and_run_score_the_same_crop(cli: Cli, leg: SyntheticLeg, tmp_path: Path) -> None:
    *earlier, second, third = leg.registered().scans
    # The last week that is seen misses the distal end, which the baseline has.
    short = resample(second.crop((slice(0, -4), slice(None), slice(None))), second.grid)
    folder = tmp_path / "Regist-CT"
    write_series(ScanSeries((*earlier, short, third)), folder)
    assert cli("run", folder, "--out", tmp_path / "r", "--no-perceptual").code == 0
    again = ["--predicted", tmp_path / "r", "--truth", folder, "--out", tmp_path / "m.csv", "--no-perceptual"]
    assert cli("evaluate", *again).code == 0
    (one,), (other,) = rows(tmp_path / "r" / "metrics.csv"), rows(tmp_path / "m.csv")
    assert float(one["psnr_db"]) == pytest.approx(float(other["psnr_db"]))
    # By themselves too: forecasts of the whole grid.
    assert cli("predict", "--data", folder, "--week", 3, "--out", tmp_path / "f").code == 0
    again[1], again[5] = tmp_path / "f", tmp_path / "n.csv"
    assert cli("evaluate", *again).code == 0
    (third_row,) = rows(tmp_path / "n.csv")
    assert float(third_row["psnr_db"]) == pytest.approx(float(one["psnr_db"]))


def test_figure_is_drawn_with_its_record(cli: Cli, forecasts: Path, registered: Path, tmp_path: Path) -> None:
    out = tmp_path / "f.svg"
    assert cli("figure", registered, "--predicted", forecasts, "--out", out, "--plane", "coronal").code == 0
    text = out.read_text(encoding="utf-8")
    for wanted in ("predicted, copy last week", "true scan", "difference", "synthetic data", "coronal slice"):
        assert wanted in text
    record = json.loads((tmp_path / "f.svg.json").read_text())
    assert record["options"]["plane"] == "coronal"
    assert cli("figure", registered, "--out", tmp_path / "figures").code == 0
    assert {path.suffix for path in (tmp_path / "figures").iterdir()} == {".png", ".pdf", ".json"}


def test_train_then_predict_by_the_checkpoint(cli: Cli, registered: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.safetensors"
    words = ["--network", "ridge", "--data", registered, "--inputs", 0, 1, 2, "--target", 3, "--out", model]
    said = cli("train", *words, "--json")
    assert said.code == 0
    assert said.record["synthetic"] is True
    said = cli("predict", "--data", registered, "--checkpoint", model, "--out", tmp_path / "p", "--json")
    assert said.code == 0
    assert said.record["legs"][LEG]["week"] == 3
    assert said.record["legs"][LEG]["model"] == "ridge"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--inputs", 0, 1, 3, "--target", 4], "even steps"),
        (["--inputs", 1, 2, 3, "--target", 4], "No leg has all the weeks"),
        (["--validation", "999"], "999"),
    ],
)
def test_train_refuses_what_it_cannot_learn(
    cli: Cli, registered: Path, tmp_path: Path, words: list[object], told: str
) -> None:
    said = cli("train", "--data", registered, "--out", tmp_path / "m.safetensors", *words)
    assert said.code == 2
    assert told in said.err
    assert not list(tmp_path.iterdir())


def test_convert_keeps_voxels_and_geometry(cli: Cli, scanned: Path, tmp_path: Path) -> None:
    assert cli("convert", scanned / LEG / "week 1", "--out", tmp_path / "one.nrrd").code == 0
    before, after = read_scan(scanned / LEG / "week 1"), read_scan(tmp_path / "one.nrrd")
    np.testing.assert_array_equal(after.to_numpy(), before.to_numpy())
    assert after.grid.matches(before.grid)
    said = cli("convert", scanned, "--format", "nifti", "--out", tmp_path / "all", "--json")
    assert len(said.record["files"]) == 4
    (series,) = read_study(tmp_path / "all")
    assert series.weeks == (0, 1, 2, 3)
    assert cli("convert", scanned, "--out", tmp_path / "all.nii.gz").code == 2


def test_run_does_the_whole_chain(cli: Cli, scanned: Path, tmp_path: Path) -> None:
    out = tmp_path / "results"
    said = cli("run", scanned, "--out", out, "--forecaster", "ridge", "--write-weeks", "--json", *QUICK)
    assert said.code == 0
    names = {path.name for path in (out / LEG).iterdir()}
    assert {"figure.png", "figure.pdf", "metrics.csv", "volumes.csv", "registration.json", "record.json"} <= names
    assert {"week 3.tfm", "week 3", "composite", "forecast.zarr"} <= names
    assert {path.name for path in out.iterdir()} == {LEG, "metrics.csv", "diagnosis.csv", "volumes.csv", "run.json"}
    (row,) = rows(out / "metrics.csv")
    assert row["model"] == "ridge"
    record = json.loads((out / LEG / "record.json").read_text())
    assert record["options"]["registration"]["levels"] == 2
    assert len(record["sources"]) == 4
    assert [row["week"] for row in rows(out / "diagnosis.csv")] == ["0.0", "1.0", "2.0", "3.0"]
    assert said.record["legs"][LEG]["verdicts"] == {"0": "good", "1": "good", "2": "good", "3": "good"}
    assert cli("evaluate", "--predicted", out, "--truth", out, "--out", tmp_path / "m.csv", "--no-perceptual").code == 0


def test_run_without_registering_again(cli: Cli, registered: Path, tmp_path: Path) -> None:
    said = cli("run", registered, "--out", tmp_path / "r", "--target-week", 2, "--no-perceptual", "--json")
    assert said.code == 0
    assert not (tmp_path / "r" / LEG / "registration.json").exists()
    assert json.loads((tmp_path / "r" / LEG / "record.json").read_text())["forecast"]["week"] == 2


def test_demo_leaves_figures_tables_and_the_record(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leg: SyntheticLeg
) -> None:
    monkeypatch.setattr(sample, "sample_leg", lambda *_, **__: leg)
    monkeypatch.chdir(tmp_path)
    said = cli("demo", "--screen", "off", "--json", *QUICK)
    assert said.code == 0
    assert (tmp_path / "demo-output" / LEG / "figure.png").is_file()
    assert (tmp_path / "demo-output" / "run.json").is_file()
    assert any("synthetic data" in note for note in said.record["warnings"])
    made = said.record["legs"][LEG]
    assert (made["forecast"]["model"], made["forecast"]["samples"]) == ("tvae-gate", 6)
    assert len(made["forecast"]["lost_mm3"]) == 6
    assert [row["week"] for row in made["diagnoses"]] == [0, 1, 2, 3]
    assert "6 futures by tvae-gate lose" in said.err
    assert "probability of a lesion" in said.err


def test_demo_takes_no_picture_without_a_display(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    said = cli("demo", "--screen", "capture", "--out", tmp_path / "d")
    assert said.code == 2
    assert "display" in said.err
    assert not list(tmp_path.iterdir())


def test_a_day_between_weeks_survives_its_name(cli: Cli, leg: SyntheticLeg, tmp_path: Path) -> None:
    days = ScanSeries(tuple(replace(scan, day=day) for scan, day in zip(leg.series, (0.0, 10.0, 21.0), strict=False)))
    write_series(days, tmp_path / "days")
    assert cli("convert", tmp_path / "days", "--format", "nifti", "--out", tmp_path / "nifti").code == 0
    (again,) = read_study(tmp_path / "nifti")
    assert [scan.day for scan in again] == [0.0, 10.0, 21.0]


def test_a_voxel_size_that_is_not_used_is_said(cli: Cli, scanned: Path) -> None:
    said = cli("info", scanned, "--spacing", "10")
    assert "state voxels of 60 x 60 x 60 µm; 10 x 10 x 10 µm is not used" in said.err
    assert "not used" not in cli("info", scanned, "--spacing", "60").err
