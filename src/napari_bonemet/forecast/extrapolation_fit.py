"""How a smoothed line is laid through the weeks, and how its widths and damping are chosen on legs whose end is known.

Of each candidate the error is a parabola in the damping, so three sums per candidate give the best damping at once.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Annotated

import numpy as np
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import require_fit
from napari_bonemet.forecast.forecaster import before
from napari_bonemet.geometry import Triple
from napari_bonemet.options import Between, Doc, Options, Unit
from napari_bonemet.progress import Progress
from napari_bonemet.provenance import Json
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

LEVEL_WIDTHS = (0.0, 0.4, 0.6, 0.8, 1.0, 1.3)
TREND_WIDTHS = (0.8, 1.2, 1.6, 2.4, 3.2, 4.5)
LINES = (2, 3)
THRESHOLDS = (0.0, 5.0, 10.0, 20.0, 30.0, 45.0)

_MOST_DAMPING = 1.5


@dataclass(frozen=True)
class ExtrapolationOptions(Options):
    """A line through the last weeks: the defaults were chosen on 24 synthetic animals."""

    level_width: Annotated[
        float, Doc("Standard deviation of the Gaussian over the last week."), Between(0, 20), Unit("voxels")
    ] = 0.6
    trend_width: Annotated[
        float, Doc("Standard deviation of the Gaussian over the weekly change."), Between(0, 20), Unit("voxels")
    ] = 4.5
    damping: Annotated[float, Doc("Share of the change that goes on; 0 only smooths."), Between(0, _MOST_DAMPING)] = (
        1.33
    )
    threshold: Annotated[
        float,
        Doc("Smaller changes are what registration and noise left, and are taken off every change."),
        Between(0, 255),
        Unit("grey values per week"),
    ] = 5.0
    line_weeks: Annotated[
        int, Doc("Last weeks that the line goes through, or as many as there are."), Between(2, 26), Unit("weeks")
    ] = 2
    bone_threshold: Annotated[float, Doc("Bone is above this grey value."), Between(0, 65535)] = 75.0


@dataclass(frozen=True, eq=False)
class ExtrapolationFit:
    """What fitting gives: the options that did best, the legs' voxel size, and a record of plain JSON values."""

    options: ExtrapolationOptions
    spacing: Triple
    record: Mapping[str, Json]
    synthetic: bool


def smooth(volume: np.ndarray, width: float) -> np.ndarray:
    """`volume` (z, y, x) under a Gaussian of `width` voxels, float32."""
    voxels = volume.astype(np.float32, copy=False)
    return ndimage.gaussian_filter(voxels, width, mode="nearest", truncate=3) if width else voxels


def beyond(trend: np.ndarray, threshold: float) -> np.ndarray:
    """What of a weekly change is beyond the threshold, with its sign (soft threshold), float32."""
    return trend - np.clip(trend, -threshold, threshold) if threshold else trend


def slope(seen: Sequence[Scan], line_weeks: int) -> np.ndarray:
    """Change per week of the least-squares line through the last `line_weeks` scans, (z, y, x), float32.

    The times are the scans' own, so gaps may be uneven. Of a single scan it is 0.
    """
    used = seen[-line_weeks:]
    times = np.array([scan.week for scan in used], dtype=np.float64)
    away = times - times.mean()
    total = np.zeros(used[0].shape, dtype=np.float32)
    if len(used) > 1:
        for scan, weight in zip(used, away / (away @ away), strict=True):
            total += np.float32(weight) * scan.to_numpy()
    return total


def fit_extrapolation(
    legs: Sequence[ScanSeries], options: ExtrapolationOptions, most_legs: int, progress: Progress
) -> ExtrapolationFit:
    """Choose widths, damping and line; see `ExtrapolationForecaster.fit`.

    Raises
    ------
    InputError
        When no leg has three weeks, the weeks of a leg are not on one grid, or voxel sizes differ.
    """
    usable = [leg for leg in legs if len(leg) > 2]
    if not usable:
        raise InputError(
            "There is nothing to choose the extrapolation on",
            expected="a leg with three scans",
            found="; ".join(f"{leg.leg}: weeks " + ", ".join(f"{w:g}" for w in leg.weeks) for leg in legs[:3]),
        )
    places = np.unique(np.linspace(0, len(usable) - 1, min(most_legs, len(usable))).round().astype(int))
    chosen = [usable[place] for place in places]
    spacing, tried = chosen[0].baseline.spacing, _Tried()
    for number, leg in enumerate(chosen):
        progress.message(f"reading {leg.leg}")
        require_fit(leg, model="One extrapolation", input_kind="grey", spacing=spacing)
        for seen, target in _runs(leg):
            progress.check()
            tried.add(seen, target)
        progress.advance((number + 1) / len(chosen))
    made = tried.best(options)
    record: dict[str, Json] = {
        "legs": [leg.leg for leg in chosen],
        "legs_passed_over": len(legs) - len(chosen),
        **tried.record(made),
    }
    return ExtrapolationFit(made, spacing, record, any(leg.synthetic for leg in chosen))


def _runs(leg: ScanSeries) -> Iterator[tuple[tuple[Scan, ...], Scan]]:
    scans = before(leg, math.inf).scans
    for place in range(2, len(scans)):
        yield scans[:place], scans[place]


class _Tried:
    """Per candidate (level width, trend width, threshold, line) the sums aa, ab, bb: of errors a and of trends b."""

    def __init__(self) -> None:
        self.sums: dict[tuple[float, float, float, int], np.ndarray] = {}
        self.copied = 0.0
        self.voxels = 0

    def add(self, seen: Sequence[Scan], target: Scan) -> None:
        """Count one run of weeks and the week that followed it."""
        truth, last = target.to_numpy().astype(np.float32), seen[-1].to_numpy()
        self.copied += float(np.square(truth - last, dtype=np.float64).sum())
        self.voxels += truth.size
        ahead = np.float32((target.week or 0.0) - (seen[-1].week or 0.0))
        errors = {width: (truth - smooth(last, width)).ravel() for width in LEVEL_WIDTHS}
        squares = {width: float(error @ error) for width, error in errors.items()}
        for line, trend_width in product(LINES, TREND_WIDTHS):
            change = smooth(slope(seen, line), trend_width).ravel()
            for threshold in THRESHOLDS:
                trend = beyond(change, threshold) * ahead
                own = float(trend @ trend)
                for width, error in errors.items():
                    three = np.array([squares[width], float(error @ trend), own])
                    key = (width, trend_width, threshold, line)
                    self.sums[key] = self.sums.get(key, np.zeros(3)) + three

    def best(self, options: ExtrapolationOptions) -> ExtrapolationOptions:
        """The candidate with the least error, at its best damping."""
        (level, trend, threshold, line), three = min(self.sums.items(), key=lambda item: _least(item[1])[0])
        damping = round(_least(three)[1], 4)
        widths = {"level_width": level, "trend_width": trend}
        return replace(options, **widths, threshold=threshold, line_weeks=line, damping=damping)

    def record(self, made: ExtrapolationOptions) -> dict[str, Json]:
        """What the choice gained on the legs that it was made on, which is no claim for others."""
        error = _least(self.sums[made.level_width, made.trend_width, made.threshold, made.line_weeks])[0]
        gain = 10 * math.log10(self.copied / error) if error > 0 and self.copied > 0 else None
        return {
            "candidates": len(self.sums),
            "mse_greys": error / self.voxels,
            "copy_mse_greys": self.copied / self.voxels,
            "gain_on_the_same_legs_db": gain,
        }


def _least(three: np.ndarray) -> tuple[float, float]:
    """The least error, and the damping that gives it."""
    aa, ab, bb = three.tolist()
    damping = min(max(ab / bb, 0.0), _MOST_DAMPING) if bb > 0 else 0.0
    return aa - 2 * damping * ab + damping**2 * bb, damping
