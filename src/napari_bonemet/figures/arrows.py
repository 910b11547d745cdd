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

_LENGTH, _LONGEST = 0.17, 0.26  # of the window's shorter side; on a small picture an arrow needs more of it
_GAP = 0.015  # between the tip and the spot, so that the lesion itself stays visible
_REACH = 0.1  # how far from its place a tip may stand back so as to end at the spot's border
_HIDDEN = 1000.0  # what covering a spot costs, in grey values: more than any background
_CLEAR = 0.06  # least distance between two arrows
_SAME = 0.12  # spots of one meaning closer than this share an arrow
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
    arrow: Arrow

    @property
    def meaning(self) -> Meaning:
        """What the arrow says."""
        return self.arrow.meaning


def point_at(
    flat: np.ndarray, grid: Grid, plane: Plane, index: int, *, count: int, least_pixels: int, hits: np.ndarray | None
) -> tuple[Arrow, ...]:
    """Arrows on the largest spots of one slice.

    Parameters
    ----------
    flat : ndarray of bool, (rows, columns)
        Where bone is lost in that slice.
    grid : Grid
        Where the volume lies.
    plane, index
        The slice shown.
    count : int
        The most arrows.
    least_pixels : int
        Spots smaller than this get none.
    hits : ndarray of bool, (rows, columns), optional
        Truth: a spot that touches it is a lesion, one that does not is wrong. All are lesions when None.

    Returns
    -------
    tuple of Arrow
        Largest spot first.
    """
    labels, _ = ndimage.label(flat, structure=np.ones((3, 3)))
    sizes = np.bincount(labels.ravel())[1:]
    largest = np.argsort(-sizes, kind="stable")[:count] + 1
    return tuple(
        Arrow(_to_point(_heart(labels == label), grid, plane, index), _meaning(labels == label, hits))
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


def place(
    arrows: Sequence[Arrow],
    picture: Slice,
    window: Window,
    plane: Plane,
    spots: Slice | None = None,
    *,
    inches: float = 1.75,
) -> tuple[PlacedArrow, ...]:
    """Lay the arrows out: inside `window`, clear of each other, over what hides least.

    Parameters
    ----------
    arrows : sequence of Arrow
        Earlier ones choose first. One for which no place is left, or whose neighbour of the same meaning has an
        arrow, gets none.
    picture : Slice
        Arrows lie over its darkest parts.
    window : Window
        The part of the plane that is shown.
    plane
        The plane shown.
    spots : Slice, optional
        Of bool: what is pointed at. A tip stands back to a spot's border where that is near, and no arrow lies
        over a spot as long as there is another place.
    inches : float
        The shorter side of the picture on the page.
    """
    placed: list[PlacedArrow] = []
    side = min(window.height, window.width)
    arrows = _one_for_each_place(arrows, _SAME * side, plane)
    targets = [project(arrow.point, plane) for arrow in arrows]
    length = side * min(_LONGEST, max(_LENGTH, _LENGTH / inches))
    for arrow, target in zip(arrows, targets, strict=True):
        found = _candidates(arrow, target, length, window, spots)
        options = [c for c in found if _free(c, placed, targets, target, window)]
        if options:
            placed.append(min(options, key=lambda c: _hidden(c, spots) * _HIDDEN + _brightness(c, picture)))
    return tuple(placed)


def _one_for_each_place(arrows: Sequence[Arrow], near: float, plane: Plane) -> list[Arrow]:
    kept: list[Arrow] = []
    for arrow in arrows:
        spot = np.asarray(project(arrow.point, plane))
        others = [project(other.point, plane) for other in kept if other.meaning == arrow.meaning]
        if all(np.linalg.norm(spot - other) >= near for other in others):
            kept.append(arrow)
    return kept


def _candidates(
    arrow: Arrow, target: tuple[float, float], length: float, window: Window, spots: Slice | None
) -> list[PlacedArrow]:
    side = min(window.height, window.width)
    found = []
    for angle in np.arange(_DIRECTIONS) * 2 * np.pi / _DIRECTIONS:
        away = np.array([np.sin(angle), np.cos(angle)])
        start = _border(np.asarray(target), away, side, spots) + _GAP * side
        tip, tail = (np.asarray(target) + away * far for far in (start, start + length))
        if window.holds(tail[0], tail[1], 0.02 * side) and window.holds(tip[0], tip[1]):
            found.append(PlacedArrow((float(tail[0]), float(tail[1])), (float(tip[0]), float(tip[1])), arrow))
    return found


def _border(target: np.ndarray, away: np.ndarray, side: float, spots: Slice | None) -> float:
    """How far the spot reaches from `target` in one direction, millimetres, at the most a tenth of the window."""
    if spots is None:
        return 0.0
    far = 0.0
    while far < _REACH * side and spots.value_at(*(target + away * far)):
        far += 0.5 * min(spots.step)
    return far


def _hidden(arrow: PlacedArrow, spots: Slice | None) -> float:
    return 0.0 if spots is None else float(np.mean([spots.value_at(*point) for point in _along(arrow)]))


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
