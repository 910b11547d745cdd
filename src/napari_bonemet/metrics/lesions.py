"""Bone that was there in the last seen week and is gone in the predicted one: how much, and is it the right bone."""

import numpy as np
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.scan import Scan


def newly_lost_bone(later_bone: np.ndarray, baseline_bone: np.ndarray, *, opening: int = 0) -> np.ndarray:
    """Bone of the baseline that a later week lacks.

    Parameters
    ----------
    later_bone, baseline_bone : ndarray of bool, (z, y, x)
        Bone masks on one grid.
    opening : int
        Times that the result is eroded, and then dilated, by the 6-neighbour cross. A residual shift of a
        fraction of a voxel between weeks strips shells one voxel thick off every surface; one opening
        removes them, and with them losses thinner than three voxels.

    Returns
    -------
    ndarray of bool, (z, y, x)

    Raises
    ------
    InputError
        When the shapes differ.
    """
    later, baseline = np.asarray(later_bone, dtype=bool), np.asarray(baseline_bone, dtype=bool)
    if later.shape != baseline.shape:
        raise InputError("The bone masks differ in shape", expected=f"{baseline.shape}", found=f"{later.shape}")
    lost = baseline & ~later
    return ndimage.binary_opening(lost, iterations=opening) if opening else lost


def newly_lost_mm3(later: Scan, last: Scan, *, bone_threshold: float, opening: int) -> float:
    """Bone of the last seen week that a later one, or a forecast of it, lacks; cubic millimetres.

    Parameters
    ----------
    later, last : Scan, (z, y, x)
        Greys on one grid.
    bone_threshold : float
        Bone is above this grey value.
    opening : int
        See :func:`newly_lost_bone`.

    Raises
    ------
    InputError
        When the shapes differ.
    """
    lost = newly_lost_bone(later.to_numpy() > bone_threshold, last.to_numpy() > bone_threshold, opening=opening)
    return float(np.count_nonzero(lost)) * last.grid.voxel_volume_mm3


def dice(first: np.ndarray, second: np.ndarray) -> float | None:
    """Dice coefficient ``2 |A and B| / (|A| + |B|)`` of two masks; None where both are empty."""
    total = int(np.count_nonzero(first)) + int(np.count_nonzero(second))
    return 2 * int(np.count_nonzero(first & second)) / total if total else None


def lesion_overlap(
    predicted_bone: np.ndarray, true_bone: np.ndarray, baseline_bone: np.ndarray, *, opening: int = 0
) -> float | None:
    """Dice of the newly lost bone of the prediction and of the truth.

    Parameters
    ----------
    predicted_bone, true_bone, baseline_bone : ndarray of bool, (z, y, x)
        Bone as predicted, as it came, and in the last seen week; one grid.
    opening : int
        See :func:`newly_lost_bone`; applied to both.

    Returns
    -------
    float or None
        0 to 1; None where no bone was truly lost: there is nothing to find, and a loss that was predicted
        all the same shows in its volume.

    Raises
    ------
    InputError
        When the shapes differ.
    """
    true_loss = newly_lost_bone(true_bone, baseline_bone, opening=opening)
    if not true_loss.any():
        return None
    return dice(newly_lost_bone(predicted_bone, baseline_bone, opening=opening), true_loss)
