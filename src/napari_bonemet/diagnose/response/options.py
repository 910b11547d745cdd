"""What the response classifier looks at, and how it learns."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Literal

from napari_bonemet.errors import InputError
from napari_bonemet.options import Between, Doc, Options, Unit


@dataclass(frozen=True)
class ResponseOptions(Options):
    """The projections, the network and its training.

    The network is that of Xu et al. (Comput Med Imaging Graph 2023, section 2.4 and figure 6): two 3D convolutions,
    two 3D poolings, two dense layers, over (week, y, x). Sizes are not told there. Their images are 256 pixels wide,
    of hundreds of generated series; with tens of animals small images and few channels do better.
    """

    weeks: Annotated[tuple[float, ...], Doc("The weeks that it sees, each needed."), Between(0, 1000)] = (0, 1, 2, 3)
    views: Annotated[Literal["coronal", "sagittal", "both"], Doc("From the front, from the side, or both.")] = "both"
    projection: Annotated[
        Literal["path", "film"],
        Doc("The path through bone, or what an X-ray film loses on that path (Beer and Lambert)."),
    ] = "path"
    absorption: Annotated[
        float, Doc("Of the film: attenuation of bone of grey 255 per millimetre."), Between(0.01, 20), Unit("1/mm")
    ] = 0.4
    change: Annotated[bool, Doc("Beside each week's picture, its difference from the first week's.")] = True
    pixel_um: Annotated[float, Doc("Pixels of the projections."), Between(5, 1000), Unit("µm")] = 60.0
    rows: Annotated[int, Doc("Rows of the projections, along the shaft."), Between(8, 1024), Unit("pixels")] = 24
    columns: Annotated[int, Doc("Columns of the projections."), Between(8, 1024), Unit("pixels")] = 48
    bone_threshold: Annotated[float, Doc("Bone is above this grey value."), Between(0, 255)] = 75.0
    width: Annotated[int, Doc("Channels of the first layer; the second has twice as many."), Between(2, 128)] = 8
    hidden: Annotated[int, Doc("Neurons of the first dense layer."), Between(2, 1024)] = 32
    dropout: Annotated[float, Doc("Share of what the dense layers see that a step leaves out."), Between(0, 0.9)] = 0.3
    epochs: Annotated[int, Doc("Times that every leg is seen."), Between(1, 10_000)] = 40
    batch: Annotated[int, Doc("Legs in a step."), Between(2, 4096)] = 16
    learning_rate: Annotated[
        float, Doc("AdamW's, at its highest; it warms up, and falls to 0 along a cosine."), Between(1e-7, 1)
    ] = 0.002
    weight_decay: Annotated[float, Doc("AdamW's."), Between(0, 1)] = 0.01
    seed: Annotated[int, Doc("The same seed gives the same network.")] = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.weeks) < 2 or any(later <= earlier for earlier, later in pairwise(self.weeks)):
            raise InputError(
                "The weeks of a series cannot be used",
                expected="at least two, each later than the one before",
                found=" ".join(f"{week:g}" for week in self.weeks) or "none",
            )

    @property
    def channels(self) -> int:
        """Pictures of each week that the network sees."""
        return (2 if self.views == "both" else 1) * (2 if self.change else 1)
