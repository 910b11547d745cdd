"""How thick the cortex is in every direction, whatever lesions took from it and trabeculae add to it."""

from itertools import pairwise

import numpy as np
from scipy import ndimage

from napari_bonemet.morphometry.masks.polar import Field, Frame, Mask
from napari_bonemet.morphometry.masks.smooth_surface import Stiffness, fit_splines, follow

__all__ = ["wall_thickness"]

_SMOOTH = Stiffness(knot_um=400.0, harmonics=4, ripple=1e-2)
# How deep bone must begin beneath the periosteum, and how long a gap in it must be to be none of a canal's.
_BEGINS_UM, _PORE_UM = 40.0, 30.0
# How much thinner than the surface says a ray may be, from round to round; struts begin at this part of that.
_OFF_UM = (45.0, 35.0, 28.0, 25.0)
_STRUT = 0.4
# Around what is too thin, or not there, lies more that was taken.
_RIM_UM = 80.0
# Votes: slices and directions that vote together, and how finely.
_VOTE_UM, _VOTE_RAYS, _VOTE_BIN_UM, _LEAST_UM, _MOST_UM = 100.0, 10, 8.0, 16.0, 640.0
# A ridge of the cortex lasts so long along the shaft, in more than this part of its slices, and is so much thicker.
_LASTS_UM, _LASTS, _RIDGE_UM = 1000.0, 0.75, 15.0


def wall_thickness(frame: Frame, outer: Field, level: float) -> tuple[Field, Mask]:
    """Thickness of the cortex square to its surface.

    Most rays through a stretch of cortex agree on its thickness. Those that run into a trabecula are longer by any
    amount, those through a lesion shorter; both are left out, and the thickness carried on from around them. A ridge
    (the tibia's crest) is told from trabeculae by its length: it lasts along the shaft.

    Parameters
    ----------
    frame : Frame
        Greys and axis.
    outer : ndarray, (slices, rays)
        Distance of the periosteum from the axis, micrometres.
    level : float
        Grey at which bone ends.

    Returns
    -------
    thickness : ndarray, (slices, rays)
        Micrometres.
    seen : ndarray of bool, (slices, rays)
        Where it was seen.
    """
    inner = frame.inner_edges(level, outer, _BEGINS_UM, _PORE_UM)
    # Bone that goes on to the axis says nothing of the cortex.
    thick = np.where(inner > 0, (outer - inner) / frame.obliquity(outer), np.nan)
    there = np.isfinite(thick)
    surface = _voted(frame, thick)
    ridges = _ridges(frame, thick - surface)
    thick = thick - ridges
    for off in _OFF_UM:
        tolerance = frame.least(off)
        taken = ~there | (thick < surface - tolerance)
        # Trabeculae spread where they meet the cortex, so that what is a little too thick is suspect already.
        strut = ndimage.binary_dilation(there & (thick > surface + _STRUT * tolerance), np.ones((3, 3)))
        seen = there & ~strut & (thick > surface - tolerance) & ~_with_rim(frame, taken, outer)
        surface = fit_splines(thick, seen.astype(float), frame.spacing[0], _SMOOTH)
        surface = follow(thick, seen.astype(float), surface, frame.widths(outer))
    return np.maximum(surface + ridges, _LEAST_UM), seen


def _with_rim(frame: Frame, taken: Mask, outer: Field) -> Mask:
    size = tuple(2 * max(1, round(width)) + 1 for width in frame.width(_RIM_UM, outer))
    # A single ray that falls short is noise or a canal.
    taken = ndimage.binary_opening(np.pad(taken, ((0, 0), (1, 1)), mode="wrap"), np.ones((1, 3)))[:, 1:-1]
    return ndimage.maximum_filter(taken.view(np.uint8), size, mode=("nearest", "wrap")) > 0


def _voted(frame: Frame, thick: Field) -> Field:
    # The thickness that most rays nearby agree on.
    slices, rays = thick.shape
    there = np.isfinite(thick) & (thick >= _LEAST_UM) & (thick < _MOST_UM)
    z, a = np.nonzero(there)
    blocks = max(1, round(slices * frame.spacing[0] / _VOTE_UM))
    votes = np.zeros((blocks, rays // _VOTE_RAYS, round(_MOST_UM / _VOTE_BIN_UM)))
    np.add.at(votes, (z * blocks // slices, a // _VOTE_RAYS, (thick[there] / _VOTE_BIN_UM).astype(int)), 1.0)
    votes = ndimage.gaussian_filter(votes, (1.0, 1.5, 1.2), mode=("nearest", "wrap", "constant"))
    # Where neighbours disagree (a lesion) the ring decides.
    votes += 0.5 * ndimage.gaussian_filter1d(votes, 1.5, axis=0, mode="nearest").mean(axis=1, keepdims=True)
    best = (np.argmax(votes, axis=2) + 0.5) * _VOTE_BIN_UM
    at = ((np.arange(slices) + 0.5) * blocks / slices - 0.5, (np.arange(rays) + 0.5) / _VOTE_RAYS - 0.5)
    places = np.meshgrid(np.clip(at[0], 0, blocks - 1), at[1], indexing="ij")
    whole, sure = (
        ndimage.map_coordinates(field, places, order=1, mode="grid-wrap") for field in (best, votes.max(axis=2))
    )
    return fit_splines(whole, sure / max(float(sure.mean()), 1e-9), frame.spacing[0], _SMOOTH)


def _ridges(frame: Frame, more: Field) -> Field:
    # By how much the cortex is thicker, in nearly all slices of a long stretch, than the smooth surface says.
    slices, rays = more.shape
    length = slices * frame.spacing[0]
    if length < _LASTS_UM / 2:
        return np.zeros_like(more)
    ends = np.linspace(0, slices, max(1, round(length / _VOTE_UM)) + 1).astype(int)
    half = round(_LASTS_UM / _VOTE_UM / 2)
    blocks = np.stack([_low(more[a:b], 0.5) for a, b in pairwise(ends) if b > a])
    padded = np.pad(blocks, ((half, half), (0, 0)), mode="symmetric")
    lasting = np.stack([_low(padded[k : k + 2 * half + 1], 1 - _LASTS) for k in range(len(blocks))])
    lasting = np.where(lasting > _RIDGE_UM, lasting, 0.0)
    lasting = ndimage.gaussian_filter(lasting, (1.0, 1.5), mode=("nearest", "wrap"))
    middles = (ends[:-1] + ends[1:] - 1) / 2
    return np.stack([np.interp(np.arange(slices), middles, lasting[:, ray]) for ray in range(rays)], axis=1)


def _low(values: Field, share: float) -> Field:
    """A quantile along the first axis, of what is there; 0 where nothing is."""
    ordered = np.sort(values, axis=0)  # NaN last
    many = np.isfinite(values).sum(axis=0)
    pick = np.maximum(np.floor(share * (many - 1)), 0).astype(int)
    return np.nan_to_num(np.take_along_axis(ordered, pick[None], axis=0)[0])
