"""A torch hub cache of the test's own, and AlexNet weights made on the spot."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; gives the path where AlexNet's weights would lie."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder / "alexnet-owt-7be5be79.pth"


@pytest.fixture(scope="session")
def alexnet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weight file with AlexNet's convolutions at random values, which is all that LPIPS takes from it."""
    import torch

    shapes = {0: (64, 3, 11, 11), 3: (192, 64, 5, 5), 6: (384, 192, 3, 3), 8: (256, 384, 3, 3), 10: (256, 256, 3, 3)}
    generator = torch.Generator().manual_seed(3)
    tensors = {}
    for layer, shape in shapes.items():
        fan_in = shape[1] * shape[2] * shape[3]
        tensors[f"features.{layer}.weight"] = torch.randn(shape, generator=generator) * (2 / fan_in) ** 0.5
        tensors[f"features.{layer}.bias"] = torch.zeros(shape[0])
    path = tmp_path_factory.mktemp("weights") / "alexnet.pth"
    torch.save(tensors, path)
    return path


@pytest.fixture
def with_weights(hub: Path, alexnet_file: Path) -> Path:
    hub.write_bytes(alexnet_file.read_bytes())
    return hub


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Any attempt to reach the network fails the test."""
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return lambda: None
