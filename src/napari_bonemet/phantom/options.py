"""What can be asked of a synthetic leg, and the random streams that its seed stands for."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Literal
from zlib import crc32

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid, Shape
from napari_bonemet.options import Between, Doc, Options, Unit

_MOST_ABOVE_PLATE_UM = 1150.0
_SHARE_ABOVE_PLATE = 0.16

Strain = Literal["C57BL/6", "BALB/c"]
LesionKind = Literal["lytic", "blastic", "mixed"]

# Version of the generator: raised whenever the same options would give other voxels, so that a checkpoint can
# say what it learned from.
_GENERATOR: dict[Strain, int] = {"C57BL/6": 1, "BALB/c": 2}


@dataclass(frozen=True)
class LegOptions(Options):
    """A synthetic proximal tibia: the animal, the weeks, and how it is scanned.

    The seed is the animal. Spacing and shape only say how it is sampled: the same seed on a finer grid
    is the same bone.
    """

    shape: Annotated[Shape, Doc("Voxels of each week, z y x."), Between(8, 2048), Unit("voxels")] = (48, 100, 100)
    spacing_um: Annotated[float, Doc("Voxel size."), Between(5, 60), Unit("µm")] = 30.0
    weeks: Annotated[tuple[int, ...], Doc("Weeks since inoculation that are scanned."), Between(0, 26)] = (0, 1, 2, 3)
    start_um: Annotated[
        float | None,
        Doc("Depth of the first slice below the growth plate; a sixth of the field lies above it when empty."),
        Between(-1500, 17000),
        Unit("µm"),
    ] = None
    strain: Annotated[Strain, Doc("Strain of mouse; BALB/c has more and thicker trabeculae.")] = "C57BL/6"
    tumour: Annotated[bool, Doc("Whether lesions grow; a control only ages.")] = True
    aggressiveness: Annotated[
        float, Doc("How fast lesions grow and how many appear; 1 is a triple-negative tumour."), Between(0.1, 3)
    ] = 1.0
    first_lesion_week: Annotated[
        int, Doc("Week in which the tumour first takes bone; later ones leave the early weeks without a lesion.")
    ] = 1
    lesion_kind: Annotated[LesionKind, Doc("What a tumour does: takes bone, adds to it, or both side by side.")] = (
        "lytic"
    )
    treatment_week: Annotated[int | None, Doc("Treatment starts after this week's scan; none when empty.")] = None
    treatment_strength: Annotated[
        float, Doc("0 does nothing, 1 stops lesions, above 1 bone grows back into them."), Between(0, 2)
    ] = 0.8
    seed: Annotated[int, Doc("The animal."), Between(0, 2**32 - 1)] = 0
    continued_after: Annotated[
        tuple[int, ...], Doc("Weeks after which the future was drawn anew."), Between(0, 26)
    ] = ()
    continued_seeds: Annotated[
        tuple[int, ...], Doc("Which future, for each week in 'continued after'."), Between(0, 2**32 - 1)
    ] = ()
    jitter_voxels: Annotated[
        float, Doc("Standard deviation of the shift that registration leaves."), Between(0, 3), Unit("voxels")
    ] = 0.35
    pose_degrees: Annotated[float, Doc("Largest weekly tilt of the shaft."), Between(0, 15), Unit("°")] = 4.0
    turn_degrees: Annotated[float, Doc("Largest weekly turn about the shaft."), Between(0, 180), Unit("°")] = 10.0
    pose_voxels: Annotated[float, Doc("Largest weekly shift along each axis."), Between(0, 20), Unit("voxels")] = 2.0
    noise_sd: Annotated[float, Doc("Standard deviation of the noise."), Between(0, 60), Unit("grey values")] = 6.0
    blur_um: Annotated[float, Doc("Standard deviation of the scanner's blur."), Between(0, 100), Unit("µm")] = 10.0
    blur_voxels: Annotated[
        float, Doc("Standard deviation of the reconstruction's own blur."), Between(0, 5), Unit("voxels")
    ] = 0.4
    subject: Annotated[str, Doc("The animal's name.")] = "synthetic-1"
    side: Annotated[Literal["left", "right"], Doc("Which leg.")] = "left"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.weeks or any(later <= earlier for earlier, later in pairwise(self.weeks)):
            raise InputError(
                "The weeks cannot be used", expected="each later than the one before", found=f"{self.weeks}"
            )
        if len(self.continued_after) != len(self.continued_seeds):
            raise InputError(
                "The continuations cannot be used",
                expected="one seed for each week in 'continued after'",
                found=f"{len(self.continued_after)} weeks and {len(self.continued_seeds)} seeds",
            )
        if any(later <= earlier for earlier, later in pairwise(self.continued_after)):
            raise InputError(
                "The continuations cannot be used",
                expected="each after a later week than the one before",
                found=f"{self.continued_after}",
            )

    @property
    def generator(self) -> int:
        """Version of the generator for this strain."""
        return _GENERATOR[self.strain]

    @property
    def grid(self) -> Grid:
        """The field of view, the same in each week."""
        return Grid(self.shape, (self.spacing_um,) * 3)

    @property
    def plate_um(self) -> float:
        """Depth of the growth plate's middle below the first slice, micrometres."""
        if self.start_um is not None:
            return -self.start_um
        return min(_MOST_ABOVE_PLATE_UM, _SHARE_ABOVE_PLATE * self.grid.size[0])

    @property
    def total_blur_voxels(self) -> float:
        """Standard deviation of everything that blurs a scan, voxels."""
        return float(np.hypot(self.blur_um / self.spacing_um, self.blur_voxels))

    def weekly_key(self, purpose: str, week: int) -> tuple[int, ...]:
        """What the random numbers for `purpose` in `week` grow from: the animal, and the future that was chosen."""
        futures = zip(self.continued_after, self.continued_seeds, strict=True)
        # One more than the seed, since a key that ends in zero is the key without it.
        chosen = [seed + 1 for after, seed in futures if after < week][-1:]
        return (*stream_key(self.seed, purpose, week), *chosen)

    def weekly(self, purpose: str, week: int) -> np.random.Generator:
        """Random numbers for one purpose in one week, drawn anew where the leg was continued before it."""
        return np.random.default_rng(self.weekly_key(purpose, week))


def stream_key(seed: int, purpose: str, week: int = 0) -> tuple[int, ...]:
    """What :func:`stream` grows from."""
    return (seed, crc32(purpose.encode()), week)


def stream(seed: int, purpose: str, week: int = 0) -> np.random.Generator:
    """Random numbers for one purpose in one week of one animal.

    Every purpose and week has its own stream, so what is drawn later or elsewhere never changes what
    was drawn before: an animal's past stays the same whatever becomes of it.
    """
    return np.random.default_rng(stream_key(seed, purpose, week))


def about_one(rng: np.random.Generator, spread: float) -> float:
    """A positive factor whose mean is 1 and whose logarithm has the standard deviation `spread`."""
    return float(np.exp(spread * np.clip(rng.standard_normal(), -2.5, 2.5) - spread**2 / 2))
