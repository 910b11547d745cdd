"""What the Diagnosis dock runs beside the screen: the classifier over the weeks and the forecast, and its words."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.cohort_labels import read_labels
from napari_bonemet.diagnose.diagnosis import Diagnosis
from napari_bonemet.diagnose.registry import load_classifier
from napari_bonemet.diagnose.training_data import find_records
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.options import Doc, Options
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.common import cut_to, seen_in_every_week
from napari_bonemet.study.device import choose_device
from napari_bonemet.widgets.diagnosis.words import week_words

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


@dataclass(frozen=True, eq=False)
class Diagnosed:
    """A week, or a forecast of one, as the classifier saw it.

    Parameters
    ----------
    diagnosis : Diagnosis
        Of the week; of the mean of the samples where it is a forecast.
    first_slice : int
        Where its first slice lies among the slices of the week on the canvas: what not every week saw is left out.
    predicted : bool
        Whether it is a forecast.
    samples : tuple of Diagnosis
        Of each sample of the forecast, where there are several.
    """

    diagnosis: Diagnosis
    first_slice: int = 0
    predicted: bool = False
    samples: tuple[Diagnosis, ...] = ()

    @property
    def week(self) -> float | None:
        """The week."""
        return self.diagnosis.week

    @property
    def title(self) -> str:
        """The week in words: "week 3", "week 3, predicted"."""
        return f"{week_words(self.week)}{', predicted' if self.predicted else ''}"

    @property
    def slice_index(self) -> int:
        """The slice with the highest probability, counted in the week on the canvas."""
        return self.first_slice + self.diagnosis.slice_index

    def curve(self, slices: int) -> np.ndarray:
        """The probability per slice, (slices,), counted as on the canvas; NaN where nothing was looked at."""
        return self._laid(self.diagnosis.per_slice, slices)

    def band(self, slices: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Lowest and highest probability of the samples per slice, (slices,) each; None where there is one future."""
        if not self.samples:
            return None
        each = np.stack([sample.per_slice for sample in self.samples])
        return self._laid(each.min(axis=0), slices), self._laid(each.max(axis=0), slices)

    def _laid(self, values: np.ndarray, slices: int) -> np.ndarray:
        laid = np.full(max(slices, self.first_slice + len(values)), np.nan)
        laid[self.first_slice : self.first_slice + len(values)] = values
        return laid[:slices]


@dataclass(frozen=True, eq=False)
class LegDiagnosis:
    """What the classifier says of a leg.

    Parameters
    ----------
    volumes : tuple of Diagnosed
        The weeks in their order, then the forecast if there is one.
    labels : mapping of week to bool
        Whether the medical records name a lesion, for the weeks that they know.
    """

    volumes: tuple[Diagnosed, ...] = field(default=())
    labels: Mapping[float, bool] = field(default_factory=dict)

    def without_forecast(self) -> "LegDiagnosis | None":
        """The weeks alone; None where nothing is left."""
        weeks = tuple(volume for volume in self.volumes if not volume.predicted)
        return LegDiagnosis(weeks, self.labels) if weeks else None


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
    futures = _futures(forecast)
    todo = [*weeks, *futures]
    made = []
    for number, scan in enumerate(todo):
        part = PartOf(progress, number / len(todo), (number + 1) / len(todo))
        earlier = earlier_weeks(seen, scan) if classifier.options.together > 1 else ()
        made.append(classifier.classify(scan, earlier=earlier, progress=part))
    progress.advance(1.0)
    volumes = [*laid_on(series, weeks, made)]
    if forecast is not None:
        mean, samples = made[len(weeks)], tuple(made[len(weeks) + 1 :])
        volumes.append(Diagnosed(mean, _offset(forecast.mean, series), predicted=True, samples=samples))
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


def _futures(forecast: Forecast | None) -> list[Scan]:
    if forecast is None:
        return []
    return [forecast.mean, *(forecast.samples if len(forecast.samples) > 1 else ())]


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
