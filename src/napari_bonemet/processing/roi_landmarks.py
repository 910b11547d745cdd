"""The growth plate and the proximal tibia-fibula junction, found slice by slice."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal

# Contours smaller than this part of the largest cross section are specks; a mouse fibula has about a twentieth.
_SPECK = 0.004
_LEAST_VOXELS = 9
# A changed number of contours must last this long to be an anatomical change.
_LASTING = 5
_SMOOTH = 2.0
# A plate is a dip of the bone's area by at least this part of its neighbours.
_DIP = 0.08


@dataclass(frozen=True)
class Landmark:
    """Where a landmark was found.

    Parameters
    ----------
    slice_index : int
        The slice along z.
    confidence : float
        0 to 1.
    reason : str
        What was seen there, in words.
    """

    slice_index: int
    confidence: float
    reason: str


def count_contours(bone: np.ndarray) -> np.ndarray:
    """Closed outlines of bone in every slice, holes filled, specks left out.

    Parameters
    ----------
    bone : ndarray of bool, (z, y, x)

    Returns
    -------
    ndarray of int, (z,)
    """
    sections = [np.bincount(_outlines(section).ravel())[1:] for section in bone]
    largest = max((int(areas.max()) for areas in sections if areas.size), default=0)
    least = max(_LEAST_VOXELS, _SPECK * largest)
    return np.array([int(np.count_nonzero(areas >= least)) for areas in sections])


def _outlines(section: np.ndarray) -> np.ndarray:
    # Closing bridges pores of the shell, so that marrow and what lies in it is filled, not counted.
    closed = ndimage.binary_closing(np.pad(section, 2), iterations=1)
    labels, _ = ndimage.label(ndimage.binary_fill_holes(closed), np.ones((3, 3), dtype=bool))
    return np.asarray(labels)


def find_junction(bone: np.ndarray) -> Landmark | None:
    """The proximal tibia-fibula junction: the last slice before one outline becomes two, seen from proximal.

    BoneMet supplementary, section A: where the number of contoured circles of bone in each slice changes.

    Parameters
    ----------
    bone : ndarray of bool, (z, y, x)
        z grows from proximal to distal.

    Returns
    -------
    Landmark or None
        None when the number of outlines does not change for good from one to more.
    """
    counts = count_contours(bone)
    for z in range(len(counts) - 1):
        after = counts[z + 1 : z + 1 + _LASTING]
        if counts[z] == 1 and len(after) == _LASTING and (after >= 2).all():
            return _judge_junction(counts, z)
    return None


def _judge_junction(counts: np.ndarray, z: int) -> Landmark:
    before, after = counts[: z + 1], counts[z + 1 :]
    stay = float(np.mean(before == 1)), float(np.mean(after == 2))
    confidence = stay[0] * stay[1]
    return Landmark(
        z,
        confidence,
        f"the bone's outline parts in two below slice {z}; {stay[0]:.0%} of the slices above it show one outline, "
        f"{stay[1]:.0%} of those below it two",
    )


def find_growth_plate(bone: np.ndarray) -> Landmark | None:
    """The growth plate: the deepest dip of the bone's area between epiphysis and metaphysis.

    Cartilage is no bone, so the area of bone per slice falls and rises again in the proximal part.

    Parameters
    ----------
    bone : ndarray of bool, (z, y, x)
        z grows from proximal to distal.

    Returns
    -------
    Landmark or None
        None when the area has no such dip in the proximal half.
    """
    area = ndimage.gaussian_filter1d(bone.sum(axis=(1, 2)).astype(float), _SMOOTH)
    dips, facts = signal.find_peaks(-area, prominence=_DIP * max(1.0, float(area.max())))
    proximal = [(float(p), int(z)) for p, z in zip(facts["prominences"], dips, strict=True) if z < len(area) / 2]
    if not proximal:
        return None
    depth, z = max(proximal)
    share = depth / max(1.0, float(area[z] + depth))
    return Landmark(
        z, min(1.0, 2 * share), f"the bone's area dips by {share:.0%} at slice {z} between two fuller stretches"
    )
