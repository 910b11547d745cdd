"""How much bone is lost from the last seen week to a later one, told from the greys themselves.

Counting voxels that fall below a threshold is at the mercy of registration: a shift of a third of a voxel strips or
adds a shell around every surface. Here every voxel of the last week's bone, and of a margin around it, gives the share
that its grey has fallen by::

    lost = voxel volume * sum over (bone and margin) of (last - later - shift . gradient of last) / contrast

A voxel that is half bone counts half, and a shift moves grey from one voxel to another within the margin. What it moves
out of the field of view, where the bone is cut, is taken off again: the shift that the weeks still have between them is
told by least squares from the same voxels. What has grown counts against what is lost: the sum is net, and may be below
0.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.metrics.ensemble import as_volume
from napari_bonemet.metrics.lesions import newly_lost_bone
from napari_bonemet.scan import Scan

__all__ = ["LostBone", "grey_loss", "lost_bone_mm3", "new_lesions", "resorption_share"]

MARGIN = 3

# Voxels beyond the margin in which the tissue around the bone is looked at.
_TISSUE = 3

# Voxels of thin bone and of its edges are not full of it: their median is too dark.
_FULL = 0.9

# Share of the contrast beyond which a change of grey is not put down to a shift.
_OF_SHIFT = 1 / 2

_SLAB_VOXELS = 2**22


@dataclass(frozen=True, eq=False)
class LostBone:
    """What lost bone is counted by: made once from the last seen week, used for the truth and every sample.

    Parameters
    ----------
    last : array-like, (z, y, x)
        Greys of the last seen week.
    counted : ndarray of bool, (z, y, x)
        Its bone, and the margin around it.
    contrast : float
        Grey of bone above the grey of what takes its place.
    voxel_mm3 : float
        Volume of a voxel, cubic millimetres.
    carried : ndarray, (3,)
        Times the product of gradient and fallen greys (z, y, x), this is the grey that the fitted shift carries out
        of the field.
    """

    last: Any
    counted: np.ndarray
    contrast: float
    voxel_mm3: float
    carried: np.ndarray

    @classmethod
    def since(
        cls, last: Scan, *, bone_threshold: float = 75.0, margin: int = MARGIN, contrast: float | None = None
    ) -> "LostBone":
        """Count from a week on.

        Parameters
        ----------
        last : Scan, (z, y, x)
            The last seen week, greys.
        bone_threshold : float
            Bone is above this grey value.
        margin : int
            Voxels around the bone that count too (6-neighbour steps): as far as blur and misregistration carry.
        contrast : float, optional
            Grey of bone above what takes its place; without, the grey that a tenth of the bone lies above, which is
            that of voxels full of bone, less the median grey of the tissue around the margin. It scales every volume
            of the animal alike.

        Raises
        ------
        InputError
            When there is no bone, or nothing but bone.
        """
        greys = last.to_numpy()
        bone = greys > bone_threshold
        if not bone.any() or bone.all():
            raise InputError(
                "Lost bone cannot be counted from this week",
                expected=f"some voxels above {bone_threshold:g} and some below",
                found="no bone" if not bone.any() else "nothing but bone",
            )
        counted = ndimage.binary_dilation(bone, iterations=margin) if margin else bone
        if contrast is None:
            around = ndimage.binary_dilation(counted, iterations=_TISSUE) & ~counted
            tissue = greys[around if around.any() else ~bone]
            contrast = float(np.quantile(greys[bone], _FULL)) - float(np.median(tissue))
        return cls(greys, counted, contrast, last.grid.voxel_volume_mm3, _carried(greys, counted))

    def mm3(self, later: Any) -> float:
        """Bone lost from the last seen week to `later` (array-like or Scan, (z, y, x)); net, cubic millimetres.

        Raises
        ------
        InputError
            When the shapes differ.
        """
        voxels = as_volume(later)
        if voxels.shape != self.counted.shape:
            raise InputError(
                "The weeks differ in shape", expected=f"{self.counted.shape}", found=f"{tuple(voxels.shape)}"
            )
        fallen = 0.0
        for rows, slopes in _slopes(self.last, self.counted):
            inside = self.counted[rows]
            before, now = (np.asarray(v[rows], dtype=np.float64)[inside] for v in (self.last, voxels))
            fell = before - now
            # A shift changes a grey by part of the contrast, a lesion by all of it: clipped, it pulls at the fit less.
            small = np.clip(fell, -self.contrast * _OF_SHIFT, self.contrast * _OF_SHIFT)
            fallen += float(fell.sum()) - float(self.carried @ (slopes @ small))
        return fallen / self.contrast * self.voxel_mm3


def _slopes(greys: np.ndarray, counted: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Slabs, and the gradient (3, voxels) along (z, y, x) at the voxels of each that count, greys per voxel."""
    step = max(2, _SLAB_VOXELS // max(1, counted[0].size))
    for start in range(0, len(counted), step):
        rows = slice(start, min(start + step, len(counted)))
        wide = slice(max(0, rows.start - 1), rows.stop + 1)
        inner = slice(rows.start - wide.start, rows.stop - wide.start)
        slab = np.asarray(greys[wide], dtype=np.float32)
        along = [np.gradient(slab, axis=axis) if slab.shape[axis] > 1 else np.zeros_like(slab) for axis in range(3)]
        yield rows, np.stack([slope[inner][counted[rows]] for slope in along]).astype(np.float64)


def _carried(greys: np.ndarray, counted: np.ndarray) -> np.ndarray:
    normal, total = np.zeros((3, 3)), np.zeros(3)
    for _, slopes in _slopes(greys, counted):
        normal += slopes @ slopes.T
        total += slopes.sum(axis=1)
    # The shift is normal^-1 (slopes . fall); it carries total . shift out of the field.
    return np.asarray(np.linalg.pinv(normal) @ total)


def lost_bone_mm3(
    later: Any, last: Scan, *, bone_threshold: float = 75.0, margin: int = MARGIN, contrast: float | None = None
) -> float:
    """Net bone lost from `last` to `later` by the sum of its grey loss, cubic millimetres; see :class:`LostBone`."""
    return LostBone.since(last, bone_threshold=bone_threshold, margin=margin, contrast=contrast).mm3(later)


def grey_loss(later: Any, last: Any, *, bone_threshold: float = 75.0) -> np.ndarray:
    """Share of its grey that each voxel of the last week's bone has fallen by, 0 to 1; 0 elsewhere.

    A score by which one volume alone (a mean, a deterministic forecast) ranks voxels by how likely they are lost.

    Parameters
    ----------
    later, last : array-like or Scan, (z, y, x)
        Greys on one grid.
    bone_threshold : float
        Bone is above this grey value.

    Returns
    -------
    ndarray, (z, y, x), float32

    Raises
    ------
    InputError
        When the shapes differ.
    """
    now, before = as_volume(later), as_volume(last)
    if now.shape != before.shape:
        raise InputError("The weeks differ in shape", expected=f"{before.shape}", found=f"{now.shape}")
    out = np.zeros(before.shape, dtype=np.float32)
    for z in range(len(out)):
        was, made = (np.asarray(volume[z], dtype=np.float32) for volume in (before, now))
        bone = was > max(bone_threshold, 0)
        out[z][bone] = np.clip(1 - made[bone] / was[bone], 0, 1)
    return out


def new_lesions(later: Any, last: Any, *, bone_threshold: float = 75.0, opening: int = 1) -> np.ndarray:
    """Where bone of the last seen week is gone in a later one; thin shells are opened away.

    Parameters
    ----------
    later, last : array-like or Scan, (z, y, x)
        Greys on one grid.
    bone_threshold : float
        Bone is above this grey value.
    opening : int
        See :func:`~napari_bonemet.metrics.lesions.newly_lost_bone`.

    Returns
    -------
    ndarray of bool, (z, y, x)
    """
    return newly_lost_bone(
        np.asarray(as_volume(later)) > bone_threshold, np.asarray(as_volume(last)) > bone_threshold, opening=opening
    )


def resorption_share(samples: Any, last: Any, *, bone_threshold: float = 75.0, opening: int = 1) -> np.ndarray:
    """Share of the samples in which each voxel is newly lost bone, by :func:`new_lesions`, 0 to 1.

    Parameters
    ----------
    samples : array-like (n, z, y, x), or sequence of n array-likes or Scans
        The ensemble.
    last : array-like or Scan, (z, y, x)
        The last seen week, greys.
    bone_threshold, opening
        See :func:`new_lesions`.

    Returns
    -------
    ndarray, (z, y, x), float32

    Raises
    ------
    InputError
        When there is no sample, or the shapes differ.
    """
    before = np.asarray(as_volume(last)) > bone_threshold
    counts, number = np.zeros(before.shape, dtype=np.float32), 0
    for sample in samples:
        counts += newly_lost_bone(np.asarray(as_volume(sample)) > bone_threshold, before, opening=opening)
        number += 1
    if number == 0:
        raise InputError("An ensemble needs at least one sample")
    return counts / np.float32(number)
