"""From slices to the vertebra: the lesion that most slices show, where enough of them do (section 3.5)."""

import numpy as np

from napari_bonemet.bone_quality import Quality
from napari_bonemet.diagnose.quality.scores import balanced_sensitivity

LESIONS = (Quality.BLASTIC, Quality.MIXED, Quality.LYTIC)


def vote(quality: np.ndarray, probability: np.ndarray, threshold: int) -> Quality:
    """What a segment is, by its slices.

    Parameters
    ----------
    quality : ndarray, (n,)
        What each slice was said to be.
    probability : ndarray, (n, 4)
        Of each class; of lesions with as many slices the one with the higher sum wins.
    threshold : int
        The lesion class with the most slices wins if it has more than this, else the segment is normal.
    """
    counts = {each: int(np.count_nonzero(quality == each)) for each in LESIONS}
    sums = probability.sum(axis=0) if len(probability) else np.zeros(len(Quality))
    first = max(LESIONS, key=lambda each: (counts[each], sums[each]))
    return first if counts[first] > threshold else Quality.NORMAL


def vote_all(quality: np.ndarray, probability: np.ndarray, segment: np.ndarray, threshold: int) -> dict[str, Quality]:
    """:func:`vote` for every segment by its name."""
    return {
        str(name): vote(quality[segment == name], probability[segment == name], threshold)
        for name in dict.fromkeys(segment.tolist())
    }


def choose_threshold(quality: np.ndarray, probability: np.ndarray, segment: np.ndarray, truth: dict[str, int]) -> int:
    """The threshold with the highest mean sensitivity over the classes, on patients held out; of equals the lowest."""
    most = max(int(np.count_nonzero(segment == name)) for name in truth)
    names = list(truth)
    true = np.array([truth[name] for name in names])

    def score(threshold: int) -> float:
        said = vote_all(quality, probability, segment, threshold)
        return balanced_sensitivity(np.array([said[name] for name in names]), true)

    return max(range(most), key=lambda threshold: (round(score(threshold), 9), -threshold), default=0)
