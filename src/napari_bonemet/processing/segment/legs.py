"""Which shafts are tibiae, and which end of each is the knee: told by fibula, flare and taper, and the femur beyond."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from napari_bonemet.processing.segment.shafts import Pooled, Shaft

# Adult mice: tibia 16 to 19 mm, femur 14 to 17 mm; less is left where the field cuts them.
_LEAST_TIBIA_UM, _USUAL_TIBIA_UM, _LEAST_FEMUR_UM = 4500.0, 11000.0, 2200.0
# From a shaft's slim end to the middle of the knee.
_NEAREST_KNEE_UM, _FURTHEST_KNEE_UM, _LARGEST_SKEW_UM = -500.0, 7000.0, 2500.0
# A crouching mouse bends its knee by 140 degrees.
_SHARPEST_COS = 0.8
_FIBULA_UM = (150.0, 1900.0)
_FIBULA_MM2 = (0.008, 0.3)
_USUAL_FIBULA = 0.25
_SLAB_UM = 200.0
_AROUND_UM, _AS_THICK = 2500.0, 0.5
# A tail that a femur seems to meet gets 0.8.
_LEAST_SCORE, _ONE_SHAFT_UM = 1.0, 1500.0


@dataclass(frozen=True, eq=False)
class Leg:
    """A leg, as its shafts tell of it.

    Parameters
    ----------
    tibia : Shaft
        From knee to ankle.
    femur : Shaft, optional
        From hip to knee; None where no shaft of it is in the field.
    score : float
        How well all fits; above 2.5 is good.
    fibula : ndarray, (3,)
        From the tibia to its fibula, a unit vector, or zero where none was seen.
    seen : tuple of str
        What speaks for it, in words.
    """

    tibia: Shaft
    femur: Shaft | None
    score: float
    fibula: np.ndarray
    seen: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Beside:
    """A thin bone beside a shaft.

    Parameters
    ----------
    share : float
        Along how much of the shaft it runs, 0 to 1, less where it wanders around it.
    place : float
        Where along the shaft its middle is, 0 first point, 1 last.
    way : ndarray, (3,)
        On which side, a unit vector.
    radii : ndarray, (n,)
        The shaft's own radius at its points, micrometres.
    """

    share: float
    place: float
    way: np.ndarray
    radii: np.ndarray


def find_legs(shafts: list[Shaft], pooled: Pooled) -> list[Leg]:
    """The two legs, or the one that there is, best first.

    Parameters
    ----------
    shafts : list of Shaft
        Of the whole scan.
    pooled : Pooled
        All bone in it.
    """
    legs = []
    for shaft in shafts:
        if shaft.length >= _LEAST_TIBIA_UM:
            beside = beside_of(shaft, _own(shaft, shafts, pooled))
            turned = Beside(beside.share, 1 - beside.place, beside.way, beside.radii[::-1])
            femora = [other for other in shafts if other is not shaft and other.length >= _LEAST_FEMUR_UM]
            ends = [_judged(shaft, beside, femora, pooled), _judged(shaft.turned(), turned, femora, pooled)]
            legs.append(max(ends, key=lambda leg: leg.score))
    legs.sort(key=lambda leg: -leg.score)
    best: tuple[float, list[Leg]] = (-np.inf, legs[:1])
    for one, other in combinations(legs[:12], 2):
        total = one.score + other.score - _unlike(one, other)
        apart = not (_within(one, other) or _within(other, one))
        if total > best[0] and min(one.score, other.score) > _LEAST_SCORE and apart:
            best = (total, sorted((one, other), key=lambda leg: -leg.score))
    return best[1]


def _own(shaft: Shaft, shafts: list[Shaft], pooled: Pooled) -> Pooled:
    """Bone around a shaft that lies no nearer to another as thick: a tail beside a tibia is none of its fibulae."""
    from scipy.spatial import cKDTree

    around = np.linalg.norm(pooled.points - shaft.points.mean(0), axis=1) < shaft.length / 2 + _AROUND_UM
    points, weights = pooled.points[around], pooled.weights[around]
    thick = _AS_THICK * np.median(shaft.areas)
    rivals = [other.points for other in shafts if other is not shaft and _rivals(other, thick)]
    if not rivals:
        return Pooled(points, weights)
    own = cKDTree(shaft.points).query(points)[0] < cKDTree(np.concatenate(rivals)).query(points)[0]
    return Pooled(points[own], weights[own])


def _rivals(other: Shaft, thick: float) -> bool:
    return other.length >= _LEAST_TIBIA_UM and bool(np.median(other.areas) > thick)


def beside_of(shaft: Shaft, pooled: Pooled) -> Beside:
    """The thin bone that runs beside a shaft, as a fibula does."""
    way = shaft.direction
    points, weights = pooled.points, pooled.weights
    sides, places, radii = [], [], []
    for n, (centre, area) in enumerate(zip(shaft.points, shaft.areas, strict=True)):
        away = points - centre
        along = away @ way
        slab = np.abs(along) < _SLAB_UM
        away = away[slab] - along[slab, None] * way
        far, mass = np.linalg.norm(away, axis=1), weights[slab] / (2 * _SLAB_UM)
        inner = far < 1100
        own = float(np.sqrt(2 * np.average(far[inner] ** 2, weights=mass[inner]))) if mass[inner].sum() > 0 else 600.0
        radii.append(own)
        ring = (far > own + _FIBULA_UM[0]) & (far < own + _FIBULA_UM[1])
        if _FIBULA_MM2[0] < mass[ring].sum() * 1e-6 < min(_FIBULA_MM2[1], 0.6e-6 * area):
            side = np.average(away[ring] / far[ring, None], axis=0, weights=mass[ring])
            if np.linalg.norm(side) > 0.85:
                sides.append(side / np.linalg.norm(side))
                places.append(n / (len(shaft.points) - 1))
    if len(sides) < 3:
        return Beside(0.0, 0.5, np.zeros(3), np.asarray(radii))
    middle = np.mean(sides, axis=0)
    steady = float(np.linalg.norm(middle))
    share = len(sides) / len(shaft.points) * steady**2
    return Beside(share, float(np.mean(places)), middle / max(steady, 1e-9), np.asarray(radii))


def _judged(shin: Shaft, beside: Beside, femora: list[Shaft], pooled: Pooled) -> Leg:
    third = max(1, len(beside.radii) // 3)
    taper = float(np.log(np.mean(beside.radii[:third]) / np.mean(beside.radii[-third:])))
    flare = float(np.log(_widest(shin.turned(), pooled) / max(_widest(shin, pooled), 1.0)))
    thigh, meets = _femur(shin, femora, pooled)
    score = 1.5 * min(beside.share / _USUAL_FIBULA, 1.2) + 1.5 * min(shin.length / _USUAL_TIBIA_UM, 1.0)
    score += np.clip(1.5 * taper, -0.7, 0.7) + np.clip(flare, -0.7, 0.7) + 0.8 * meets
    score += np.clip(3 * (0.5 - beside.place), -0.7, 0.7) - 2.0
    seen = [
        word
        for word, there in (
            ("a fibula runs beside it", beside.share > 0.12),
            ("it tapers away from the knee", taper > 0.1),
            ("it flares at the knee", flare > 0.2),
            ("a femur meets it there", meets > 0.6),
        )
        if there
    ]
    return Leg(shin, thigh, float(score), beside.way, tuple(seen))


def _widest(shaft: Shaft, pooled: Pooled) -> float:
    """The largest section of bone within 4 mm beyond the last point."""
    point, way = shaft.end()
    away = pooled.points - point
    along = away @ way
    near = (np.linalg.norm(away - along[:, None] * way, axis=1) < 1700) & (along > 0) & (along < 4000)
    section = np.histogram(along[near], np.arange(0, 4001, 250), weights=pooled.weights[near])[0] / 250
    return float(section.max(initial=0.0)) + 1.0


def _femur(shin: Shaft, femora: list[Shaft], pooled: Pooled) -> tuple[Shaft | None, float]:
    """The shaft that meets this one in a knee, and how well bone fills the way, 0 to 1."""
    found: tuple[float, Shaft | None] = (0.0, None)
    for femur in femora:
        for thigh in (femur, femur.turned()):
            knee = meeting(thigh, shin.turned())
            if knee is not None:
                bridge = min(_bridge(shin.points[0], knee, pooled), _bridge(thigh.points[-1], knee, pooled))
                merit = bridge * min(1.0, 0.6 + 0.4 * thigh.length / 6000)
                found = max(found, (merit, thigh), key=lambda pair: pair[0])
    return found[1], found[0]


def meeting(one: Shaft, other: Shaft) -> np.ndarray | None:
    """Where two shafts meet beyond their last points, or None where they do not."""
    (p, v), (q, w) = one.end(), other.end()
    between = q - p
    across = float(v @ w)
    if np.linalg.norm(between) > 2 * _FURTHEST_KNEE_UM or across > _SHARPEST_COS:
        return None
    if across < -0.85:
        # Nearly one line: where they meet along it is not defined, save that it is in the middle.
        a = b = float(between @ (v - w)) / 4
    else:
        a, b = np.linalg.solve([[1.0, -across], [across, -1.0]], [between @ v, between @ w])
    skew = np.linalg.norm(p + a * v - q - b * w)
    if not (min(a, b) > _NEAREST_KNEE_UM and max(a, b) < _FURTHEST_KNEE_UM and skew < _LARGEST_SKEW_UM):
        return None
    return np.asarray((p + a * v + q + b * w) / 2)


def _bridge(start: np.ndarray, end: np.ndarray, pooled: Pooled) -> float:
    """Along how much of the way there is bone within a millimetre."""
    steps = max(2, int(np.linalg.norm(end - start) / 300))
    way = start + np.linspace(0, 1, steps)[:, None] * (end - start)
    near = pooled.points[np.linalg.norm(pooled.points - (start + end) / 2, axis=1) < 6000]
    if len(near) == 0:
        return 0.0
    return float(np.mean([np.linalg.norm(near - point, axis=1).min() < 1000 for point in way]))


def _unlike(one: Leg, other: Leg) -> float:
    """How much two legs differ: tibiae of one animal are alike, and lie apart."""
    thick = abs(np.log(np.median(one.tibia.areas) / np.median(other.tibia.areas)))
    long = abs(np.log(one.tibia.length / other.tibia.length))
    if one.femur is not None and other.femur is not None:
        # The root of a tail, and the sacrum, are slimmer than a femur.
        thick += 2 * abs(np.log(np.median(one.femur.areas) / np.median(other.femur.areas)))
    beside = float(np.linalg.norm(one.tibia.points.mean(0) - other.tibia.points.mean(0)))
    return float(thick + 0.5 * long + (5.0 if beside < 2500 else 0.0))


def _within(one: Leg, other: Leg) -> bool:
    """Whether one leg's tibia is the other's femur: a leg by itself can be read from either end."""
    return other.femur is not None and bool(
        np.linalg.norm(one.tibia.points.mean(0) - other.femur.points.mean(0)) < _ONE_SHAFT_UM
    )
