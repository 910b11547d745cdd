"""What the bone quality network looks at, its shape, and how it learns."""

from dataclasses import dataclass
from typing import Annotated, Literal

from napari_bonemet.errors import InputError
from napari_bonemet.options import Between, Doc, Options, Unit

# By the names of the paper's tables 1 and 2.
Sharing = Literal["single-task", "soft-sharing", "hard-sharing-1", "hard-sharing-2", "involvement-alone"]
Task = Literal["quality", "blastic", "lytic", "involvement"]

CLASSES: dict[Task, int] = {"quality": 4, "blastic": 2, "lytic": 2, "involvement": 3}
# Dense blocks that all tasks share: three or four of the four.
SHARED_BLOCKS: dict[Sharing, int] = {"soft-sharing": 0, "hard-sharing-1": 3}


@dataclass(frozen=True)
class QualityOptions(Options):
    """The network of Peng et al. (sections 2 and 3), at a size for one processor core, and its training.

    What the paper states is the default where it does not depend on the size: the weights of the losses, ten hidden
    units, momentum 0.9, label smoothing, warm-up and cosine, self-paced learning. Its network (DenseNet-121, growth
    32, blocks of 6, 12, 24 and 16 layers, 224 pixels, weights of ImageNet) is asked for by `backbone`.
    """

    values: Annotated[
        Literal["HU", "grey"], Doc("What voxels are: Hounsfield units of a clinical CT, or greys 0 to 255.")
    ] = "HU"
    crop: Annotated[
        int, Doc("Side of the square around the bone that the network looks at."), Between(32, 512), Unit("pixels")
    ] = 64
    pixel_um: Annotated[float, Doc("Pixels are brought to this size."), Between(1, 5000), Unit("µm")] = 1500.0
    backbone: Annotated[
        Literal["reduced", "densenet121"], Doc("Dense blocks at the size below, or those of DenseNet-121.")
    ] = "reduced"
    pretrained: Annotated[
        bool, Doc("Start DenseNet-121 from the weights of ImageNet, which have to be in torch hub's cache.")
    ] = False
    growth: Annotated[int, Doc("Channels that each dense layer adds; reduced backbone."), Between(2, 64)] = 8
    blocks: Annotated[
        tuple[int, int, int, int], Doc("Layers of the dense blocks; reduced backbone."), Between(1, 64)
    ] = (3, 4, 4, 3)
    stem_pools: Annotated[
        bool, Doc("Whether the first layers halve slices twice, as for 224 pixels, or once; reduced backbone.")
    ] = True
    sharing: Annotated[Sharing, Doc("What tasks share, by the names of the paper's table 1.")] = "hard-sharing-2"
    involvement: Annotated[bool, Doc("Whether posterolateral involvement is learned beside the quality.")] = True
    perceptron: Annotated[
        bool, Doc("Whether a perceptron joins the logits of blastic and lytic, or their thresholds do.")
    ] = True
    hidden: Annotated[int, Doc("Tanh units of the perceptron."), Between(1, 1000)] = 10
    task_weights: Annotated[
        tuple[float, float, float, float], Doc("Weights of blastic, lytic, quality, involvement."), Between(0, 100)
    ] = (2.0, 2.0, 2.0, 1.0)
    soft_weight: Annotated[float, Doc("Weight of soft sharing's distance of features."), Between(0, 100)] = 0.1
    self_paced: Annotated[bool, Doc("Whether hard slices are left out at first.")] = True
    easy_first: Annotated[float, Doc("Share of the slices that self-paced learning begins with."), Between(0.1, 1)] = (
        0.6
    )
    easy_last: Annotated[float, Doc("Share that it ends with."), Between(0.1, 1)] = 0.95
    easy_until: Annotated[float, Doc("Share of the training by which it gets there."), Between(0, 1)] = 0.5
    label_smoothing: Annotated[float, Doc("Share of a label that is spread over all classes."), Between(0, 0.9)] = 0.1
    schedule: Annotated[bool, Doc("Whether the learning rate warms up and falls along a cosine, or stays.")] = True
    warm_up: Annotated[float, Doc("Share of the training in which the learning rate rises."), Between(0, 1)] = 0.1
    learning_rate: Annotated[float, Doc("Of stochastic gradient descent, at its highest."), Between(1e-7, 10)] = 0.1
    momentum: Annotated[float, Doc("Of stochastic gradient descent."), Between(0, 0.999)] = 0.9
    weight_decay: Annotated[float, Doc("Of stochastic gradient descent."), Between(0, 1)] = 0.0005
    batch: Annotated[int, Doc("Slices in a step."), Between(2, 4096)] = 32
    epochs: Annotated[int, Doc("Times that every slice is seen."), Between(1, 10_000)] = 30
    minutes: Annotated[float, Doc("Stop after this time; 0 sets no limit."), Between(0, 1e5), Unit("min")] = 0.0
    seed: Annotated[int, Doc("First weights, order of the slices, shifts and turns."), Between(0, 2**32 - 1)] = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pretrained and self.backbone != "densenet121":
            raise InputError(
                "There are no pretrained weights for the reduced backbone", remedy="Ask for --backbone densenet121"
            )

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The heads on the features, in order."""
        if self.sharing == "single-task":
            return ("quality",)
        if self.sharing == "involvement-alone":
            return ("involvement",)
        return ("blastic", "lytic", "involvement") if self.involvement else ("blastic", "lytic")

    @property
    def joins(self) -> bool:
        """Whether a perceptron joins the two sub-tasks."""
        return self.perceptron and "blastic" in self.tasks

    @property
    def shared_blocks(self) -> int:
        """Dense blocks that all tasks share, of four."""
        return SHARED_BLOCKS.get(self.sharing, 4)

    @property
    def bone_from(self) -> float:
        """Bone is at and above this value."""
        return 150.0 if self.values == "HU" else 75.0

    @property
    def gap_um(self) -> float:
        """Gaps in the bone up to this width are closed: in a human vertebra, in a mouse's tibia."""
        return 6000.0 if self.values == "HU" else 300.0

    @property
    def around_um(self) -> float:
        """Soft tissue further from the bone than this is blanked out: it tells nothing, and scanners differ in it."""
        return 4000.0 if self.values == "HU" else 100.0

    @property
    def window(self) -> tuple[float, float]:
        """Values that the network sees as 0 and as 1."""
        return (-150.0, 1000.0) if self.values == "HU" else (0.0, 255.0)
