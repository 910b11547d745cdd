"""Work that goes slab by slab on all cores: compiled code and file reading let other threads run meanwhile.

Threads of our own rather than a compiler's parallel loops: two docks may work at once, and a wish to stop is
heard between slabs.
"""

import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from napari_bonemet.progress import NO_PROGRESS, Progress

__all__ = ["THREADS", "cores", "from_slabs", "over_slabs"]

MadeT = TypeVar("MadeT")

# In the environment of a process that shares its machine with others of its kind: how many cores it shall use.
THREADS = "NAPARI_BONEMET_THREADS"


def cores() -> int:
    """How many cores this process may use: those it has, or fewer where the environment says so."""
    try:
        there = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        there = os.cpu_count() or 1
    wanted = os.environ.get(THREADS, "")
    return min(there, int(wanted)) if wanted.isdecimal() and int(wanted) > 0 else there


def over_slabs(
    work: Callable[[int, int], None],
    length: int,
    *,
    slab: int,
    progress: Progress = NO_PROGRESS,
    threads: int | None = None,
) -> None:
    """Call ``work(start, stop)`` for every slab of 0 to `length`, on several threads, or in this one if that is all.

    Parameters
    ----------
    work : callable
        Touches only its own slab of the output, and releases the interpreter while it is busy.
    length : int
        How many slices there are.
    slab : int
        How many slices are done at once.
    progress : Progress
        Advanced in the calling thread; when it raises, slabs that have not begun are dropped.
    threads : int, optional
        As many as there are cores when None.

    Raises
    ------
    Exception
        The first that `work` raised, or that `progress` raised.
    """
    spans = [(start, min(start + slab, length)) for start in range(0, length, slab)]
    count = max(1, threads or cores())
    if count == 1:
        for number, span in enumerate(spans):
            work(*span)
            progress.advance((number + 1) / len(spans))
            progress.check()
        return
    with ThreadPoolExecutor(max_workers=count) as pool:
        waiting: set[Future[None]] = {pool.submit(work, *span) for span in spans}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                progress.advance(1 - len(waiting) / len(spans))
                progress.check()
        finally:
            for future in waiting:
                future.cancel()


def from_slabs(
    work: Callable[[int, int], MadeT], length: int, *, slab: int, progress: Progress = NO_PROGRESS
) -> list[MadeT]:
    """What ``work(start, stop)`` makes of every slab, as :func:`over_slabs` goes, in the order of the slabs.

    For sums: added up in the order in which threads end, they would differ in their last digits from run to run.

    Raises
    ------
    Exception
        The first that `work` raised, or that `progress` raised.
    """
    made: dict[int, MadeT] = {}

    def keep(start: int, stop: int) -> None:
        made[start] = work(start, stop)

    over_slabs(keep, length, slab=slab, progress=progress)
    return [made[start] for start in sorted(made)]
