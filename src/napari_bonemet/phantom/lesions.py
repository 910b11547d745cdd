"""Osteolytic lesions over the weeks: where they start, and how far each has come.

A lesion starts at an endosteal or trabecular surface near the place where the tumour took. Its front
moves through trabeculae freely and into the cortex slowly, so that trabeculae go first, then the cortex
is scalloped from within, then perforated. The way of the front is redrawn each week, in the whole
animal, in every lesion and in every direction: nobody can know the next week from the last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from napari_bonemet.geometry import Region, Triple
from napari_bonemet.phantom.anatomy import Anatomy, axis_of, cortical_thickness, radius
from napari_bonemet.phantom.bone import Bone
from napari_bonemet.phantom.options import LegOptions, about_one, stream
from napari_bonemet.phantom.texture import Axes, lattice, sample_field

_MEAN_ADVANCE_UM = 132.0
_FIRST_ADVANCE = 0.8
# Spread (of the logarithm) of a front's weekly way: between animals for good, and anew each week in the
# animal and in the lesion.
_SPREAD_OF_ANIMALS = 0.15
_SPREAD_OF_WEEKS = 0.2
_SPREAD_OF_LESIONS = 0.17
_ROUGHNESS = 0.45
_MOST_ROUGH = 3.0
_FRONT_LENGTH_UM = 90.0
_CORTEX_RESISTANCE = 0.8
_ENDOSTEUM_UM = 30.0
_FROM_ENDOSTEUM_UM = 45.0
_PLATE_RESISTANCE = 2.0
_FIRST_LESIONS = 2
_MORE_FIRST_LESIONS = 1.2
_NEW_LESIONS = 0.4
_ENDOSTEAL_SHARE = 0.7
_FAR = np.float32(-1e6)


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
        How far its front comes in each week, micrometres; negative where bone grows back.
    """

    seed_um: Triple
    onset: int
    advance_um: dict[int, float] = field(default_factory=dict)

    @property
    def reach_um(self) -> float:
        """The furthest that its front can ever come, micrometres."""
        most = 1 + _ROUGHNESS * _MOST_ROUGH
        return sum(most * way for way in self.advance_um.values() if way > 0)


def grow(anatomy: Anatomy, options: LegOptions) -> tuple[Lesion, ...]:
    """The lesions of the animal up to and including the last week that is scanned."""
    if not options.tumour:
        return ()
    birth = stream(options.seed, "tumour")
    pace = _MEAN_ADVANCE_UM * options.aggressiveness * about_one(birth, _SPREAD_OF_ANIMALS)
    place = (birth.uniform(350, 750), birth.uniform(0, 2 * np.pi))
    lesions: list[Lesion] = []
    for week in range(options.first_lesion_week, options.weeks[-1] + 1):
        rng = options.weekly("lesions", week)
        effect = treatment_effect(options, week)
        lesions += [Lesion(_seed_point(anatomy, place, rng), week) for _ in range(_births(options, week, effect, rng))]
        ways = options.weekly("advance", week)
        weekly = pace * about_one(ways, _SPREAD_OF_WEEKS) * effect
        for lesion in lesions:
            first = _FIRST_ADVANCE if week == lesion.onset else 1.0
            lesion.advance_um[week] = first * weekly * about_one(ways, _SPREAD_OF_LESIONS)
    return tuple(lesions)


def treatment_effect(options: LegOptions, week: int) -> float:
    """By what the fronts' way in `week` is multiplied: 1 untreated, 0 stopped, negative where bone grows back."""
    if options.treatment_week is None or week <= options.treatment_week:
        return 1.0
    return 1.0 - options.treatment_strength


def _births(options: LegOptions, week: int, effect: float, rng: np.random.Generator) -> int:
    if week == options.first_lesion_week:
        return int((_FIRST_LESIONS + rng.poisson(_MORE_FIRST_LESIONS * options.aggressiveness)) * (effect > 0))
    return int(rng.poisson(_NEW_LESIONS * options.aggressiveness * max(effect, 0.0)))


def _seed_point(anatomy: Anatomy, place: tuple[float, float], rng: np.random.Generator) -> Triple:
    z = np.asarray(np.clip(place[0] + 260 * rng.standard_normal(), 180, 1300))
    angle = place[1] + 1.3 * rng.standard_normal()
    cos, sin = np.cos(angle), np.sin(angle)
    outer, oblique = radius(anatomy, z, cos, sin)
    endosteal = float(outer - oblique * (cortical_thickness(anatomy, z) + _FROM_ENDOSTEUM_UM))
    rho = endosteal * (1.0 if rng.random() < _ENDOSTEAL_SHARE else rng.uniform(0.3, 0.8))
    return (float(z), float(rho * sin + axis_of(anatomy, z)), float(rho * cos))


@dataclass
class _Front:
    number: int
    box: Region
    passed: np.ndarray
    furthest: np.ndarray


class Fronts:
    """The fronts of all lesions on one part of the grid, moved week by week.

    Parameters
    ----------
    bone : Bone
        The healthy bone there.
    axes : tuple of ndarray
        Coordinates (z, y, x) of that part in the model's frame, micrometres.
    lesions : sequence of Lesion
        From :func:`grow`.
    options : LegOptions
        The animal and its future.
    """

    def __init__(self, bone: Bone, axes: Axes, lesions: Sequence[Lesion], options: LegOptions) -> None:
        self._axes, self._options, self._lesions = axes, options, lesions
        self._shape = bone.cavity.shape
        self._fronts: list[_Front] = []
        for number, lesion in enumerate(lesions):
            box = _box(axes, lesion)
            if box is not None:
                passed = -_way(bone, axes, lesion, box)
                self._fronts.append(_Front(number, box, passed, passed.copy()))

    @property
    def idle(self) -> bool:
        """Whether no lesion ever comes here."""
        return not self._fronts

    def advance(self, week: int) -> None:
        """Move the fronts by one week."""
        rough = lattice(self._options.weekly_key("front", week), (_FRONT_LENGTH_UM,) * 3)
        for front in self._fronts:
            way = self._lesions[front.number].advance_um.get(week)
            if way is None:
                continue
            if way <= 0:
                # Bone grows back evenly, and not beyond where the front set out.
                front.passed += np.float32(way)
                continue
            axes = tuple(axis[part] for axis, part in zip(self._axes, front.box, strict=True))
            speed = sample_field(rough, axes)  # type: ignore[arg-type]
            front.passed += np.float32(way) * np.clip(1 + _ROUGHNESS * speed, 0, 1 + _ROUGHNESS * _MOST_ROUGH)
            np.maximum(front.furthest, front.passed, out=front.furthest)

    def now(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where the fronts are.

        Returns
        -------
        passed : ndarray, (z, y, x) float32
            How far the foremost front has passed each point, micrometres; bone is lost where it is positive.
        lesion : ndarray, (z, y, x) uint8
            The number of that lesion, from 1; 0 where none comes.
        healed : ndarray, (z, y, x) bool
            Where a front had been and no front is any more.
        """
        passed = np.full(self._shape, _FAR, np.float32)
        furthest = np.full(self._shape, _FAR, np.float32)
        lesion = np.zeros(self._shape, np.uint8)
        for front in self._fronts:
            ahead = front.passed > passed[front.box]
            lesion[front.box][ahead] = min(front.number + 1, 255)
            np.maximum(passed[front.box], front.passed, out=passed[front.box])
            np.maximum(furthest[front.box], front.furthest, out=furthest[front.box])
        return passed, lesion, (furthest > 0) & (passed <= 0)


def _box(axes: Axes, lesion: Lesion) -> Region | None:
    slices = []
    for axis, seed in zip(axes, lesion.seed_um, strict=True):
        near = np.flatnonzero(np.abs(axis - seed) <= lesion.reach_um)
        if near.size == 0:
            return None
        slices.append(slice(int(near[0]), int(near[-1]) + 1))
    z, y, x = slices
    return (z, y, x)


def _way(bone: Bone, axes: Axes, lesion: Lesion, box: Region) -> np.ndarray:
    # What lies between the seed and each point, resistance counted.
    near = (
        axis[part].astype(np.float32) - np.float32(seed)
        for axis, part, seed in zip(axes, box, lesion.seed_um, strict=True)
    )
    z, y, x = np.ix_(*near)
    way = np.sqrt(z * z + y * y + x * x)
    into = np.maximum(-bone.cavity[box], 0)
    way += np.float32(_CORTEX_RESISTANCE) * into
    # The endosteum holds a front up for a while.
    way += np.float32(_ENDOSTEUM_UM) * np.minimum(into * np.float32(1 / 12), 1)
    way += np.float32(_PLATE_RESISTANCE) * np.maximum(-bone.below_plate[box], 0)
    return np.asarray(way, dtype=np.float32)
