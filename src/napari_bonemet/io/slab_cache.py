"""Slabs of slices that were looked at, kept in memory as far as a limit allows.

Volumes on disk are read a slab at a time, as they are stored. Whoever leafs through one needs the next slice at once:
slabs stay until the limit is reached, those not seen for longest go first, and one thread reads ahead.
"""

import itertools
import threading
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

__all__ = ["CACHE", "ReadAhead", "SlabCache"]

_MIB = 2**20
# Two weeks of the published size (403 MiB each) and the surroundings of three others.
USUAL_MIB = 1024
_IDLE_S = 1.0
_MOST_WAITING = 24

Key = tuple[Hashable, int]


class SlabCache:
    """Slabs by owner and number, for any thread; a slab is read once, however many ask for it.

    Parameters
    ----------
    limit : int
        Bytes; what is asked for is given in any case, but not kept beyond this.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self._slabs: OrderedDict[Key, np.ndarray] = OrderedDict()
        self._coming: dict[Key, threading.Event] = {}
        # A volume may be swept up, and dropped, by the thread that is within.
        self._lock = threading.RLock()

    def get(self, key: Key, read: Callable[[], np.ndarray]) -> np.ndarray:
        """The slab of `key`, read by `read` unless it is there.

        Raises
        ------
        Exception
            What `read` raises.
        """
        while True:
            with self._lock:
                if key in self._slabs:
                    self._slabs.move_to_end(key)
                    return self._slabs[key]
                coming = self._coming.get(key)
                if coming is None:
                    mine = self._coming[key] = threading.Event()
                    break
            coming.wait()
        try:
            slab = read()
            self._keep(key, slab)
        finally:
            with self._lock:
                del self._coming[key]
            mine.set()
        return slab

    def __contains__(self, key: Key) -> bool:
        return key in self._slabs

    def resize(self, limit: int) -> None:
        """Change the limit, in bytes; what is too much goes."""
        with self._lock:
            self.limit = limit
            self._shrink()

    def drop(self, owner: Hashable) -> None:
        """Let go of everything of one owner."""
        with self._lock:
            for key in [key for key in self._slabs if key[0] == owner]:
                self.held -= self._slabs.pop(key).nbytes

    def _keep(self, key: Key, slab: np.ndarray) -> None:
        with self._lock:
            if slab.nbytes <= self.limit:
                self._slabs[key] = slab
                self.held += slab.nbytes
                self._shrink()

    def _shrink(self) -> None:
        while self.held > self.limit and self._slabs:
            self.held -= self._slabs.popitem(last=False)[1].nbytes


class ReadAhead:
    """One thread that reads what will be looked at next, the latest wish first; it ends when nobody wishes."""

    def __init__(self) -> None:
        self._wishes: deque[tuple[weakref.ref[Any], int]] = deque(maxlen=_MOST_WAITING)
        self._there = threading.Condition()
        self._thread: threading.Thread | None = None

    def wish(self, volume: Any, number: int) -> None:
        """Have ``volume.slab(number)`` read soon; old wishes are forgotten where there are too many."""
        with self._there:
            self._wishes.append((weakref.ref(volume), number))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="bonemet reads ahead", daemon=True)
                self._thread.start()
            self._there.notify()

    def _next(self) -> tuple[weakref.ref[Any], int] | None:
        with self._there:
            if not self._wishes:
                self._there.wait(_IDLE_S)
            if not self._wishes:
                self._thread = None
                return None
            return self._wishes.pop()

    def _work(self) -> None:
        while (wish := self._next()) is not None:
            volume = wish[0]()
            if volume is not None:
                try:
                    volume.slab(wish[1])
                except Exception:  # noqa: S112 - whoever looks at the slab itself is told
                    continue
            del volume


CACHE = SlabCache(USUAL_MIB * _MIB)
AHEAD = ReadAhead()
OWNERS = itertools.count()
