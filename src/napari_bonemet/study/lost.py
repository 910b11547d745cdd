"""Bone that each future of a leg loses."""

import numpy as np

from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.metrics.lesions import newly_lost_bone
from napari_bonemet.scan import Scan


def lost_bone(forecast: Forecast, last: Scan, *, bone_threshold: float, opening: int) -> tuple[float, ...]:
    """Bone of the last seen week that each future has lost, cubic millimetres.

    Parameters
    ----------
    forecast : Forecast
        Its samples are the futures.
    last : Scan
        The last week that was seen, on their grid.
    bone_threshold : float
        Bone is above this grey value.
    opening : int
        Losses thinner than twice this plus one voxels do not count, as in the scores.
    """
    before, voxel = last.to_numpy() > bone_threshold, last.grid.voxel_volume_mm3
    lost = (newly_lost_bone(sample.to_numpy() > bone_threshold, before, opening=opening) for sample in forecast.samples)
    return tuple(float(np.count_nonzero(mask) * voxel) for mask in lost)
