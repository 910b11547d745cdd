"""Compiled inner loops of the robust alignment: look up the moving bone at points, and sum the normal equations.

Points p lie in the fixed frame about the fixed centre, q in the moving frame about the moving centre, both in units
of the bone's radius, so that turns and shifts weigh alike: q = turn @ p + shift. The index into the moving level is
q * per_unit + zero.
"""

import math

import numpy as np
from numba import njit

_PARAMETERS = 8
_MOST_MISSED = 0.6


@njit(nogil=True, cache=True, fastmath=True, inline="always")
def _linear(grey, z, y, x):  # type: ignore[no-untyped-def]
    iz, iy, ix = int(z), int(y), int(x)
    fz, fy, fx = z - iz, y - iy, x - ix
    a = grey[iz, iy, ix] * (1 - fx) + grey[iz, iy, ix + 1] * fx
    b = grey[iz, iy + 1, ix] * (1 - fx) + grey[iz, iy + 1, ix + 1] * fx
    c = grey[iz + 1, iy, ix] * (1 - fx) + grey[iz + 1, iy, ix + 1] * fx
    d = grey[iz + 1, iy + 1, ix] * (1 - fx) + grey[iz + 1, iy + 1, ix + 1] * fx
    return (a * (1 - fy) + b * fy) * (1 - fz) + (c * (1 - fy) + d * fy) * fz


@njit(nogil=True, cache=True, fastmath=True)
def look_up(points, grey, turn, shift, per_unit, zero, out, seen):  # type: ignore[no-untyped-def]
    """Greys of the moving level where the points come to lie; `seen` is False outside its field of view.

    Parameters
    ----------
    points : ndarray, (n, 3) float64
    grey : ndarray, (z, y, x)
    turn, shift, per_unit, zero : ndarray
        3 x 3, and three times (3,).
    out, seen : ndarray, (n,) float64 and bool
        Written.
    """
    nz, ny, nx = grey.shape
    for i in range(points.shape[0]):
        p0, p1, p2 = points[i, 0], points[i, 1], points[i, 2]
        z = (turn[0, 0] * p0 + turn[0, 1] * p1 + turn[0, 2] * p2 + shift[0]) * per_unit[0] + zero[0]
        y = (turn[1, 0] * p0 + turn[1, 1] * p1 + turn[1, 2] * p2 + shift[1]) * per_unit[1] + zero[1]
        x = (turn[2, 0] * p0 + turn[2, 1] * p1 + turn[2, 2] * p2 + shift[2]) * per_unit[2] + zero[2]
        inside = z >= 0 and y >= 0 and x >= 0 and z < nz - 1 and y < ny - 1 and x < nx - 1
        seen[i] = inside
        out[i] = _linear(grey, z, y, x) if inside else 0.0


@njit(nogil=True, cache=True, fastmath=True)
def normal_equations(points, values, slopes, greys, seen, gain, offset, cut, sums, right):  # type: ignore[no-untyped-def]
    """Sums of the weighted least squares for a small motion of the fixed points, and for gain and offset.

    The residual is grey - (gain * value + offset); its weight is Tukey's, zero from `cut` on.

    Parameters
    ----------
    points, slopes : ndarray, (n, 3)
        Where, and the gradient of the fixed grey there, per unit of length.
    values, greys : ndarray, (n,)
        Greys of the fixed level, and of the moving one as looked up.
    seen : ndarray of bool, (n,)
    sums, right : ndarray, (8, 8) and (8,)
        Written: turn (z, y, x), shift (z, y, x), gain, offset.

    Returns
    -------
    float
        Mean of Tukey's loss over all points, 0 to 1; points outside the field of view count one half.
    """
    row = np.empty(_PARAMETERS)
    sums[:] = 0
    right[:] = 0
    loss = 0.0
    missed = 0
    for i in range(points.shape[0]):
        if not seen[i]:
            loss += 0.5
            missed += 1
            continue
        residual = greys[i] - gain * values[i] - offset
        ratio = residual / cut
        if ratio * ratio >= 1:
            loss += 1
            continue
        weight = (1 - ratio * ratio) ** 2
        loss += 1 - weight * (1 - ratio * ratio)
        p0, p1, p2 = points[i, 0], points[i, 1], points[i, 2]
        s0, s1, s2 = gain * slopes[i, 0], gain * slopes[i, 1], gain * slopes[i, 2]
        # In (z, y, x) the cross product keeps its form: a turn vector (z, y, x) has the axes in that order, too,
        # with the sign that RigidTransform's rotation vectors have.
        row[0] = p1 * s2 - p2 * s1
        row[1] = p2 * s0 - p0 * s2
        row[2] = p0 * s1 - p1 * s0
        row[3], row[4], row[5] = s0, s1, s2
        row[6] = values[i]
        row[7] = 1.0
        for j in range(_PARAMETERS):
            weighted = weight * row[j]
            right[j] += weighted * residual
            for k in range(j, _PARAMETERS):
                sums[j, k] += weighted * row[k]
    for j in range(_PARAMETERS):
        for k in range(j):
            sums[j, k] = sums[k, j]
    # What lies outside explains nothing: a pose that shows little of the bone is no pose.
    return 1.0 if missed > _MOST_MISSED * points.shape[0] else loss / points.shape[0]


@njit(nogil=True, cache=True)
def turned(turn, shift, step):  # type: ignore[no-untyped-def]
    """The pose after the small motion `step` (turn vector and shift) of the fixed points was taken off."""
    angle = math.sqrt(step[0] ** 2 + step[1] ** 2 + step[2] ** 2)
    back = np.eye(3)
    if angle > 1e-12:
        a, b, c = step[0] / angle, step[1] / angle, step[2] / angle
        cross = np.array([[0.0, -c, b], [c, 0.0, -a], [-b, a, 0.0]])
        back = np.eye(3) - math.sin(angle) * cross + (1 - math.cos(angle)) * (cross @ cross)
    new = turn @ back
    return new, shift - new @ step[3:6]


@njit(nogil=True, cache=True)
def descend(points, values, slopes, grey, per_unit, zero, turns, shifts, losses, cut, rounds, start, stop):  # type: ignore[no-untyped-def]
    """Gauss-Newton steps from each start of `start` to `stop`; the poses and losses are written in place.

    Parameters
    ----------
    turns, shifts, losses : ndarray, (k, 3, 3), (k, 3), (k,)
    cut : float
        Residual, in greys, from which a point counts no more.
    rounds : int
        Steps for each start.
    """
    greys, seen = np.empty(values.size), np.empty(values.size, np.bool_)
    sums, right = np.empty((_PARAMETERS, _PARAMETERS)), np.empty(_PARAMETERS)
    for k in range(start, stop):
        turn, shift = turns[k].copy(), shifts[k].copy()
        best = np.inf
        for _ in range(rounds + 1):
            look_up(points, grey, turn, shift, per_unit, zero, greys, seen)
            loss = normal_equations(points, values, slopes, greys, seen, 1.0, 0.0, cut, sums, right)
            if loss < best:
                best = loss
                turns[k], shifts[k], losses[k] = turn, shift, loss
            motion = sums[:6, :6].copy()
            for j in range(6):
                motion[j, j] += 1e-3 * motion[j, j] + 1e-9
            turn, shift = turned(turn, shift, np.linalg.solve(motion, right[:6]))
