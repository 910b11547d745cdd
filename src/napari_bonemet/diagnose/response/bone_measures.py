"""A few plain measures of how the bone of a leg changes over the weeks: what a network has to be better than.

No measure of lesions or tumour is among them: whoever knows the lesions needs no classifier.
"""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.slabs import over_slabs

_SLAB = 16


@dataclass(frozen=True, eq=False)
class BoneChange:
    """Bone of one leg over the weeks.

    Parameters
    ----------
    volume : ndarray, (weeks,)
        Bone volume, mm³.
    grey : ndarray, (weeks,)
        Mean grey of bone.
    """

    volume: np.ndarray
    grey: np.ndarray

    @property
    def kept(self) -> float:
        """Change of bone volume from the first to the last week, as a share of the first."""
        return float(self.volume[-1] / self.volume[0] - 1)

    @property
    def row(self) -> np.ndarray:
        """Measures for a regression: each week's change of volume, and of grey, as shares of the first week."""
        return np.concatenate([np.diff(self.volume) / self.volume[0], np.diff(self.grey) / self.grey[0]])


def bone_change(series: ScanSeries, bone_threshold: float, *, progress: Progress = NO_PROGRESS) -> BoneChange:
    """Measure the weeks of a leg; all on one grid, the first with bone in it."""
    counted = [_count_and_sum(scan, bone_threshold, progress) for scan in series]
    volume = [count * series.baseline.grid.voxel_volume_mm3 for count, _ in counted]
    return BoneChange(np.array(volume), np.array([total / max(count, 1.0) for count, total in counted]))


def _count_and_sum(scan: Scan, bone_threshold: float, progress: Progress) -> tuple[float, float]:
    """How many voxels are bone, and the sum of their greys."""
    counts, sums = np.zeros(scan.shape[0]), np.zeros(scan.shape[0])

    def add(start: int, stop: int) -> None:
        slab = np.asarray(scan.voxels[start:stop])
        bone = slab > bone_threshold
        counts[start:stop] = bone.sum(axis=(1, 2))
        sums[start:stop] = np.where(bone, slab, 0).sum(axis=(1, 2), dtype=np.float64)

    over_slabs(add, scan.shape[0], slab=_SLAB, progress=progress)
    return float(counts.sum()), float(sums.sum())
