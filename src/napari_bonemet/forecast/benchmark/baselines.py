"""The plain baselines: what copying, averaging, smoothing and straight lines gain without any network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import DETERMINISTIC, Forecast, Forecaster, as_future, before, summarise
from napari_bonemet.progress import NO_PROGRESS, Progress, report
from napari_bonemet.provenance import Step
from napari_bonemet.series import ScanSeries

COPY, AVERAGE = "copy-last-week", "mean-of-weeks"
BASELINES = (COPY, AVERAGE, "smoothed-copy", "extrapolation", "ridge", "ridge-3d")


@dataclass(frozen=True)
class MeanOfWeeks:
    """The mean of all weeks seen: what averaging out noise and misregistration gains, with no foresight at all.

    Parameters
    ----------
    bone_threshold : float
        Bone is above this grey value.
    """

    name: ClassVar[str] = AVERAGE
    deterministic: ClassVar[bool] = True

    bone_threshold: float = 75.0

    def predict(
        self, seen: ScanSeries, week: float, *, samples: int = 1, seed: int = 0, progress: Progress = NO_PROGRESS
    ) -> Forecast:
        """The mean; one sample, however many are asked for.

        Raises
        ------
        InputError
            When there is no scan before `week`, or the weeks are no greys on one grid.
        """
        del samples
        progress.check()
        weeks = before(seen, week)
        voxels = np.stack([scan.to_numpy() for scan in weeks]).mean(axis=0, dtype=np.float32)
        sample = as_future(weeks[-1], voxels, week, Step("forecast", {"model": self.name, "week": week}))
        report(progress, sample)
        return summarise(
            [sample], week=week, model=self.name, seed=seed, bone_threshold=self.bone_threshold, note=DETERMINISTIC
        )


def fileless(name: str) -> Forecaster | None:
    """A baseline of which nothing is fitted, and so nothing kept; None for the others."""
    from napari_bonemet.forecast.copying import CopyLastWeek

    known: dict[str, Forecaster] = {COPY: CopyLastWeek(), AVERAGE: MeanOfWeeks()}
    return known.get(name)


def fit_baseline(name: str, legs: Sequence[ScanSeries], progress: Progress) -> Any:
    """A baseline that is fitted to the training animals; it can be saved.

    Raises
    ------
    InputError
        When there is nothing to fit it to, or no baseline of that name.
    """
    from napari_bonemet.forecast.extrapolation import ExtrapolationForecaster
    from napari_bonemet.forecast.ridge import RidgeForecaster, RidgeOptions

    match name:
        case "extrapolation":
            return ExtrapolationForecaster.fit(legs, progress=progress)
        case "smoothed-copy":
            fitted = ExtrapolationForecaster.fit(legs, progress=progress)
            return replace(fitted, options=replace(fitted.options, damping=0.0))
        case "ridge":
            return RidgeForecaster.fit(legs, progress=progress)
        case "ridge-3d":
            return RidgeForecaster.fit(legs, options=RidgeOptions(depth=3, margin=20), progress=progress)
    raise InputError("This baseline is not known", expected=" or ".join(BASELINES), found=name)
