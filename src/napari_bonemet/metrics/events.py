"""Scores of events: whether the right bone is said to go, and what is said to be likely comes as often as that.

Average precision asks for the order alone, reliability for the probabilities themselves, of voxels or of whole lesions.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.metrics.ensemble import as_volume
from napari_bonemet.metrics.reliability import Reliability, reliability

__all__ = [
    "LesionCase",
    "Reliability",
    "average_precision",
    "lesion_cases",
    "lesion_cases_of_map",
    "lesion_reliability",
    "reliability",
]


def average_precision(probability: Any, truth_mask: Any, where: Any = None) -> float | None:
    """Average precision of a map of probabilities.

    ``sum over k of (recall_k - recall_(k-1)) * precision_k`` over the distinct probabilities, without interpolation.

    Parameters
    ----------
    probability : array-like or Scan, (...)
        Any score that is higher where the event is likelier.
    truth_mask : array-like of bool, (...)
        Where the event came.
    where : array-like of bool, (...), optional
        Which voxels count, as the last week's bone; all without. Average precision depends on how many of them there
        are beside the event: compare only over the same ones.

    Returns
    -------
    float or None
        0 to 1; a score that knows nothing gets the event's share of the voxels. None where no event came.

    Raises
    ------
    InputError
        When the shapes differ, or a score is not a number.
    """
    score, truth = np.asarray(as_volume(probability)), np.asarray(as_volume(truth_mask), dtype=bool)
    if score.shape != truth.shape:
        raise InputError("The map and the truth differ in shape", expected=f"{truth.shape}", found=f"{score.shape}")
    if where is not None:
        inside = np.asarray(where, dtype=bool)
        if inside.shape != truth.shape:
            raise InputError("The mask does not fit", expected=f"{truth.shape}", found=f"{inside.shape}")
        score, truth = score[inside], truth[inside]
    if np.isnan(score).any():
        raise InputError("The map has voxels that are not a number")
    # Only scores that a true voxel has raise the recall: two sorted lists do, and no ranks of all voxels.
    every, true = np.sort(score, axis=None), np.sort(score[truth], axis=None)
    if true.size == 0:
        return None
    steps, found = np.unique(true, return_counts=True)
    said = every.size - np.searchsorted(every, steps, side="left")
    hit = true.size - np.searchsorted(true, steps, side="left")
    return float(np.sum(found / true.size * hit / said))


@dataclass(frozen=True)
class LesionCase:
    """A place where a lesion was said to come.

    Parameters
    ----------
    probability : float
        How likely it was said to be, 0 to 1.
    came : bool
        Whether a true new lesion meets it.
    voxels : int
        Its size.
    """

    probability: float
    came: bool
    voxels: int


def lesion_cases(
    lost_samples: Any, true_lost: Any, *, threshold: float = 0.1, least_voxels: int = 8
) -> list[LesionCase]:
    """Lesions that the samples foresee, each with the share of samples in which it comes.

    The first half of the samples says where: the connected pieces (26 neighbours) of the voxels that are lost in more
    than `threshold` of them. The other half says how likely: in which share of them lost bone meets the piece, by the
    same rule as the truth does. One half for both would find pieces where chance put lost bone and then count it.

    Parameters
    ----------
    lost_samples : array-like of bool (n, z, y, x), or sequence of n masks
        Newly lost bone in each sample; at least two.
    true_lost : array-like of bool, (z, y, x)
        Newly lost bone as it came.
    threshold : float
        Share of the first half's samples.
    least_voxels : int
        Smaller pieces are left out, and a lesion meets a piece by this many voxels.

    Returns
    -------
    list of LesionCase
        Those of several animals are joined.

    Raises
    ------
    InputError
        When there are not two samples, or the shapes differ.
    """
    samples = [np.asarray(sample, dtype=bool) for sample in lost_samples]
    truth = np.asarray(true_lost, dtype=bool)
    _same_shape(samples, truth)
    if len(samples) < 2:
        raise InputError("Lesions cannot be told from one sample", expected="two or more", found=f"{len(samples)}")
    first, second = samples[: len(samples) // 2], samples[len(samples) // 2 :]
    share = sum(sample.astype(np.float32) for sample in first) / np.float32(len(first))
    labels, sizes = _pieces(np.asarray(share) > threshold, least_voxels)
    hits = np.mean([_met(sample, labels, len(sizes), least_voxels) for sample in second], axis=0)
    came = _met(truth, labels, len(sizes), least_voxels)
    return [LesionCase(float(p), bool(c), int(n)) for p, c, n in zip(hits, came, sizes, strict=True)]


def lesion_cases_of_map(
    probability: Any, true_lost: Any, *, threshold: float = 0.1, least_voxels: int = 8
) -> list[LesionCase]:
    """Lesions that a map foresees: its connected pieces above `threshold`, each as likely as its likeliest voxels.

    The probability of a piece is that of its voxel at place `least_voxels` from the top: if so many voxels go
    together, the piece is met as often as that.

    Parameters
    ----------
    probability : array-like or Scan, (z, y, x)
        That a voxel's bone is newly lost, 0 to 1.
    true_lost, threshold, least_voxels
        See :func:`lesion_cases`.

    Raises
    ------
    InputError
        When the shapes differ.
    """
    said, truth = np.asarray(as_volume(probability)), np.asarray(true_lost, dtype=bool)
    _same_shape([said], truth)
    labels, sizes = _pieces(said > threshold, least_voxels)
    came = _met(truth, labels, len(sizes), least_voxels)
    cases = []
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        values = said[box][labels[box] == number]
        likely = float(np.partition(values, -least_voxels)[-least_voxels])
        cases.append(LesionCase(likely, bool(came[number - 1]), int(sizes[number - 1])))
    return cases


def _same_shape(volumes: Iterable[np.ndarray], truth: np.ndarray) -> None:
    for volume in volumes:
        if volume.shape != truth.shape:
            raise InputError("The maps differ in shape", expected=f"{truth.shape}", found=f"{volume.shape}")


def _pieces(mask: np.ndarray, least_voxels: int) -> tuple[np.ndarray, np.ndarray]:
    """Connected pieces, numbered from 1 without gaps, and their sizes."""
    labels, _ = ndimage.label(mask, structure=np.ones((3,) * mask.ndim))
    sizes = np.bincount(labels.ravel())
    kept = np.flatnonzero(sizes >= max(1, least_voxels))
    kept = kept[kept > 0]
    number = np.zeros(len(sizes), dtype=labels.dtype)
    number[kept] = np.arange(1, len(kept) + 1)
    return number[labels], sizes[kept]


def _met(lost: np.ndarray, labels: np.ndarray, count: int, least_voxels: int) -> np.ndarray:
    common = np.bincount(labels[lost], minlength=count + 1)[1 : count + 1]
    return np.asarray(common >= max(1, least_voxels))


def lesion_reliability(cases: Iterable[LesionCase], bins: int | Sequence[float] = 5) -> Reliability | None:
    """Whether lesions said to be p likely come in p of cases.

    Parameters
    ----------
    cases : iterable of LesionCase
        Of all animals.
    bins : int or sequence of float
        See :func:`~napari_bonemet.metrics.reliability.reliability`; few, since lesions are few.

    Returns
    -------
    Reliability or None
        None where no lesion was foreseen.
    """
    listed = list(cases)
    if not listed:
        return None
    return reliability([case.probability for case in listed], [case.came for case in listed], bins)
