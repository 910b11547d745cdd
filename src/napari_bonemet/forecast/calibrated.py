"""A forecast with what a calibration says of its errors, made some slices at a time."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.calibration_lesions import LostBoneModel
from napari_bonemet.forecast.calibration_options import CalibrationOptions
from napari_bonemet.forecast.calibration_tables import PREDICTORS, predictors, shares
from napari_bonemet.forecast.forecaster import Forecast, as_future
from napari_bonemet.metrics.lost_bone import LostBone
from napari_bonemet.progress import Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind, Scan

__all__ = ["CalibratedForecast", "calibrated"]

_VARIANCE, _LOCAL = PREDICTORS.index("variance"), PREDICTORS.index("local variance")
# Deviations are not blown up beyond this: where samples hardly differ, what differs is rounding.
_MOST = 10.0


@dataclass(frozen=True, eq=False)
class CalibratedForecast:
    """A forecast, and what is known of its errors.

    Parameters
    ----------
    forecast : Forecast
        As it was drawn; its mean stays.
    spread : Scan, (z, y, x), float32
        Expected error of the mean (root mean square), greys (Kind.UNCERTAINTY).
    lower, upper : Scan, (z, y, x), float32
        Ends of the interval that holds the true grey in `level` of voxels (Kind.UNCERTAINTY).
    resorption_probability : Scan or None
        That bone of the last seen week is newly lost, 0 to 1, float32 (Kind.UNCERTAINTY); None where the last week
        was not given, or when the calibration was fitted.
    lost_bone : ndarray, (n,), or None
        Net bone that each sample loses since the last seen week, cubic millimetres, moved and stretched so that its
        spread can be believed; None where nothing is known of that.
    level : float
        Of the interval.
    scale : ndarray, (z, y, x), float32
        By how much each sample's distance from the mean is stretched in `samples`.
    """

    forecast: Forecast
    spread: Scan
    lower: Scan
    upper: Scan
    resorption_probability: Scan | None
    lost_bone: np.ndarray | None
    level: float
    scale: np.ndarray = field(repr=False)

    @cached_property
    def samples(self) -> tuple[Scan, ...]:
        """The samples with their distance from the mean stretched to the calibrated spread, in their own type.

        Their shapes stay: what all samples agree on does not become uncertain by stretching.
        """
        mean = self.forecast.mean.to_numpy()
        step = Step("calibrate", {"of": "sample", "model": self.forecast.model})
        return tuple(
            as_future(sample, mean + (sample.to_numpy() - mean) * self.scale, self.forecast.week, step)
            for sample in self.forecast.samples
        )


class Model(Protocol):
    """The part of a calibration that is needed here."""

    @property
    def options(self) -> CalibrationOptions:
        """How it was fitted."""

    @property
    def resorption(self) -> Any:
        """None where nothing is known of the probability of resorption."""

    @property
    def lost_bone(self) -> LostBoneModel | None:
        """None where nothing is known of the bone that legs lose."""

    def of_voxels(
        self, known: np.ndarray, shares: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
        """Spread, lower and upper end as distances from the mean, and probability of resorption of voxels."""


def calibrated(forecast: Forecast, last: Scan | None, model: Model, progress: Progress) -> CalibratedForecast:
    """What a calibration says of a forecast.

    Raises
    ------
    InputError
        When the last week does not lie on the forecast's grid.
    """
    if last is not None and not last.grid.matches(forecast.mean.grid):
        raise InputError("The last week does not lie on the forecast's grid", found=f"{last.grid.shape}")
    shape, n = forecast.mean.shape, len(forecast.samples)
    spread, lower, upper, scale = (np.empty(shape, dtype=np.float32) for _ in range(4))
    wanted = last is not None and model.resorption is not None
    resorbed = np.zeros(shape, dtype=np.float32) if wanted else None
    share = shares(forecast, last, model.options) if wanted else None
    low, high = _limits(forecast)
    for rows, known in predictors(forecast, model.options):
        progress.check()
        mean = np.asarray(forecast.mean.voxels[rows])
        around = None if share is None else np.moveaxis(share[:, rows], 0, -1)
        spread[rows], down, up, said = model.of_voxels(known, around)
        lower[rows], upper[rows] = np.clip(mean + down, low, high), np.clip(mean + up, low, high)
        scale[rows] = _scale(spread[rows], known, n)
        if resorbed is not None and last is not None and said is not None:
            resorbed[rows] = np.where(np.asarray(last.voxels[rows]) > model.options.bone_threshold, said, 0)
        progress.advance(rows.stop / shape[0])

    def scan(voxels: np.ndarray, what: str) -> Scan:
        step = Step("calibrate", {"of": what, "model": forecast.model, "level": model.options.level})
        return forecast.mean.with_voxels(voxels, step=step, kind=Kind.UNCERTAINTY)

    return CalibratedForecast(
        forecast=forecast,
        spread=scan(spread, "spread"),
        lower=scan(lower, "lower"),
        upper=scan(upper, "upper"),
        resorption_probability=None if resorbed is None else scan(resorbed, "resorption probability"),
        lost_bone=None if last is None else _lost_bone(forecast, last, model),
        level=model.options.level,
        scale=scale,
    )


def _lost_bone(forecast: Forecast, last: Scan, model: Model) -> np.ndarray | None:
    if model.lost_bone is None or len(forecast.samples) < 2:
        return None
    gauge = LostBone.since(last, bone_threshold=model.options.bone_threshold)
    return model.lost_bone.calibrated(np.array([gauge.mm3(sample) for sample in forecast.samples]))


def _limits(forecast: Forecast) -> tuple[float, float]:
    """Greys that the truth may have."""
    dtype = np.dtype(forecast.samples[0].voxels.dtype)
    if np.issubdtype(dtype, np.integer):
        return float(np.iinfo(dtype).min), float(np.iinfo(dtype).max)
    return -np.inf, np.inf


def _scale(spread: np.ndarray, known: np.ndarray, samples: int) -> np.ndarray:
    """Stretch of the samples' distances from their mean that makes their spread fit the expected error."""
    variance = np.maximum(known[..., _VARIANCE], known[..., _LOCAL])
    wanted = np.square(spread) * (samples - 1) / (samples + 1)
    ratio = np.divide(wanted, variance, out=np.zeros_like(wanted), where=variance > 0)
    return np.minimum(np.sqrt(ratio), _MOST)
