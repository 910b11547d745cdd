"""Compiled: rays through a volume of greys."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def _grey(voxels, z, y, x):  # type: ignore[no-untyped-def]
    """The grey between voxels; zero outside the volume, so that a bone that was cut has an end."""
    depth, height, width = voxels.shape
    iz, iy, ix = int(np.floor(z)), int(np.floor(y)), int(np.floor(x))
    if iz < -1 or iy < -1 or ix < -1 or iz >= depth or iy >= height or ix >= width:
        return 0.0
    fz, fy, fx = z - iz, y - iy, x - ix
    if 0 <= iz < depth - 1 and 0 <= iy < height - 1 and 0 <= ix < width - 1:
        near, far = voxels[iz], voxels[iz + 1]
        front = (near[iy, ix] * (1.0 - fx) + near[iy, ix + 1] * fx) * (1.0 - fy)
        front += (near[iy + 1, ix] * (1.0 - fx) + near[iy + 1, ix + 1] * fx) * fy
        back = (far[iy, ix] * (1.0 - fx) + far[iy, ix + 1] * fx) * (1.0 - fy)
        back += (far[iy + 1, ix] * (1.0 - fx) + far[iy + 1, ix + 1] * fx) * fy
        return front * (1.0 - fz) + back * fz
    total = 0.0
    for dz in range(2):
        kz = iz + dz
        if kz < 0 or kz >= depth:
            continue
        wz = fz if dz else 1.0 - fz
        for dy in range(2):
            ky = iy + dy
            if ky < 0 or ky >= height:
                continue
            wy = fy if dy else 1.0 - fy
            for dx in range(2):
                kx = ix + dx
                if 0 <= kx < width:
                    total += wz * wy * (fx if dx else 1.0 - fx) * voxels[kz, ky, kx]
    return total


@njit(nogil=True, cache=True)
def _shade(voxels, z, y, x, spacing, light, away):  # type: ignore[no-untyped-def]
    """How bright the surface is at a place, 0 to 1: the slope against the light, and a little against the eye."""
    gz = (_grey(voxels, z + 1.0, y, x) - _grey(voxels, z - 1.0, y, x)) / spacing[0]
    gy = (_grey(voxels, z, y + 1.0, x) - _grey(voxels, z, y - 1.0, x)) / spacing[1]
    gx = (_grey(voxels, z, y, x + 1.0) - _grey(voxels, z, y, x - 1.0)) / spacing[2]
    length = np.sqrt(gz * gz + gy * gy + gx * gx)
    if length == 0.0:
        return 0.3
    # The gradient points into the bone, as the light does.
    lit = (gz * light[0] + gy * light[1] + gx * light[2]) / length
    faced = (gz * away[0] + gy * away[1] + gx * away[2]) / length
    return 0.12 + 0.62 * max(lit, 0.0) + 0.26 * max(faced, 0.0)


@njit(nogil=True, cache=True)
def cast_rays(  # type: ignore[no-untyped-def]
    voxels, threshold, middle, steps, spacing, light, away, counts, sizes, shades, points, start, stop
):
    """Fill rows `start` to `stop` of `shades` (0 to 255) and `points` (z, y, x voxels).

    Parameters
    ----------
    middle : (3,) the volume's centre, voxels
    steps : (3, 3) voxels per micrometre downwards, to the right, and away from the eye
    counts : rows, columns, steps along a ray
    sizes : pixel and step along a ray, micrometres
    """
    rows, columns, count = counts[0], counts[1], counts[2]
    pixel, stride = sizes[0], sizes[1]
    place = np.empty(3)
    for row in range(start, stop):
        down = (row + 0.5 - rows / 2) * pixel
        for column in range(columns):
            right = (column + 0.5 - columns / 2) * pixel
            before = 0.0
            first, last = 0, count
            # Only where the ray is within the volume, and a voxel around it.
            for axis in range(3):
                start_at = (
                    middle[axis] + down * steps[0, axis] + right * steps[1, axis] - count / 2 * stride * steps[2, axis]
                )
                each = stride * steps[2, axis]
                if abs(each) < 1e-9:
                    if start_at < -1.0 or start_at > voxels.shape[axis]:
                        last = 0
                    continue
                one, other = (-1.0 - start_at) / each, (voxels.shape[axis] - start_at) / each
                first = max(first, int(np.floor(min(one, other))))
                last = min(last, int(np.ceil(max(one, other))) + 1)
            for step in range(first, last):
                far = (step - count / 2) * stride
                for axis in range(3):
                    place[axis] = middle[axis] + down * steps[0, axis] + right * steps[1, axis] + far * steps[2, axis]
                grey = _grey(voxels, place[0], place[1], place[2])
                if grey > threshold:
                    back = stride * (grey - threshold) / (grey - before) if grey > before else 0.0
                    for axis in range(3):
                        place[axis] -= back * steps[2, axis]
                        points[row, column, axis] = place[axis]
                    shade = _shade(voxels, place[0], place[1], place[2], spacing, light, away)
                    shades[row, column] = np.uint8(min(max(shade * 255.0, 1.0), 255.0))
                    break
                before = grey
