"""The tibia's own outer surface where the fibula touches it or a lesion has opened it, from what is left around."""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import legvander
from scipy import ndimage

from napari_bonemet.processing.fibula_rays import Rays

_DEGREES = (3, 6)
_ROUNDS = 8
# What is left of a fit counts as lesion, or as something on the surface, beyond so many voxels.
_LOW, _HIGH = 1.2, 2.0
_LEAST_SHARE = 0.15
_WIDENED = np.deg2rad(6)


@dataclass(frozen=True, eq=False)
class TibiaSurface:
    """The tibia's outer surface along rays.

    Parameters
    ----------
    radius : ndarray, (slices, rays)
        Distance from the shaft's axis, voxels.
    seen : float
        Share of the rays beside the fibula on which that surface was met; the rest is lesion.
    scatter : float
        Standard deviation of what was met about the fit, voxels.
    """

    radius: np.ndarray
    seen: float
    scatter: float


def fit_surface(rays: Rays, free: np.ndarray, half_width: float) -> TibiaSurface | None:
    """A smooth surface through the tibia's outline, holes bridged and the fibula left out.

    Along z and around the shaft a tibia is smooth; polynomials of degree 3 by 6 over the fan of rays follow it to a
    fraction of a voxel. Rays that end short of it (lesions) are left out round by round.

    Parameters
    ----------
    rays : Rays
        From :func:`~napari_bonemet.processing.fibula_rays.cast`.
    free : ndarray of bool, (slices,)
        Where the fibula is a piece of its own, so that no ray meets it for tibia.
    half_width : float
        The fibula's half width as seen from the shaft's axis, radians.

    Returns
    -------
    TibiaSurface or None
        None where too little of the tibia is left.
    """
    along = np.linspace(-1, 1, len(rays.slices)) if len(rays.slices) > 1 else np.zeros(1)
    z, a = (legvander(axis, degree) for axis, degree in zip((along, rays.fan / rays.fan.max()), _DEGREES, strict=True))
    basis = (z[:, None, :, None] * a[None, :, None, :]).reshape(len(rays.slices), len(rays.fan), -1)
    beside = free[:, None] | (np.abs(rays.fan) > half_width + _WIDENED)[None]
    met = beside & (rays.tibia > 0)
    if np.count_nonzero(met) < _LEAST_SHARE * met.size:
        return None
    # Start from what lies furthest out nearby: a hole is smaller than its surroundings.
    envelope = ndimage.grey_closing(np.where(met, rays.tibia, 0), size=_closing(rays))
    keep = met & (rays.tibia > envelope - _LOW)
    for _ in range(_ROUNDS):
        if np.count_nonzero(keep) < _LEAST_SHARE * keep.size:
            return None
        terms = basis[keep]
        weights, *_ = np.linalg.lstsq(terms.T @ terms, terms.T @ rays.tibia[keep], rcond=1e-10)
        radius = basis @ weights
        off = rays.tibia - radius
        new = met & (off > -_LOW) & (off < _HIGH)
        if (new == keep).all():
            break
        keep = new
    return TibiaSurface(radius, float(keep.sum() / beside.sum()), float(off[keep].std()))


def _closing(rays: Rays) -> tuple[int, int]:
    degrees = len(rays.fan) // 4
    return (max(3, len(rays.slices) // 3), degrees)
