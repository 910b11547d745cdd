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
_QUANTILE, _NORMAL = 0.3, 0.3853


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

    def agreement(self, greys: np.ndarray, edges: int) -> float:
        """Median over the cells of how the edges' greys correlate: near 1 for one bone, low for two.

        A lesion spoils the cells that it lies in and no others; two animals' bones, laid on each other as well as may
        be, differ by more than the width of an edge nearly everywhere.
        """
        found = []
        least = min(_FEWEST, edges // (3 * _SECTORS))
        for bands in self._cells[1]:
            for _, cell in bands:
                here = cell[(cell < edges) & self.seen[cell]]
                if here.size > least:
                    one, other = self.values[here], greys[here]
                    spread = float(one.std() * other.std())
                    product = float(np.mean((one - one.mean()) * (other - other.mean())))
                    found.append(product / spread if spread > 0 else 0.0)
        return float(np.median(found)) if found else 0.0

    def _drift(self, rest: np.ndarray) -> np.ndarray:
        drift = np.zeros(len(rest))
        if not self.most_drift:
            return drift
        along, sectors = self._cells
        for bands in sectors:
            middles, medians = [], []
            for band, cell in bands:
                here = rest[cell][self.seen[cell]]
                if here.size > _FEWEST:
                    middles.append(band + 0.5)
                    medians.append(_settled_median(here, self.most_drift))
            if middles:
                whole = np.concatenate([cell for _, cell in bands])
                limited = np.clip(medians, -self.most_drift, self.most_drift)
                drift[whole] = np.interp(along[whole], middles, limited)
        return drift

    @cached_property
    def _cells(self) -> tuple[np.ndarray, list[list[tuple[int, np.ndarray]]]]:
        """How far along the bone each point lies, in bands; and which points lie in each band of each sector."""
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
        ends = np.searchsorted(key[order], np.arange(_SECTORS * bands + 1))
        cells = [order[a:b] for a, b in pairwise(ends)]
        return along, [list(enumerate(cells[s * bands : (s + 1) * bands])) for s in range(_SECTORS)]


def _settled_median(rest: np.ndarray, width: float) -> float:
    """The median of what lies near the median: bone that is gone does not pull it."""
    middle = float(np.median(rest))
    for _ in range(2):
        near = rest[np.abs(rest - middle) < width]
        middle = float(np.median(near)) if near.size else middle
    return middle
