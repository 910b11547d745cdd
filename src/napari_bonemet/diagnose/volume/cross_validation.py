"""Every animal judged by a network that never saw it: five trainings, each with one fold held back."""

from collections.abc import Sequence

import numpy as np

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.diagnose.together.weeks import with_earlier_weeks
from napari_bonemet.diagnose.volume.folds import AnimalSplit, places
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan


def out_of_fold(
    scans: Sequence[Scan],
    labels: Sequence[bool],
    animals: Sequence[str],
    split: AnimalSplit,
    *,
    options: ClassifierOptions | None = None,
    device: str = "cpu",
    progress: Progress = NO_PROGRESS,
) -> np.ndarray:
    """The probability of a lesion in each scan, by the network of the fold that held its animal back.

    The fold held back chooses nothing: no epoch and no calibration.

    Parameters
    ----------
    scans, labels, animals : sequences
        As of :func:`~napari_bonemet.diagnose.training_data.labelled_scans`.
    split : AnimalSplit
        Its folds.
    options : ClassifierOptions, optional
        The network, and how it learns.
    device : str
        Where torch computes.
    progress : Progress
        Told of every step.

    Returns
    -------
    ndarray, (n,) float64
        NaN for scans of animals to test on.

    Raises
    ------
    InputError
        As :meth:`~napari_bonemet.diagnose.classifier.LesionClassifier.fit`.
    Cancelled
        When the user asked to stop.
    """
    said = np.full(len(scans), np.nan)
    together = with_earlier_weeks(scans, (options or ClassifierOptions()).together)
    for number, held in enumerate(split.folds):
        progress.message(f"fold {number + 1} of {len(split.folds)}")
        part = PartOf(progress, number / len(split.folds), (number + 1) / len(split.folds))
        learned = places(animals, split.learned - held)
        classifier = LesionClassifier.fit(
            [scans[n] for n in learned], [labels[n] for n in learned], options=options, device=device, progress=part
        )
        for n in places(animals, held):
            first = together[n]
            said[n] = classifier.classify(first[0], earlier=_in_order(first)).probability
    return said


def _in_order(seen: Sequence[Scan]) -> tuple[Scan, ...]:
    """The earlier weeks of a look, oldest first: what :meth:`classify` takes."""
    return tuple(scan for scan in reversed(seen[1:]) if scan is not seen[0])
