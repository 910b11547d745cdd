"""How far the samples differ, and whether that is how far off they are: voxels, pooled fields, lost bone."""

from collections.abc import Sequence

import numpy as np

from napari_bonemet.forecast.benchmark.animal import Animal
from napari_bonemet.metrics.lost_bone import LostBone
from napari_bonemet.metrics.probabilistic import (
    block_mean,
    coverage,
    mean_crps,
    quantile_interval,
    spread_skill_sums,
)
from napari_bonemet.provenance import Json

POOLED = (1, 4, 8)


def spread_scores(
    animal: Animal, mean: np.ndarray, samples: Sequence[np.ndarray], bone_threshold: float
) -> dict[str, Json]:
    """CRPS, the sums of spread over skill, 90 % coverage of the samples' own interval, and lost bone.

    Parameters
    ----------
    animal, mean, samples
        The animal, the mean of the futures, and they, greys (z, y, x).
    bone_threshold : float
        Bone is above this grey value.
    """
    truth, stack = animal.truth.to_numpy(), np.stack(samples)
    lost = LostBone.since(animal.seen[-1], bone_threshold=bone_threshold)
    made: dict[str, Json] = {
        "crps": mean_crps(stack, truth),
        "lost_mm3": [lost.mm3(sample) for sample in samples],
        "lost_of_mean_mm3": lost.mm3(mean),
        "lost_true_mm3": lost.mm3(truth),
        "lost_clean_mm3": lost.mm3(animal.clean),
    }
    if len(samples) < 2:
        return made
    lower, upper = quantile_interval(stack)
    made["coverage_raw"] = coverage(lower, upper, truth)
    for factor in (f for f in POOLED if f <= min(truth.shape)):
        fields, field = (stack, truth) if factor == 1 else (block_mean(stack, factor), block_mean(truth, factor))
        sums = spread_skill_sums(fields, field)
        made[f"spread_{factor}"] = [sums.variance, sums.squared_error, sums.voxels]
    return made
