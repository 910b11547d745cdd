"""What the Diagnosis dock runs beside the screen: the classifier over the weeks and the forecast."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.cohort_labels import read_labels
from napari_bonemet.diagnose.diagnosis import Diagnosis
from napari_bonemet.diagnose.registry import load_classifier
from napari_bonemet.diagnose.together.futures import lesion_next_week
from napari_bonemet.diagnose.training_data import find_records
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.options import Doc, Options
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.common import cut_to, seen_in_every_week
from napari_bonemet.study.device import choose_device
from napari_bonemet.widgets.diagnosis.said import Diagnosed, LegDiagnosis

BONE_THRESHOLD = 75.0


@dataclass(frozen=True)
class DiagnosisOptions(Options):
    """Which classifier looks, and where it computes."""

    checkpoint: Annotated[
        Path | None, Doc("A trained classifier (.safetensors); empty takes the one that comes with the program.")
    ] = None
    network: Annotated[
        Literal["lesion-slices", "lesion-weeks"],
        Doc(
            "Which of those that come with the program: it sees each week alone, or beside the week before it and the "
            "first one, which takes registered weeks."
        ),
    ] = "lesion-slices"
    device: Annotated[
        Literal["auto", "cpu", "cuda", "mps"], Doc("Where the network computes; auto takes the fastest there is.")
    ] = "auto"


def classifier_for(options: DiagnosisOptions) -> LesionClassifier:
    """The classifier that the options name, on its device.

    Raises
    ------
    InputError
        When its file or the device is not there, or the file is no classifier.
    """
    return load_classifier(options.checkpoint, name=options.network, device=choose_device(options.device))


def run_diagnosis(
    series: ScanSeries,
    options: DiagnosisOptions,
    *,
    week: float | None = None,
    forecast: Forecast | None = None,
    folder: Path | None = None,
    progress: Progress = NO_PROGRESS,
) -> LegDiagnosis:
    """Classify the weeks that are on the canvas, and a forecast beside them.

    Parameters
    ----------
    series : ScanSeries
        The weeks; where they share a grid, only what every one of them saw is looked at, because a slice cut off
        by the field of view looks like bone lost.
    options : DiagnosisOptions
        Which classifier.
    week : float, optional
        Only this one.
    forecast : Forecast, optional
        Its mean is classified, and each sample where there are several.
    folder : path, optional
        Of the leg; medical records lie in it or beside it.
    progress : Progress
        Told how far it is, asked between slices.

    Raises
    ------
    InputError
        When the classifier is not there, or the scans are not of the kind that it was trained on.
    """
    progress.message("loading the classifier")
    classifier = classifier_for(options)
    seen = seen_in_every_week(series, BONE_THRESHOLD) if series.on_one_grid else series
    weeks = [scan for scan in seen if week is None or scan.week == week]
    todo = [*weeks, *([forecast.mean] if forecast is not None else [])]
    several = len(forecast.samples) if forecast is not None and len(forecast.samples) > 1 else 0
    before = [earlier_weeks(seen, scan) if classifier.options.together > 1 else () for scan in todo]
    made, every = [], len(todo) + several
    for number, scan in enumerate(todo):
        part = PartOf(progress, number / every, (number + 1) / every)
        made.append(classifier.classify(scan, earlier=before[number], progress=part))
    volumes = [*laid_on(series, weeks, made)]
    if forecast is not None:
        part = PartOf(progress, len(todo) / every, 1.0)
        futures = lesion_next_week(classifier, forecast, before[-1], progress=part).each if several else ()
        volumes.append(Diagnosed(made[-1], _offset(forecast.mean, series), predicted=True, samples=futures))
    progress.advance(1.0)
    return LegDiagnosis(tuple(volumes), records_beside(folder, series))


def records_beside(folder: Path | None, series: ScanSeries) -> Mapping[float, bool]:
    """What the records in or beside a leg's folder say of its weeks; nothing where there are none that can be read."""
    if folder is None:
        return {}
    try:
        labels = read_labels(find_records(folder))
    except InputError:
        return {}  # whoever learns from the records is told what is wrong with them
    mine = (series.baseline.subject or "", series.baseline.side or "")
    return {week: lesion for (subject, side, week), lesion in labels.items() if (subject, side) == mine}


def laid_on(shown: ScanSeries, scans: Iterable[Scan], diagnoses: Iterable[Diagnosis]) -> Iterator[Diagnosed]:
    """Diagnoses of `scans`, the slices of which are counted in the weeks that the canvas shows."""
    for scan, diagnosis in zip(scans, diagnoses, strict=False):
        yield Diagnosed(diagnosis, _offset(scan, shown))


def earlier_weeks(series: ScanSeries, scan: Scan) -> tuple[Scan, ...]:
    """The weeks before a scan, cut to its grid; none where they do not lie over one another."""
    if not series.on_one_grid or scan.week is None:
        return ()
    before = [each for each in series if each.week is not None and each.week < scan.week]
    return tuple(cut_to(each, scan.grid) for each in before)


def _offset(scan: Scan, series: ScanSeries) -> int:
    """Where the first slice of `scan` lies in the week that the canvas shows."""
    whole = series.at_week(scan.week) if scan.week in series.weeks else series.baseline
    return round(whole.grid.to_index((scan.origin[0], 0.0, 0.0))[0])


def require_weeks(series: ScanSeries | None) -> ScanSeries:
    """The weeks, if a leg is open.

    Raises
    ------
    InputError
        When none is.
    """
    if series is None:
        raise InputError("There is nothing to classify yet", remedy="Open a leg in Weekly scans first")
    return series
