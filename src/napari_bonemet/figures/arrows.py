"""Arrows on lesions: which places get one, and how it lies so that none hides another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage

from napari_bonemet.figures.slices import Plane, Slice, Window, across, in_plane, project
from napari_bonemet.geometry import Grid, Triple

Meaning = Literal["lesion", "wrong"]

# Blue: a true lesion, or a forecast that hits one; red: a forecast loss that is not true (figure 2 of Xiong et al.).
ARROW_COLOURS: dict[Meaning, str] = {"lesion": "#2e9bff", "wrong": "#ff4136"}

_LENGTH = 0.17  # of the window's shorter side
_GAP = 0.015  # between the tip and the spot, so that the lesion itself stays visible
_CLEAR = 0.06  # least distance between two arrows
_DIRECTIONS = 24
_STEPS = 12


@dataclass(frozen=True)
class Arrow:
    """An arrow that points at a place.

    Parameters
    ----------
    point : tuple of float
        (z, y, x), micrometres.
    meaning : {"lesion", "wrong"}
        Blue for a true lesion or a hit, red for a wrong prediction.
    """

    point: Triple
    meaning: Meaning = "lesion"


@dataclass(frozen=True)
class PlacedArrow:
    """An arrow on the page: tail and tip as (row, column) in millimetres of the plane."""

    tail: tuple[float, float]
    tip: tuple[float, float]
    meaning: Meaning


def point_at(
    mask: np.ndarray, grid: Grid, plane: Plane, index: int, *, count: int, least_pixels: int, hits: np.ndarray | None
) -> tuple[Arrow, ...]:
    """Arrows on the largest spots of `mask` in one slice.

    Parameters
    ----------
    mask : ndarray of bool, (z, y, x)
        Where bone is lost.
    grid : Grid
        Where the mask lies.
    plane, index
        The slice shown.
    count : int
        The most arrows.
    least_pixels : int
        Spots smaller than this get none.
    hits : ndarray of bool, (z, y, x), optional
        Truth: a spot that touches it is a lesion, one that does not is wrong. All are lesions when None.

    Returns
    -------
    tuple of Arrow
        Largest spot first.
    """
    axis = across(plane)
    flat = np.take(mask, index, axis=axis)
    truth = None if hits is None else np.take(hits, index, axis=axis)
    labels, _ = ndimage.label(flat, structure=np.ones((3, 3)))
    sizes = np.bincount(labels.ravel())[1:]
    largest = np.argsort(-sizes, kind="stable")[:count] + 1
    return tuple(
        Arrow(_to_point(_heart(labels == label), grid, plane, index), _meaning(labels == label, truth))
        for label in largest
        if sizes[label - 1] >= least_pixels
    )


def _meaning(spot: np.ndarray, truth: np.ndarray | None) -> Meaning:
    return "lesion" if truth is None or bool((spot & truth).any()) else "wrong"


def _heart(spot: np.ndarray) -> tuple[int, int]:
    """The spot's pixel nearest to its centroid; the centroid itself may lie outside a bent spot."""
    pixels = np.argwhere(spot)
    row, column = pixels[np.argmin(((pixels - pixels.mean(axis=0)) ** 2).sum(axis=1))]
    return (int(row), int(column))


def _to_point(pixel: tuple[int, int], grid: Grid, plane: Plane, index: int) -> Triple:
    rows, columns = in_plane(plane)
    place = [0.0, 0.0, 0.0]
    place[across(plane)], place[rows], place[columns] = index, *pixel
    return grid.to_um(place)


def place(arrows: Sequence[Arrow], picture: Slice, window: Window, plane: Plane) -> tuple[PlacedArrow, ...]:
    """Lay the arrows out: inside `window`, over the darkest background, clear of each other.

    An arrow for which no place is left is dropped; earlier ones come first.
    """
    placed: list[PlacedArrow] = []
    targets = [project(arrow.point, plane) for arrow in arrows]
    for arrow, target in zip(arrows, targets, strict=True):
        options = [c for c in _candidates(target, arrow.meaning, window) if _free(c, placed, targets, target, window)]
        if options:
            placed.append(min(options, key=lambda c: _brightness(c, picture)))
    return tuple(placed)


def _candidates(target: tuple[float, float], meaning: Meaning, window: Window) -> list[PlacedArrow]:
    side = min(window.height, window.width)
    found = []
    for angle in np.arange(_DIRECTIONS) * 2 * np.pi / _DIRECTIONS:
        away = np.array([np.sin(angle), np.cos(angle)])
        tip, tail = (np.asarray(target) + away * side * far for far in (_GAP, _GAP + _LENGTH))
        if window.holds(tail[0], tail[1], 0.02 * side) and window.holds(tip[0], tip[1]):
            found.append(PlacedArrow((float(tail[0]), float(tail[1])), (float(tip[0]), float(tip[1])), meaning))
    return found


def _along(arrow: PlacedArrow) -> np.ndarray:
    return np.linspace(arrow.tail, arrow.tip, _STEPS)


def _free(
    candidate: PlacedArrow,
    placed: Sequence[PlacedArrow],
    targets: Sequence[tuple[float, float]],
    own: tuple[float, float],
    window: Window,
) -> bool:
    clear = _CLEAR * min(window.height, window.width)
    shaft = _along(candidate)
    obstacles = [_along(other) for other in placed] + [np.array([t]) for t in targets if t != own]
    return all(np.linalg.norm(shaft[:, None] - o[None], axis=-1).min() >= clear for o in obstacles)


def _brightness(arrow: PlacedArrow, picture: Slice) -> float:
    return float(np.mean([picture.value_at(row, column) for row, column in _along(arrow)]))
