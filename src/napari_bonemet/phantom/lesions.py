"""Osteolytic lesions over the weeks: where they start, and how far each has come.

A lesion starts at an endosteal or trabecular surface. Its front moves through trabeculae freely and
into the cortex slowly, so that trabeculae go first, then the cortex is scalloped from within, then
perforated. The way of the front is redrawn each week, in every lesion and every direction: nobody can
know the next week from the last.
"""

from dataclasses import dataclass, field

import numpy as np

from napari_bonemet.phantom.bone import Anatomy, Bone, axis_of, cortical_thickness, radius
from napari_bonemet.phantom.options import stream
from napari_bonemet.phantom.texture import Axes, random_field, sample_field

_MEAN_ADVANCE_UM = 135.0
_ADVANCE_SPREAD = 0.35
_ROUGHNESS = 0.45
_CORTEX_RESISTANCE = 1.1
_PLATE_RESISTANCE = 2.0
_FRONT_LENGTH_UM = 110.0


@dataclass(frozen=True)
class Lesion:
    """One lesion.

    Parameters
    ----------
    seed_um : tuple of float
        Where it starts, (z, y, x) in the model's frame, micrometres.
    onset : int
        The week in which it starts to grow.
    advance_um : dict
        How far its front comes in each week, micrometres.
    """

    seed_um: tuple[float, float, float]
    onset: int
    advance_um: dict[int, float] = field(default_factory=dict)


def grow(anatomy: Anatomy, seed: int, last_week: int) -> tuple[Lesion, ...]:
    """The lesions of the animal `seed` up to and including `last_week`."""
    lesions: list[Lesion] = []
    for week in range(1, last_week + 1):
        rng = stream(seed, "lesions", week)
        count = 1 + rng.poisson(0.8) if week == 1 else rng.poisson(0.45)
        lesions += [Lesion(_seed_point(anatomy, rng), week) for _ in range(count)]
        for lesion in lesions:
            advance = _MEAN_ADVANCE_UM * np.exp(_ADVANCE_SPREAD * rng.standard_normal() - _ADVANCE_SPREAD**2 / 2)
            lesion.advance_um[week] = float(advance) * (0.8 if week == lesion.onset else 1.0)
    return tuple(lesions)


def _seed_point(anatomy: Anatomy, rng: np.random.Generator) -> tuple[float, float, float]:
    z = np.asarray(rng.uniform(250, 1050))
    angle = rng.uniform(0, 2 * np.pi)
    cos, sin = np.cos(angle), np.sin(angle)
    outer, oblique = radius(anatomy, z, cos, sin)
    endosteal = float(outer - oblique * cortical_thickness(anatomy, z))
    # Seven of ten start at the endosteum, the others at trabeculae within.
    rho = endosteal * (1.0 if rng.random() < 0.7 else rng.uniform(0.3, 0.8))
    return (float(z), float(rho * sin + axis_of(anatomy, z)), float(rho * cos))


def begin(bone: Bone, axes: Axes, lesions: tuple[Lesion, ...]) -> np.ndarray:
    """How far every lesion's front has passed each point before it has moved.

    Parameters
    ----------
    bone : Bone
        The healthy bone on the grid.
    axes : tuple of ndarray
        The grid's coordinates (z, y, x) in the model's frame, micrometres.
    lesions : tuple of Lesion
        From :func:`grow`.

    Returns
    -------
    ndarray, (lesions, z, y, x) float32
        Micrometres, negative: what lies still between the seed and the point, resistance counted.
    """
    passed = np.empty((len(lesions), *bone.outline.shape), np.float32)
    for number, lesion in enumerate(lesions):
        passed[number] = -_way(bone, axes, lesion)
    return passed


def advance(passed: np.ndarray, axes: Axes, lesions: tuple[Lesion, ...], seed: int, week: int) -> None:
    """Move the fronts by one week, in place; bone is lost where `passed` is positive, and it never falls.

    Parameters
    ----------
    passed : ndarray, (lesions, z, y, x) float32
        From :func:`begin`, after the weeks before; micrometres.
    axes, lesions
        As for :func:`begin`.
    seed : int
        The animal.
    week : int
        The week that passes.
    """
    rough = sample_field(random_field(stream(seed, "front", week), (_FRONT_LENGTH_UM,) * 3), axes)
    speed = np.maximum(1 + _ROUGHNESS * rough, 0)
    for number, lesion in enumerate(lesions):
        if week in lesion.advance_um:
            passed[number] += np.float32(lesion.advance_um[week]) * speed


def _way(bone: Bone, axes: Axes, lesion: Lesion) -> np.ndarray:
    z, y, x = np.ix_(*(a.astype(np.float32) - np.float32(s) for a, s in zip(axes, lesion.seed_um, strict=True)))
    way = np.sqrt(z * z + y * y + x * x)
    way += _CORTEX_RESISTANCE * np.maximum(-bone.cavity, 0)
    way += _PLATE_RESISTANCE * np.maximum(-bone.below_plate, 0)
    return np.asarray(way, dtype=np.float32)
