"""What counts as bone formed or resorbed between two noisy scans that lie slightly off each other, and what does not.

Plain thresholds flicker at every surface: a shift of a tenth of a voxel, a blur or a little noise moves dim voxels
across the threshold. Bone that is truly gone leaves background behind, so a change counts where a core of touching
voxels lost most of what they had above the background, both each by itself and against the bone as a whole.
"""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.processing.composite_result import CompositeOptions
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.slabs import over_slabs

# The background is that beside the bone: beyond two voxels of partial volume, and not the empty rim of the field.
_PARTIAL_VOXELS, _BESIDE_VOXELS = 1, 4
_SLAB = 16
_WORD_BYTES = 8


@dataclass(frozen=True)
class Greys:
    """Grey values of bone and of what is beside it.

    Parameters
    ----------
    bone, background : float
        Medians.
    """

    bone: float
    background: float

    @classmethod
    def of(cls, voxels: np.ndarray, threshold: float, *, progress: Progress = NO_PROGRESS) -> "Greys":
        """The greys of a scan (z, y, x) whose bone is above `threshold`."""
        inside, beside = _Tally(voxels.dtype), _Tally(voxels.dtype)

        def work(start: int, stop: int) -> None:
            bone, shell, part = _bone_and_shell(voxels, threshold, start, stop)
            inside.add(part, bone)
            beside.add(part, shell)

        over_slabs(work, len(voxels), slab=_SLAB, progress=progress)
        if not beside.many:
            for start in range(0, len(voxels), _SLAB):
                part = np.ascontiguousarray(voxels[start : start + _SLAB])
                beside.add(part, _packed(~(part > threshold)))
        return cls(inside.median(), beside.median())

    @property
    def contrast(self) -> float:
        """How much brighter bone is than background."""
        return self.bone - self.background


def _bone_and_shell(
    voxels: np.ndarray, threshold: float, start: int, stop: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    # Bits of the bone and of what lies beside it in some slices, and their greys.
    from napari_bonemet.processing.grey_kernels import grow_bits

    low, high = max(0, start - _BESIDE_VOXELS), min(len(voxels), stop + _BESIDE_VOXELS)
    own = slice(start - low, stop - low)
    bone = _packed(voxels[low:high] > threshold)
    near = bone
    for _ in range(_PARTIAL_VOXELS):
        near = grow_bits(near)
    far = near
    for _ in range(_BESIDE_VOXELS - _PARTIAL_VOXELS):
        far = grow_bits(far)
    return bone[own], (far & ~near)[own], np.ascontiguousarray(voxels[start:stop])


def _packed(mask: np.ndarray) -> np.ndarray:
    """A mask (z, y, x) as bits, 64 voxels of a row to a word."""
    bits = np.packbits(mask, axis=2, bitorder="little")
    words = -(-bits.shape[2] // _WORD_BYTES)
    padded = np.zeros((*bits.shape[:2], words * _WORD_BYTES), np.uint8)
    padded[:, :, : bits.shape[2]] = bits
    return padded.view("<u8")


class _Tally:
    """Grey values gathered slab by slab, whose median is exact: small integers are counted, others kept."""

    def __init__(self, dtype: np.dtype) -> None:
        info = np.iinfo(dtype) if dtype.kind in "ui" and dtype.itemsize <= 2 else None
        self._lowest = 0 if info is None else int(info.min)
        self._counted = info is not None
        # How many greys, and their histogram or themselves; a list's append is safe among threads.
        self._parts: list[tuple[int, np.ndarray]] = []

    @property
    def many(self) -> int:
        """How many greys were gathered."""
        return sum(many for many, _ in self._parts)

    def add(self, voxels: np.ndarray, bits: np.ndarray) -> None:
        """Gather the greys where bits are set."""
        from napari_bonemet.processing.grey_kernels import pick

        picked = np.empty(voxels.size, voxels.dtype)
        picked = picked[: pick(voxels, bits, picked)]
        kept = np.bincount(picked.astype(np.int64) - self._lowest) if self._counted else picked.copy()
        self._parts.append((picked.size, kept))

    def median(self) -> float:
        """The median of all that was gathered; 0 where that is nothing."""
        many, parts = self.many, [part for _, part in self._parts]
        if not many:
            return 0.0
        if not self._counted:
            return float(np.median(np.concatenate(parts)))
        counts = np.zeros(max(len(part) for part in parts), np.int64)
        for part in parts:
            counts[: len(part)] += part
        below = np.cumsum(counts)
        middle = (np.searchsorted(below, place, side="right") for place in ((many - 1) // 2, many // 2))
        return sum(int(value) for value in middle) / 2 + self._lowest


def rule_in_words(options: CompositeOptions, greys: Greys | None, unseen: float = 0.0) -> str:
    """The rule as sentences for captions and records.

    Parameters
    ----------
    greys : Greys or None
        Of the baseline; None without the noise rule.
    unseen : float
        Part of the baseline's bone outside the field of view of either week.
    """
    outside = (
        f" {unseen:.1%} of the baseline's bone lies outside the later field of view and is left out." if unseen else ""
    )
    if greys is None:
        return (
            f"Bone is above grey {options.bone_threshold:g}. Every voxel that crosses that threshold counts as formed "
            f"or resorbed, noise and partial volume included.{outside}"
        )
    reach = f"{options.reach} voxel{'' if options.reach == 1 else 's'}"
    margin = options.core_contrast * greys.contrast
    return (
        f"Bone is above grey {options.bone_threshold:g}. A voxel counts as formed or resorbed when it crosses that "
        f"threshold and lies within {reach} of a core: at least {options.core_voxels} touching voxels that cross it, "
        f"each by {options.core_loss:.0%} or more of what it has above the background, and by {margin:.0f} greys or "
        f"more ({options.core_contrast:.0%} of the contrast between bone and background); and when all that makes a "
        f"cluster of at least {options.least_voxels} voxels (26-connected). All else that crosses the threshold is "
        f"taken for noise and keeps its baseline state.{outside}"
    )
