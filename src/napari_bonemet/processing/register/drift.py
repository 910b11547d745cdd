"""The moving greys as the fixed points see them, less their drift around and along the bone.

Greys of the same bone differ between two scans by more than a gain and an offset: beam hardening, and more or less
flesh, or air, beside it. Where one side of the bone drifts and the other does not, that would pass for motion.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from napari_bonemet.processing.register.images import Level

# The median difference is taken off in so many stretches along the bone (evenly from one to the next) and sectors
# around it, where there are points enough, and up to this part of the contrast.
_BANDS, _SECTORS, _FEWEST, MOST_DRIFT = 20, 6, 150, 0.25
# The noise is read off the smaller residuals, since at the larger ones bone may be gone: this quantile of their sizes,
# over what it is for a normal distribution of unit spread.
_QUANTILE, _NORMAL, _NORMAL_MEDIAN = 0.3, 0.3853, 0.6745


@dataclass(frozen=True, eq=False)
class View:
    """What the fixed points see of the moving level.

    Parameters
    ----------
    places, values : ndarray, (n, 3) and (n,)
        The fixed points, in units about the fixed centre, and their greys.
    moving : Level
        The moving level.
    per_unit, zero : ndarray, (3,)
        Its voxels per unit, and its index at the moving centre.
    most_drift : float
        Greys; none is looked for when zero.
    """

    places: np.ndarray
    values: np.ndarray
    moving: Level
    per_unit: np.ndarray
    zero: np.ndarray
    most_drift: float

    @cached_property
    def seen(self) -> np.ndarray:
        """Which points lay in the moving field of view at the last look."""
        return np.empty(len(self.places), bool)

    def look(self, turn: np.ndarray, shift: np.ndarray, gain: float, offset: float) -> tuple[np.ndarray, float]:
        """Greys at a pose, without drift, and the robust standard deviation of what gain and offset leave of them."""
        from napari_bonemet.processing.register.align_kernels import look_up

        greys = np.empty(len(self.places))
        look_up(self.places, self.moving.grey, turn, shift, self.per_unit, self.zero, greys, self.seen)
        if not self.seen.any():
            return greys, float("inf")
        rest = greys - gain * self.values - offset
        drift = self._drift(rest)
        greys -= drift
        sizes = np.abs(rest - drift)[self.seen]
        return greys, float(np.quantile(sizes, _QUANTILE)) / _NORMAL

    def beyond_noise(self, greys: np.ndarray, gain: float, offset: float, edges: int, most: float) -> float:
        """Robust standard deviation of what is left at the edges, the first so many points, beyond the noise.

        Noise, of `most` greys at most, is what is left where there is no edge.
        """
        sizes = np.abs(greys - gain * self.values - offset)
        spreads = [
            float(np.median(part)) / _NORMAL_MEDIAN if part.size else 0.0
            for part in (sizes[:edges][self.seen[:edges]], sizes[edges:][self.seen[edges:]])
        ]
        return float(np.sqrt(max(0.0, spreads[0] ** 2 - min(spreads[1], most) ** 2)))

    def agreement(self, greys: np.ndarray, edges: int) -> float:
        """Median over the cells of how the edges' greys correlate: near 1 for one bone, low for two.

        A lesion spoils the cells that it lies in and no others; two animals' bones, laid on each other as well as may
        be, differ by more than the width of an edge nearly everywhere.
        """
        found = []
        least = min(_FEWEST, edges // (3 * _SECTORS))
        _, order, ends = self._cells
        for first, stop in pairwise(ends):
            cell = order[first:stop]
            here = cell[(cell < edges) & self.seen[cell]]
            if here.size > least:
                one, other = self.values[here], greys[here]
                spread = float(one.std() * other.std())
                product = float(np.mean((one - one.mean()) * (other - other.mean())))
                found.append(product / spread if spread > 0 else 0.0)
        return float(np.median(found)) if found else 0.0

    def _drift(self, rest: np.ndarray) -> np.ndarray:
        from napari_bonemet.processing.register.drift_kernels import settled_medians

        drift = np.zeros(len(rest))
        if not self.most_drift:
            return drift
        along, order, ends = self._cells
        medians = np.empty(len(ends) - 1)
        settled_medians(rest, self.seen, order, ends, _FEWEST, self.most_drift, medians)
        bands = len(medians) // _SECTORS
        for sector, levels in enumerate(medians.reshape(_SECTORS, bands)):
            found = np.flatnonzero(np.isfinite(levels))
            if found.size:
                whole = order[ends[sector * bands] : ends[(sector + 1) * bands]]
                limited = np.clip(levels[found], -self.most_drift, self.most_drift)
                drift[whole] = np.interp(along[whole], found + 0.5, limited)
        return drift

    @cached_property
    def _cells(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How far along the bone each point lies, in bands; the points cell by cell, and where each cell begins.

        Cells go sector by sector around the bone, within each band by band along it.
        """
        bands = int(np.clip(len(self.places) // (2 * _FEWEST * _SECTORS), 1, _BANDS))
        spread = self.places.std(axis=0)
        axis = int(np.argmax(spread))
        one, other = (a for a in range(3) if a != axis)
        along = self.places[:, axis] - self.places[:, axis].min()
        along = np.minimum(along / max(float(along.max()), 1e-9), 1 - 1e-9) * bands
        # Around the middle of each stretch, since a bone is bowed.
        band = along.astype(np.int64)
        count = np.maximum(np.bincount(band, minlength=bands), 1)
        around = [
            self.places[:, a] - (np.bincount(band, self.places[:, a], minlength=bands) / count)[band]
            for a in (one, other)
        ]
        sector = ((np.arctan2(*around) / (2 * np.pi) + 0.5) * _SECTORS).astype(np.int64) % _SECTORS
        key = sector * bands + band
        order = np.argsort(key, kind="stable")
        return along, order, np.searchsorted(key[order], np.arange(_SECTORS * bands + 1))
