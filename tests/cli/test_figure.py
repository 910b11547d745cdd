"""Figures from the command line: templates, several animals, and the same picture from the record."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.template import Template, read_template, write_template

Cli = Callable[..., Any]

LEG = "871 left tibia"


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


@pytest.fixture
def drawn(cli: Cli, registered: Path, forecasts: Path, tmp_path: Path) -> Path:
    """A figure beside its own scans."""
    shutil.copytree(registered, tmp_path / "registered")
    shutil.copytree(forecasts, tmp_path / "forecasts")
    out = tmp_path / "figure.png"
    words = [tmp_path / "registered", "--predicted", tmp_path / "forecasts", "--template", "paper figure 1"]
    assert cli("figure", *words, "--font-size", 6, "--theme", "dark", "--letters", "panels", "--out", out).code == 0
    return out


def test_the_record_makes_the_same_file(cli: Cli, drawn: Path, tmp_path: Path) -> None:
    said = cli("figure", "--from", f"{drawn}.json", "--out", tmp_path / "again.png", "--json")
    assert said.code == 0
    assert said.record["same_file"] is True
    assert (tmp_path / "again.png").read_bytes() == drawn.read_bytes()
    record = json.loads((tmp_path / "again.png.json").read_text())
    assert record["sources"]["folder"] == "registered", "a place within the record's folder is named from there"
    assert record["asked"]["montage"]["theme"] == "dark"


def test_the_record_can_be_moved_with_its_scans(cli: Cli, drawn: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for name in ("registered", "forecasts", drawn.name, f"{drawn.name}.json"):
        (tmp_path / name).rename(moved / name)
    said = cli("figure", "--from", moved / f"{drawn.name}.json", "--out", tmp_path / "again.png", "--json")
    assert said.record["same_file"] is True


def test_flags_beside_a_record_count_more(cli: Cli, drawn: Path, tmp_path: Path) -> None:
    words = ["--from", f"{drawn}.json", "--theme", "light", "--out", tmp_path / "light.png"]
    assert cli("figure", *words).code == 0
    assert pixels(tmp_path / "light.png").shape == pixels(drawn).shape
    assert pixels(tmp_path / "light.png")[2, 2].tolist() == [255, 255, 255]
    assert pixels(drawn)[2, 2].max() < 40


def test_changed_scans_are_told_and_refused(cli: Cli, drawn: Path, tmp_path: Path) -> None:
    slices = sorted((tmp_path / "registered" / LEG / "week 1").glob("*.png"))
    for path in slices:
        Image.fromarray(np.asarray(Image.open(path)) // 2).save(path)
    again = ["--from", f"{drawn}.json", "--out", tmp_path / "again.png"]
    said = cli("figure", *again)
    assert said.code == 2
    assert "other voxels in week 1" in said.err
    assert not (tmp_path / "again.png").exists()
    said = cli("figure", *again, "--changed-too")
    assert said.code == 0
    assert "week 1" in said.err
    assert (pixels(tmp_path / "again.png") != pixels(drawn)).any()


def edited(path: Path, *keys: str, value: Any) -> Path:
    record = json.loads(path.read_text(encoding="utf-8"))
    inner = record
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    path.write_text(json.dumps(record), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("keys", "value", "told"),
    [
        (("sources", "folder"), "../../etc", "leads out of the folder"),
        (("sources", "predicted"), ["../forecasts"], "leads out of the folder"),
        (("sources", "folder"), 7, "place of the scans cannot be used"),
        (("sources", "legs"), "all", "legs cannot be used"),
        (("sources", "more"), 1, "what is not known"),
        (("sources", "spacing_um_zyx"), [1, 2], "voxel size cannot be used"),
        (("sources",), {}, "names no scans"),
        (("asked", "montage", "dpi"), 10**9, "out of range"),
        (("asked", "montage", "dpi"), True, "a whole number"),
        (("asked", "montage", "width_mm"), 1e9, "out of range"),
        (("asked", "montage", "width_mm"), float("nan"), "is no figure record that can be read"),
        (("asked", "montage", "contrast"), [0, 10**400], "a list of 2"),
        (("asked", "montage", "font_size"), "large", "a finite number"),
        (("asked", "montage", "show"), ["weeks", "passwords"], "a list of"),
        (("asked", "montage", "font"), "Nonsense Sans", "not on this machine"),
        (("asked", "montage", "shell"), "rm", "does not know"),
        (("asked",), [1], "names and values"),
        (("kind",), "film", "no record of a figure"),
        (("made_by",), "someone", "no record of a figure"),
        (("panels",), {"a": 1}, "panels cannot be used"),
    ],
)
def test_a_hostile_record_is_refused_in_words(
    cli: Cli, drawn: Path, keys: tuple[str, ...], value: Any, told: str
) -> None:
    tmp_path = drawn.parent
    record = edited(drawn.with_name(f"{drawn.name}.json"), *keys, value=value)
    said = cli("figure", "--from", record, "--out", tmp_path / "again.png")
    assert said.code == 2, said.err
    assert told in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "again.png").exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": ' * 100_000, "\0", '{"a": 1e999}', "9" * 10_000])
def test_what_is_no_record_is_refused_in_words(cli: Cli, tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text, encoding="utf-8")
    said = cli("figure", "--from", tmp_path / "r.json", "--out", tmp_path / "again.png")
    assert said.code == 2, said.err
    assert "Traceback" not in said.err


def test_too_large_a_figure_is_refused(cli: Cli, registered: Path, tmp_path: Path) -> None:
    words = ["--width-mm", 1000, "--dpi", 1200, "--layout", "table", "--show", "weeks"]
    said = cli("figure", registered, "--out", tmp_path / "f.png", *words)
    assert said.code == 2
    assert "too large" in said.err


def test_one_template_for_many_animals(cli: Cli, cohort: Path, tmp_path: Path) -> None:
    options = MontageOptions(layout="table", show=("weeks",), row_of="animals", width_mm=85.0, dpi=100, titles=False)
    template = write_template(Template("mine", options), tmp_path / "mine.toml")
    said = cli("figure", cohort, "--template", template, "--out", tmp_path / "all.png", "--json")
    assert said.code == 0, said.err
    record = json.loads((tmp_path / "all.png.json").read_text())
    assert len(record["slices"]) == 5
    assert pixels(tmp_path / "all.png").shape[1] == pytest.approx(85 / 25.4 * 100, abs=1)
    # Each animal on a page of its own, with the same file.
    said = cli("figure", cohort, "--template", template, "--row-of", "slices", "--out", tmp_path / "each", "--json")
    assert len(said.record["files"]) == 10


def test_templates_come_back_as_they_were(tmp_path: Path) -> None:
    options = MontageOptions(layout="table", show=("truth", "samples"), azimuth=12.5, slice_index=3, font="STIXGeneral")
    for end in (".json", ".toml"):
        write_template(Template('a "name"', options), tmp_path / f"t{end}")
        assert read_template(tmp_path / f"t{end}") == Template('a "name"', options)


@pytest.mark.parametrize("name", ["paper figure 6", "nowhere.json"])
def test_an_unknown_template_is_told(cli: Cli, registered: Path, tmp_path: Path, name: str) -> None:
    said = cli("figure", registered, "--template", name, "--out", tmp_path / "f.png")
    assert said.code == 2
    assert "template" in said.err


def test_models_stand_beside_each_other(cli: Cli, registered: Path, forecasts: Path, tmp_path: Path) -> None:
    assert (
        cli("predict", "--data", registered, "--week", 3, "--forecaster", "ridge", "--out", tmp_path / "ridge").code
        == 0
    )
    words = [registered, "--predicted", forecasts, tmp_path / "ridge", "--template", "paper figure 2"]
    assert cli("figure", *words, "--out", tmp_path / "f.svg").code == 0
    text = (tmp_path / "f.svg").read_text(encoding="utf-8")
    assert ">copy last week<" in text
    assert ">ridge<" in text


def test_the_volumes_are_seen_from_outside(cli: Cli, registered: Path, forecasts: Path, tmp_path: Path) -> None:
    words = [registered, "--predicted", forecasts, "--template", "paper figure 3", "--out", tmp_path / "f.png"]
    assert cli("figure", *words, "--dpi", 150).code == 0
    drawn = pixels(tmp_path / "f.png")
    black, bright = (drawn.max(axis=-1) < 8).mean(), ((drawn.min(axis=-1) > 120) & (drawn.max(axis=-1) < 250)).mean()
    assert black > 0.05, "no darkness around the bones"
    assert bright > 0.05, "no bone in the light"
