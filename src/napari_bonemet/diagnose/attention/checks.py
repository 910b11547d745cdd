"""Whether a map of where a network looked means something: it points at the lesion, which healed is missed.

The pointing game is that of Zhang et al. 2018 (excitation backprop, section 5.1); the second check is an occlusion test
(Zeiler and Fergus 2014): the place is filled up with bone, so that what looked like a hole looks like none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_bonemet.diagnose.attention.maps import highest_place, where_it_looked
from napari_bonemet.errors import InputError
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan

if TYPE_CHECKING:
    from napari_bonemet.diagnose.classifier import LesionClassifier


def points_at(place: Sequence[int], lesion: np.ndarray, tolerance: int = 0) -> bool:
    """Whether a place lies in a lesion, or so many voxels from it along the axes together (Euclidean).

    Parameters
    ----------
    place : (z, y, x)
        Voxel.
    lesion : ndarray, (z, y, x) bool
        True lesions.
    tolerance : int
        Voxels.
    """
    inside = np.argwhere(lesion)
    if not len(inside):
        return False
    return bool((np.linalg.norm(inside - np.asarray(place), axis=1) <= tolerance).any())


def centre_of_bone(scan: Scan, bone_threshold: float = 75.0) -> tuple[int, int, int]:
    """The middle of all bone, a voxel (z, y, x): where somebody points who looks at nothing.

    Raises
    ------
    InputError
        When there is no bone.
    """
    bone = scan.to_numpy() > bone_threshold
    if not bone.any():
        raise InputError("There is no bone whose centre could be pointed at")
    z, y, x = (round(float(at)) for at in ndimage.center_of_mass(bone))
    return z, y, x


@dataclass(frozen=True)
class Occlusion:
    """The probability of a lesion before and after places of a scan were blotted out.

    Parameters
    ----------
    before : float
        Of the scan as it is.
    without_peak : float
        With what the map is highest on smoothed away.
    without_other : float
        With as many places of as much bone smoothed away elsewhere, the mean.
    """

    before: float
    without_peak: float
    without_other: float

    @property
    def meaning(self) -> bool:
        """Whether hiding the peak takes away more than hiding something else."""
        return self.before - self.without_peak > self.before - self.without_other


def hide_and_ask(
    classifier: "LesionClassifier",
    scan: Scan,
    *,
    earlier: Sequence[Scan] = (),
    radius: int = 8,
    peaks: int = 6,
    others: int = 3,
    seed: int = 0,
    progress: Progress = NO_PROGRESS,
) -> Occlusion:
    """Hide where a network looked most, and elsewhere, and see which it misses.

    Parameters
    ----------
    classifier, scan, earlier
        As :func:`~napari_bonemet.diagnose.attention.maps.where_it_looked`.
    radius : int
        Of what is hidden around a place, voxels.
    peaks : int
        The highest places that are hidden together, one after another, each outside those before.
    others : int
        How often so many places are hidden elsewhere on the bone.
    seed : int
        Where.
    progress : Progress
        Told how far it is.
    """
    looked = where_it_looked(classifier, scan, earlier=earlier, progress=PartOf(progress, 0.0, 0.3))
    voxels = scan.to_numpy()
    bone = voxels > classifier.options.bone_threshold
    rng = np.random.default_rng(seed)
    hidden = [_around(_peaks(looked, radius, peaks), voxels.shape, radius)]
    elsewhere = np.argwhere(bone & ~hidden[0])
    hidden += [
        _around(elsewhere[rng.integers(len(elsewhere), size=peaks)], voxels.shape, radius)
        for _ in range(others if len(elsewhere) else 0)
    ]
    said = []
    for number, where in enumerate([np.zeros_like(bone), *hidden]):
        part = PartOf(progress, 0.3 + 0.7 * number / (len(hidden) + 1), 0.3 + 0.7 * (number + 1) / (len(hidden) + 1))
        blotted = replace(scan, voxels=_healed(voxels, where))
        seen = tuple(replace(week, voxels=_healed(week.to_numpy(), where)) for week in earlier)
        said.append(classifier.classify(blotted, earlier=seen, progress=part).probability)
    return Occlusion(said[0], said[1], float(np.mean(said[2:])) if said[2:] else said[0])


def _peaks(looked: np.ndarray, radius: int, count: int) -> list[tuple[int, int, int]]:
    left = looked.copy()
    found: list[tuple[int, int, int]] = []
    while len(found) < count and left.any():
        found.append(highest_place(left))
        left[_around(found[-1:], left.shape, radius)] = 0
    return found


def _around(places: Sequence[Sequence[int]] | np.ndarray, shape: tuple[int, ...], radius: int) -> np.ndarray:
    """Balls around places, as a mask."""
    far = np.ones(shape, dtype=bool)
    for place in places:
        far[tuple(place)] = False
    return np.asarray(ndimage.distance_transform_edt(far) <= radius)


def _healed(voxels: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The greys with those of a mask closed within their slices: gaps narrower than the ball are filled with bone."""
    if not where.any():
        return voxels
    closed = ndimage.grey_closing(voxels, size=(1, 13, 13))
    return np.where(where, closed, voxels)
