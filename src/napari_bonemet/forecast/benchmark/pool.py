"""The same work for many animals: one after another, or on processes where they are asked for."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from multiprocessing import get_context
from typing import TypeVar

from napari_bonemet.progress import Progress

Item = TypeVar("Item")
Made = TypeVar("Made")

_LISTEN_SECONDS = 0.5


def over(
    work: Callable[[Item], Made], items: Sequence[Item], *, workers: int, words: str, progress: Progress
) -> Iterator[tuple[Item, Made]]:
    """`work` of each item, as it is done; in any order where there are several workers.

    Parameters
    ----------
    work : callable
        Picklable where there are several workers.
    items : sequence
        What it is done to.
    workers : int
        Processes; 1 works in this one.
    words : str
        What is done, for the progress.

    Raises
    ------
    Cancelled
        When the user asked to stop; what is begun on other processes is finished and dropped.
    """
    if workers < 2 or len(items) < 2:
        for number, item in enumerate(items):
            progress.message(f"{words} ({number + 1} of {len(items)})")
            yield item, work(item)
            progress.advance((number + 1) / len(items))
        return
    with ProcessPoolExecutor(min(workers, len(items)), mp_context=get_context("spawn")) as pool:
        left = {pool.submit(work, item): item for item in items}
        try:
            while left:
                done, _ = wait(left, timeout=_LISTEN_SECONDS, return_when=FIRST_COMPLETED)
                progress.check()
                for future in done:
                    yield left.pop(future), future.result()
                    progress.message(f"{words} ({len(items) - len(left)} of {len(items)})")
                    progress.advance(1 - len(left) / len(items))
        finally:
            pool.shutdown(cancel_futures=True)
