"""How probable a lesion is next week, over the futures that a forecaster drew.

One future is one opinion. The probability that there will be a lesion is the mean over futures of the probability that
a scan like each of them shows one; how far they differ says how open the week still is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.diagnosis import VERDICT_AT, Diagnosis
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan


@dataclass(frozen=True, eq=False)
class NextWeek:
    """What a classifier says of sampled futures.

    Parameters
    ----------
    each : tuple of Diagnosis
        Of each sample.
    """

    each: tuple[Diagnosis, ...]

    @property
    def probability(self) -> float:
        """Of a lesion in the week that was forecast: the mean over the futures."""
        return float(np.mean([said.probability for said in self.each]))

    @property
    def share(self) -> float:
        """Share of the futures that are called a lesion."""
        return float(np.mean([said.probability >= VERDICT_AT for said in self.each]))

    @property
    def spread(self) -> tuple[float, float]:
        """The 10th and 90th percentile of the futures' probabilities."""
        low, high = np.quantile([said.probability for said in self.each], [0.1, 0.9])
        return float(low), float(high)


def lesion_next_week(
    classifier: LesionClassifier, forecast: Forecast, seen: Sequence[Scan] = (), *, progress: Progress = NO_PROGRESS
) -> NextWeek:
    """Ask a classifier about each sampled future.

    Parameters
    ----------
    classifier : LesionClassifier
        It learned from scans, not from forecasts, whose noise and sharpness differ; each diagnosis says so.
    forecast : Forecast
        With its samples.
    seen : sequence of Scan
        The weeks before it, on its grid, for a classifier that sees weeks together.
    progress : Progress
        Told how far it is.

    Raises
    ------
    InputError
        As :meth:`~napari_bonemet.diagnose.classifier.LesionClassifier.classify`.
    Cancelled
        When the user asked to stop.
    """
    made = []
    for number, sample in enumerate(forecast.samples):
        part = PartOf(progress, number / len(forecast.samples), (number + 1) / len(forecast.samples))
        made.append(classifier.classify(sample, earlier=seen, progress=part))
    return NextWeek(tuple(made))
