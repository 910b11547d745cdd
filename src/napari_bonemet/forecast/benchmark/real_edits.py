"""Lesions laid into real bone by a program: they appear at random, grow week by week, and are known to the voxel."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

# Raised whenever the same animal would get other lesions.
EDITS = 1

_NEW_PER_WEEK = 2.0
_ADVANCE_VOXELS, _ADVANCE_SPREAD = 3.0, 0.4
_ROUGH_VOXELS, _ROUGH_LENGTH = 1.5, 2.5
_FROM_EDGE = 4


@dataclass(frozen=True, eq=False)
class Growth:
    """Where lesions may start in a block, and how their fronts bend.

    Parameters
    ----------
    surface : ndarray of int, (n, 3)
        Voxels (z, y, x) on the surface of the bone.
    rough : ndarray, (z, y, x)
        By how many voxels a front lags behind; the same in all weeks.
    """

    surface: np.ndarray
    rough: np.ndarray

    @classmethod
    def of(cls, bone: np.ndarray, rng: np.random.Generator) -> "Growth":
        """For a block with this bone, (z, y, x) bool."""
        inside = np.zeros_like(bone)
        inside[1:-1, _FROM_EDGE:-_FROM_EDGE, _FROM_EDGE:-_FROM_EDGE] = True
        surface = bone & ~ndimage.binary_erosion(bone) & inside
        field = ndimage.gaussian_filter(rng.standard_normal(bone.shape), _ROUGH_LENGTH)
        return cls(np.argwhere(surface if surface.any() else bone), _ROUGH_VOXELS * field / field.std())

    def lost(self, streams: list[np.random.Generator]) -> list[np.ndarray]:
        """Share of each voxel that is lost in each week, (z, y, x), float32; none in the first.

        Parameters
        ----------
        streams : list of Generator
            One per week, so that a future drawn anew leaves the weeks before as they were.
        """
        seeds: list[np.ndarray] = []
        radii: list[float] = []
        lost = [np.zeros(self.rough.shape, dtype=np.float32)]
        for week, rng in enumerate(streams[1:], start=1):
            steps = _ADVANCE_VOXELS * np.exp(_ADVANCE_SPREAD * rng.standard_normal(len(radii)))
            radii = [radius + step for radius, step in zip(radii, steps, strict=True)]
            # A tumour that never shows would be a control.
            for _ in range(max(int(week == 1), rng.poisson(_NEW_PER_WEEK))):
                seeds.append(self.surface[rng.integers(len(self.surface))])
                radii.append(_ADVANCE_VOXELS * float(np.exp(_ADVANCE_SPREAD * rng.standard_normal())))
            lost.append(np.maximum(lost[-1], self._within(seeds, radii)))
        return lost

    def _within(self, seeds: list[np.ndarray], radii: list[float]) -> np.ndarray:
        share = np.zeros(self.rough.shape, dtype=np.float32)
        axes = np.ogrid[tuple(slice(0, side) for side in self.rough.shape)]
        for seed, radius in zip(seeds, radii, strict=True):
            away = np.sqrt(sum((axis - at) ** 2 for axis, at in zip(axes, seed, strict=True)))
            np.maximum(share, np.clip(0.5 + radius - away - self.rough, 0, 1), out=share)
        return share
