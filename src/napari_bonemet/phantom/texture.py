"""Smooth random fields in space, and the trabecular sheets that they draw.

A field lives on one periodic lattice of fixed size in micrometres and is interpolated from there, so
that an animal is the same at every voxel size and in every field of view.
"""

from functools import cache, lru_cache

import numpy as np
from scipy import fft
from scipy.interpolate import CubicSpline

from napari_bonemet.geometry import Triple

LATTICE = 96
LATTICE_UM = 34.0

# Where a field is flat its distance to zero is not known from its slope; the slope counts at least so much.
_LEAST_SLOPE = 0.35

Axes = tuple[np.ndarray, np.ndarray, np.ndarray]


def random_field(rng: np.random.Generator, length_um: Triple) -> np.ndarray:
    """A Gaussian random field with mean 0 and variance 1 on the periodic lattice.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the white noise.
    length_um : tuple of float
        Correlation lengths l along (z, y, x): the correlation at distance r is exp(-r^2 / (2 l^2)).

    Returns
    -------
    ndarray, (LATTICE, LATTICE, LATTICE) float32
    """
    noise = rng.standard_normal((LATTICE,) * 3, dtype=np.float32)
    spectrum = fft.rfftn(noise)
    waves = [2 * np.pi * fft.fftfreq(LATTICE, LATTICE_UM) for _ in range(2)]
    waves.append(2 * np.pi * fft.rfftfreq(LATTICE, LATTICE_UM))
    for axis, (wave, length) in enumerate(zip(waves, length_um, strict=True)):
        # The square root of the spectrum exp(-k^2 l^2 / 2) filters white noise.
        shape = [1, 1, 1]
        shape[axis] = -1
        spectrum *= np.exp(-((wave * length) ** 2) / 4).astype(np.float32).reshape(shape)
    field = fft.irfftn(spectrum, s=noise.shape)
    field -= field.mean()
    return (field / field.std()).astype(np.float32)


def distance_to_zero(field: np.ndarray) -> np.ndarray:
    """Signed distance to the field's zero surface to first order, ``f / |grad f|``, micrometres."""
    slopes = [np.roll(field, -1, axis) - np.roll(field, 1, axis) for axis in range(3)]
    slope = np.sqrt(sum(s * s for s in slopes)) / (2 * LATTICE_UM)
    least = _LEAST_SLOPE * float(slope.mean())
    return np.asarray(field / np.hypot(slope, least), dtype=np.float32)


@lru_cache(maxsize=24)
def lattice(key: tuple[int, ...], length_um: Triple, distance: bool = False) -> np.ndarray:
    """The random field that grows from `key`, kept for the next part of the bone or the next future.

    Parameters
    ----------
    key : tuple of int
        From :func:`napari_bonemet.phantom.options.stream_key`.
    length_um : tuple of float
        Correlation lengths along (z, y, x).
    distance : bool
        The distance to the field's zero surface instead of its value.

    Returns
    -------
    ndarray, (LATTICE, LATTICE, LATTICE) float32
        Not writeable.
    """
    field = random_field(np.random.default_rng(key), length_um)
    field = distance_to_zero(field) if distance else field
    field.flags.writeable = False
    return field


def sample_field(field: np.ndarray, axes: Axes) -> np.ndarray:
    """The field at the points of a grid, by periodic cubic splines.

    Parameters
    ----------
    field : ndarray, (LATTICE, LATTICE, LATTICE)
        From :func:`random_field`.
    axes : tuple of ndarray
        Coordinates along (z, y, x), micrometres, each one-dimensional.

    Returns
    -------
    ndarray, (z, y, x) float32
    """
    out = field
    for axis in range(3):
        # One matrix per axis: a cubic spline is linear in the values that it passes through.
        out = np.moveaxis(np.tensordot(_spline_matrix(axes[axis]), out, (1, axis)), 0, axis)
    return np.ascontiguousarray(out)


def _spline_matrix(points: np.ndarray) -> np.ndarray:
    return _lattice_spline()(np.mod(points, LATTICE * LATTICE_UM)).astype(np.float32)


@cache
def _lattice_spline() -> CubicSpline:
    closed = np.eye(LATTICE)[np.arange(LATTICE + 1) % LATTICE]
    return CubicSpline(np.arange(LATTICE + 1) * LATTICE_UM, closed, bc_type="periodic")
