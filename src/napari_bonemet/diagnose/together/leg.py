"""Every week of a leg judged, each with what came before it."""

from collections.abc import Sequence

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.diagnosis import Diagnosis
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan


def diagnose_together(
    classifier: LesionClassifier, weeks: Sequence[Scan], progress: Progress = NO_PROGRESS
) -> tuple[Diagnosis, ...]:
    """Each week of a leg, with what came before it; a classifier of single weeks sees each alone.

    Parameters
    ----------
    classifier : LesionClassifier
        Whose ``options.together`` says how many weeks it sees.
    weeks : sequence of Scan
        In their order; on one grid, where the classifier sees several.
    progress : Progress
        Told how far it is.
    """
    made = []
    for number, scan in enumerate(weeks):
        part = PartOf(progress, number / len(weeks), (number + 1) / len(weeks))
        made.append(classifier.classify(scan, earlier=weeks[:number], progress=part))
    return tuple(made)
