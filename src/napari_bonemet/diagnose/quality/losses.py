"""What the bone quality network learns from; torch comes late."""

from typing import Any

from napari_bonemet.bone_quality import UNKNOWN, Quality
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.torch_import import import_torch

_ORDER = ("blastic", "lytic", "quality", "involvement")


def targets_of(quality: Any, involvement: Any) -> dict[str, Any]:
    """The truth of each task (n,) int64: a mixed slice is blastic, and is lytic (section 2.1)."""
    mixed = quality == Quality.MIXED
    return {
        "blastic": ((quality == Quality.BLASTIC) | mixed).long(),
        "lytic": ((quality == Quality.LYTIC) | mixed).long(),
        "quality": quality.long(),
        "involvement": involvement.long(),
    }


def slice_losses(logits: dict[str, Any], targets: dict[str, Any], options: QualityOptions) -> Any:
    """The overall loss of each slice (equation 1), (n,).

    It is divided by the sum of the weights of the tasks that there are, so that a learning rate means the same
    however many there are. A slice whose involvement is not known has no loss of it.

    Parameters
    ----------
    logits : mapping of str to tensor, (n, classes)
        What the network says.
    targets : mapping of str to tensor, (n,)
        From :func:`targets_of`.
    options : QualityOptions
        Weights of the tasks, and label smoothing.
    """
    functional = import_torch().nn.functional
    weights = dict(zip(_ORDER, options.task_weights, strict=True))
    total, whole = 0.0, 0.0
    for task, said in logits.items():
        loss = functional.cross_entropy(
            said,
            targets[task],
            reduction="none",
            ignore_index=UNKNOWN,
            label_smoothing=options.label_smoothing,
        )
        total = total + weights[task] * loss
        whole += weights[task]
    return total / whole


def soft_distance(features: dict[str, tuple[Any, ...]]) -> Any:
    """How far the feature maps of the two sub-tasks lie from each other (the sum in equation 4).

    The squared Frobenius norm of each block's difference, per element, so that large early maps do not drown the rest.
    """
    pairs = zip(features["blastic"], features["lytic"], strict=True)
    return sum(((one - other) ** 2).mean() for one, other in pairs)
