"""Compiled loops over bone kept as bits, 64 voxels of a row to a word: what lies beside it, and how grey that is."""

import numpy as np
from numba import njit

_WORD = 64
_ONE = np.uint64(1)
_TOP = np.uint64(63)


@njit(nogil=True, cache=True)
def _grow_row(row: np.ndarray, out: np.ndarray) -> None:
    last = row.size - 1
    for w in range(row.size):
        grown = row[w] | row[w] << _ONE | row[w] >> _ONE
        if w > 0:
            grown |= row[w - 1] >> _TOP
        if w < last:
            grown |= row[w + 1] << _TOP
        out[w] = grown


@njit(nogil=True, cache=True)
def _grow_first(bits: np.ndarray) -> np.ndarray:
    # Along the first axis.
    out = bits.copy()
    out[1:] |= bits[:-1]
    out[:-1] |= bits[1:]
    return out


@njit(nogil=True, cache=True)
def grow_bits(bits: np.ndarray) -> np.ndarray:
    """The bits grown by one voxel along every axis, corners too.

    Parameters
    ----------
    bits : ndarray of uint64, (z, y, words)
    """
    out = np.empty_like(bits)
    for z in range(bits.shape[0]):
        for y in range(bits.shape[1]):
            _grow_row(bits[z, y], out[z, y])
        out[z] = _grow_first(out[z])
    return _grow_first(out)


@njit(nogil=True, cache=True)
def pick(voxels: np.ndarray, bits: np.ndarray, picked: np.ndarray) -> int:
    """Write the greys where bits are set to the front of `picked`, and return how many there are.

    Parameters
    ----------
    voxels : ndarray, (z, y, x)
    bits : ndarray of uint64, (z, y, words)
    picked : ndarray, as many as voxels
        Filled here.
    """
    many = 0
    for z in range(voxels.shape[0]):
        for y in range(voxels.shape[1]):
            for w in range(bits.shape[2]):
                word = bits[z, y, w]
                if word == 0:
                    continue
                for i in range(min(_WORD, voxels.shape[2] - w * _WORD)):
                    if word >> np.uint64(i) & _ONE:
                        picked[many] = voxels[z, y, w * _WORD + i]
                        many += 1
    return many
