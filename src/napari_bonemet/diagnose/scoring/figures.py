"""Precision, recall, F1, accuracy, areas under the curves: each with its interval over animals."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from napari_bonemet.diagnose.intervals import over_animals
from napari_bonemet.diagnose.measures import area_under_curve
from napari_bonemet.errors import InputError
from napari_bonemet.metrics.bootstrap import Interval
from napari_bonemet.metrics.events import average_precision

Figure = Callable[[np.ndarray, np.ndarray], float | None]

_DRAWS = 1000


def _confusion(said: np.ndarray, ill: np.ndarray) -> tuple[int, int, int, int]:
    """True and false positives, false and true negatives."""
    return int((said & ill).sum()), int((said & ~ill).sum()), int((~said & ill).sum()), int((~said & ~ill).sum())


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def precision(said: np.ndarray, ill: np.ndarray) -> float | None:
    """Of those called ill, the share that is."""
    hit, wrong, _, _ = _confusion(said, ill)
    return _share(hit, hit + wrong)


def recall(said: np.ndarray, ill: np.ndarray) -> float | None:
    """Of those that are ill, the share called so: sensitivity."""
    hit, _, missed, _ = _confusion(said, ill)
    return _share(hit, hit + missed)


def specificity(said: np.ndarray, ill: np.ndarray) -> float | None:
    """Of those that are well, the share called so."""
    _, wrong, _, right = _confusion(said, ill)
    return _share(right, right + wrong)


def f1(said: np.ndarray, ill: np.ndarray) -> float | None:
    """Harmonic mean of precision and recall, ``2 TP / (2 TP + FP + FN)``."""
    hit, wrong, missed, _ = _confusion(said, ill)
    return _share(2 * hit, 2 * hit + wrong + missed)


def accuracy(said: np.ndarray, ill: np.ndarray) -> float | None:
    """The share that is told right."""
    return float((said == ill).mean()) if len(ill) else None


def roc_area(scores: np.ndarray, ill: np.ndarray) -> float | None:
    """Area under the receiver operating characteristic, ties counting half; None where all are of one kind."""
    return area_under_curve(scores, ill) if 0 < int(ill.sum()) < len(ill) else None


VERDICTS: Mapping[str, Figure] = {
    "precision": precision,
    "recall": recall,
    "specificity": specificity,
    "f1": f1,
    "accuracy": accuracy,
}
RANKINGS: Mapping[str, Figure] = {"roc_area": roc_area, "pr_area": average_precision}


def figures_of(
    scores: np.ndarray,
    ill: np.ndarray,
    animals: Sequence[str],
    *,
    at: float = 0.5,
    level: float = 0.95,
    draws: int = _DRAWS,
    seed: int = 0,
) -> dict[str, Interval]:
    """All figures of a set of scans, with intervals from drawing animals anew.

    Parameters
    ----------
    scores : ndarray, (n,)
        Probabilities, or anything that grows with the suspicion.
    ill : ndarray, (n,) bool
        What is true.
    animals : sequence of str
        Of which animal each scan is; scans of one are drawn together.
    at : float
        Called ill from here.
    level, draws, seed
        Of the intervals, see :func:`~napari_bonemet.metrics.bootstrap.bootstrap_interval`.

    Returns
    -------
    dict of Interval
        `VERDICTS`, then `RANKINGS`, by name; NaN where a figure has no meaning.

    Raises
    ------
    InputError
        When the lengths differ, there is no scan, or a score is no number.
    """
    scores, ill = np.asarray(scores, dtype=np.float64), np.asarray(ill, dtype=bool)
    if not len(scores) == len(ill) == len(animals):
        raise InputError(
            "Scores, truth and animals differ in number", found=f"{len(scores)}, {len(ill)}, {len(animals)}"
        )
    if np.isnan(scores).any():
        raise InputError("Some scores are no numbers")
    made = {}
    for name, figure in (*VERDICTS.items(), *RANKINGS.items()):
        said = scores >= at if name in VERDICTS else scores
        made[name] = over_animals(animals, _statistic(figure, said, ill), level=level, draws=draws, seed=seed)
    return made


def _statistic(figure: Figure, said: np.ndarray, ill: np.ndarray) -> Callable[[np.ndarray], float]:
    def found(drawn: np.ndarray) -> float:
        value = figure(said[drawn], ill[drawn])
        return float("nan") if value is None else value

    return found
