"""What the Diagnosis dock runs beside the screen: the classifier over the weeks and the forecast, and its words."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import numpy as np

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.diagnosis import LESION, VERDICT_AT, Diagnosis
from napari_bonemet.diagnose.registry import load_classifier
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.options import Doc, Options
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.common import seen_in_every_week
from napari_bonemet.study.device import choose_device

BONE_THRESHOLD = 75.0


@dataclass(frozen=True)
class DiagnosisOptions(Options):
    """Which classifier looks, and where it computes."""

    checkpoint: Annotated[
        Path | None, Doc("A trained classifier (.safetensors); empty takes the one that comes with the program.")
    ] = None
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
        return f"{_week(self.week)}{', predicted' if self.predicted else ''}"

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
    """

    volumes: tuple[Diagnosed, ...] = field(default=())

    def without_forecast(self) -> "LegDiagnosis | None":
        """The weeks alone; None where nothing is left."""
        weeks = tuple(volume for volume in self.volumes if not volume.predicted)
        return LegDiagnosis(weeks) if weeks else None


def classifier_for(options: DiagnosisOptions) -> LesionClassifier:
    """The classifier that the options name, on its device.

    Raises
    ------
    InputError
        When its file or the device is not there, or the file is no classifier.
    """
    return load_classifier(options.checkpoint, device=choose_device(options.device))


def run_diagnosis(
    series: ScanSeries,
    options: DiagnosisOptions,
    *,
    week: float | None = None,
    forecast: Forecast | None = None,
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
        made.append(classifier.classify(scan, progress=part))
    progress.advance(1.0)
    volumes = [*laid_on(series, weeks, made)]
    if forecast is not None:
        mean, samples = made[len(weeks)], tuple(made[len(weeks) + 1 :])
        volumes.append(Diagnosed(mean, _offset(forecast.mean, series), predicted=True, samples=samples))
    return LegDiagnosis(tuple(volumes))


def laid_on(shown: ScanSeries, scans: Iterable[Scan], diagnoses: Iterable[Diagnosis]) -> Iterator[Diagnosed]:
    """Diagnoses of `scans`, the slices of which are counted in the weeks that the canvas shows."""
    for scan, diagnosis in zip(scans, diagnoses, strict=False):
        yield Diagnosed(diagnosis, _offset(scan, shown))


def _futures(forecast: Forecast | None) -> list[Scan]:
    if forecast is None:
        return []
    return [forecast.mean, *(forecast.samples if len(forecast.samples) > 1 else ())]


def _offset(scan: Scan, series: ScanSeries) -> int:
    """Where the first slice of `scan` lies in the week that the canvas shows."""
    whole = series.at_week(scan.week) if scan.week in series.weeks else series.baseline
    return round(whole.grid.to_index((scan.origin[0], 0.0, 0.0))[0])


def _week(week: float | None) -> str:
    return "week not known" if week is None else f"week {week:g}"


RULE = (
    f"{LESION}: a probability of {VERDICT_AT} or more. A week's is never below that of any of its slices, "
    "and above the highest where slices show different signs."
)


def as_number(probability: float) -> str:
    """Two digits; never rounded to a certainty, which no network has."""
    if probability < 0.005:
        return "< 0.01"
    return "> 0.99" if probability >= 0.995 else f"{probability:.2f}"


def rows(volumes: Iterable[Diagnosed]) -> list[list[str]]:
    """The table of the dock: week, probability of a lesion, verdict, slice."""
    return [
        [
            volume.title.removeprefix("week ").replace(",", ""),
            as_number(volume.diagnosis.probability),
            volume.diagnosis.verdict,
            f"{volume.slice_index}",
        ]
        for volume in volumes
    ]


def forecast_line(volumes: Sequence[Diagnosed]) -> str:
    """What the forecast says, with the range over its samples; empty where there is no forecast."""
    predicted = next((volume for volume in volumes if volume.predicted), None)
    if predicted is None:
        return ""
    text = f"Predicted {_week(predicted.week)}: {as_number(predicted.diagnosis.probability)}"
    if not predicted.samples:
        return f"{text}, of one future."
    each = [sample.probability for sample in predicted.samples]
    lesions = sum(sample.lesion for sample in predicted.samples)
    return (
        f"{text} (samples {as_number(min(each))} to {as_number(max(each))}), "
        f"{LESION} in {lesions} of {len(each)} samples. Model samples, not confidence."
    )


def model_line(volume: Diagnosed) -> str:
    """Which network it was, what it learned from, and what it is for."""
    said = volume.diagnosis
    stranger = " It never saw a real bone." if said.trained_on_synthetic and not said.synthetic else ""
    return f"{said.model}: {said.note.rstrip('.')}.{stranger} This is no diagnosis of an animal or a person."


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
