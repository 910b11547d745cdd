"""Volumes that are leafed through: what is read, kept, and read ahead."""

import gc
import threading
import time
from typing import Any

import numpy as np
import pytest

from napari_bonemet.io import slab_cache
from napari_bonemet.io.slab_cache import ReadAhead, SlabCache
from napari_bonemet.io.slabbed import SlabbedVolume

VOXELS = np.random.default_rng(0).integers(0, 255, (50, 6, 7), dtype=np.uint8)
SLAB_BYTES = 8 * 6 * 7


class OnDisk:
    """An array that counts what is read of it."""

    def __init__(self, voxels: np.ndarray) -> None:
        self._voxels, self.shape, self.dtype, self.ndim = voxels, voxels.shape, voxels.dtype, voxels.ndim
        self.read: list[Any] = []

    def __getitem__(self, key: Any) -> np.ndarray:
        self.read.append(key)
        return self._voxels[key]


@pytest.fixture(autouse=True)
def ahead(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What is wished to be read ahead, by number of slab; nothing is."""
    wishes: list[int] = []
    monkeypatch.setattr(slab_cache.AHEAD, "wish", lambda _volume, number: wishes.append(number))
    return wishes


KEYS: list[Any] = [
    0, 49, -1, (slice(None), 3), (slice(None), slice(None), -2), (5, 2, 1), (slice(10, 30, 3), slice(1, 5), 2),
    (slice(None, None, -1), 0), (slice(40, None, -7), slice(None, None, 2), 6), (..., 3), (7, ..., 1), slice(8, 8),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_parts_are_those_of_the_array(key: Any) -> None:
    volume = SlabbedVolume(OnDisk(VOXELS), SlabCache(10**6))
    np.testing.assert_array_equal(np.asarray(volume[key]), VOXELS[key])


def test_parts_of_parts_are_promises_until_looked_at() -> None:
    disk = OnDisk(VOXELS)
    volume = SlabbedVolume(disk, SlabCache(10**6))
    part = volume[:, 1:5, ::2][::-3]
    assert part.shape == VOXELS[:, 1:5, ::2][::-3].shape
    assert volume[:, :, :] is volume
    assert not disk.read
    np.testing.assert_array_equal(np.asarray(part), VOXELS[:, 1:5, ::2][::-3])
    np.testing.assert_array_equal(part[2], VOXELS[:, 1:5, ::2][::-3][2])
    with pytest.raises(IndexError):
        volume[50]


def test_a_slab_is_read_once_and_stays_as_long_as_there_is_room() -> None:
    disk, cache = OnDisk(VOXELS), SlabCache(3 * SLAB_BYTES)
    volume = SlabbedVolume(disk, cache)
    for z in (0, 1, 7, 8, 16, 2):
        volume[z]
    assert [key.start for key in disk.read] == [0, 8, 16]
    volume[24]  # of slabs 0, 1 and 2, the second was not seen for longest
    assert [volume.has(n) for n in range(4)] == [True, False, True, True]
    assert cache.held == 3 * SLAB_BYTES
    cache.resize(SLAB_BYTES)
    assert cache.held == SLAB_BYTES
    assert volume.has(3)


def test_what_nobody_holds_is_let_go_of() -> None:
    cache = SlabCache(10**6)
    volume = SlabbedVolume(OnDisk(VOXELS), cache)
    np.asarray(volume)
    assert volume.held
    assert cache.held == VOXELS.nbytes
    del volume
    gc.collect()
    assert cache.held == 0


def test_the_next_slab_in_the_direction_of_travel_is_read_ahead(ahead: list[int]) -> None:
    volume = SlabbedVolume(OnDisk(VOXELS), SlabCache(10**6))
    volume[8]
    assert ahead == [3, 2]  # the nearest last: the latest wish is read first
    ahead.clear()
    volume[33]
    np.asarray(volume[32:33])  # napari cuts a slice like this
    assert ahead == [6, 5, 2, 3]
    ahead.clear()
    volume[0]
    assert ahead == []


def test_many_that_ask_at_once_wait_for_one_reading() -> None:
    reads, cache, may = [], SlabCache(10**6), threading.Event()

    def read() -> np.ndarray:
        reads.append(1)
        may.wait(5)
        return VOXELS

    threads = [threading.Thread(target=lambda: cache.get(("a", 0), read)) for _ in range(8)]
    for thread in threads:
        thread.start()
    may.set()
    for thread in threads:
        thread.join()
    assert len(reads) == 1


def test_a_failed_reading_is_told_and_tried_again() -> None:
    cache = SlabCache(10**6)

    def fail() -> np.ndarray:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        cache.get(("a", 0), fail)
    assert cache.get(("a", 0), lambda: VOXELS) is VOXELS


def test_the_thread_that_reads_ahead_ends_when_nobody_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slab_cache, "_IDLE_S", 0.05)
    volume, thread = SlabbedVolume(OnDisk(VOXELS), SlabCache(10**6)), ReadAhead()
    damaged = SlabbedVolume(OnDisk(VOXELS), SlabCache(10**6))
    monkeypatch.setattr(damaged, "slab", lambda _: 1 / 0)
    for _ in range(2):  # it starts anew
        thread.wish(damaged, 0)
        thread.wish(volume, 4)
        deadline = time.monotonic() + 5
        while thread._thread is not None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert thread._thread is None
        assert volume.has(4)
    mine = [one for one in threading.enumerate() if one.name == "bonemet reads ahead"]
    assert set(mine) <= {slab_cache.AHEAD._thread}
