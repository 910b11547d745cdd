"""What a classifier said of the weeks on the canvas and of a forecast."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from napari_bonemet.diagnose.diagnosis import Diagnosis

__all__ = ["Diagnosed", "LegDiagnosis", "week_words"]


def week_words(week: float | None) -> str:
    """The week in words."""
    return "week not known" if week is None else f"week {week:g}"


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
