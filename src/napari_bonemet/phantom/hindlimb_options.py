"""What can be asked of a synthetic hindlimb scan, and what its labels mean."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid, Shape
from napari_bonemet.options import Between, Doc, Options, Unit
from napari_bonemet.phantom.options import Strain

# Raised whenever the same options would give other voxels.
HINDLIMB_GENERATOR = 1

HINDLIMB_LABELS: dict[str, int] = {
    "left tibia": 1,
    "right tibia": 2,
    "left femur": 3,
    "right femur": 4,
    "spine": 5,
    "tail": 6,
    "left fibula": 7,
    "right fibula": 8,
    "left sesamoids": 9,
    "right sesamoids": 10,
    "left foot": 11,
    "right foot": 12,
    "pelvis": 13,
}

Drawn = Literal["drawn"]
Legs = Literal["none", "left", "right", "both"]


@dataclass(frozen=True)
class HindlimbOptions(Options):
    """A synthetic scan of a mouse's hindlimbs: the animal, how it lies, and how it is scanned.

    The seed is the animal and its posture; what says "drawn" is left to the seed. Spacing and shape only say
    how it is sampled: with the same field of view, another voxel size shows the same animal.
    """

    shape: Annotated[Shape, Doc("Voxels of the field of view, z y x."), Between(8, 4096), Unit("voxels")] = (
        448,
        430,
        405,
    )
    spacing_um: Annotated[float, Doc("Voxel size."), Between(5, 200), Unit("µm")] = 60.0
    seed: Annotated[int, Doc("The animal and its posture."), Between(0, 2**32 - 1)] = 0
    strain: Annotated[Strain, Doc("Strain of mouse.")] = "C57BL/6"
    knee_degrees: Annotated[
        tuple[float, float], Doc("Least and greatest bend of a knee; 0 is straight."), Between(10, 120), Unit("°")
    ] = (20.0, 100.0)
    splay_degrees: Annotated[
        tuple[float, float], Doc("Least and greatest spread of a tibia to its side."), Between(-20, 35), Unit("°")
    ] = (-4.0, 18.0)
    turn_degrees: Annotated[
        float, Doc("Largest turn of a leg about its long axis, knee outwards."), Between(0, 40), Unit("°")
    ] = 30.0
    gap_um: Annotated[
        tuple[float, float],
        Doc("Least and greatest joint space of a knee; narrow ones are bridged once they are blurred."),
        Between(0, 500),
        Unit("µm"),
    ] = (20.0, 200.0)
    height_mm: Annotated[
        float, Doc("Largest difference between the knees along the body."), Between(0, 10), Unit("mm")
    ] = 5.0
    roll_degrees: Annotated[float, Doc("Largest roll of the body in the scanner."), Between(0, 45), Unit("°")] = 25.0
    lying: Annotated[Literal["drawn", "prone", "supine"], Doc("On its belly or on its back; gravity is along y.")] = (
        "drawn"
    )
    first_slice: Annotated[
        Literal["drawn", "head", "feet"], Doc("Which end of the animal the first slice is nearer to.")
    ] = "drawn"
    tail: Annotated[Literal["drawn", "between", "touching"], Doc("Between the legs, or touching one's skin.")] = "drawn"
    cut: Annotated[
        Literal["drawn", "none", "left", "right", "ankles"],
        Doc("What the field's edge cuts off: nothing, the outside of one leg, or the ankles."),
    ] = "drawn"
    cut_mm: Annotated[float, Doc("How far the edge cuts in, where it cuts."), Between(0, 10), Unit("mm")] = 1.0
    tumour: Annotated[Literal["drawn", "none", "left", "right", "both"], Doc("Which tibiae have lesions.")] = "drawn"
    knee_lesion: Annotated[Literal["drawn", "yes", "no"], Doc("Whether a lesion also eats the knee's end.")] = "drawn"
    week: Annotated[int, Doc("Weeks since inoculation."), Between(0, 12)] = 3
    size: Annotated[
        float | None, Doc("Size of the animal; 1 has a tibia of 17.9 mm; drawn when empty."), Between(0.7, 1.2)
    ] = None
    noise_sd: Annotated[float, Doc("Standard deviation of the noise."), Between(0, 60), Unit("grey values")] = 6.0
    blur_um: Annotated[float, Doc("Standard deviation of the scanner's blur."), Between(0, 100), Unit("µm")] = 10.0
    blur_voxels: Annotated[
        float, Doc("Standard deviation of the reconstruction's own blur."), Between(0, 5), Unit("voxels")
    ] = 0.4
    finest_um: Annotated[
        float, Doc("Bones are modelled no finer than this; finer voxels interpolate."), Between(8, 60), Unit("µm")
    ] = 20.0
    bed: Annotated[bool, Doc("Whether the holder's bed shows.")] = True
    subject: Annotated[str, Doc("The animal's name.")] = "synthetic-h1"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("knee_degrees", "splay_degrees", "gap_um"):
            low, high = getattr(self, name)
            if low > high:
                raise InputError(
                    f"The range of {name.replace('_', ' ')} cannot be used",
                    expected="the least first",
                    found=f"{low:g} to {high:g}",
                )

    @property
    def grid(self) -> Grid:
        """The field of view."""
        return Grid(self.shape, (self.spacing_um,) * 3)

    @property
    def detail_um(self) -> float:
        """Voxel size at which the legs' bones are modelled, micrometres."""
        return float(np.clip(self.spacing_um / 1.5, self.finest_um, max(52.0, self.finest_um)))

    @property
    def coarse_detail_um(self) -> float:
        """Voxel size at which the other bones are modelled, micrometres."""
        return float(np.clip(self.spacing_um / 1.2, 2 * self.finest_um, max(80.0, 2 * self.finest_um)))

    @property
    def sampling_um(self) -> float:
        """Standard deviation of blur and voxel size together, micrometres."""
        blur = np.hypot(self.blur_um, self.blur_voxels * self.spacing_um)
        return float(np.hypot(blur, self.spacing_um / np.sqrt(12)))
