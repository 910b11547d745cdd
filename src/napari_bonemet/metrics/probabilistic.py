"""How good several samples are as a statement of what may come: CRPS, spread over skill, coverage, ranks.

All of them are of samples (n, ...) and one truth (...), in the unit of the voxels, and go some slices at a time.
Only what is averaged over enough animals means anything: one truth cannot say whether one spread was right.

Sources: Gneiting and Raftery 2007 (CRPS), Ferro 2014 (fair CRPS), Lang et al. 2024 (almost fair CRPS), Fortin et al.
2014 (spread and skill), Hamill 2001 (rank histogram).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.metrics.ensemble import Ensemble, Piece, as_volume

__all__ = [
    "SpreadSkill",
    "block_mean",
    "coverage",
    "crps",
    "interval_coverage",
    "mean_crps",
    "quantile_interval",
    "rank_histogram",
    "scalar_spread_skill",
    "spread_skill",
    "spread_skill_sums",
]

# Places from one end of the line to the other: the axes that are space.
_SPACE = 3


def crps(samples: Any, truth: Any, *, fair: bool = True, alpha: float | None = None) -> np.ndarray:
    """Continuous ranked probability score of each voxel; lower is better, and of one sample it is the absolute error.

    ``mean |x_i - y| - (1 - (1 - alpha) / n) sum_ij |x_i - x_j| / (2 n (n - 1))``: alpha 1 is the fair score, which
    an ensemble of any size expects to be that of an endless one; alpha 0 is the score of the n samples as they are.

    Parameters
    ----------
    samples : array-like (n, ...), or sequence of n array-likes or Scans
        The ensemble.
    truth : array-like or Scan, (...)
        What came.
    fair : bool
        Alpha 1 (Ferro 2014), else 0.
    alpha : float, optional
        Between the two, over `fair`: 0.95 is the almost fair score (Lang et al. 2024).

    Returns
    -------
    ndarray, (...), float32
        In the unit of the voxels; a fair one may be below 0 in single voxels.

    Raises
    ------
    InputError
        When there is no sample, the shapes differ, or alpha is not in 0 to 1.
    """
    ensemble, share = Ensemble(samples, truth), _alpha(fair, alpha)
    out = np.empty(ensemble.shape, dtype=np.float32)
    for piece in ensemble.pieces():
        out[piece.rows] = _crps(piece.samples, piece.truth, share)
    return out


def mean_crps(samples: Any, truth: Any, where: Any = None, *, fair: bool = True, alpha: float | None = None) -> float:
    """The mean of :func:`crps` over the voxels that count, without keeping a volume of them."""
    ensemble, share = Ensemble(samples, truth, where), _alpha(fair, alpha)
    total, voxels = 0.0, 0
    for piece in ensemble.pieces():
        inside, true = piece.counted
        total += float(_crps(inside, true, share).sum())
        voxels += true.size
    return total / voxels


def _alpha(fair: bool, alpha: float | None) -> float:
    share = float(fair) if alpha is None else alpha
    if not 0 <= share <= 1:
        raise InputError("This is no CRPS", expected="alpha from 0 to 1", found=f"{share:g}")
    return share


def _crps(samples: np.ndarray, truth: np.ndarray, alpha: float) -> np.ndarray:
    n = len(samples)
    error = np.abs(samples - truth).mean(axis=0)
    if n == 1:
        return error
    # Of sorted samples, the sum of all differences is a weighted sum of the samples: no pairs are made.
    weights = 2.0 * np.arange(n) - (n - 1)
    between = np.tensordot(weights, np.sort(samples, axis=0), axes=1)
    return error - (1 - (1 - alpha) / n) * between / (n * (n - 1))


@dataclass(frozen=True)
class SpreadSkill:
    """Sums that spread over skill is made from; those of several animals are added.

    Parameters
    ----------
    variance : float
        Sum over voxels of the samples' variance (divided by n - 1), times (n + 1) / n.
    squared_error : float
        Sum over voxels of the squared error of the samples' mean.
    voxels : int
        How many.
    """

    variance: float
    squared_error: float
    voxels: int

    def __add__(self, other: "SpreadSkill") -> "SpreadSkill":
        return SpreadSkill(
            self.variance + other.variance, self.squared_error + other.squared_error, self.voxels + other.voxels
        )

    @property
    def ratio(self) -> float:
        """1 where the samples are as far from their mean as the truth is; below 1 they are too sure."""
        if self.squared_error == 0:
            return float("nan") if self.variance == 0 else float("inf")
        return float(np.sqrt(self.variance / self.squared_error))


def spread_skill_sums(samples: Any, truth: Any, where: Any = None) -> SpreadSkill:
    """The sums of :func:`spread_skill`, to be added over animals; one sample has no spread, 0."""
    ensemble = Ensemble(samples, truth, where)
    n, made = len(ensemble), SpreadSkill(0.0, 0.0, 0)
    for piece in ensemble.pieces():
        inside, true = piece.counted
        variance = float(inside.var(axis=0, ddof=1).sum()) * (n + 1) / n if n > 1 else 0.0
        made += SpreadSkill(variance, float(np.square(inside.mean(axis=0) - true).sum()), true.size)
    return made


def spread_skill(samples: Any, truth: Any, where: Any = None) -> float:
    """Spread over skill: root mean variance of the samples over root mean squared error of their mean.

    ``sqrt((n + 1) / n * mean variance) / sqrt(mean squared error)`` (Fortin et al. 2014, equation 15): the factor is
    for the mean of n samples, which itself is off by a share of the spread. Averages come before roots and ratio.

    Parameters
    ----------
    samples : array-like (n, ...), or sequence of n array-likes or Scans
        The ensemble.
    truth : array-like or Scan, (...)
        What came.
    where : array-like of bool, (...), optional
        Which voxels count.

    Returns
    -------
    float
        1 for a calibrated ensemble, below 1 where it is too sure of itself.

    Raises
    ------
    InputError
        When there is no sample, the shapes differ, or no voxel counts.
    """
    return spread_skill_sums(samples, truth, where).ratio


def scalar_spread_skill(samples: Any, truths: Any) -> float:
    """Spread over skill of one number per animal, as lost bone.

    Parameters
    ----------
    samples : array-like, (animals, n)
        The number in each sample.
    truths : array-like, (animals,)
        As it came.
    """
    drawn, true = _scalars(samples, truths)
    return spread_skill(drawn.T, true)


def coverage(lower: Any, upper: Any, truth: Any, where: Any = None) -> float:
    """Share of voxels whose true value lies within the interval, both ends included.

    Parameters
    ----------
    lower, upper, truth : array-like or Scan, (...)
        The interval's ends, and what came.
    where : array-like of bool, (...), optional
        Which voxels count.

    Raises
    ------
    InputError
        When the shapes differ, or no voxel counts.
    """
    inside = voxels = 0
    for piece in Ensemble([lower, upper], truth, where).pieces():
        (low, high), true = piece.counted
        inside += int(np.count_nonzero((low <= true) & (true <= high)))
        voxels += true.size
    return inside / voxels


def quantile_interval(samples: Any, level: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
    """The central interval of the samples in each voxel.

    Quantile p of n samples is the one at place p (n + 1) (Weibull's), so that one more draw from where the samples
    came from lies within in `level` of cases. Fewer than ``2 / (1 - level) - 1`` samples (19 for 0.9) do not reach so
    far: then the interval is from the least to the largest and holds ``(n - 1) / (n + 1)``.

    Parameters
    ----------
    samples : array-like (n, ...), or sequence of n array-likes or Scans
        The ensemble.
    level : float
        Between 0 and 1.

    Returns
    -------
    lower, upper : ndarray, (...), float32
        The ends.

    Raises
    ------
    InputError
        When there is no sample, the shapes differ, or the level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise InputError("The interval's level cannot be used", expected="between 0 and 1", found=f"{level:g}")
    listed = [as_volume(sample) for sample in samples]
    ensemble = Ensemble(listed, listed[0] if listed else 0.0)
    lower, upper = (np.empty(ensemble.shape, dtype=np.float32) for _ in range(2))
    for piece in ensemble.pieces():
        ends = [(1 - level) / 2, (1 + level) / 2]
        lower[piece.rows], upper[piece.rows] = np.quantile(piece.samples, ends, axis=0, method="weibull")
    return lower, upper


def interval_coverage(samples: Any, truths: Any, level: float = 0.9) -> float:
    """Share of animals whose number lies in the central interval of their samples (:func:`quantile_interval`).

    Parameters
    ----------
    samples : array-like, (animals, n)
        The number in each sample.
    truths : array-like, (animals,)
        As it came.
    level : float
        Of the interval.
    """
    drawn, true = _scalars(samples, truths)
    return coverage(*quantile_interval(drawn.T, level), true.astype(np.float32))


def _scalars(samples: Any, truths: Any) -> tuple[np.ndarray, np.ndarray]:
    drawn, true = np.asarray(samples, dtype=np.float64), np.asarray(truths, dtype=np.float64)
    if drawn.ndim != 2 or true.shape != drawn.shape[:1]:
        raise InputError(
            "The numbers do not fit each other",
            expected="samples (animals, n) and truths (animals,)",
            found=f"{drawn.shape} and {true.shape}",
        )
    return drawn, true


def rank_histogram(samples: Any, truth: Any, where: Any = None, rng: np.random.Generator | None = None) -> np.ndarray:
    """How often the truth has each rank among its samples: flat where it could be one of them.

    Parameters
    ----------
    samples : array-like (n, ...), or sequence of n array-likes or Scans
        The ensemble.
    truth : array-like or Scan, (...)
        What came.
    where : array-like of bool, (...), optional
        Which voxels count.
    rng : Generator, optional
        Draws the rank among equal values, which whole greys often are; seeded by 0 without.

    Returns
    -------
    ndarray, (n + 1,), int64
        Voxels whose truth is above 0, 1, ... n samples; those of several animals are added.

    Raises
    ------
    InputError
        When there is no sample, the shapes differ, or no voxel counts.
    """
    ensemble = Ensemble(samples, truth, where)
    rng = np.random.default_rng(0) if rng is None else rng
    counts = np.zeros(len(ensemble) + 1, dtype=np.int64)
    for piece in ensemble.pieces():
        counts += np.bincount(_ranks(piece, rng), minlength=len(counts))
    return counts


def _ranks(piece: Piece, rng: np.random.Generator) -> np.ndarray:
    samples, truth = piece.counted
    below, equal = (samples < truth).sum(axis=0), (samples == truth).sum(axis=0)
    return np.asarray(below + rng.integers(0, equal + 1))


def block_mean(volume: Any, factor: int) -> np.ndarray:
    """Means of cubes: a field seen from further away, in which noise is gone and lesions are still there.

    Parameters
    ----------
    volume : array-like or Scan, (..., z, y, x)
        One volume, or several; a mask gives the share of each cube that is in it.
    factor : int
        Voxels along a cube's edge; what is left over at the far ends is left out.

    Returns
    -------
    ndarray, (..., z // factor, y // factor, x // factor), float32

    Raises
    ------
    InputError
        When an axis has fewer voxels than a cube.
    """
    voxels = as_volume(volume)
    if voxels.ndim < _SPACE or factor < 1 or min(voxels.shape[-_SPACE:]) < factor:
        raise InputError("The volume holds no such cube", expected=f"{factor} voxels a side", found=f"{voxels.shape}")
    lead, cubes = voxels.shape[:-_SPACE], tuple(length // factor for length in voxels.shape[-_SPACE:])
    out = np.empty((*lead, *cubes), dtype=np.float32)
    _, y, x = (length * factor for length in cubes)
    for index in np.ndindex(*lead, cubes[0]):
        rows = slice(index[-1] * factor, (index[-1] + 1) * factor)
        slab = np.asarray(voxels[(*index[:-1], rows)])[:, :y, :x]
        blocks = slab.reshape(factor, cubes[1], factor, cubes[2], factor)
        out[index] = blocks.mean(axis=(0, 2, 4), dtype=np.float64)
    return out
