"""The network: what is shared, what the sizes are, and weights that are asked for are never drawn instead."""

import re
from pathlib import Path

import pytest
import torch
from torchvision.models import densenet121

from napari_bonemet.diagnose.quality.building import DENSENET_FILE, build_quality_network, imagenet_state
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.errors import InputError, MissingWeightsError

SMALL = {"growth": 4, "blocks": (1, 2, 2, 1), "crop": 32}


@pytest.mark.parametrize(
    ("sharing", "tasks", "stages"),
    [
        ("single-task", {"quality"}, 0),
        ("involvement-alone", {"involvement"}, 0),
        ("soft-sharing", {"blastic", "lytic"}, 5),
        ("hard-sharing-1", {"blastic", "lytic"}, 1),
        ("hard-sharing-2", {"blastic", "lytic"}, 0),
    ],
)
def test_what_tasks_share(sharing: str, tasks: set[str], stages: int) -> None:
    options = QualityOptions(**SMALL, sharing=sharing, involvement=False, perceptron=False)
    network = build_quality_network(options).eval()
    assert set(network.branches) == tasks
    assert {len(branch) for branch in network.branches.values()} == {stages}
    said = network(torch.rand(2, 32, 32))
    assert {task: tuple(each.shape) for task, each in said.logits.items()} == {
        task: (2, {"quality": 4, "involvement": 3}.get(task, 2)) for task in tasks
    }
    # Equation 4 sums over all four blocks.
    assert len(said.features[min(tasks)]) == (4 if sharing == "soft-sharing" else min(stages, 1))


def test_the_perceptron_sees_the_two_logits_alone() -> None:
    network = build_quality_network(QualityOptions(**SMALL)).eval()
    shapes = [tuple(weight.shape) for weight in network.perceptron.parameters()]
    assert shapes == [(10, 4), (10,), (4, 10), (4,)]
    said = network(torch.rand(3, 32, 32)).logits
    assert set(said) == {"blastic", "lytic", "involvement", "quality"}
    both = torch.cat([said["blastic"], said["lytic"]], 1)
    assert torch.allclose(network.perceptron(both), said["quality"])


def test_densenet_121_is_that_of_the_paper() -> None:
    network = build_quality_network(QualityOptions(backbone="densenet121", perceptron=False, involvement=False))
    whole = densenet121(weights=None)
    wanted = sum(weight.numel() for weight in whole.features.parameters())
    assert sum(weight.numel() for weight in network.shared.parameters()) == wanted
    assert tuple(network.heads["blastic"].weight.shape) == (2, 1024)


def test_weights_of_imagenet_come_from_the_cache_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    options = QualityOptions(backbone="densenet121", pretrained=True)
    with pytest.raises(MissingWeightsError, match=DENSENET_FILE):
        build_quality_network(options)
    file = tmp_path / "hub" / "checkpoints" / DENSENET_FILE
    file.parent.mkdir(parents=True)
    known = densenet121(weights=None).state_dict()
    # The published file has the names of an older torchvision.
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", name): t for name, t in known.items()}
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    torch.save(old, file)
    network = build_quality_network(options)
    assert torch.equal(network.shared[0][0].weight, known["features.conv0.weight"])
    layer = network.shared[4][1].denselayer16
    assert torch.equal(layer.norm1.weight, known["features.denseblock4.denselayer16.norm1.weight"])
    assert torch.equal(layer.conv2.weight, known["features.denseblock4.denselayer16.conv2.weight"])
    file.write_bytes(b"no weights")
    with pytest.raises(InputError, match="damaged"):
        imagenet_state()
    with pytest.raises(InputError, match="pretrained"):
        QualityOptions(pretrained=True)
