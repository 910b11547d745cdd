"""How much bone a lesion took, by the greys of both weeks: noise and partial volume cancel, remodelling is taken off.

Voxels that cross a threshold are a biased count: the published threshold of 75 lies below half of a bone's contrast,
so the bone, and what is lost of it, seems larger than it is; and of all that flickers at a surface the count takes
one direction alone. So the bone of both weeks is counted around each lesion, at a level nearer to half, and the
difference taken. Trabecular bone also goes where no lesion is, by ageing and remodelling; the share that goes there
is what the lesion's place would have lost without it.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_bonemet.geometry import Region, Triple, stride
from napari_bonemet.morphometry.change.lesion_result import LesionOptions
from napari_bonemet.processing.noise_rule import Greys
from napari_bonemet.scan import Scan

_ALL = np.ones((3, 3, 3), bool)
_TRABECULAR = 2
_SLAB = 32
_FULL_BONE = 75
_SAMPLE = 4_000_000
# Fewer voxels of trabecular bone outside lesions tell nothing of remodelling; more than half of it is not that.
_ENOUGH = 1000
_MOST_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class BoneCount:
    """Counts bone of both weeks around lesions.

    Parameters
    ----------
    before, after : ndarray, (z, y, x)
        Greys of baseline and later week.
    level : float
        Bone is above this grey.
    seen : ndarray of bool, (z, y, x), or None
        Where the later week saw something.
    labels : ndarray of uint8, (z, y, x), or None
        Compartments.
    """

    before: np.ndarray
    after: np.ndarray
    level: float
    seen: np.ndarray | None
    labels: np.ndarray | None

    @classmethod
    def of(
        cls,
        weeks: tuple[Scan, Scan],
        options: LesionOptions,
        *,
        seen: np.ndarray | None = None,
        labels: np.ndarray | None = None,
    ) -> "BoneCount":
        """Counts for two weeks, at the level that the options state."""
        before, after = (scan.to_numpy() for scan in weeks)
        background = Greys.of(before, options.bone_threshold).background
        every = stride(before.size, _SAMPLE)
        sample = before[::every, ::every, ::every]
        full = float(np.percentile(sample[sample > options.bone_threshold], _FULL_BONE))
        level = background + options.volume_level * (full - background)
        return cls(before, after, level, seen, labels)

    def around(self, lesion: np.ndarray, box: Region) -> tuple[int, int, int, int]:
        """Voxels of bone within a voxel of a lesion, before and after, and those of them that are trabecular."""
        return self._count(ndimage.binary_dilation(lesion, _ALL), box)

    def everywhere(self) -> tuple[int, int, int, int]:
        """Voxels of bone before and after, and those of them that are trabecular."""
        counts = np.zeros(4, np.int64)
        for start in range(0, len(self.before), _SLAB):
            counts += self._count(None, (slice(start, start + _SLAB), slice(None), slice(None)))
        return tuple(int(count) for count in counts)  # type: ignore[return-value]

    def _count(self, where: np.ndarray | None, box: Region) -> tuple[int, int, int, int]:
        first, second = self.before[box] > self.level, self.after[box] > self.level
        if self.seen is not None:
            where = self.seen[box] if where is None else where & self.seen[box]
        if where is not None:
            first, second = first & where, second & where
        if self.labels is None:
            return int(first.sum()), int(second.sum()), 0, 0
        trabecular = self.labels[box] == _TRABECULAR
        both = (int((first & trabecular).sum()), int((second & trabecular).sum()))
        return int(first.sum()), int(second.sum()), *both


def background_share(every: tuple[int, int, int, int], near: list[tuple[int, int, int, int]]) -> float:
    """Part of the trabecular bone that is gone where no lesion is; 0 where too little is left to tell."""
    before = every[2] - sum(count[2] for count in near)
    after = every[3] - sum(count[3] for count in near)
    if before < _ENOUGH:
        return 0.0
    return float(min(max(1 - after / before, 0.0), _MOST_SHARE))


def lesion_mm3(near: tuple[int, int, int, int], share: float, spacing: Triple) -> float:
    """Bone gone around a lesion, less what remodelling takes of as much trabecular bone; cubic millimetres."""
    voxels = near[0] - near[1] - share * near[2]
    return max(0.0, voxels) * float(np.prod(spacing)) * 1e-9
