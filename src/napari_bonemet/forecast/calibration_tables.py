"""What a calibration learns from: voxels of a forecast beside the true week, and what is known of them beforehand."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.calibration_lesions import LegTable, look_at_leg
from napari_bonemet.forecast.calibration_options import CalibrationOptions
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.metrics.ensemble import as_volume
from napari_bonemet.metrics.lost_bone import new_lesions, resorption_share
from napari_bonemet.metrics.probabilistic import quantile_interval
from napari_bonemet.scan import Scan

__all__ = ["PREDICTORS", "AnimalTable", "look_at", "predictors", "shares"]

# What the variance of a voxel is told by, in the order of the columns.
PREDICTORS = ("constant", "variance", "local variance", "squared gradient", "mean grey")

_SLAB_VOXELS = 2**21


@dataclass(frozen=True, eq=False)
class AnimalTable:
    """Voxels of one leg.

    Parameters
    ----------
    animal : str
        Whose they are.
    samples : int
        How many samples the forecast has.
    known : ndarray, (voxels, predictors) float64
        See `PREDICTORS`; greys and squared greys.
    error : ndarray, (voxels,)
        True grey less the samples' mean.
    within : ndarray of bool, (voxels,)
        Whether the truth lies in the interval of the samples as they were drawn.
    bone_known : ndarray, (bone voxels, predictors)
        The same of voxels that were bone in the last week; none where it is not given.
    bone_shares : ndarray, (bone voxels, 2)
        Share of the samples in which each is resorbed, and its mean over the cube around.
    resorbed : ndarray of bool, (bone voxels,)
        Whether it truly was.
    leg : LegTable or None
        Lesions and lost bone; None without the last week, or of one sample.
    """

    animal: str
    samples: int
    known: np.ndarray
    error: np.ndarray
    within: np.ndarray
    bone_known: np.ndarray
    bone_shares: np.ndarray
    resorbed: np.ndarray
    leg: LegTable | None


def predictors(forecast: Forecast, options: CalibrationOptions) -> Iterator[tuple[slice, np.ndarray]]:
    """What is known of each voxel before the truth is: slabs, and the predictors (slices, y, x, predictors)."""
    depth, y, x = forecast.mean.shape
    step = max(1, _SLAB_VOXELS // (y * x))
    halo = max(1, options.local_voxels // 2)
    for start in range(0, depth, step):
        rows = slice(start, min(depth, start + step))
        wide = slice(max(0, start - halo), min(depth, rows.stop + halo))
        inner = slice(start - wide.start, rows.stop - wide.start)
        mean = np.asarray(forecast.mean.voxels[wide], dtype=np.float32)
        variance = np.square(np.asarray(forecast.spread.voxels[wide], dtype=np.float32))
        local = ndimage.uniform_filter(variance, options.local_voxels, mode="nearest")
        slope = sum(np.square(np.gradient(mean, axis=axis)) for axis in range(3) if mean.shape[axis] > 1)
        columns = (np.ones_like(mean), variance, np.maximum(local, 0), slope, np.maximum(mean, 0))
        yield rows, np.stack([np.broadcast_to(c, mean.shape)[inner] for c in columns], axis=-1)


def shares(forecast: Forecast, last: Any, options: CalibrationOptions) -> np.ndarray:
    """Share of the samples in which each voxel is resorbed, and its mean around it, (2, z, y, x) float32."""
    share = resorption_share(forecast.samples, last, bone_threshold=options.bone_threshold, opening=options.opening)
    return np.stack([share, np.clip(ndimage.uniform_filter(share, options.local_voxels, mode="nearest"), 0, 1)])


def look_at(
    forecast: Forecast, truth: Scan, last: Scan | None, options: CalibrationOptions, number: int
) -> AnimalTable:
    """Draw voxels of one leg.

    Raises
    ------
    InputError
        When the weeks do not lie on the forecast's grid.
    """
    for scan in (truth, *(() if last is None else (last,))):
        if not scan.grid.matches(forecast.mean.grid):
            raise InputError(
                f"{scan.title} does not lie on the forecast's grid",
                expected=f"{forecast.mean.grid.shape}",
                found=f"{scan.grid.shape}",
                remedy="Register the weeks first",
            )
    rng = np.random.default_rng((options.seed, number))
    chosen = _some(np.arange(int(np.prod(truth.shape))), options.voxels_per_animal, rng)
    bone = np.zeros(0, dtype=np.int64)
    if last is not None:
        everywhere = np.flatnonzero(np.asarray(as_volume(last)).ravel() > options.bone_threshold)
        bone = _some(everywhere, options.voxels_per_animal, rng)
    known, bone_known = _known(forecast, options, (chosen, bone))
    drawn = np.stack([_take(sample, chosen) for sample in forecast.samples])
    lower, upper = quantile_interval(drawn, options.level)
    true = _take(truth, chosen).astype(np.float64)
    return AnimalTable(
        animal=truth.subject or truth.leg,
        samples=len(forecast.samples),
        known=known,
        error=true - _take(forecast.mean, chosen),
        within=(lower <= true) & (true <= upper),
        bone_known=bone_known,
        bone_shares=_bone_shares(forecast, last, options, bone),
        resorbed=_resorbed(truth, last, options, bone),
        leg=None if last is None else look_at_leg(forecast, truth, last, options),
    )


def _some(places: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    return places if len(places) <= most else np.sort(rng.choice(places, most, replace=False))


def _take(scan: Scan, places: np.ndarray) -> np.ndarray:
    """Voxels at flat places that rise, read slice by slice."""
    plane = int(np.prod(scan.shape[1:]))
    out = np.empty(len(places), dtype=np.dtype(scan.voxels.dtype))
    ends = np.searchsorted(places, np.arange(scan.shape[0] + 1) * plane)
    for z, (start, stop) in enumerate(pairwise(ends)):
        if stop > start:
            out[start:stop] = np.asarray(scan.voxels[z]).ravel()[places[start:stop] - z * plane]
    return out


def _known(
    forecast: Forecast, options: CalibrationOptions, places: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    plane = int(np.prod(forecast.mean.shape[1:]))
    out = tuple(np.empty((len(each), len(PREDICTORS))) for each in places)
    for rows, columns in predictors(forecast, options):
        flat = columns.reshape(-1, len(PREDICTORS))
        for target, each in zip(out, places, strict=True):
            start, stop = np.searchsorted(each, [rows.start * plane, rows.stop * plane])
            target[start:stop] = flat[each[start:stop] - rows.start * plane]
    return out[0], out[1]


def _bone_shares(forecast: Forecast, last: Scan | None, options: CalibrationOptions, bone: np.ndarray) -> np.ndarray:
    if last is None:
        return np.zeros((0, 2))
    return shares(forecast, last, options).reshape(2, -1)[:, bone].T.astype(np.float64)


def _resorbed(truth: Scan, last: Scan | None, options: CalibrationOptions, bone: np.ndarray) -> np.ndarray:
    if last is None:
        return np.zeros(0, dtype=bool)
    lost = new_lesions(truth, last, bone_threshold=options.bone_threshold, opening=options.opening)
    return lost.ravel()[bone]
