"""The code of the supplementary's figure 4 as printed, with paths and ids filled in."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_bonemet.bonemet import ReconCTSegmentation
from napari_bonemet.errors import BoneMetError, InputError, OutputError
from napari_bonemet.io import read_scan
from napari_bonemet.phantom.hindlimb import SyntheticHindlimb, make_hindlimb
from napari_bonemet.phantom.hindlimb_options import HINDLIMB_LABELS, HindlimbOptions
from napari_bonemet.scan import Kind
from napari_bonemet.study.bonemet_segmentation import _animal

SMALL = HindlimbOptions(
    shape=(298, 286, 270), spacing_um=90.0, seed=8, cut="none", tumour="none", bed=False, subject="871", week=0
)


@pytest.fixture(scope="module")
def hindlimb() -> SyntheticHindlimb:
    return make_hindlimb(SMALL)


@pytest.fixture(scope="module")
def home(hindlimb: SyntheticHindlimb, bones: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("recon")
    recon = home / "Recon-CT" / "week 0"
    scan = bones.put(hindlimb.scan, recon, "871")
    shutil.copytree(scan, recon / "872 week 0 rec")
    (recon / "872 week 0 rec" / "scan.json").write_text('{"spacing_um_zyx": [90, 90, 90], "synthetic": true}')
    return home


def printed_config(home: Path, out: Path) -> dict[str, Any]:
    return {"week": " week 0", "masterfolder": str(home / "Recon-CT" / "week 0"), "masterout": str(out)}


@pytest.fixture(scope="module")
def single(home: Path) -> Path:
    config = printed_config(home, home / "Seg-CT" / "week 0")
    splitter = ReconCTSegmentation(config)

    # Split a single image
    input_folder = str(home / "Recon-CT" / "week 0" / "871")
    image_title = "871"
    splitter.split_image(input_folder, image_title, config["masterout"])
    return Path(config["masterout"])


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_single_scan_is_taken_apart_into_the_bones_that_are_there(
    single: Path, hindlimb: SyntheticHindlimb, side: str
) -> None:
    part = read_scan(single / f"871 week 0 {side} tibia")
    assert (part.leg, part.week, part.kind) == (f"871 {side} tibia", 0, Kind.SEG)
    own = np.isin(hindlimb.labels, [HINDLIMB_LABELS[f"{side} tibia"], HINDLIMB_LABELS[f"{side} fibula"]])
    bone = part.to_numpy() > 75
    # The voxels are those of the scan, and the bone in them is that tibia and its fibula.
    turned = any(step.name == "turn" for step in part.history)
    cut = next(step for step in part.history if step.name == "separate")
    z, y, x = (slice(*bounds) for bounds in cut.parameters["region_zyx"])  # type: ignore[union-attr, misc]
    whole, truth = hindlimb.scan.to_numpy()[z, y, x], own[z, y, x]
    if turned:
        whole, truth = whole[::-1, ::-1], truth[::-1, ::-1]
    assert (part.to_numpy()[bone] == whole[bone]).all()
    assert np.count_nonzero(bone & truth) > 0.9 * np.count_nonzero(bone)
    assert np.count_nonzero(bone & truth) > 0.9 * np.count_nonzero(own & (hindlimb.scan.to_numpy() > 75))


def test_femora_are_written_too_with_a_record(single: Path) -> None:
    names = {path.name for path in single.iterdir()}
    parts = {f"871 week 0 {side} {bone}" for side in ("left", "right") for bone in ("tibia", "femur")}
    assert {*parts, "871 week 0 separation.json"} <= names


def same_voxels(one: Path, other: Path) -> bool:
    return bool((read_scan(one).to_numpy() == read_scan(other).to_numpy()).all())


def test_multiple_scans_by_the_printed_loop(single: Path, home: Path, tmp_path: Path) -> None:
    config = printed_config(home, tmp_path / "Seg-CT" / "week 0")
    splitter = ReconCTSegmentation(config)

    # Split multiple images
    for folder in os.listdir(config["masterfolder"]):  # noqa: PTH208 -- as printed
        if folder[0:10] in ["872 week 0", "873", ...]:
            input_folder = os.path.join(config["masterfolder"], folder)  # noqa: PTH118 -- as printed
            image_title = os.path.basename(folder)[0:12]  # noqa: PTH119 -- as printed
            splitter.split_image(input_folder, image_title, config["masterout"])

    out = Path(config["masterout"])
    assert same_voxels(out / "872 week 0 left tibia", single / "871 week 0 left tibia")
    assert read_scan(out / "872 week 0 right tibia").leg == "872 right tibia"


@pytest.fixture
def splits(monkeypatch: pytest.MonkeyPatch) -> Callable[[ReconCTSegmentation], list[tuple[str, Any]]]:
    """What a batch asks to be split, without the time that it takes."""

    def watch(splitter: ReconCTSegmentation) -> list[tuple[str, Any]]:
        asked: list[tuple[str, Any]] = []

        def note(folder: Path, title: Any, out: Any = None, **_: Any) -> None:
            if "bad" in str(out):
                raise InputError("nothing is above the threshold")
            asked.append((folder.name, title))

        monkeypatch.setattr(splitter, "split_image", note)
        return asked

    return watch


@pytest.mark.parametrize("ids", [[871, 872, ...], ["871", "872"], [872, "871"], None])
def test_a_batch_takes_numbers_and_strings(
    home: Path, tmp_path: Path, ids: Any, splits: Callable[[ReconCTSegmentation], list[tuple[str, Any]]]
) -> None:
    splitter = ReconCTSegmentation(printed_config(home, tmp_path))
    asked = splits(splitter)
    splitter.batch(ids)
    assert {name for name, _ in asked} == {"871", "872 week 0 rec"}
    assert {_animal(title) for _, title in asked} == {"871", "872"}


def test_a_batch_says_what_is_missing_and_what_failed(
    home: Path, tmp_path: Path, splits: Callable[[ReconCTSegmentation], list[tuple[str, Any]]]
) -> None:
    splitter = ReconCTSegmentation(printed_config(home, tmp_path))
    splits(splitter)
    with pytest.raises(InputError, match="no scan of 873: found 871, 872"):
        splitter.batch([871, 873])
    with pytest.raises(BoneMetError, match=r"1 of 1 scans could not be taken apart\. 871: nothing is above"):
        splitter.batch([871], output_folder=tmp_path / "bad")


@pytest.mark.parametrize("title", [871, "871", " 871 ", "871 week 0", "871 week 0 r"])
def test_titles_name_the_animal(title: Any) -> None:
    assert _animal(title) == "871"


def test_results_are_not_replaced_unasked(single: Path, home: Path) -> None:
    splitter = ReconCTSegmentation(printed_config(home, single))
    before = {path: path.read_bytes() for path in single.rglob("*") if path.is_file()}
    with pytest.raises(OutputError, match="there already"):
        splitter.split_image(home / "Recon-CT" / "week 0" / "871", 871, single)
    assert before == {path: path.read_bytes() for path in single.rglob("*") if path.is_file()}
