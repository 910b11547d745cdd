"""What the lesion classifier looks at, and how it learns."""

from dataclasses import dataclass
from typing import Annotated

from napari_bonemet.options import Between, Doc, Options, Unit


@dataclass(frozen=True)
class ClassifierOptions(Options):
    """The shape of the slice network, and its training.

    Label smoothing and focal loss are those of the BoneMet supplementary, section D; weight decay, warm-up and
    cosine decay those of the paper's table 2.
    """

    crop: Annotated[
        int, Doc("Side of the square around the bone that the network looks at."), Between(16, 1024), Unit("voxels")
    ] = 96
    width: Annotated[int, Doc("Channels of the first layer; they double twice."), Between(4, 128)] = 16
    fine: Annotated[
        bool,
        Doc("Whether the last maps have a value every 4 voxels instead of 8: a finer picture of where it looked."),
    ] = False
    together: Annotated[
        int, Doc("Weeks seen together: 1 the week alone, 2 the one before it too, 3 the first one too."), Between(1, 3)
    ] = 1
    backbone: Annotated[
        str,
        Doc(
            "What makes features of a slice: small (the network of this package, its size is the width), or by timm: "
            "bit-m, efficientnetv2-m, swin-b, resnet18, mobilenetv3-small, or any name of timm's own."
        ),
    ] = "small"
    weights: Annotated[
        str,
        Doc("Of a backbone by timm: pretrained (from its cache, or the hub), drawn (from chance), or a file of them."),
    ] = "pretrained"
    bone_threshold: Annotated[float, Doc("Bone is above this grey value."), Between(0, 255)] = 75.0
    epochs: Annotated[int, Doc("Times that every scan is seen."), Between(1, 10_000)] = 24
    minutes: Annotated[float, Doc("Stop after this time; 0 sets no limit."), Between(0, 1e5), Unit("min")] = 0.0
    patience: Annotated[
        int, Doc("Stop when the validation animals gained nothing for this many epochs."), Between(1, 10_000)
    ] = 15
    batch: Annotated[int, Doc("Scans in a step."), Between(2, 4096)] = 16
    slices: Annotated[int, Doc("Slices of each scan in a step, evenly spread."), Between(1, 4096)] = 12
    learning_rate: Annotated[
        float, Doc("AdamW's, at its highest; it warms up, and falls to 0 along a cosine."), Between(1e-7, 1)
    ] = 0.002
    warm_up: Annotated[float, Doc("Share of the training in which the learning rate rises."), Between(0, 1)] = 0.05
    weight_decay: Annotated[float, Doc("AdamW's."), Between(0, 1)] = 0.001
    dropout: Annotated[float, Doc("Share of the features left out in a step."), Between(0, 0.9)] = 0.2
    label_smoothing: Annotated[
        float, Doc("A lesion is taught as 1 minus half of this, none as half of it."), Between(0, 0.9)
    ] = 0.1
    focal_gamma: Annotated[
        float, Doc("Focal loss: the higher, the less weight has what is already told right; 0 is plain."), Between(0, 5)
    ] = 0.0
    balance: Annotated[bool, Doc("Weigh scans with and without a lesion as if there were as many of each.")] = True
    looks: Annotated[
        int, Doc("Changes drawn for each scan of a step, as in RandAugment (blur, noise, greys, shape)."), Between(0, 8)
    ] = 2
    look_strength: Annotated[float, Doc("How far they go; 1 is the most that a scanner may do."), Between(0, 1)] = 0.6
    half_precision: Annotated[bool, Doc("Train in bfloat16: faster on processors that know it.")] = False
    seed: Annotated[int, Doc("First weights, order of the scans, crops and turns."), Between(0, 2**32 - 1)] = 0
