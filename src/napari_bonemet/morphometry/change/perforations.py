"""Holes that a lesion has eaten through the cortex."""

import numpy as np
from scipy import ndimage

from napari_bonemet.geometry import Triple
from napari_bonemet.morphometry.change.lesion_result import Perforation

_ALL = np.ones((3, 3, 3), bool)
_CROSS = ndimage.generate_binary_structure(3, 1)
_OUTSIDE, _CORTEX, _MEDULLARY = 0, 1, 2
# Of voxels whose compartment is not known: neither outside nor medullary.
UNKNOWN = 3
_SMOOTH = 1.5
# How far the bone's surfaces may lie within those of its cortex compartment.
_RIM_UM = 60.0


def find_perforations(
    lesion: np.ndarray, open_now: np.ndarray, labels: np.ndarray, spacing: Triple, least_mm2: float
) -> tuple[Perforation, ...]:
    """The holes of one lesion through the cortex: lost cortical bone that reaches from marrow to the outside.

    A hole is a connected gap (26) in the cortex compartment, of the lesion's lost voxels and those that touch them and
    are open now. It lies against the medullary compartment on one side and against the outside on the other, or comes
    to within some 60 µm of them through what is open: compartments are smooth, and the bone's surfaces are not. Its
    area is that of the periosteal side: the faces between the gap and the outside, each times the cosine between it
    and the smooth outline of the bone. Openings of one lesion that are fewer than three voxels apart are one.

    Parameters
    ----------
    lesion : ndarray of bool, (z, y, x)
        The lesion's lost voxels, in a box with a margin of some voxels around them.
    open_now : ndarray of bool, (z, y, x)
        Where there is no bone in the later week.
    labels : ndarray of uint8, (z, y, x)
        Compartments there: 0 outside, 1 cortex, 2 medullary, 3 not known.
    spacing : tuple of float
        Voxel size (z, y, x), micrometres.
    least_mm2 : float
        Smallest opening that is told, what is open beside the lesion included.

    Returns
    -------
    tuple of Perforation
        Largest first; centres in micrometres from the box's first voxel.
    """
    inside, outer = _open_inside(lesion, open_now, labels, spacing)
    open_faces = _open_faces(inside, outer, labels, spacing)
    mouths, count = ndimage.label(ndimage.binary_dilation(open_faces > 0, _CROSS), _ALL)
    found = []
    for number in range(1, count + 1):
        weights = np.where(mouths == number, open_faces, 0)
        if weights.sum() * 1e-6 < least_mm2:
            continue
        # What is open beside the lesion leads to the outside; the mouth is as wide as the lesion itself where it can.
        if weights[lesion].any():
            weights[~lesion] = 0
        z, y, x = np.asarray(ndimage.center_of_mass(weights)) * spacing
        found.append(Perforation(float(weights.sum()) * 1e-6, (float(z), float(y), float(x))))
    return tuple(sorted(found, key=lambda hole: -hole.area_mm2))


def perforated(
    lost: np.ndarray, open_now: np.ndarray, labels: np.ndarray, spacing: Triple, least_mm2: float
) -> np.ndarray:
    """The voxels of the gaps that :func:`find_perforations` tells, lost and open together.

    Parameters
    ----------
    lost : ndarray of bool, (z, y, x)
        Lost bone, of all lesions.
    open_now, labels, spacing, least_mm2
        As for :func:`find_perforations`; the least area counts for a gap as a whole.

    Returns
    -------
    ndarray of bool, (z, y, x)
    """
    inside, outer = _open_inside(lost, open_now, labels, spacing)
    faces = _open_faces(inside, outer, labels, spacing)
    parts, count = ndimage.label(inside, _ALL)
    areas = np.bincount(parts.ravel(), faces.ravel(), count + 1) * 1e-6
    wide = areas >= max(least_mm2, 1e-12)
    wide[0] = False
    return np.asarray(wide[parts])


def _open_inside(
    lesion: np.ndarray, open_now: np.ndarray, labels: np.ndarray, spacing: Triple
) -> tuple[np.ndarray, np.ndarray]:
    """The gaps in the cortex that reach marrow, and what is outside or open beside it."""
    cortex = labels == _CORTEX
    gap = cortex & (lesion | (open_now & ndimage.binary_dilation(lesion, _ALL)))
    reach = max(1, round(_RIM_UM / max(spacing)))
    rim = cortex & open_now & ~gap
    inner = _grown(labels == _MEDULLARY, rim, reach)
    outer = _grown(labels == _OUTSIDE, rim & ~inner, reach)
    parts, count = ndimage.label(gap, _ALL)
    through = np.zeros(count + 1, bool)
    through[np.unique(parts[ndimage.binary_dilation(inner, _ALL)])] = True
    through[0] = False
    return np.asarray(through[parts]), outer


def _grown(side: np.ndarray, through: np.ndarray, reach: int) -> np.ndarray:
    # A side of the cortex, and what is open beside it.
    return np.asarray(ndimage.binary_dilation(side, _CROSS, iterations=reach, mask=side | through))


def _open_faces(gap: np.ndarray, outer: np.ndarray, labels: np.ndarray, spacing: Triple) -> np.ndarray:
    # Area of each gap voxel's faces towards the outside, square micrometres.
    inside = labels != _OUTSIDE
    out = np.zeros(gap.shape)
    if not gap.any() or inside.all():
        return out
    smooth = ndimage.gaussian_filter(inside.astype(np.float32), _SMOOTH, mode="nearest")
    slope = [np.gradient(smooth, axis=axis) / spacing[axis] if gap.shape[axis] > 1 else 0 * smooth for axis in range(3)]
    length = np.maximum(np.sqrt(sum(part * part for part in slope)), 1e-9)
    for axis in range(3):
        face = float(np.prod(spacing)) / spacing[axis]
        for step in (-1, 1):
            towards = gap & ~_shifted(~outer, axis, step)
            out[towards] += face * (np.abs(slope[axis]) / length)[towards]
    return out


def _shifted(inside: np.ndarray, axis: int, step: int) -> np.ndarray:
    # What lies one voxel further along an axis; beyond the field all counts as inside.
    moved = np.ones_like(inside)
    ahead, behind = [slice(None)] * 3, [slice(None)] * 3
    ahead[axis], behind[axis] = (slice(1, None), slice(None, -1)) if step > 0 else (slice(None, -1), slice(1, None))
    moved[tuple(behind)] = inside[tuple(ahead)]
    return moved
