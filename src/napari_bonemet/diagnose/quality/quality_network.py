"""The layers of the bone quality network: dense blocks of torchvision, shared between tasks; import it late."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from napari_bonemet.diagnose.quality.options import CLASSES, QualityOptions
from napari_bonemet.torch_import import import_torch

torch = import_torch()
nn: Any = torch.nn
Module: Any = nn.Module

_IMAGENET_MEAN, _IMAGENET_SD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_BLOCKS = 4


@dataclass(frozen=True, eq=False)
class Said:
    """What the network says of slices.

    Parameters
    ----------
    logits : mapping of str to tensor, (n, classes)
        Of each task; "quality" is the perceptron's, or the single task's.
    features : mapping of str to tuple of tensor
        Of each task, after each dense block that it has to itself.
    """

    logits: dict[str, Any]
    features: dict[str, tuple[Any, ...]]


class QualityNetwork(Module):
    """Stages that all tasks share, stages of each task, a linear head each, and the perceptron on two of them.

    Parameters
    ----------
    options : QualityOptions
        Which tasks there are, and what they share.
    stages : callable
        Makes the five stages of a fresh backbone: the stem, and four dense blocks, each but the first behind its
        transition.
    channels : int
        Of the features after the last block.
    """

    def __init__(self, options: QualityOptions, stages: Callable[[], list[Any]], channels: int) -> None:
        super().__init__()
        self.colours = 3 if options.backbone == "densenet121" else 1
        shared = options.shared_blocks
        self.own_blocks = _BLOCKS - shared
        # With soft sharing nothing is shared, the stem neither.
        first = 1 + shared if shared else 0
        self.shared = nn.Sequential(*stages()[:first])
        self.branches = nn.ModuleDict({task: nn.ModuleList(stages()[first:]) for task in options.tasks})
        self.heads = nn.ModuleDict({task: nn.Linear(channels, CLASSES[task]) for task in options.tasks})
        both = CLASSES["blastic"] + CLASSES["lytic"]
        self.perceptron = (
            nn.Sequential(nn.Linear(both, options.hidden), nn.Tanh(), nn.Linear(options.hidden, CLASSES["quality"]))
            if options.joins
            else None
        )
        self.register_buffer("mean", torch.tensor(_IMAGENET_MEAN)[None, :, None, None], persistent=False)
        self.register_buffer("sd", torch.tensor(_IMAGENET_SD)[None, :, None, None], persistent=False)

    def forward(self, squares: Any) -> Said:
        """Squares (n, side, side), 0 to 1, to what each task says of them."""
        x = squares[:, None]
        x = (x.expand(-1, 3, -1, -1) - self.mean) / self.sd if self.colours == 3 else x * 2 - 1
        x = self.shared(x.contiguous(memory_format=torch.channels_last))
        logits, features = {}, {}
        for task, stages in self.branches.items():
            own, kept = x, []
            for stage in stages:
                own = stage(own)
                kept.append(own)
            features[task] = tuple(kept[len(kept) - self.own_blocks :])
            logits[task] = self.heads[task](torch.relu(own).mean((2, 3)).float())
        if self.perceptron is not None:
            logits["quality"] = self.perceptron(torch.cat([logits["blastic"], logits["lytic"]], 1))
        return Said(logits, features)


def stages_of(features: Any) -> list[Any]:
    """The ``features`` of a torchvision DenseNet as five stages; its last normalisation ends the last one."""
    made, stage = [], []
    for name, layer in features.named_children():
        stage.append(layer)
        if name == "pool0" or (name.startswith("denseblock") and name != f"denseblock{_BLOCKS}"):
            made.append(nn.Sequential(*stage))
            stage = []
    return [*made, nn.Sequential(*stage)]
