"""What counts as bone formed or resorbed between two noisy scans that lie slightly off each other, and what does not.

Plain thresholds flicker at every surface: a shift of a tenth of a voxel, a blur or a little noise moves dim voxels
across the threshold. Bone that is truly gone leaves background behind, so a change counts where a core of touching
voxels lost most of what they had above the background, both each by itself and against the bone as a whole.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_bonemet.processing.composite_result import CompositeOptions

_FULL = np.ones((3, 3, 3), dtype=bool)
# The background is that beside the bone: beyond two voxels of partial volume, and not the empty rim of the field.
_PARTIAL_VOXELS, _BESIDE_VOXELS = 1, 4


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
    def of(cls, grey: np.ndarray, bone: np.ndarray) -> "Greys":
        """The greys of a scan, given where its bone is; both (z, y, x)."""
        near = _grown(bone, _PARTIAL_VOXELS)
        beside = _grown(near, _BESIDE_VOXELS - _PARTIAL_VOXELS) & ~near
        if not beside.any():
            beside = ~bone
        return cls(float(np.median(grey[bone])), float(np.median(grey[beside])) if beside.any() else 0.0)

    @property
    def contrast(self) -> float:
        """How much brighter bone is than background."""
        return self.bone - self.background


def _grown(mask: np.ndarray, by: int) -> np.ndarray:
    # A cube's maximum is taken axis by axis, several times faster than a dilation by it.
    return np.asarray(ndimage.maximum_filter(mask.view(np.uint8), size=2 * by + 1) > 0)


def changed(
    crossing: np.ndarray, full: np.ndarray, empty: np.ndarray, greys: Greys, options: CompositeOptions
) -> np.ndarray:
    """The voxels that truly went from bone to background, or back.

    Parameters
    ----------
    crossing : ndarray of bool, (z, y, x)
        Voxels that cross the bone threshold.
    full, empty : ndarray, (z, y, x)
        Greys of the week in which they are bone, and of the other.
    greys : Greys
        Of the baseline.
    options : CompositeOptions
        The rule's figures.
    """
    filled = full[crossing].astype(np.float32)
    needed = np.maximum(
        options.core_loss * (filled - greys.background), np.float32(options.core_contrast * greys.contrast)
    )
    core = np.zeros_like(crossing)
    core[crossing] = filled - empty[crossing] >= needed
    core = _clusters_of(core, options.core_voxels)
    if not core.any():
        return core
    near = ndimage.binary_dilation(core, _FULL, iterations=options.reach, mask=crossing) if options.reach else core
    return _clusters_of(near, options.least_voxels)


def _clusters_of(mask: np.ndarray, least: int) -> np.ndarray:
    labels, _ = ndimage.label(mask, _FULL)
    large = np.bincount(labels.ravel()) >= least
    large[0] = False
    return np.asarray(large[labels])


def rule_in_words(options: CompositeOptions, greys: Greys, unseen: float = 0.0) -> str:
    """The noise rule as sentences for captions and records.

    Parameters
    ----------
    greys : Greys
        Of the baseline.
    unseen : float
        Part of the baseline's bone outside the field of view of either week.
    """
    reach = f"{options.reach} voxel{'' if options.reach == 1 else 's'}"
    margin = options.core_contrast * greys.contrast
    outside = (
        f" {unseen:.1%} of the baseline's bone lies outside the later field of view and is left out." if unseen else ""
    )
    return (
        f"Bone is above grey {options.bone_threshold:g}. A voxel counts as formed or resorbed when it crosses that "
        f"threshold and lies within {reach} of a core: at least {options.core_voxels} touching voxels that cross it, "
        f"each by {options.core_loss:.0%} or more of what it has above the background, and by {margin:.0f} greys or "
        f"more ({options.core_contrast:.0%} of the contrast between bone and background); and when all that makes a "
        f"cluster of at least {options.least_voxels} voxels (26-connected). All else that crosses the threshold is "
        f"taken for noise and keeps its baseline state.{outside}"
    )
