"""Marks on slices: how long, how wide, how large what was drawn is, in words, and arrows as lines.

Places are micrometres (z, y, x) throughout, so that a mark means the same whatever grid it was drawn on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.figures.arrows import ARROW_COLOURS, Meaning, PlacedArrow, place, point_at
from napari_bonemet.figures.slices import around_bone, cut
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Scan

__all__ = [
    "COLOURS",
    "SliceArrow",
    "angle_deg",
    "area_um2",
    "area_words",
    "arrow_path",
    "arrows_on_lesions",
    "length_um",
    "length_words",
    "words_of",
]

MarkKind = Literal["lesion", "wrong", "arrow", "distance", "angle", "area", "label"]
COLOURS: dict[str, str] = {
    "lesion": ARROW_COLOURS["lesion"],
    "wrong": ARROW_COLOURS["wrong"],
    "arrow": "#ffffff",
    "distance": "#ffd21f",
    "angle": "#ffd21f",
    "area": "#ffd21f",
    "label": "#ffffff",
}
_UM_PER_MM = 1000.0
_HEAD_DEG = 26.0
# Of an arrow's length, but no more than a share of what is looked at.
_HEAD = 0.35


def length_um(points: np.ndarray) -> float:
    """Length of a line through `points`, (n, 3), micrometres."""
    return float(sum(np.linalg.norm(np.subtract(b, a)) for a, b in pairwise(np.asarray(points, float))))


def angle_deg(points: np.ndarray) -> float:
    """The angle at the second of three points, degrees, 0 to 180.

    Raises
    ------
    InputError
        When there are no three points apart from each other.
    """
    given = np.asarray(points, float)
    if len(given) != 3:
        raise InputError("An angle has three points", found=f"{len(given)} points")
    one, other = given[0] - given[1], given[2] - given[1]
    lengths = np.linalg.norm(one) * np.linalg.norm(other)
    if lengths == 0:
        raise InputError("An angle has three points apart from each other", found="two in one place")
    return float(np.degrees(np.arccos(np.clip(np.dot(one, other) / lengths, -1, 1))))


def area_um2(points: np.ndarray) -> float:
    """Area of a polygon in a plane, square micrometres.

    Half the length of the sum of cross products of neighbouring corners, which is the shoelace formula in any plane.
    """
    given = np.asarray(points, float)
    given = given - given.mean(axis=0)
    return float(np.linalg.norm(np.cross(given, np.roll(given, -1, axis=0)).sum(axis=0)) / 2)


def length_words(um: float) -> str:
    """A length with three digits: "350 µm", "1.25 mm"."""
    return f"{um / _UM_PER_MM:.3g} mm" if um >= _UM_PER_MM else f"{um:.3g} µm"


def area_words(um2: float) -> str:
    """An area with three digits: "4500 µm²", "0.125 mm²"."""
    return f"{um2 / _UM_PER_MM**2:.3g} mm²" if um2 >= 1e4 else f"{float(f'{um2:.3g}'):g} µm²"


def words_of(kind: str, points: np.ndarray) -> str:
    """What a mark of a kind says of its points; nothing for arrows.

    Raises
    ------
    InputError
        When the points make no such mark.
    """
    if kind == "distance":
        return length_words(length_um(points))
    if kind == "angle":
        return f"{angle_deg(points):.3g}°"
    return area_words(area_um2(points)) if kind == "area" else ""


def arrow_path(tail: Sequence[float], tip: Sequence[float], plane_axis: int = 0) -> np.ndarray:
    """An arrow as one line: from its tail to the tip, and along both sides of its head.

    Parameters
    ----------
    tail, tip : sequence of float
        (z, y, x), in any unit.
    plane_axis : int
        The axis across the plane that the arrow lies in.

    Returns
    -------
    ndarray of float, (5, 3)
        Tail, tip, side, tip, other side.
    """
    start, end = np.asarray(tail, float), np.asarray(tip, float)
    back = (start - end) * _HEAD
    down, across = (axis for axis in range(3) if axis != plane_axis)
    sides = []
    for turn in (_HEAD_DEG, -_HEAD_DEG):
        sine, cosine = np.sin(np.radians(turn)), np.cos(np.radians(turn))
        side = back.copy()
        side[down] = cosine * back[down] - sine * back[across]
        side[across] = sine * back[down] + cosine * back[across]
        sides.append(end + side)
    return np.stack([start, end, sides[0], end, sides[1]])


@dataclass(frozen=True)
class SliceArrow:
    """An arrow on a transverse slice: tail and tip (z, y, x), micrometres."""

    tail: tuple[float, float, float]
    tip: tuple[float, float, float]
    meaning: Meaning


def arrows_on_lesions(
    scan: Scan,
    lost: np.ndarray,
    *,
    hits: np.ndarray | None = None,
    slices: Sequence[int] | None = None,
    count: int = 3,
    least_pixels: int = 6,
    bone_threshold: float = 75.0,
    progress: Progress = NO_PROGRESS,
) -> tuple[SliceArrow, ...]:
    """Arrows on the largest lesions of transverse slices, laid out as in the figures.

    Parameters
    ----------
    scan : Scan, (z, y, x)
        Greys; arrows lie over its darkest parts.
    lost : ndarray of bool, (z, y, x)
        Where bone is lost.
    hits : ndarray of bool, (z, y, x), optional
        Where it is truly lost: what does not touch it is pointed at as wrong.
    slices : sequence of int, optional
        All when None.
    count : int
        The most arrows in a slice.
    least_pixels : int
        Spots smaller than this get none.

    Raises
    ------
    InputError
        When the shapes differ.
    """
    if lost.shape != scan.shape or (hits is not None and hits.shape != scan.shape):
        raise InputError("The lesions do not lie on the scan's grid", expected=f"{scan.shape}", found=f"{lost.shape}")
    wanted = range(scan.shape[0]) if slices is None else slices
    spots, found = scan.with_voxels(lost, step=Step("lost bone")), []
    for number, index in enumerate(wanted):
        progress.advance(number / max(len(wanted), 1))
        if not lost[index].any():
            continue
        truth = None if hits is None else hits[index]
        arrows = point_at(
            lost[index], scan.grid, "transverse", index, count=count, least_pixels=least_pixels, hits=truth
        )
        z = scan.origin[0] + index * scan.spacing[0]
        picture = cut(scan, "transverse", z)
        window = around_bone([picture], bone_threshold, 0.1)
        placed = place(arrows, picture, window, "transverse", cut(spots, "transverse", z))
        found += [_on_slice(arrow, z) for arrow in placed]
    progress.advance(1.0)
    return tuple(found)


def _on_slice(arrow: PlacedArrow, z: float) -> SliceArrow:
    tail, tip = ((z, row * _UM_PER_MM, column * _UM_PER_MM) for row, column in (arrow.tail, arrow.tip))
    return SliceArrow(tail, tip, arrow.meaning)
