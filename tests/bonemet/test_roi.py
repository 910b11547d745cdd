"""The code of the supplementary's figure 6 as printed, with paths and slice numbers filled in."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from napari_bonemet.bonemet import RoICompositeCropper
from napari_bonemet.errors import InputError, OutputError
from napari_bonemet.io import read_scan
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.processing.composite import make_composite
from napari_bonemet.processing.roi import RoiOptions, crop_roi
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

# Long enough that fibula and tibia part in it, so that there is a junction.
LONG = LegOptions(shape=(120, 60, 60), spacing_um=60.0, weeks=(0, 5), seed=4, subject="871", pose_degrees=0.0)


@pytest.fixture(scope="session")
def composite() -> Scan:
    weeks = make_leg(LONG).registered()
    return make_composite(weeks[0], weeks[1]).scan


@pytest.fixture
def folder(bones: Any, composite: Scan, tmp_path: Path) -> Path:
    return bones.put(composite, tmp_path / "Regist-CT", "871 left Tibia w0w5composite")


def printed_config() -> dict[str, Any]:
    # The strings and one key are broken over lines in the print; so they are here.
    return {
        "foldername": """selected 300 slices below proximal Tibia-fibular
        junction""",
        "first_slice_selected": "first slice selected",
        "last_slice_selected": "last slice selected",
        "first_slice_selected_below_t-f_junction": 0,  # Index of the first
        # selected slice below the tibia-fibula junction
    }


def run_printed(input_folder: str, config: dict[str, Any]) -> Path:
    # Initialize the RoICropper
    cropper = RoICompositeCropper(config)

    # Crop the RoI from CT images
    output_folder = os.path.join(input_folder, config["foldername"])  # noqa: PTH118 -- as printed
    first_slice_selected = config["first_slice_selected"]
    last_slice_selected = config["last_slice_selected"]
    first_slice_below_tf_junction = config["first_slice_selected_above_t-f_junction"]

    cropper.crop_roi(
        input_folder, output_folder, first_slice_selected, last_slice_selected, first_slice_below_tf_junction
    )
    return Path(output_folder)


def test_the_printed_code_keeps_the_slices_below_the_junction(folder: Path, composite: Scan) -> None:
    truth = crop_roi(ScanSeries((composite,)), options=RoiOptions(preset="junction"))
    out = run_printed(str(folder), printed_config())
    assert out.name == "selected 300 slices below proximal Tibia-fibular junction"
    kept = read_scan(out)
    assert 0 < truth.first_slice < composite.shape[0] - 10
    np.testing.assert_array_equal(kept.to_numpy(), composite.to_numpy()[truth.first_slice : truth.last_slice + 1])
    assert set(np.unique(kept.to_numpy())) <= {0, 60, 180, 240}
    assert kept.origin[0] == composite.origin[0] + truth.first_slice * 60.0


def test_slice_numbers_filled_in_are_kept_both_included(folder: Path, composite: Scan) -> None:
    config = {**printed_config(), "first_slice_selected": 30, "last_slice_selected": "59"}
    out = run_printed(str(folder), config)
    np.testing.assert_array_equal(read_scan(out).to_numpy(), composite.to_numpy()[30:60])


def test_slices_below_the_junction_are_left_out_when_asked_to(folder: Path, composite: Scan) -> None:
    first = crop_roi(ScanSeries((composite,)), options=RoiOptions(preset="junction")).first_slice
    config = {**printed_config(), "foldername": "selected 20 slices", "first_slice_selected_below_t-f_junction": 7}
    out = run_printed(str(folder), config)
    np.testing.assert_array_equal(read_scan(out).to_numpy(), composite.to_numpy()[first + 7 : first + 27])


@pytest.mark.parametrize("word", ["below", "above"])
def test_either_word_of_the_key_defines_both(word: str) -> None:
    config: dict[str, Any] = {f"first_slice_selected_{word}_t-f_junction": 3}
    RoICompositeCropper(config)
    assert config["first_slice_selected_above_t-f_junction"] == config["first_slice_selected_below_t-f_junction"] == 3


def test_a_key_that_was_broken_over_lines_is_understood(folder: Path, composite: Scan) -> None:
    config = {"first_slice_selected_above_t-\n        f_junction": 7, "slices": 5}
    result = RoICompositeCropper(config).crop_roi(folder, folder / "kept")
    first = crop_roi(ScanSeries((composite,)), options=RoiOptions(preset="junction")).first_slice
    assert result[folder.name].first_slice == first + 7
    assert config["first_slice_selected_above_t-f_junction"] == 7
    assert RoICompositeCropper(MappingProxyType({"slices": 5})).crop_roi(folder, folder / "more", 3)


def test_every_composite_of_a_folder_is_cropped_and_results_in_it_are_passed_over(
    bones: Any, folder: Path, composite: Scan
) -> None:
    home = folder.parent
    bones.put(
        replace(composite, subject="872", voxels=composite.to_numpy()[:, ::-1]), home, "872 left Tibia w0w5composite"
    )
    config = {**printed_config(), "first_slice_selected": 40, "last_slice_selected": 49}
    out = run_printed(str(home), config)
    assert {path.name for path in out.iterdir()} == {f"{name} left Tibia w0w5composite" for name in ("871", "872")}
    np.testing.assert_array_equal(
        read_scan(out / "872 left Tibia w0w5composite").to_numpy(), composite.to_numpy()[40:50, ::-1]
    )
    with pytest.raises(OutputError, match="there already"):
        run_printed(str(home), config)
    run_printed(str(home), {**config, "overwrite": True})
    assert len([*out.iterdir()]) == 2


def test_plain_slices_are_taken_at_the_published_voxel_size_and_said(folder: Path, composite: Scan) -> None:
    (folder / "scan.json").unlink()
    with pytest.warns(UserWarning, match=r"states no voxel size; the published 10\.6"):
        out = run_printed(str(folder), {**printed_config(), "first_slice_selected": 30, "last_slice_selected": 59})
    kept = read_scan(out)
    np.testing.assert_array_equal(kept.to_numpy(), composite.to_numpy()[30:60])
    assert kept.spacing == (10.6,) * 3
    assert any(step.name == "assume the published voxel size" for step in kept.history)
    shutil.rmtree(out)
    out = run_printed(str(folder), {**printed_config(), "first_slice_selected": 30, "spacing_um": 7})
    assert read_scan(out).spacing == (7.0,) * 3


def test_the_fibula_is_taken_out_when_asked_to(folder: Path, composite: Scan) -> None:
    config = {**printed_config(), "foldername": "selected 30 slices", "remove_fibula": True}
    kept = read_scan(run_printed(str(folder), config)).to_numpy()
    first = crop_roi(ScanSeries((composite,)), options=RoiOptions(preset="junction")).first_slice
    whole = composite.to_numpy()[first : first + 30]
    assert 0 < np.count_nonzero(kept != whole) < 0.5 * np.count_nonzero(whole)
    assert (kept[kept != whole] == 0).all()


def test_wrong_slices_are_told(folder: Path, tmp_path: Path) -> None:
    cropper = RoICompositeCropper({})
    with pytest.raises(InputError, match="before the first"):
        cropper.crop_roi(folder, tmp_path / "a", 9, 3)
    with pytest.raises(InputError, match="is no slice number"):
        cropper.crop_roi(folder, tmp_path / "a", 2.5, 3)
    with pytest.raises(InputError, match="starts outside the scan"):
        cropper.crop_roi(folder, tmp_path / "a", 900, 950)
    with pytest.raises(InputError, match="is not there"):
        cropper.crop_roi(tmp_path / "nowhere", tmp_path / "a")
