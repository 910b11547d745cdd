"""How far the samples of one forecast can be believed, where the true week is there."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.metrics.probabilistic import SpreadSkill, coverage, quantile_interval, spread_skill_sums
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Scan

LEVEL = 0.9
_SLAB = 16


@dataclass(frozen=True)
class SampleCheck:
    """Samples against the true week, over the bone of the last seen week.

    Parameters
    ----------
    covered : float
        Share of the voxels whose true grey lies within the samples' interval.
    expected : float
        That share, were the true week one more sample: 0.9, or less where the samples are too few to say.
    spread_skill : float
        Spread of the samples over the error of their mean; 1 is right, below it they are too sure.
    calibrated_covered : float or None
        Share of the voxels within the calibrated interval; None without a calibration.
    level : float
        What that share should be.
    """

    covered: float
    expected: float
    spread_skill: float
    calibrated_covered: float | None = None
    level: float = LEVEL


def check_samples(
    forecast: Forecast,
    truth: Scan,
    last: Scan,
    *,
    bone_threshold: float,
    calibrated: Any = None,
    progress: Progress = NO_PROGRESS,
) -> SampleCheck | None:
    """Compare the samples with what came; None where there is one sample, or no bone to look at.

    Parameters
    ----------
    forecast : Forecast
        With its samples, on the grid of the weeks.
    truth, last : Scan, (z, y, x)
        The true week, and the last one seen.
    bone_threshold : float
        Bone is above this grey value.
    calibrated : CalibratedForecast, optional
        The same forecast with `lower`, `upper` and `level`.
    progress : Progress
        Asked to stop between slabs of slices.

    Raises
    ------
    InputError
        When the grids differ.
    """
    for scan in (truth, last):
        if not scan.grid.matches(forecast.mean.grid):
            raise InputError(f"{scan.title} does not lie on the forecast's grid", found=f"{scan.grid.shape}")
    n, voxels, within, calibrated_within = len(forecast.samples), 0, 0.0, 0.0
    sums = SpreadSkill(0.0, 0.0, 0)
    for start in range(0, last.shape[0] if n > 1 else 0, _SLAB):
        rows = slice(start, start + _SLAB)
        bone = np.asarray(last.voxels[rows]) > bone_threshold
        if bone.any():
            true = np.asarray(truth.voxels[rows])[bone]
            samples = np.stack([np.asarray(sample.voxels[rows])[bone] for sample in forecast.samples])
            within += coverage(*quantile_interval(samples, LEVEL), true) * true.size
            sums += spread_skill_sums(samples, true)
            if calibrated is not None:
                lower, upper = (np.asarray(end.voxels[rows])[bone] for end in (calibrated.lower, calibrated.upper))
                calibrated_within += coverage(lower, upper, true) * true.size
            voxels += true.size
        progress.advance(min(1.0, rows.stop / last.shape[0]))
    if not voxels:
        return None
    return SampleCheck(
        covered=within / voxels,
        expected=min(LEVEL, (n - 1) / (n + 1)),
        spread_skill=sums.ratio,
        calibrated_covered=None if calibrated is None else calibrated_within / voxels,
        level=LEVEL if calibrated is None else float(calibrated.level),
    )
