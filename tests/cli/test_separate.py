"""``napari-bonemet separate`` from a folder of slices to folders of legs."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_bonemet.io import read_scan, read_study, write_scan
from napari_bonemet.phantom.hindlimb import HindlimbOptions, make_hindlimb
from napari_bonemet.scan import Scan

Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def scan() -> Scan:
    options = HindlimbOptions(seed=1, spacing_um=120.0, shape=(224, 215, 202), tumour="none", subject="871")
    return replace(make_hindlimb(options).scan, day=0.0)


@pytest.fixture(scope="module")
def recon(scan: Scan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study") / "Recon-CT"
    write_scan(scan, folder / "week 0" / "871")
    return folder


def test_parts_in_the_published_layout_and_the_record(cli: Cli, recon: Path, tmp_path: Path) -> None:
    said = cli("separate", recon, "--out", tmp_path / "Seg-CT", "--parts", "tibia", "--json")
    assert said.code == 0
    place = tmp_path / "Seg-CT" / "week 0" / "871 week 0 left tibia"
    assert read_scan(place).leg == "871 left tibia"
    assert [series.leg for series in read_study(tmp_path / "Seg-CT")] == ["871 left tibia", "871 right tibia"]
    (record,) = json.loads((tmp_path / "Seg-CT" / "separate.json").read_text())["scans"]
    assert {part["part"] for part in record["parts"]} >= {"left tibia", "right tibia", "left femur", "right femur"}
    assert said.record["scans"][0]["files"]["left tibia"] == str(place)


def test_looking_writes_no_parts(cli: Cli, recon: Path, tmp_path: Path) -> None:
    said = cli("separate", recon / "week 0" / "871", "--out", tmp_path / "o", "--look", "--sides", "swapped")
    assert said.code == 0
    assert [entry.name for entry in (tmp_path / "o").iterdir()] == ["separate.json"]
    assert "left tibia" in said.out


def test_bare_slices_are_taken_for_a_hindlimb(cli: Cli, scan: Scan, tmp_path: Path) -> None:
    from PIL import Image

    (tmp_path / "bare").mkdir()
    for z, values in enumerate(scan.to_numpy()):
        Image.fromarray(np.ascontiguousarray(values)).save(tmp_path / "bare" / f"rec_{z:04d}.png")
    refused = cli("separate", tmp_path / "bare", "--out", tmp_path / "o", "--look")
    assert refused.code == 2
    assert "voxel size" in refused.err
    said = cli("separate", tmp_path / "bare", "--out", tmp_path / "o", "--look", "--spacing", 120, "--json")
    assert said.code == 0
    assert len(said.record["scans"][0]["parts"]) >= 4


def test_what_is_no_hindlimb_is_refused(cli: Cli, scanned: Path, tmp_path: Path) -> None:
    said = cli("separate", scanned, "--out", tmp_path / "o")
    assert said.code == 2
    assert "no hindlimb scans" in said.err
