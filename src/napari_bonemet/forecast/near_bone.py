"""Where there is something to forecast: boxes around all that lies near bone."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy.ndimage import maximum_filter

from napari_bonemet.geometry import Region, box_around

# Voxels of a cell that have to be as bright as bone: fewer are noise.
_OF_A_CELL = 4
# Places along each axis at which a box may be cut in two, and what a cut has to save.
_CUTS, _SAVES = 7, 0.93


def near_bone(volumes: Sequence[np.ndarray], threshold: float, reach: int, stride: int) -> np.ndarray:
    """Cells of `stride` voxels along each axis within `reach` voxels of bone in any week; bool, (z, y, x).

    Parameters
    ----------
    volumes : sequence of ndarray, (z, y, x)
        Weeks whose sides are multiples of `stride`, greys.
    """
    cells = _bright(volumes, threshold, stride, _OF_A_CELL)
    if not cells.any():  # a speck of bone is still looked at
        cells = _bright(volumes, threshold, stride, 1)
    return np.asarray(maximum_filter(cells, size=2 * -(-reach // stride) + 1, mode="constant"))


def _bright(volumes: Sequence[np.ndarray], threshold: float, stride: int, least: int) -> np.ndarray:
    z, y, x = (side // stride for side in volumes[0].shape)
    cells = np.zeros((z, y, x), bool)
    for volume in volumes:
        for number in range(z):
            bright = volume[number * stride : (number + 1) * stride] > threshold
            planes = bright.sum(axis=0, dtype=np.uint8).reshape(y, stride, x * stride).sum(axis=1, dtype=np.uint16)
            cells[number] |= planes.reshape(y, x, stride).sum(axis=2) >= least
    return cells


def boxes_around(cells: np.ndarray, stride: int, margin: int) -> list[Region]:
    """Boxes, voxels, that hold all true cells, cut so that little else is in them.

    Parameters
    ----------
    cells : ndarray of bool, (z, y, x)
    stride : int
        Voxels along each axis of a cell.
    margin : int
        What has to be worked out around each box, voxels: why few large boxes are better than many small ones.
    """
    found = _tight(cells, (0, 0, 0))
    return [] if found is None else [_times(box, stride) for box in _cut(cells, found, margin / stride)]


def _cut(cells: np.ndarray, box: Region, margin: float) -> Iterator[Region]:
    best, pair = _cost(box, margin) * _SAVES, None
    for axis in range(3):
        start, stop = box[axis].start, box[axis].stop
        for at in sorted({start + (stop - start) * part // (_CUTS + 1) for part in range(1, _CUTS + 1)} - {start}):
            halves = [_tight(cells[half], _corner(half)) for half in _halves(box, axis, at)]
            there = [half for half in halves if half is not None]
            cost = sum(_cost(half, margin) for half in there)
            if cost < best:
                best, pair = cost, there
    if pair is None:
        yield box
        return
    for half in pair:
        yield from _cut(cells, half, margin)


def _halves(box: Region, axis: int, at: int) -> tuple[Region, Region]:
    first, second = list(box), list(box)
    first[axis], second[axis] = slice(box[axis].start, at), slice(at, box[axis].stop)
    return _region(first), _region(second)


def _tight(cells: np.ndarray, corner: Sequence[int]) -> Region | None:
    if not cells.any():
        return None
    tight = zip(box_around(cells), corner, strict=True)
    return _region([slice(part.start + start, part.stop + start) for part, start in tight])


def _corner(box: Region) -> list[int]:
    return [part.start for part in box]


def _cost(box: Region, margin: float) -> float:
    return float(np.prod([part.stop - part.start + 2 * margin for part in box]))


def _times(box: Region, stride: int) -> Region:
    return _region([slice(part.start * stride, part.stop * stride) for part in box])


def _region(parts: Sequence[Any]) -> Region:
    z, y, x = parts
    return (z, y, x)
