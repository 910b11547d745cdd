"""How a calibration is fitted."""

from dataclasses import dataclass
from typing import Annotated

from napari_bonemet.options import Between, Doc, Options, Unit


@dataclass(frozen=True)
class CalibrationOptions(Options):
    """How the spread of a forecaster's samples is brought to the errors that it made on validation animals."""

    level: Annotated[float, Doc("Of the interval in each voxel."), Between(0.5, 0.99)] = 0.9
    bone_threshold: Annotated[float, Doc("Bone is above this grey value."), Between(0, 255)] = 75.0
    opening: Annotated[
        int, Doc("Shells thinner than 2 x opening + 1 voxels are not resorbed bone."), Between(0, 5), Unit("voxels")
    ] = 1
    local_voxels: Annotated[
        int, Doc("Edge of the cube over which the samples' variance is averaged."), Between(1, 31), Unit("voxels")
    ] = 5
    voxels_per_animal: Annotated[
        int, Doc("Voxels that are drawn from each animal for the fit."), Between(1000, 10_000_000), Unit("voxels")
    ] = 60_000
    bins: Annotated[int, Doc("Steps of predicted spread that have an interval of their own."), Between(1, 50)] = 8
    folds: Annotated[int, Doc("Parts of the animals that are held out in turn for the evidence."), Between(2, 50)] = 5
    seed: Annotated[int, Doc("Which voxels are drawn."), Between(0, 2**32 - 1)] = 0
