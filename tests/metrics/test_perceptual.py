"""LPIPS with weights made on the spot: never random in silence, never downloaded, never unpickled code."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import InputError, MissingWeightsError
from napari_bonemet.metrics.perceptual import PROTOCOL, find_alexnet, lpips_distance
from napari_bonemet.progress import Cancelled

pytestmark = pytest.mark.usefixtures("no_network")


@pytest.fixture
def slices() -> np.ndarray:
    y, x = np.mgrid[:40, :44]
    wave = 120 + 80 * np.sin(y / 4) * np.cos(x / 5)
    return np.stack([wave, wave.T[:40, :40].repeat(2, axis=1)[:, :44], 255 - wave])


def noisy(slices: np.ndarray, scale: float) -> np.ndarray:
    return np.clip(slices + np.random.default_rng(1).normal(scale=scale, size=slices.shape), 0, 255)


def test_missing_weights_are_named_with_the_way_to_get_them(hub: Path, slices: np.ndarray) -> None:
    with pytest.raises(MissingWeightsError) as caught:
        lpips_distance(slices, slices)
    message = str(caught.value)
    for part in ("alexnet-owt-7be5be79.pth", str(hub.parent), "https://download.pytorch.org/models/", "TORCH_HOME"):
        assert part in message
    assert list(hub.parent.iterdir()) == []


def test_distance_is_zero_for_the_same_and_grows_with_the_difference(with_weights: Path, slices: np.ndarray) -> None:
    same, little, much = (lpips_distance(noisy(slices, scale), slices) for scale in (0, 10, 60))
    assert same.shape == (3,)
    assert same == pytest.approx(0, abs=1e-7)
    assert (little > 0).all()
    assert (much > little).all()
    assert lpips_distance(slices[0], slices[2])[0] > little[0]


def test_distance_does_not_depend_on_the_batch_or_touch_the_random_state(
    with_weights: Path, slices: np.ndarray
) -> None:
    import torch

    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    other = noisy(slices, 20)
    assert lpips_distance(other, slices, batch=1) == pytest.approx(lpips_distance(other, slices, batch=8), rel=1e-4)
    assert torch.equal(torch.rand(3), expected)


def test_distance_is_what_the_package_computes_with_these_weights(with_weights: Path, slices: np.ndarray) -> None:
    import lpips
    import torch

    package = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False).eval()
    tensors = torch.load(with_weights, weights_only=True)
    state = package.net.state_dict()
    package.net.load_state_dict({key: tensors["features." + key.split(".", 1)[1]] for key in state})
    other = noisy(slices, 30)
    a, b = (torch.tensor(v / 127.5 - 1, dtype=torch.float32)[:, None].repeat(1, 3, 1, 1) for v in (other, slices))
    with torch.no_grad():
        expected = package(a, b).flatten().numpy()
    assert lpips_distance(other, slices) == pytest.approx(expected, rel=1e-4)


def test_the_protocol_in_words_is_what_is_computed(with_weights: Path, slices: np.ndarray) -> None:
    import torch
    from lpips import LPIPS

    made = LPIPS(net="alex", pnet_rand=True, verbose=False).eval()
    assert (made.version, made.pnet_type, made.L, made.spatial, made.lpips) == ("0.1", "alex", 5, False, True)
    for words in ("version 0.1", "AlexNet", "own size", "-1 to 1", "three equal channels", "mean over slices"):
        assert words in PROTOCOL
    tensors = torch.load(with_weights, weights_only=True)
    made.net.load_state_dict({key: tensors["features." + key.split(".", 1)[1]] for key in made.net.state_dict()})
    images = [torch.tensor(v / 127.5 - 1, dtype=torch.float32)[:1, None].repeat(1, 3, 1, 1) for v in (slices, -slices)]
    images[1] = images[1].clamp(-1, 1)
    with torch.no_grad():
        _, layers = made(*images, retPerLayer=True)
    assert lpips_distance(slices[:1], -slices[:1]) == pytest.approx(float(sum(layers)), rel=1e-4)


def test_weights_other_than_the_published_are_called_so(with_weights: Path) -> None:
    found = find_alexnet()
    assert found.path == with_weights
    assert not found.published
    assert "not the published weights" in found.note


class Stop:
    def advance(self, *_: float) -> None:
        raise Cancelled

    def message(self, *_: str) -> None: ...

    def check(self) -> None: ...


def test_a_request_to_stop_is_heard_between_batches(with_weights: Path, slices: np.ndarray) -> None:
    with pytest.raises(Cancelled):
        lpips_distance(slices, slices, batch=1, progress=Stop())


def test_a_truncated_file_gives_a_clear_error(with_weights: Path, slices: np.ndarray) -> None:
    with_weights.write_bytes(with_weights.read_bytes()[:200_000])
    with pytest.raises(InputError, match="damaged"):
        lpips_distance(slices, slices)


class Trap:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (str(self.mark),)


def test_a_pickle_with_code_is_refused_and_not_run(hub: Path, tmp_path: Path, slices: np.ndarray) -> None:
    import torch

    mark = tmp_path / "it ran"
    for write in (lambda: torch.save({"x": Trap(mark)}, hub), lambda: hub.write_bytes(pickle.dumps(Trap(mark)))):
        write()
        with pytest.raises(InputError, match="not loaded"):
            lpips_distance(slices, slices)
        assert not mark.exists()


def test_tensors_of_another_network_are_refused(hub: Path, slices: np.ndarray) -> None:
    import torch

    for content in ({"features.0.weight": torch.zeros(2)}, [1, 2], {"features.0.weight": "text"}):
        torch.save(content, hub)
        with pytest.raises(InputError, match=r"AlexNet's layers|named tensors"):
            lpips_distance(slices, slices)


def test_small_slices_and_other_backbones_are_refused(with_weights: Path, slices: np.ndarray) -> None:
    with pytest.raises(InputError, match="too small"):
        lpips_distance(slices[:, :30], slices[:, :30])
    assert lpips_distance(slices[:, :31, :31], slices[:, :31, :31]) == pytest.approx(0, abs=1e-7)
    with pytest.raises(InputError, match="not offered"):
        lpips_distance(slices, slices, net="vgg")


def test_a_device_that_is_not_there_is_named(with_weights: Path, slices: np.ndarray) -> None:
    with pytest.raises(InputError, match="device 'cuda:99'"):
        lpips_distance(slices, slices, device="cuda:99")
