"""How a hindlimb scan is taken apart."""

from dataclasses import dataclass
from typing import Annotated, Literal

from napari_bonemet.options import Between, Doc, Options, Unit

Sides = Literal["auto", "swapped"]
SliceView = Literal["from the last slice", "from the first slice"]


@dataclass(frozen=True)
class SeparationOptions(Options):
    """How spine, femora and tibiae are told apart."""

    bone_threshold: Annotated[float, Doc("Bone is above this grey value.")] = 75.0
    sides: Annotated[
        Sides, Doc("Left and right as anatomy tells them, or swapped, for scanners that store a mirror image.")
    ] = "auto"
    slices_seen: Annotated[
        SliceView,
        Doc("From which end a slice is looked at, rows downwards; the other end makes left of right."),
    ] = "from the last slice"
    coarse_um: Annotated[
        float,
        Doc("Voxel size at which anatomy is read; files finer than this are averaged."),
        Between(50, 150),
        Unit("µm"),
    ] = 80.0
    margin_um: Annotated[float, Doc("How much is kept around each bone."), Between(0, 5000), Unit("µm")] = 500.0
