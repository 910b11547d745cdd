"""Where a joint is: along a bone's own axis, the place where the section of bone is smallest between two swellings.

The paper looks for the smallest section along z (supplementary, section A), which is right where the leg lies along z.
Here sections are taken across the bone's axis, tilted a little to and fro so that they fit into the joint's gap.
"""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.processing.segment.coarse import Coarse

_STEP_UM = 40.0
_TILTS = np.deg2rad(np.arange(-20, 21, 5))
_SOME = 25  # of 255: a tenth of a voxel is bone
_ANKLE_RADIUS_UM, _SHAFT_UM, _LEAST_DROP = 1000.0, 3000.0, 0.2
# Less than this is bone's own unevenness.
_LEAST_DEPTH = 0.1
# Of the tibia, in adult mice about a millimetre.
_EPIPHYSIS_UM, _AS_GOOD = (700.0, 1400.0), 0.5


@dataclass(frozen=True, eq=False)
class Joint:
    """A plane between two bones.

    Parameters
    ----------
    point : ndarray, (3,)
        On the bone's axis, micrometres from the first corner.
    normal : ndarray, (3,)
        Unit vector from the bone on whose axis it was found to the other.
    along : float
        How far along the axis it is.
    depth : float
        How much less bone is there than beside it, 0 to 1.
    rival : float
        The same of the next best place, as a share of the bone beside this one.
    """

    point: np.ndarray
    normal: np.ndarray
    along: float
    depth: float
    rival: float

    def height(self, points: np.ndarray) -> np.ndarray:
        """How far points are beyond the plane, micrometres."""
        return np.asarray((points - self.point) @ self.normal)


def bone_around(coarse: Coarse, centre: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Fine voxels that hold bone in a cube: where, (n, 3) micrometres, and how much of it, (n,) cubic micrometres.

    Each is a place within its voxel, so that sections along the grid's axes do not show its steps.
    """
    size = np.asarray(coarse.fine_grid.spacing)
    low = np.maximum(0, np.floor((centre - reach) / size)).astype(int)
    high = np.minimum(coarse.fine.shape, np.ceil((centre + reach) / size)).astype(int)
    if (high <= low).any():
        return np.zeros((0, 3)), np.zeros(0)
    box = coarse.fine[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    index = np.argwhere(box > _SOME)
    within = np.random.default_rng(0).random(index.shape)
    return (index + low + within) * size, box[tuple(index.T)] * (np.prod(size) / 255)


def find_joint(
    coarse: Coarse,
    start: np.ndarray,
    way: np.ndarray,
    span: tuple[float, float],
    *,
    radius: float = 1700.0,
    least: tuple[float, float] = (0.0, 0.0),
) -> Joint | None:
    """The joint that an axis runs into.

    Parameters
    ----------
    coarse : Coarse
        The scan.
    start, way : ndarray, (3,)
        The axis, micrometres and unit vector.
    span : tuple of float
        Where along the axis it may be.
    radius : float
        How far from the axis bone is looked at.
    least : tuple of float
        The least section that there must be before and behind it, square micrometres.
    """
    low, high = span
    middle = start + way * (low + high) / 2
    points, mass = bone_around(coarse, middle, (high - low) / 2 + radius)
    away = points - start
    along = away @ way
    near = (np.linalg.norm(away - along[:, None] * way, axis=1) < radius) & (along > low) & (along < high)
    away, mass = away[near], mass[near]
    if len(mass) < 50:
        return None
    edges = np.arange(low, high + _STEP_UM, _STEP_UM)
    tilts = _tilted(way)
    sections = np.stack([_section(away @ tilt, mass, edges) for tilt in tilts])
    depth, shoulder = _depths(sections.min(0), least)
    # A gap in much bone is a joint; as deep a gap in the last of the bone is where that frays out.
    merit = depth * shoulder
    best = _beyond_growth_plate(merit, int(np.argmax(merit)))
    if depth[best] < _LEAST_DEPTH:
        return None
    apart = np.abs(np.arange(len(merit)) - best) * _STEP_UM > 400
    rival = float(merit[apart].max(initial=0.0) / shoulder[best])
    normal = tilts[int(np.argmin(sections[:, best]))]
    at = float(edges[best] + _STEP_UM / 2)
    return Joint(start + at * way, normal / np.linalg.norm(normal), at, float(depth[best]), rival)


def _beyond_growth_plate(merit: np.ndarray, best: int) -> int:
    """The place itself, or one nearly as good an epiphysis further on: a growth plate is a gap, too."""
    near, far = (best + int(reach / _STEP_UM) for reach in _EPIPHYSIS_UM)
    beyond = merit[near:far]
    if beyond.max(initial=0.0) <= _AS_GOOD * merit[best]:
        return best
    return near + int(np.argmax(beyond))


def _section(along: np.ndarray, mass: np.ndarray, edges: np.ndarray) -> np.ndarray:
    values = np.histogram(along, edges, weights=mass)[0] / _STEP_UM
    # The steps of the grid show in sections along its axes.
    return np.convolve(values, (0.25, 0.5, 0.25), mode="same")


def _depths(slimmest: np.ndarray, least: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """How much of a gap each place is, 0 to 1, and the lesser of the largest sections close before and behind it."""
    depth, shoulder = np.zeros(len(slimmest)), np.zeros(len(slimmest))
    near, far = int(200 / _STEP_UM), int(1500 / _STEP_UM)
    for n in range(near, len(slimmest) - near):
        before = slimmest[max(0, n - far) : n - near + 1].max()
        behind = slimmest[n + near : n + far].max()
        if before >= least[0] and behind >= least[1]:
            shoulder[n] = min(before, behind)
            depth[n] = max(0.0, 1 - slimmest[n] / max(shoulder[n], 1.0))
    return depth, shoulder


def find_ankle(coarse: Coarse, start: np.ndarray, way: np.ndarray, span: tuple[float, float]) -> Joint | None:
    """The ankle: below the shaft the section swells to the joint's plate, and falls right behind it.

    Parameters
    ----------
    start, way : ndarray, (3,)
        The tibia's axis, from the knee.
    span : tuple of float
        Where along it the ankle may be.

    Returns
    -------
    Joint or None
        Its plane is the tibia's plate; ankle bones beside it reach across. None where the field ends before it.
    """
    low, high = span[0] - _SHAFT_UM, min(span[1], _leaves(coarse, start, way))
    if high < span[0]:
        return None
    points, mass = bone_around(coarse, start + way * (low + high) / 2, (high - low) / 2 + _ANKLE_RADIUS_UM)
    along = (points - start) @ way
    inside = np.linalg.norm(points - start - along[:, None] * way, axis=1) < _ANKLE_RADIUS_UM
    edges = np.arange(low, high, _STEP_UM)
    section = _smooth(_section(along[inside], mass[inside], edges), 3)
    shaft = float(np.median(section[: int(_SHAFT_UM / _STEP_UM)]))
    swollen = np.flatnonzero((section > 1.3 * shaft) & (edges[:-1] >= span[0]))
    if shaft <= 0 or len(swollen) == 0:
        return None
    at, drop = _plate(section, int(swollen[0]), shaft)
    if drop < _LEAST_DROP:
        return None
    where = float(edges[at] + _STEP_UM / 2)
    return Joint(start + where * way, way, where, drop, 0.0)


def _leaves(coarse: Coarse, start: np.ndarray, way: np.ndarray) -> float:
    """How far along an axis it leaves the field: what is not there is no gap."""
    size = np.multiply(coarse.fine.shape, coarse.fine_grid.spacing)
    moves = np.abs(way) > 1e-9
    return float((np.where(way > 0, size - start, start)[moves] / np.abs(way[moves])).min())


def _plate(section: np.ndarray, first: int, shaft: float) -> tuple[int, float]:
    """Where the section falls most right behind a peak, and by how much.

    A fall to nothing is the end of the field or of the foot, and the plate only where there is no other.
    """
    ahead = int(600 / _STEP_UM)
    best: tuple[float, int, float] = (0.0, first, 0.0)
    for n in range(first, min(first + int(3000 / _STEP_UM), len(section) - 1)):
        if section[n] < section[max(0, n - 4) : n + 5].max():
            continue
        behind = section[n + 1 : n + 1 + ahead]
        drop = 1 - float(behind.min()) / max(float(section[n]), 1.0)
        merit = drop * float(section[n]) / shaft * (0.2 if section[n + 1 : n + 2 * ahead].min() < 0.1 * shaft else 1.0)
        best = max(best, (merit, n, drop))
    return best[1], best[2]


def _tilted(way: np.ndarray) -> list[np.ndarray]:
    """The axis tilted to and fro; vectors whose product with the axis is 1."""
    u = np.cross(way, np.eye(3)[np.argmin(np.abs(way))])
    u /= np.linalg.norm(u)
    v = np.cross(way, u)
    return [way + np.tan(a) * u + np.tan(b) * v for a in _TILTS for b in _TILTS]


def _smooth(values: np.ndarray, steps: int) -> np.ndarray:
    return np.convolve(values, np.ones(steps) / steps, mode="same")
