"""Lesions: whether the right bone is said to go, voxel by voxel and lesion by lesion."""

from collections.abc import Sequence

import numpy as np

from napari_bonemet.forecast.benchmark.animal import Animal
from napari_bonemet.metrics.events import average_precision, lesion_cases
from napari_bonemet.metrics.lost_bone import grey_loss, new_lesions
from napari_bonemet.metrics.reliability import reliability
from napari_bonemet.provenance import Json

RELIABILITY_BINS = 10


def event_scores(
    animal: Animal, mean: np.ndarray, samples: Sequence[np.ndarray], bone_threshold: float
) -> dict[str, Json]:
    """Counts for Dice, average precisions, and how often what was said came.

    Newly lost bone is told from the greys, as the command `evaluate` does (bone of an earlier week that is gone,
    opened once), of the forecast as of the truth. Names that end in `_known` hold the forecast, unopened, to the
    lesions as whatever made them knows them: down to single voxels, without noise and misregistration.

    Parameters
    ----------
    animal, mean, samples
        The animal, the mean of the futures, and they, greys (z, y, x).
    bone_threshold : float
        Bone is above this grey value.
    """
    first, last, truth = (scan.to_numpy() for scan in (animal.seen[0], animal.seen[-1], animal.truth))

    def lost(volume: np.ndarray, since: np.ndarray) -> np.ndarray:
        return new_lesions(volume, since, bone_threshold=bone_threshold)

    came, bone = lost(truth, last), last > bone_threshold
    score = grey_loss(mean, last, bone_threshold=bone_threshold)
    said = lost(mean, last)
    made: dict[str, Json] = {
        "new": _counts(said, came),
        "new_known": _counts(bone & (mean <= bone_threshold), animal.lesions[0]),
        "any": _counts(lost(mean, first), lost(truth, first)),
        "ap_new": average_precision(score, came, bone),
        "ap_new_known": average_precision(score, animal.lesions[0] & bone, bone),
    }
    if len(samples) > 1:
        gone = [lost(sample, last) for sample in samples]
        share = np.mean(gone, axis=0, dtype=np.float32)
        table = reliability(share, came, RELIABILITY_BINS, bone)
        made["ap_new_share"] = average_precision(share, came, bone)
        made["reliability"] = [table.cases.tolist(), table.said.tolist(), table.came.tolist()]
        made["lesion_cases"] = [[case.probability, case.came] for case in lesion_cases(gone, came)]
    return made


def _counts(said: np.ndarray, came: np.ndarray) -> list[Json]:
    """Voxels in both, said, and come: of which Dice is made, and pooled over animals."""
    return [int(np.count_nonzero(mask)) for mask in (said & came, said, came)]
