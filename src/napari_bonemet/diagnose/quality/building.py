"""Making the bone quality network: at the reduced size, or DenseNet-121 with or without the weights of ImageNet."""

import re
from pathlib import Path
from typing import Any, ClassVar

from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.errors import InputError, MissingWeightsError
from napari_bonemet.metrics.weight_file import WeightFile, in_hub
from napari_bonemet.torch_import import import_torch, import_torchvision

DENSENET_FILE = "densenet121-a639ec97.pth"
DENSENET_URL = f"https://download.pytorch.org/models/{DENSENET_FILE}"
_CHANNELS_121 = 1024
# The published file names layers as torchvision 0.1 did: "denselayer1.norm.1.weight" is now "denselayer1.norm1.weight".
_OLD_NAMES = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")


class DenseNetWeights(WeightFile):
    """The published weights of DenseNet-121."""

    PUBLISHED: ClassVar[str] = "a639ec97"


def build_quality_network(options: QualityOptions, *, trained: bool = False) -> Any:
    """The network (a ``torch.nn.Module``).

    Parameters
    ----------
    options : QualityOptions
        Its shape.
    trained : bool
        Whether weights of a checkpoint will be filled in at once: those of ImageNet are not looked for then.

    Raises
    ------
    MissingWeightsError
        When the weights of ImageNet were asked for and are not on this machine; they are never drawn instead.
    """
    torch, models = import_torch(), import_torchvision().models

    from napari_bonemet.diagnose.quality.quality_network import QualityNetwork, stages_of

    if options.backbone == "densenet121":
        state = imagenet_state() if options.pretrained and not trained else None

        def whole() -> list[Any]:
            network = models.densenet121(weights=None)
            if state is not None:
                network.load_state_dict(state)
            return stages_of(network.features)

        return QualityNetwork(options, whole, _CHANNELS_121)
    first = 2 * options.growth

    def made() -> Any:
        network = models.DenseNet(options.growth, options.blocks, first, bn_size=4, num_classes=1)
        network.features.conv0 = torch.nn.Conv2d(1, first, 7, 2, 3, bias=False)
        if not options.stem_pools:
            network.features.pool0 = torch.nn.Identity()
        torch.nn.init.kaiming_normal_(network.features.conv0.weight)
        return network

    channels = made().classifier.in_features
    return QualityNetwork(options, lambda: stages_of(made().features), channels)


def imagenet_state(path: Path | None = None) -> dict[str, Any]:
    """The weights of DenseNet-121 out of torch hub's cache, by the names of today's torchvision.

    Parameters
    ----------
    path : Path, optional
        The file; where torch hub keeps it when None.

    Raises
    ------
    MissingWeightsError
        When the file is not there; the message says how to get it.
    InputError
        When it is damaged, or holds something else.
    """
    torch = import_torch()
    path = in_hub(DENSENET_FILE) if path is None else path
    if not path.is_file():
        raise MissingWeightsError(
            "DenseNet-121 needs the weights of ImageNet, which are not on this machine",
            expected=f"the file {DENSENET_FILE} in {path.parent}",
            remedy=f"Download {DENSENET_URL} into that folder (TORCH_HOME names another), or leave --pretrained out",
        )
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return {_OLD_NAMES.sub(r"\1\2", name): tensor for name, tensor in state.items()}
    except Exception as error:  # torch.load raises what it likes on damaged files
        raise InputError(f"{path} is damaged or no set of weights", remedy=f"Download {DENSENET_URL} again") from error
