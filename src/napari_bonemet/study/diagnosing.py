"""The diagnosis of each week of a leg, by the classifier that comes with the package."""

from typing import TYPE_CHECKING

from napari_bonemet.errors import InputError
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.device import choose_device
from napari_bonemet.study.options import StudyOptions

if TYPE_CHECKING:
    from napari_bonemet.diagnose.classifier import LesionClassifier
    from napari_bonemet.diagnose.diagnosis import Diagnosis


def classifier_for(options: StudyOptions) -> "LesionClassifier | None":
    """The classifier that comes with the package, where a diagnosis is asked for.

    Raises
    ------
    InputError
        When its checkpoint did not come with the installation, or the device is not there.
    """
    if not options.diagnose:
        return None
    from napari_bonemet.diagnose.registry import load_classifier

    return load_classifier(device=choose_device(options.device))


def diagnose_weeks(
    classifier: "LesionClassifier", weeks: ScanSeries, progress: Progress = NO_PROGRESS
) -> tuple[tuple["Diagnosis", ...], str]:
    """One diagnosis a week, and why there is none where the classifier does not take the scans.

    What comes of the leg otherwise does not hang on it: a classifier that cannot look at these scans is no reason to
    withhold the composites and the forecast.
    """
    made = []
    try:
        for number, scan in enumerate(weeks):
            part = PartOf(progress, number / len(weeks), (number + 1) / len(weeks))
            made.append(classifier.classify(scan, progress=part))
    except InputError as error:
        return (), f"{weeks.leg}: no diagnosis. {error}"
    return tuple(made), ""
