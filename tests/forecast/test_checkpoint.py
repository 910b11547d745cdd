"""Checkpoints: what goes in comes out, and nothing else gets in."""

import json
import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import HEADER, Checkpoint, load_checkpoint, require_fit, save_checkpoint
from napari_bonemet.forecast.registry import load_forecaster
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind


@pytest.fixture
def checkpoint() -> Checkpoint:
    return Checkpoint(
        name="seer",
        configuration={"width": 3, "kind": "gate"},
        tensors={"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array([1.5])},
        input_kind="grey",
        spacing=(10.6, 10.6, 10.6),
        weeks=(-3.0, -2.0, -1.0),
        training={"legs": ["871 left tibia"], "µ": 1.25},
        synthetic=True,
    )


def test_a_checkpoint_comes_back_equal(checkpoint: Checkpoint, tmp_path: Path) -> None:
    read = load_checkpoint(save_checkpoint(checkpoint, tmp_path / "deep" / "seer.safetensors"))
    assert read.header() == checkpoint.header()
    assert set(read.tensors) == {"a", "b"}
    for name, tensor in checkpoint.tensors.items():
        np.testing.assert_array_equal(read.tensors[name], tensor)
        assert read.tensors[name].dtype == tensor.dtype


def test_the_header_is_plain_json_and_says_synthetic(checkpoint: Checkpoint, tmp_path: Path) -> None:
    with safe_open(str(save_checkpoint(checkpoint, tmp_path / "s.safetensors")), framework="numpy") as file:
        header = json.loads(file.metadata()[HEADER])
    assert header["synthetic"] is True
    assert header["trained_on"] == "synthetic legs"
    assert header["weeks"] == [-3, -2, -1]
    assert replace(checkpoint, synthetic=False).header()["trained_on"] == "scans"


def test_a_tensor_that_is_a_view_is_saved_as_it_looks(checkpoint: Checkpoint, tmp_path: Path) -> None:
    view = np.arange(12.0).reshape(3, 4).T[::2]
    path = save_checkpoint(replace(checkpoint, tensors={"v": view}), tmp_path / "v.safetensors")
    np.testing.assert_array_equal(load_checkpoint(path).tensors["v"], view)


def test_what_is_no_checkpoint_is_refused(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    with pytest.raises(InputError, match="not there"):
        load_checkpoint(path)
    whole = save_checkpoint(checkpoint, tmp_path / "whole.safetensors").read_bytes()
    for content in (b"", b"hello", whole[:40], whole[:-3], pickle.dumps({"a": 1}), b"\xff" * 200):
        path.write_bytes(content)
        with pytest.raises(InputError, match="damaged or no checkpoint"):
            load_checkpoint(path)
    save_file({"a": np.zeros(2)}, str(path))
    with pytest.raises(InputError, match="not written by napari-bonemet"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "napari-bonemet checkpoint 99"}, "another format"),
        ({"spacing_um": "wide"}, "damaged"),
        ({"weeks": None}, "damaged"),
        ({"name": None}, "not known"),
    ],
)
def test_headers_of_the_future_or_damaged_are_refused(
    checkpoint: Checkpoint, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    path = tmp_path / "x.safetensors"
    save_file({"a": np.zeros(2)}, str(path), metadata={HEADER: json.dumps(checkpoint.header() | change)})
    with pytest.raises(InputError, match=message):
        load_forecaster(path)


@pytest.mark.parametrize("text", ["{", "[]", "{}", "null", '"text"'])
def test_header_text_that_is_no_header_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.safetensors"
    save_file({"a": np.zeros(2)}, str(path), metadata={HEADER: text})
    with pytest.raises(InputError, match="incomplete or damaged"):
        load_checkpoint(path)


def test_an_unknown_model_is_named(checkpoint: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="tvae-gate; found seer"):
        load_forecaster(save_checkpoint(checkpoint, tmp_path / "s.safetensors"))


def test_composites_are_refused_by_a_checkpoint_of_greys_and_the_other_way_round(fading_leg) -> None:
    leg = fading_leg(1)
    composites = leg.map(lambda scan: scan.with_voxels(scan.voxels, step=Step("composite"), kind=Kind.COMPOSITE))
    spacing = leg.baseline.spacing
    with pytest.raises(InputError, match="expected grey; found composite"):
        require_fit(composites, model="It", input_kind="grey", spacing=spacing)
    with pytest.raises(InputError, match="expected composite; found grey"):
        require_fit(leg, model="It", input_kind="composite", spacing=spacing)
    require_fit(composites, model="It", input_kind="composite", spacing=spacing)
    require_fit(leg, model="It", input_kind="grey", spacing=(10.6, 10.5, 9.9))


@pytest.mark.skipif(os.name == "nt", reason="no such bits there")
def test_others_in_the_lab_may_read_it(tmp_path: Path, checkpoint: Checkpoint) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    path = save_checkpoint(checkpoint, tmp_path / "net.safetensors")
    assert path.stat().st_mode == plain.stat().st_mode
