"""How many legs this machine takes at a time: by its cores, its memory, and what a leg needs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_bonemet.errors import BoneMetError
from napari_bonemet.io.bonemet import LegFiles, read_series
from napari_bonemet.series import ScanSeries
from napari_bonemet.slabs import cores
from napari_bonemet.study.batch_job import LegJob

_GIB = 2**30
# A Python process with everything imported.
_BARE = 0.4 * _GIB
# What the rest of the machine is left.
_SHARE = 0.8
# Registered weeks are held together. Beside them, multiples of the largest week, measured on three weeks of 45 MB:
# 25 by mutual information, which keeps copies in float32 and float64, and 6 by the robust metric.
_PER_WEEKS = 1.5
_PER_LARGEST = {"mi": 25.0}
_PER_LARGEST_ELSE = 10.0
# Samples, mean and spread of a forecast, in float32.
_PER_SAMPLE = 5.0


@dataclass(frozen=True)
class Plan:
    """Workers on this machine.

    Parameters
    ----------
    workers : int
        Legs done at a time.
    threads : int
        Cores that each may use.
    memory : int
        Bytes that each may use; one that takes more is ended, and its leg begun again.
    note : str
        What the user should know; empty where all is well.
    """

    workers: int
    threads: int
    memory: int
    note: str = ""


def memory_there() -> int:
    """Bytes of memory that are free on this machine, or in the share of it that this process was given."""
    import psutil  # type: ignore[import-untyped]
    from distributed.system import memory_limit

    return int(min(psutil.virtual_memory().available, memory_limit()))


def memory_of(series: ScanSeries, *, metric: str, samples: int = 0) -> int:
    """Bytes that one leg needs at its worst, from the sizes of its weeks.

    Parameters
    ----------
    series : ScanSeries
        Lazily read; no voxel is looked at.
    metric : str
        By which weeks are registered.
    samples : int
        Futures that are drawn, 0 without a forecast.
    """
    sizes = _sizes(series)
    futures = memory_of_futures(series, samples)
    beside = _PER_LARGEST.get(metric, _PER_LARGEST_ELSE) * max(sizes)
    return int(_BARE + _PER_WEEKS * sum(sizes) + beside + futures)


def memory_of_futures(series: ScanSeries, samples: int) -> int:
    """Bytes that samples of a forecast need beside the weeks; 0 for none."""
    return int((samples + 2) * _PER_SAMPLE * max(_sizes(series))) if samples else 0


def _sizes(series: ScanSeries) -> list[int]:
    return [int(np.prod(scan.shape)) * np.dtype(scan.voxels.dtype).itemsize for scan in series]


def need_of(jobs: Sequence[LegJob]) -> int:
    """What the largest of a few legs needs: to read the headers of all of a thousand legs would take hours."""
    looked_at = {0, len(jobs) // 2, len(jobs) - 1}
    needs = [int(_BARE)]
    for number in sorted(looked_at):
        job = jobs[number]
        samples = job.options.study.samples if job.options.whole_chain else 0
        if (series := _read(job.files, job)) is not None:
            needs.append(memory_of(series, metric=job.options.study.registration.metric, samples=samples))
    return max(needs)


def _read(files: LegFiles, job: LegJob) -> ScanSeries | None:
    try:
        return read_series(files, spacing=job.spacing)
    except BoneMetError:
        return None  # the leg itself will say what is wrong


def plan_workers(legs: int, need: int, *, workers: int | None = None, memory: int | None = None) -> Plan:
    """How many legs to do at a time.

    Parameters
    ----------
    legs : int
        How many there are.
    need : int
        Bytes that one needs.
    workers : int, optional
        As many as the user wants; by cores and memory when None.
    memory : int, optional
        Bytes that are there; looked up when None.
    """
    there = memory_there() if memory is None else memory
    fit = max(1, int(_SHARE * there / need))
    chosen = min(legs, workers or min(cores(), fit))
    note = ""
    if chosen > fit or need > there:
        note = (
            f"A leg may need {need / _GIB:.1f} GiB, and {there / _GIB:.1f} GiB are free for {chosen} at a time: "
            "should they run out, the leg is begun again, three times at most"
        )
    return Plan(chosen, max(1, cores() // chosen), int(there * 0.95 / chosen), note)
