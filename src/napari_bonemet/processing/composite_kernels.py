"""Compiled loops of the composite: two slabs laid over each other, cores of change marked, what is left settled.

While the noise rule is at work, a voxel that crosses the threshold carries its published value plus a state.
"""

import numpy as np
from numba import njit

from napari_bonemet.io.composite_codes import FORMED, KEPT, LOST, NEITHER

# States of a voxel that crosses: not (yet) counted, in a core, in a core that is large enough, near one, counted.
CROSSES, CORE, LARGE, NEAR, COUNTED = 0, 1, 2, 3, 4

# What is counted within a block fits one byte, which keeps the count as wide as the voxels in the processor.
_BLOCK = 128
_NEITHER, _LOST, _KEPT, _FORMED = np.uint8(NEITHER), np.uint8(LOST), np.uint8(KEPT), np.uint8(FORMED)


@njit(nogil=True, cache=True)
def _code(bone: bool, later: bool) -> np.uint8:
    if bone:
        return _KEPT if later else _LOST
    return _FORMED if later else _NEITHER


@njit(nogil=True, cache=True)
def _lay(before: np.ndarray, after: np.ndarray, lowest: tuple, out: np.ndarray, counts: np.ndarray) -> None:
    size, (low, low_later) = out.size, lowest
    blocks = size // _BLOCK
    for block in range(blocks):
        first, second, both = np.uint8(0), np.uint8(0), np.uint8(0)
        for i in range(block * _BLOCK, (block + 1) * _BLOCK):
            bone, later = np.uint8(before[i] >= low), np.uint8(after[i] >= low_later)
            out[i] = _code(bone, later)
            first = np.uint8(first + bone)
            second = np.uint8(second + later)
            both = np.uint8(both + np.uint8(bone & later))
        counts[0] += np.int64(first)
        counts[1] += np.int64(second)
        counts[2] += np.int64(both)
    for i in range(blocks * _BLOCK, size):
        bone, later = before[i] >= low, after[i] >= low_later
        out[i] = _code(bone, later)
        counts[0] += bone
        counts[1] += later
        counts[2] += bone and later


@njit(nogil=True, cache=True)
def lay_over(before: np.ndarray, after: np.ndarray, lowest: tuple, out: np.ndarray, counts: np.ndarray) -> None:
    """Write the published values of a slab, and count.

    Parameters
    ----------
    before, after : ndarray, (z, y, x), contiguous
        Greys.
    lowest : tuple
        The lowest grey that is bone in either, each in the type of its slab.
    out : ndarray of uint8, (z, y, x), contiguous
        Filled here.
    counts : ndarray of int64, (5,)
        Added to: bone before, bone later, bone in both, bone before where it is not seen, bone later there.
    """
    _lay(before.ravel(), after.ravel(), lowest, out.ravel(), counts)


@njit(nogil=True, cache=True)
def lay_over_seen(
    before: np.ndarray, after: np.ndarray, lowest: tuple, out: np.ndarray, rows: tuple[np.ndarray, np.ndarray]
) -> None:
    """As :func:`lay_over`, where `rows` (z, y, 2; then counts) tells which stretch of each row was seen.

    What was not seen keeps the state of `before`, in the three counts of bone as well.
    """
    stretches, counts = rows
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            first, stop = stretches[z, y]
            _lay(before[z, y, first:stop], after[z, y, first:stop], lowest, out[z, y, first:stop], counts)
            for x in range(out.shape[2]):
                if first <= x < stop:
                    continue
                bone = before[z, y, x] >= lowest[0]
                out[z, y, x] = _code(bone, bone)
                counts[:4] += bone
                counts[4] += after[z, y, x] >= lowest[1]


@njit(nogil=True, cache=True)
def _busy(codes: np.ndarray, start: int, stop: int) -> bool:
    every = np.uint8(0)
    for i in range(start, stop):
        every = np.uint8(every | codes[i])
    return every != 0


@njit(nogil=True, cache=True)
def mark_cores(
    before: np.ndarray, after: np.ndarray, codes: np.ndarray, needed: tuple, wide: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Mark, in place, the crossing voxels that change as much as a core's do.

    Parameters
    ----------
    before, after : ndarray, (n,)
        Greys.
    codes : ndarray of uint8, (n,)
        Published values; cores become their value plus ``CORE``.
    needed : tuple of float32
        Background; share of what a voxel has above it; least change whatever it has.
    wide : bool
        Whether the greys need 64 bits to be told apart.

    Returns
    -------
    lost, formed : ndarray of int64
        Where cores are.
    """
    background, share, least = needed
    found = (np.empty(64, np.int64), np.empty(64, np.int64))
    lost, formed = found
    many_lost, many_formed = 0, 0
    for start in range(0, codes.size, _BLOCK):
        stop = min(start + _BLOCK, codes.size)
        if not _busy(codes, start, stop):
            continue
        for i in range(start, stop):
            if codes[i] not in (_LOST, _FORMED):
                continue
            loses = codes[i] == _LOST
            full = np.float32(before[i]) if loses else np.float32(after[i])
            empty = after[i] if loses else before[i]
            change = np.float64(full) - np.float64(empty)
            if not wide:
                change = np.float64(np.float32(full - np.float32(empty)))
            if change < max(np.float32(share * np.float32(full - background)), least):
                continue
            codes[i] += CORE
            if loses:
                lost = _with(lost, many_lost, i)
                many_lost += 1
            else:
                formed = _with(formed, many_formed, i)
                many_formed += 1
    return lost[:many_lost].copy(), formed[:many_formed].copy()


@njit(nogil=True, cache=True)
def _with(items: np.ndarray, many: int, item: int) -> np.ndarray:
    # A list of numbers that grows, itself or its longer copy.
    if many == items.size:
        longer = np.empty(2 * items.size, items.dtype)
        longer[:many] = items
        items = longer
    items[many] = item
    return items


@njit(nogil=True, cache=True)
def settle(codes: np.ndarray, counts: np.ndarray) -> None:
    """Turn states into published values, in place: what was not counted goes back to its baseline state.

    Parameters
    ----------
    codes : ndarray of uint8, (n,)
    counts : ndarray of int64, (2,)
        Added to: voxels that count as lost, and as formed.
    """
    for start in range(0, codes.size, _BLOCK):
        stop = min(start + _BLOCK, codes.size)
        if not _busy(codes, start, stop):
            continue
        for i in range(start, stop):
            code = codes[i]
            if code == _LOST + COUNTED:
                codes[i] = _LOST
                counts[0] += 1
            elif code == _FORMED + COUNTED:
                codes[i] = _FORMED
                counts[1] += 1
            elif code == _LOST:
                codes[i] = _KEPT
            elif code == _FORMED:
                codes[i] = _NEITHER
