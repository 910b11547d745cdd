"""The code of the supplementary's figure 5 as printed, with paths and ids filled in."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_bonemet.bonemet import CTRegistration
from napari_bonemet.errors import BoneMetError, InputError, OutputError
from napari_bonemet.io import read_scan, read_transform
from napari_bonemet.phantom.leg import SyntheticLeg
from napari_bonemet.resample import resample
from napari_bonemet.scan import Kind


@pytest.fixture(scope="module")
def home(bones: Any, leg: SyntheticLeg, right_leg: SyntheticLeg, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Separated bones, and a reference bone for each side."""
    home = tmp_path_factory.mktemp("published")
    for one in (leg, right_leg):
        reference = replace(one.registered()[0], subject="reference")
        bones.put(reference, home / "reference", f"reference {reference.side} tibia")
    week_0 = home / "Seg-CT" / "week 0"
    bones.put(bones.turned(leg.registered()[0], 150.0), week_0, "871 week 0 left tibia")
    bones.put(right_leg.series[0], week_0, "871 week 0 right tibia")
    bones.put(replace(leg.series[1], subject="872", day=77.0), week_0, "872 week 11 left tibia")
    for week in (1, 2):
        bones.put(
            bones.turned(leg.registered()[week], 100.0), home / "Seg-CT" / f"week {week}", f"871 week {week} left tibia"
        )
    return home


def printed_config(home: Path, week: int = 0, **own: Any) -> dict[str, Any]:
    config = {
        "workspace": str(home / "Seg-CT" / f"week {week}"),
        "outputdir": str(home / "Regist-CT" / f"week {week}"),
        "refdir": str(home / "reference"),
        "img_z_range": [None, None],
        "ref_z_range": [None, None],
        "initial_transform_angles": [np.pi * i / 16 for i in range(-16, 10)],
        "BASELINE_REG": True,  # week 0 (True) or sequential scans (False)
    }
    return {**config, **own}


@pytest.fixture(scope="module")
def single(home: Path) -> Path:
    config = printed_config(home)

    # Initialize the registration instance
    registration = CTRegistration(config)

    # Register a single CT scan
    input_folder = str(home / "Seg-CT" / "week 0")
    ct_id = "871 week 0 left tibia"
    week = 0
    output_folder = config["outputdir"]
    registration.register_ct(input_folder, ct_id, week, output_folder)
    return Path(output_folder)


def test_a_single_scan_lies_on_the_reference_though_its_turn_is_not_listed(
    bones: Any, single: Path, leg: SyntheticLeg
) -> None:
    truth = leg.registered()[0]
    laid = read_scan(single / "871 week 0 left tibia")
    assert laid.kind is Kind.REGIST
    assert (laid.leg, laid.week) == ("871 left tibia", 0)
    assert laid.grid.matches(truth.grid)
    assert bones.dice(laid, truth) > 0.9


def test_the_transformation_is_saved_and_makes_the_same_voxels(single: Path, home: Path) -> None:
    laid = read_scan(single / "871 week 0 left tibia")
    scanned = read_scan(home / "Seg-CT" / "week 0" / "871 week 0 left tibia")
    transform = read_transform(single / "871 week 0 left tibia.tfm", fixed=laid.grid, moving=scanned.grid)
    again = resample(scanned, laid.grid, transform, kind=Kind.REGIST).to_numpy().astype(int)
    assert np.abs(again - laid.to_numpy()).max() <= 1
    record = json.loads((single / "871 week 0 left tibia.json").read_text())
    assert abs(abs(record["angles_degrees"][0]) - 150) < 2
    assert record["verdict"] in ("good", "check")


def test_a_batch_of_scans(bones: Any, home: Path, leg: SyntheticLeg, right_leg: SyntheticLeg, tmp_path: Path) -> None:
    config = printed_config(home, outputdir=str(tmp_path / "Regist-CT" / "week 0"))
    registration = CTRegistration(config)

    # Register a batch of CT scans
    input_folder = str(home / "Seg-CT" / "week 0")
    ct_ids = [
        "871 week 0 left tibia",
        "871 week 0 right tibia",
        "872 week 11 \
        left tibia",
        ...,
    ]
    week = 0
    output_folder = config["outputdir"]
    registration.batch_register(input_folder, ct_ids, week, output_folder)

    truths = {
        "871 week 0 left tibia": leg.registered()[0],
        "871 week 0 right tibia": right_leg.registered()[0],
        "872 week 11 left tibia": leg.registered()[1],
    }
    assert {path.name for path in Path(output_folder).iterdir() if path.is_dir()} == set(truths)
    for name, truth in truths.items():
        laid = read_scan(Path(output_folder) / name)
        assert laid.grid.matches(truth.grid)
        assert bones.dice(laid, truth) > 0.8, name
    assert read_scan(Path(output_folder) / "872 week 11 left tibia").week == 11


def test_sequential_scans_lie_on_their_own_registered_week_0(
    bones: Any, single: Path, home: Path, leg: SyntheticLeg
) -> None:
    config = printed_config(home, 2, BASELINE_REG=False)
    registration = CTRegistration(config)
    registration.register_ct(config["workspace"], "871 week 2 left tibia", 2, config["outputdir"])
    laid = read_scan(home / "Regist-CT" / "week 2" / "871 week 2 left tibia")
    baseline = read_scan(single / "871 week 0 left tibia")
    assert laid.grid.matches(baseline.grid)
    assert laid.week == 2
    assert bones.dice(laid, leg.registered()[2]) > 0.85
    assert bones.dice(read_scan(home / "Seg-CT" / "week 2" / "871 week 2 left tibia"), laid) < 0.7
    before = {path: path.read_bytes() for path in single.rglob("*") if path.is_file()}
    assert all(path.read_bytes() == data for path, data in before.items())


def test_the_only_reference_is_mirrored_for_the_other_side_and_that_is_recorded(
    bones: Any, home: Path, leg: SyntheticLeg, tmp_path: Path
) -> None:
    reference = replace(leg.registered()[0], subject="reference", side="right")
    mirrored = replace(reference, voxels=reference.to_numpy()[:, :, ::-1])
    bones.put(mirrored, tmp_path / "reference", "reference right tibia")
    config = printed_config(home, outputdir=str(tmp_path / "out"), refdir=str(tmp_path / "reference"))
    result = CTRegistration(config).register_ct(config["workspace"], "871 week 0 left tibia", 0)
    assert result.mirrored
    assert json.loads((tmp_path / "out" / "871 week 0 left tibia.json").read_text())["mirrored"]
    # Mirrored twice the bone is itself again.
    assert bones.dice(read_scan(tmp_path / "out" / "871 week 0 left tibia"), leg.registered()[0]) > 0.85


def test_a_later_scan_without_its_week_0_is_told_what_to_do(home: Path, tmp_path: Path) -> None:
    config = printed_config(home, 1, BASELINE_REG=False, outputdir=str(tmp_path / "Regist-CT" / "week 1"))
    with pytest.raises(InputError, match=r"871 left tibia has no registered week 0.*BASELINE_REG"):
        CTRegistration(config).register_ct(config["workspace"], "871 week 1 left tibia", 1, config["outputdir"])


def test_told_to_the_listed_angles_alone_are_searched(
    bones: Any, home: Path, leg: SyntheticLeg, tmp_path: Path
) -> None:
    config = printed_config(home, search_whole_circle=False, outputdir=str(tmp_path))
    config["initial_transform_angles"] = [np.pi * i / 16 for i in range(-2, 3)]
    CTRegistration(config).register_ct(config["workspace"], "871 week 0 left tibia", 0, config["outputdir"])
    laid = read_scan(tmp_path / "871 week 0 left tibia")
    assert bones.dice(laid, leg.registered()[0]) < 0.7
    # ITK's angle about z has the other sign than a turn in (z, y, x).
    config = printed_config(home, search_whole_circle=False, outputdir=str(tmp_path / "found"))
    config["initial_transform_angles"] = [np.deg2rad(150.0)]
    CTRegistration(config).register_ct(config["workspace"], "871 week 0 left tibia", 0, config["outputdir"])
    laid = read_scan(tmp_path / "found" / "871 week 0 left tibia")
    assert bones.dice(laid, leg.registered()[0]) > 0.9


def test_ranges_of_slices_cut_both_scans(home: Path, tmp_path: Path) -> None:
    config = printed_config(home, outputdir=str(tmp_path), img_z_range=[2, None], ref_z_range=[4, 24])
    config["workspace"] = str(home / "Seg-CT" / "week 0")
    result = CTRegistration(config).register_ct(None, "871 week 0 right tibia", 0)
    laid = read_scan(tmp_path / "871 week 0 right tibia")
    reference = read_scan(home / "reference" / "reference right tibia")
    assert laid.shape[0] == 20
    assert laid.origin[0] == pytest.approx(reference.origin[0] + 4 * 60.0)
    # The transform belongs to the scan on the disk, not to the cut one.
    scanned = read_scan(home / "Seg-CT" / "week 0" / "871 week 0 right tibia")
    stored = read_transform(tmp_path / "871 week 0 right tibia.tfm", fixed=laid.grid, moving=scanned.grid)
    point = [500.0, 900.0, 900.0]
    np.testing.assert_allclose(stored(point), result.transforms[0](point), atol=0.1)


def test_results_are_not_replaced_unasked_and_the_others_of_a_batch_go_on(single: Path, home: Path) -> None:
    registration = CTRegistration(printed_config(home))
    folder = home / "Seg-CT" / "week 0"
    with pytest.raises(OutputError, match="there already"):
        registration.register_ct(folder, "871 week 0 left tibia", 0, single)
    with pytest.raises(BoneMetError, match=r"2 of 2 scans .* 871 week 0 left tibia: .*there already.* holds no scan"):
        registration.batch_register(folder, ["871 week 0 left tibia", "999 week 0 left tibia"], 0, single)


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"BASELINE_REG": "maybe"}, "neither True nor False"),
        ({"img_z_range": [1, 2, 3]}, "is no range"),
        ({"img_z_range": [None, "slice 5"]}, "is no slice number"),
        ({"refdir": "/nowhere"}, "is not there"),
    ],
)
def test_wrong_configurations_are_told(home: Path, tmp_path: Path, own: dict[str, Any], told: str) -> None:
    config = printed_config(home, outputdir=str(tmp_path), **own)
    with pytest.raises(InputError, match=told):
        CTRegistration(config).register_ct(config["workspace"], "871 week 0 left tibia", 0, tmp_path)
