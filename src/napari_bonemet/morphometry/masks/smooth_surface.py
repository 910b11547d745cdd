"""A smooth function on the unrolled shaft, slices by directions: fitted where it is seen, and carried on elsewhere."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, ndimage
from scipy.interpolate import BSpline

Field = NDArray[np.floating]

_DEGREE = 3
# Weight of the prior against bending along the shaft, of what one spline sees.
_BEND = 1e-3


@dataclass(frozen=True)
class Stiffness:
    """How smooth a function is.

    Parameters
    ----------
    knot_um : float
        Distance between the splines' knots, micrometres.
    harmonics : int
        The highest harmonic around the shaft.
    ripple : float
        Weight of the prior against high harmonics.
    """

    knot_um: float
    harmonics: int
    ripple: float


def fit_splines(values: Field, weights: Field, slice_um: float, stiffness: Stiffness) -> Field:
    """The smooth function nearest to the values, by weighted least squares.

    Cubic splines along the shaft times harmonics around it, with a prior against bending that carries it across
    stretches without weight.

    Parameters
    ----------
    values : ndarray, (slices, directions)
        What is seen; anything where the weight is 0.
    weights : ndarray, (slices, directions)
        At least 0.
    slice_um : float
        Distance between slices, micrometres.
    stiffness : Stiffness
        How smooth it is.

    Returns
    -------
    ndarray, (slices, directions)
    """
    along, around = _splines(len(values), slice_um, stiffness.knot_um), _harmonics(values.shape[1], stiffness.harmonics)
    many, terms = along.shape[1], around.shape[1]
    seen = np.where(weights > 0, values, 0.0)
    right = along.T @ ((weights * seen) @ around)
    planes = np.stack([(w[:, None] * around).T @ around for w in weights])
    normal = np.zeros((many, terms, many, terms))
    for apart in range(min(_DEGREE + 1, many)):
        pairs = along[:, : many - apart] * along[:, apart:]
        blocks = np.tensordot(pairs, planes, axes=(0, 0))
        for i, block in enumerate(blocks):
            normal[i, :, i + apart] = block
            normal[i + apart, :, i] = block.T
    square = normal.reshape(many * terms, many * terms)
    square += _prior(many, stiffness, float(weights.sum()) / many)
    factor = linalg.cho_factor(square, check_finite=False)
    found = linalg.cho_solve(factor, right.ravel(), check_finite=False).reshape(many, terms)
    return np.asarray(along @ found @ around.T)


def follow(values: Field, weights: Field, smooth: Field, sigmas: tuple[tuple[float, float], ...]) -> Field:
    """`smooth`, drawn to the values where they are seen: local means of what is left, from coarse to fine.

    Parameters
    ----------
    values, weights, smooth : ndarray, (slices, directions)
        What is seen, its weight, and the smooth function.
    sigmas : tuple of (slices, directions)
        Widths of the local means.
    """
    found = smooth.copy()
    for sigma in sigmas:
        left = np.where(weights > 0, values - found, 0.0) * weights
        near, total = (
            ndimage.gaussian_filter(field, sigma, mode=("nearest", "wrap"), truncate=3) for field in (left, weights)
        )
        # Where little is seen nearby the smooth function stands.
        found += near / np.maximum(total, 0.1)
    return found


def _splines(length: int, slice_um: float, knot_um: float) -> Field:
    parts = max(1, round(length * slice_um / knot_um))
    inner = np.linspace(0, length - 1 if length > 1 else 1, parts + 1)
    knots = np.concatenate([np.repeat(inner[0], _DEGREE), inner, np.repeat(inner[-1], _DEGREE)])
    return np.asarray(BSpline.design_matrix(np.arange(length, dtype=float), knots, _DEGREE).toarray())


def _harmonics(directions: int, highest: int) -> Field:
    angle = 2 * np.pi * np.arange(directions) / directions
    waves = [np.ones(directions)]
    for k in range(1, highest + 1):
        waves += [np.cos(k * angle), np.sin(k * angle)]
    return np.stack(waves, axis=1)


def _prior(many: int, stiffness: Stiffness, per_spline: float) -> Field:
    # In shares of what one spline sees on average, so that neither voxels nor directions change the balance.
    order = np.repeat(np.arange(stiffness.harmonics + 1), 2)[1:].astype(float)
    bends = np.diff(np.eye(many), 2, axis=0)
    straight = np.kron(bends.T @ bends, np.eye(order.size)) * _BEND
    round_ = np.kron(np.eye(many), np.diag(order**4)) * stiffness.ripple / max(stiffness.harmonics, 1) ** 2
    return np.asarray((straight + round_ + 1e-9 * np.eye(straight.shape[0])) * max(per_spline, 1.0))
