"""Every animal judged by a network that never saw it: five trainings, each with one fold held back."""

from collections.abc import Sequence

import numpy as np

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.folds import require_apart
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.diagnose.together.weeks import earlier_of_each
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan


def out_of_fold(
    scans: Sequence[Scan],
    labels: Sequence[bool],
    folds: Sequence[np.ndarray],
    *,
    options: ClassifierOptions | None = None,
    device: str = "cpu",
    progress: Progress = NO_PROGRESS,
) -> np.ndarray:
    """The probability of a lesion in each scan, by the network of the fold that held its animal back.

    The fold held back chooses nothing: no epoch and no calibration.

    Parameters
    ----------
    scans, labels : sequences, (n,)
        As of :func:`~napari_bonemet.diagnose.training_data.labelled_scans`.
    folds : sequence of ndarray, (m,) int
        Which scans are held back in turn, of :func:`~napari_bonemet.diagnose.folds.folds_by_animal`.
    options : ClassifierOptions, optional
        The network, and how it learns.
    device : str
        Where torch computes.
    progress : Progress
        Told of every step.

    Returns
    -------
    ndarray, (n,) float64
        NaN for scans that no fold holds back.

    Raises
    ------
    InputError
        When an animal is both in a fold and outside of it; else as
        :meth:`~napari_bonemet.diagnose.classifier.LesionClassifier.fit`.
    Cancelled
        When the user asked to stop.
    """
    said = np.full(len(scans), np.nan)
    earlier = earlier_of_each(scans)
    for number, held in enumerate(folds):
        progress.message(f"fold {number + 1} of {len(folds)}")
        part = PartOf(progress, number / len(folds), (number + 1) / len(folds))
        learned = np.setdiff1d(np.arange(len(scans)), held)
        require_apart(*((scans[n].subject or "" for n in side) for side in (learned, held)))
        classifier = LesionClassifier.fit(
            [scans[n] for n in learned], [labels[n] for n in learned], options=options, device=device, progress=part
        )
        for n in held:
            said[n] = classifier.classify(scans[n], earlier=earlier[n]).probability
    return said
