"""How far a scan lies from those that a classifier learned from.

A network answers whatever it is shown, and most surely where it knows least. Mahalanobis' distance of its own features
from those of the training (Lee et al. 2018, equation 2, of one class) tells scans that it has no answer for; plain
statistics of the greys beside it see what the network was taught to overlook. Both are measured in a limit, three times
as far as 99 % of held-out scans of the training's own kind lie: above 1 a scan is strange.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from napari_bonemet.errors import InputError

QUANTILE = 0.99
# The resampling of a registration alone takes a scan twice as far as those that were never moved; another bone, or
# another animal's, lies four times as far and more.
MARGIN = 3.0
PREFIX = "strangeness."
# Shrinks the covariance towards its diagonal: there are hardly more scans than features.
_SHRINKAGE = 0.1


@dataclass(frozen=True, eq=False)
class Cloud:
    """Where the rows of a table lie.

    Parameters
    ----------
    mean, scale : ndarray, (k,)
        Of each column.
    precision : ndarray, (k, k)
        Inverse of the shrunk covariance of the scaled columns.
    limit : float
        `MARGIN` times the distance that `QUANTILE` of held-out rows stay below.
    """

    mean: np.ndarray
    scale: np.ndarray
    precision: np.ndarray
    limit: float

    @classmethod
    def of(cls, rows: np.ndarray, held_out: np.ndarray) -> Self:
        """Fitted to rows (n, k), its limit to others (m, k)."""
        mean, scale = rows.mean(axis=0), rows.std(axis=0)
        # A column that never moved would make any movement infinitely strange.
        scale = np.maximum(scale, 1e-3 * np.maximum(np.abs(mean), 1.0))
        scaled = (rows - mean) / scale
        covariance = np.cov(scaled, rowvar=False)
        shrunk = (1 - _SHRINKAGE) * covariance + _SHRINKAGE * np.eye(len(mean))
        made = cls(mean, scale, np.linalg.inv(shrunk), 1.0)
        limit = MARGIN * float(np.quantile([made.distance(row) for row in held_out], QUANTILE))
        return cls(mean, scale, made.precision, max(limit, 1e-6))

    def distance(self, row: np.ndarray) -> float:
        """Mahalanobis' distance of a row (k,), as a share of the limit."""
        apart = (row - self.mean) / self.scale
        return float(np.sqrt(max(0.0, apart @ self.precision @ apart))) / self.limit


@dataclass(frozen=True, eq=False)
class Familiar:
    """What a classifier's training scans were like.

    Parameters
    ----------
    features : Cloud
        Of the network's features, the highest over the slices.
    statistics : Cloud
        Of the figures of :func:`~napari_bonemet.diagnose.strangeness.statistics.scan_statistics`.
    """

    features: Cloud
    statistics: Cloud

    def strangeness(self, features: np.ndarray, statistics: np.ndarray) -> float:
        """The larger of both distances; above 1 a scan is unlike those of the training."""
        return max(self.features.distance(features), self.statistics.distance(statistics))

    def tensors(self) -> dict[str, np.ndarray]:
        """For a checkpoint; names begin with `PREFIX`."""
        return {
            f"{PREFIX}{which}.{name}": np.asarray(getattr(cloud, name), dtype=np.float32)
            for which, cloud in (("features", self.features), ("statistics", self.statistics))
            for name in ("mean", "scale", "precision", "limit")
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, np.ndarray]) -> "Familiar | None":
        """Out of a checkpoint's tensors; None where it holds none of these.

        Raises
        ------
        InputError
            When some are missing, or do not fit each other.
        """
        found = {name: tensor for name, tensor in tensors.items() if name.startswith(PREFIX)}
        if not found:
            return None
        try:
            return cls(*(_cloud(found, which) for which in ("features", "statistics")))
        except (KeyError, ValueError) as error:
            raise InputError("What the checkpoint says of its training scans is damaged", found=str(error)) from error


def _cloud(found: Mapping[str, np.ndarray], which: str) -> Cloud:
    mean, scale, precision, limit = (
        np.asarray(found[f"{PREFIX}{which}.{name}"], dtype=np.float64)
        for name in ("mean", "scale", "precision", "limit")
    )
    if scale.shape != mean.shape or precision.shape != (len(mean), len(mean)) or not np.all(np.isfinite(precision)):
        raise ValueError(f"{which}: {mean.shape}, {scale.shape}, {precision.shape}")
    return Cloud(mean, scale, precision, float(limit))
