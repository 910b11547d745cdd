"""Compiled work slab by slab, without a thread of its own where there is only one."""

from collections.abc import Callable

from napari_bonemet.slabs import over_slabs


def over_slices(work: Callable[[int, int], None], length: int, *, slab: int, threads: int) -> None:
    """Call ``work(start, stop)`` for all of 0 to `length`; see :func:`napari_bonemet.slabs.over_slabs`."""
    if threads == 1:
        work(0, length)
    else:
        over_slabs(work, length, slab=slab, threads=threads)
