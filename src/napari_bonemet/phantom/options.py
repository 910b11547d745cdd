"""What can be asked of a synthetic leg, and the random streams that its seed stands for."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Literal
from zlib import crc32

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid, Shape
from napari_bonemet.options import Between, Doc, Options, Unit


@dataclass(frozen=True)
class LegOptions(Options):
    """A synthetic proximal tibia: the animal, the weeks, and how it is scanned.

    The seed is the animal. Spacing and shape only say how it is sampled: the same seed on a finer grid
    is the same bone.
    """

    shape: Annotated[Shape, Doc("Voxels of each week, z y x."), Between(8, 2048), Unit("voxels")] = (48, 100, 100)
    spacing_um: Annotated[float, Doc("Voxel size."), Between(5, 60), Unit("µm")] = 30.0
    weeks: Annotated[tuple[int, ...], Doc("Weeks since inoculation that are scanned."), Between(0, 26)] = (0, 1, 2, 3)
    tumour: Annotated[bool, Doc("Whether lesions grow; a control only ages.")] = True
    seed: Annotated[int, Doc("The animal."), Between(0, 2**32 - 1)] = 0
    jitter_voxels: Annotated[
        float, Doc("Standard deviation of the shift that registration leaves."), Between(0, 3), Unit("voxels")
    ] = 0.35
    pose_degrees: Annotated[float, Doc("Largest weekly tilt of the shaft."), Between(0, 15), Unit("°")] = 4.0
    turn_degrees: Annotated[float, Doc("Largest weekly turn about the shaft."), Between(0, 180), Unit("°")] = 10.0
    pose_voxels: Annotated[float, Doc("Largest weekly shift along each axis."), Between(0, 20), Unit("voxels")] = 2.0
    noise_sd: Annotated[float, Doc("Standard deviation of the noise."), Between(0, 60), Unit("grey values")] = 6.0
    blur_um: Annotated[float, Doc("Standard deviation of the scanner's blur."), Between(0, 100), Unit("µm")] = 18.0
    subject: Annotated[str, Doc("The animal's name.")] = "synthetic-1"
    side: Annotated[Literal["left", "right"], Doc("Which leg.")] = "left"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.weeks or any(later <= earlier for earlier, later in pairwise(self.weeks)):
            raise InputError(
                "The weeks cannot be used", expected="each later than the one before", found=f"{self.weeks}"
            )

    @property
    def grid(self) -> Grid:
        """The field of view, the same in each week."""
        return Grid(self.shape, (self.spacing_um,) * 3)


def stream(seed: int, purpose: str, week: int = 0) -> np.random.Generator:
    """Random numbers for one purpose in one week of one animal.

    Every purpose and week has its own stream, so what is drawn later or elsewhere never changes what
    was drawn before: an animal's past stays the same whatever becomes of it.
    """
    return np.random.default_rng([seed, crc32(purpose.encode()), week])
