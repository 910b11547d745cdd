"""Coarse poses first: turns about the long axis and tilts, scored by mutual information on a small copy."""

from collections.abc import Iterator

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from napari_bonemet.processing.register.images import Bone, Level, around_bone
from napari_bonemet.processing.register.result import RegistrationOptions
from napari_bonemet.progress import Progress
from napari_bonemet.transform import RigidTransform

_SAMPLES = 6000
_BINS = 24


def coarse_poses(
    fixed: Bone, moving: Bone, levels: tuple[Level, Level], options: RegistrationOptions, progress: Progress
) -> list[RigidTransform]:
    """The most promising poses of the moving bone, best first.

    Turns about the long axis in equal steps (pi/16 as published, supplementary C.2) times tilts, the centres of
    mass laid on each other; and the pose as scanned, which is right when a bone runs through the whole field and
    its centre of mass says little.

    Parameters
    ----------
    fixed, moving : Bone
        Baseline and later week.
    levels : tuple of Level
        Both at a coarse resolution.
    """
    points, greys = _sample(levels[0], fixed.threshold, options.seed)
    scored = []
    for count, pose in enumerate(_candidates(fixed, moving, options)):
        if count % 16 == 0:
            progress.check()
        scored.append((mutual_information(greys, _look_up(levels[1], pose(points)), _BINS), pose))
    scored.sort(key=lambda pair: -pair[0])
    return _apart([pose for _, pose in scored], options)


def score(levels: tuple[Level, Level], threshold: float, pose: RigidTransform, seed: int) -> float:
    """Mutual information at `pose`, fixed to moving, of both levels around the fixed bone, nats."""
    points, greys = _sample(levels[0], threshold, seed)
    return mutual_information(greys, _look_up(levels[1], pose(points)), _BINS)


def _candidates(fixed: Bone, moving: Bone, options: RegistrationOptions) -> Iterator[RigidTransform]:
    steps = options.turns or np.arange(options.azimuths) * (360 / options.azimuths)
    tilts = [-options.tilt, 0.0, options.tilt] if options.tilt else [0.0]
    middle, across = fixed.centre.tolist(), (moving.centre - fixed.centre).tolist()
    for azimuth in steps:
        for tilt_y in tilts:
            for tilt_x in tilts:
                turn = Rotation.from_rotvec([0, tilt_y, tilt_x], degrees=True) * Rotation.from_rotvec(
                    [azimuth, 0, 0], degrees=True
                )
                degrees = turn.as_rotvec(degrees=True).tolist()
                yield RigidTransform.about(middle, degrees=degrees, shift=across)
                yield RigidTransform.about(middle, degrees=degrees)


def _sample(level: Level, threshold: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    inside = np.flatnonzero(around_bone(level, threshold))
    generator = np.random.default_rng(seed)
    chosen = generator.choice(inside, size=min(_SAMPLES, inside.size), replace=False)
    index = np.stack(np.unravel_index(chosen, level.grid.shape), axis=-1)
    return index * np.asarray(level.grid.spacing) + level.grid.origin, level.grey.ravel()[chosen]


def _look_up(level: Level, points: np.ndarray) -> np.ndarray:
    index = (points - level.grid.origin) / level.grid.spacing
    # Background beyond the edge: leaving points out would favour poses with little overlap.
    edge = float(level.grey.min())
    return np.asarray(ndimage.map_coordinates(level.grey, index.T, order=1, mode="constant", cval=edge))


def mutual_information(one: np.ndarray, other: np.ndarray, bins: int) -> float:
    """Mutual information of paired grey values, nats.

    Parameters
    ----------
    one, other : ndarray, (n,)
        Grey values at the same places.
    bins : int
        Bins along each axis of the joint histogram.
    """
    joint, _, _ = np.histogram2d(one, other, bins=bins)
    joint /= joint.sum()
    expected = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    seen = joint > 0
    return float(np.sum(joint[seen] * np.log(joint[seen] / expected[seen])))


def _apart(poses: list[RigidTransform], options: RegistrationOptions) -> list[RigidTransform]:
    # Neighbours of the best pose lead to the same end; others deserve the time.
    kept: list[RigidTransform] = []
    least = max(options.tilt, 360 / options.azimuths) * 1.5
    for pose in poses:
        if all(pose.after(other.inverse()).angle > least for other in kept):
            kept.append(pose)
        if len(kept) == options.starts:
            break
    return kept
