"""Backbones by timm: filled from a file or the cache that is here, and stopped in words where they are not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from napari_bonemet.diagnose.attention.maps import where_it_looked
from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.models.lesion_slices import build_slice_network
from napari_bonemet.diagnose.models.timm_backbone import NAMES
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.errors import InputError, MissingWeightsError
from napari_bonemet.scan import Scan
from napari_bonemet.torch_import import import_torch

timm = pytest.importorskip("timm")
torch = import_torch()

# Small and quick; what holds for it holds for the others, which are made and filled by the same call.
SMALL = ClassifierOptions(backbone="mobilenetv3-small", weights="drawn", crop=32, looks=0)
NAME = NAMES["mobilenetv3-small"]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as timm publishes one: three colours, a thousand classes."""
    from safetensors.torch import save_file

    torch.manual_seed(3)
    model = timm.create_model(NAME, pretrained=False)
    path = tmp_path_factory.mktemp("weights") / "model.safetensors"
    save_file(model.state_dict(), str(path))
    return path


def first_layer(options: ClassifierOptions, *, pretrained: bool = True) -> object:
    return build_slice_network(options, pretrained=pretrained).backbone.model.conv_stem.weight.detach()


def of_file(path: Path) -> object:
    """The first layer of a published file for greys: the sum over the three colours, as timm adapts it."""
    from safetensors.torch import load_file

    return load_file(str(path))["conv_stem.weight"].sum(1, keepdim=True)


def test_weights_come_out_of_a_file(published: Path) -> None:
    filled = first_layer(replace(SMALL, weights=str(published)))
    assert torch.allclose(filled, of_file(published), atol=1e-6)
    assert not torch.allclose(first_layer(SMALL), of_file(published), atol=1e-2)
    assert first_layer(replace(SMALL, weights=str(published), together=3)).shape[1] == 3


def test_weights_come_out_of_the_hub_s_cache_without_a_network(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0" * 40
    repo = tmp_path / f"models--timm--{NAME}"
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_text(commit)
    (repo / "snapshots" / commit).mkdir(parents=True)
    (repo / "snapshots" / commit / "model.safetensors").write_bytes(published.read_bytes())
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert torch.allclose(first_layer(replace(SMALL, weights="pretrained")), of_file(published), atol=1e-6)


def test_missing_weights_are_told_and_never_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(MissingWeightsError, match=r"not on this machine.*hf download timm/.*--weights drawn"):
        build_slice_network(replace(SMALL, weights="pretrained"), pretrained=True)
    with pytest.raises(MissingWeightsError, match="are not there"):
        build_slice_network(replace(SMALL, weights=str(tmp_path / "none.safetensors")), pretrained=True)
    pickled = tmp_path / "model.bin"
    pickled.write_bytes(b"x")
    with pytest.raises(MissingWeightsError, match="never a pickle"):
        build_slice_network(replace(SMALL, weights=str(pickled)), pretrained=True)


def test_a_file_of_another_network_is_told(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    other = tmp_path / "other.safetensors"
    save_file({"some.weight": torch.zeros(3, 3)}, str(other))
    with pytest.raises(MissingWeightsError, match=r"other.safetensors holds no weights of mobilenetv3"):
        build_slice_network(replace(SMALL, weights=str(other)), pretrained=True)


def test_names_that_timm_does_not_know() -> None:
    with pytest.raises(InputError, match="timm knows no such backbone: expected small, bit-m"):
        build_slice_network(replace(SMALL, backbone="resnet-of-mine"))
    assert all(timm.is_model(name.split(".")[0]) for name in NAMES.values())


def test_without_timm_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "timm", None)
    with pytest.raises(InputError, match=r"napari-bonemet\[backbones\]"):
        build_slice_network(SMALL)
    assert build_slice_network(replace(SMALL, backbone="small"))


def test_windows_keep_their_channels_last_and_are_turned() -> None:
    options = replace(SMALL, backbone="swin_tiny_patch4_window7_224", crop=64)
    network = build_slice_network(options).eval()
    with torch.no_grad():
        maps = network.maps(torch.rand(2, 64, 64))
    assert maps.shape == (2, 64, 2, 2)


def test_it_is_trained_asked_saved_and_read_back(
    cohort: Callable[[int, int], tuple[list[Scan], list[bool]]], tmp_path: Path
) -> None:
    scans, lesions = cohort(8, 3)
    made = LesionClassifier.fit(scans, lesions, options=replace(SMALL, epochs=1, batch=4, slices=2))
    assert made.training["backbone"] == {"name": NAME, "weights": "drawn"}
    again = LesionClassifier.load(made.save(tmp_path / "timm.safetensors"))
    assert again.classify(scans[0]).probability == pytest.approx(made.classify(scans[0]).probability, abs=0.02)
    assert where_it_looked(again, scans[0]).shape == scans[0].shape
