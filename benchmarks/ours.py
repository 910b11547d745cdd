"""One pair through this package's registration, as a user calls it, with its CPU seconds and its verdict."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.processing.register import RegistrationOptions, register_weeks
from napari_bonemet.processing.register import weeks as steps
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.transform import RigidTransform
from registration_pairs import Pair

REFUSED = "refused"


@dataclass(frozen=True)
class Judged:
    """Corner error (voxels; nan where refused), CPU seconds in all and without resampling, verdict and reason."""

    error: float
    seconds: float
    without_resampling: float
    verdict: str
    reason: str
    pose: RigidTransform | None = None


def in_memory(pair: Pair) -> Pair:
    """The pair with its voxels read, so that reading is not timed."""
    fixed, moving = (replace(scan, voxels=np.array(scan.voxels)) for scan in (pair.fixed, pair.moving))
    return replace(pair, fixed=fixed, moving=moving)


def options_of(metric: str | None, **others: Any) -> RegistrationOptions:
    return RegistrationOptions(**others) if metric is None else RegistrationOptions(metric=metric, **others)  # type: ignore[arg-type]


def register(pair: Pair, metric: str | None = None) -> Judged:
    """Register `pair` in follow-up mode."""
    return judge(pair.fixed, pair.moving, pair, metric)


def judge(fixed: Scan, moving: Scan, pair: Pair | None, metric: str | None) -> Judged:
    start = time.process_time()
    with timed_resampling() as resampling:
        try:
            result = register_weeks(ScanSeries((fixed, moving)), options=options_of(metric))
        except InputError as error:
            seconds = time.process_time() - start
            return Judged(float("nan"), seconds, seconds, REFUSED, str(error).splitlines()[0])
    seconds = time.process_time() - start
    pose, quality = result.transforms[1], result.quality[1]
    error = pair.corner_error(pose) if pair else float("nan")
    return Judged(error, seconds, seconds - sum(resampling), quality.verdict, quality.reason, pose)


@contextmanager
def timed_resampling() -> Iterator[list[float]]:
    """CPU seconds of every resampling inside."""
    spent: list[float] = []
    real = steps.resample

    def timed(*given: Any, **named: Any) -> Scan:
        start = time.process_time()
        out = real(*given, **named)
        spent.append(time.process_time() - start)
        return out

    steps.resample = timed
    try:
        yield spent
    finally:
        steps.resample = real
