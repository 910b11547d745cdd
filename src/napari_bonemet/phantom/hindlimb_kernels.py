"""Compiled loops of the hindlimb field: shapes, soft tissue, laying bones into slices, noise."""

from typing import NamedTuple

import numpy as np
from numba import njit

from napari_bonemet.phantom.hindlimb_blocks import GREY_SCALE

# Parts that are further away than this do not shape the surface here.
FAR_UM = 1000.0


class Tissue(NamedTuple):
    """What soft tissue is made from: greys, lengths in micrometres, and the fields that vary it.

    `skin` is the depth below the skin on a grid of pitch `coarse`; `muscle` and `seams` (in widths of a seam) are
    periodic fields of pitch `pitch`; the bed is half a tube about the line through `bed_middle` (y, x).
    """

    air: float
    skin_grey: float
    fat_grey: float
    muscle_grey: float
    bed_grey: float
    spread: float
    seam_depth: float
    skin_um: float
    fat_um: float
    edge_um: float
    skin: np.ndarray
    coarse: float
    muscle: np.ndarray
    seams: np.ndarray
    pitch: float
    bed_middle: tuple[float, float]
    bed_radius: float
    bed_wall: float


class Piece(NamedTuple):
    """A bone to be laid: voxel (z, y, x) of the field is at ``matrix @ voxel + offset`` of its block.

    `box` are the field's voxels that it may reach (z from, z to, y from, ...); `names` the label of each part.
    """

    matrix: np.ndarray
    offset: np.ndarray
    box: np.ndarray
    grey: np.ndarray
    inside: np.ndarray
    parts: np.ndarray
    names: np.ndarray


@njit(nogil=True, cache=True, fastmath=True)
def _near(rows: np.ndarray, which: np.ndarray, at: float, axis: int, out: np.ndarray) -> int:
    # Of the rows `which`, those that are not far along an axis.
    count = 0
    for r in which:
        start, along = rows[r, axis], rows[r, 3 + axis]
        radius = max(rows[r, 6], rows[r, 6] + rows[r, 7]) / rows[r, 8 + axis] + rows[r, 11] + FAR_UM
        if min(start, start + along) - radius < at < max(start, start + along) + radius:
            out[count] = r
            count += 1
    return count


@njit(nogil=True, cache=True, fastmath=True)
def _depth(row: np.ndarray, z: float, y: float, x: float) -> float:
    qz, qy, qx = (z - row[0]) * row[8], (y - row[1]) * row[9], (x - row[2]) * row[10]
    bz, by, bx = row[3] * row[8], row[4] * row[9], row[5] * row[10]
    length = bz * bz + by * by + bx * bx
    h = 0.0
    if length > 0:
        h = min(max((qz * bz + qy * by + qx * bx) / length, 0.0), 1.0)
    qz, qy, qx = qz - h * bz, qy - h * by, qx - h * bx
    away = np.sqrt(qz * qz + qy * qy + qx * qx)
    depth = row[6] + h * row[7] - away
    # In a squashed space distances are off by the slope of the squashed distance.
    slope = np.sqrt((qz * row[8]) ** 2 + (qy * row[9]) ** 2 + (qx * row[10]) ** 2)
    return depth * away / slope if slope > 0 else depth


@njit(nogil=True, cache=True, fastmath=True)
def shape_depth(rows: np.ndarray, z: np.ndarray, y: np.ndarray, x: np.ndarray, out: np.ndarray) -> None:
    """Depth below the surface of a solid, never below -FAR_UM; see :func:`hindlimb_shapes.solid`."""
    every = np.arange(rows.shape[0])
    here, there = every.copy(), every.copy()
    for i in range(z.size):
        some = _near(rows, every, z[i], 0, here)
        for j in range(y.size):
            count = _near(rows, here[:some], y[j], 1, there)
            for k in range(x.size):
                depth = -FAR_UM
                for r in there[:count]:
                    d, blend = _depth(rows[r], z[i], y[j], x[k]), rows[r, 11]
                    if rows[r, 12] > 0:
                        t = min(max(0.5 + 0.5 * (d - depth) / blend, 0.0), 1.0)
                        depth = depth + (d - depth) * t + blend * t * (1 - t)
                    else:
                        t = min(max(0.5 + 0.5 * (-d - depth) / blend, 0.0), 1.0)
                        depth = -d * (1 - t) + depth * t - blend * t * (1 - t)
                out[i, j, k] = depth


@njit(nogil=True, cache=True, fastmath=True)
def _periodic(field: np.ndarray, z: float, y: float, x: float) -> float:
    n = field.shape[0]
    fz, fy, fx = np.floor(z), np.floor(y), np.floor(x)
    i, j, k = int(fz) % n, int(fy) % n, int(fx) % n
    u, v, w = z - fz, y - fy, x - fx
    i1, j1, k1 = (i + 1) % n, (j + 1) % n, (k + 1) % n
    near = (field[i, j, k] * (1 - w) + field[i, j, k1] * w) * (1 - v)
    near += (field[i, j1, k] * (1 - w) + field[i, j1, k1] * w) * v
    far = (field[i1, j, k] * (1 - w) + field[i1, j, k1] * w) * (1 - v)
    far += (field[i1, j1, k] * (1 - w) + field[i1, j1, k1] * w) * v
    return near * (1 - u) + far * u


@njit(nogil=True, cache=True, fastmath=True)
def _trilinear(field: np.ndarray, z: float, y: float, x: float) -> float:
    i, j, k = int(z), int(y), int(x)
    u, v, w = z - i, y - j, x - k
    near = (field[i, j, k] * (1 - w) + field[i, j, k + 1] * w) * (1 - v)
    near += (field[i, j + 1, k] * (1 - w) + field[i, j + 1, k + 1] * w) * v
    far = (field[i + 1, j, k] * (1 - w) + field[i + 1, j, k + 1] * w) * (1 - v)
    far += (field[i + 1, j + 1, k] * (1 - w) + field[i + 1, j + 1, k + 1] * w) * v
    return near * (1 - u) + far * u


@njit(nogil=True, cache=True, fastmath=True)
def _step(depth: float, soft: float, outside: float, inside: float) -> float:
    return outside + (inside - outside) * min(max(0.5 + 0.5 * depth / soft, 0.0), 1.0)


@njit(nogil=True, cache=True, fastmath=True)
def _outside(y: float, x: float, made: Tissue) -> float:
    if made.bed_radius <= 0 or y < made.bed_middle[0]:
        return made.air
    rho = np.sqrt((y - made.bed_middle[0]) ** 2 + (x - made.bed_middle[1]) ** 2)
    wall = 0.5 * made.bed_wall - abs(rho - made.bed_radius - 0.5 * made.bed_wall)
    return _step(wall, made.edge_um, made.air, made.bed_grey)


@njit(nogil=True, cache=True, fastmath=True)
def lay_tissue(out: np.ndarray, first: int, spacing: float, made: Tissue) -> None:
    """Soft tissue, skin, air and bed of some slices, the first of them number `first`."""
    soft = made.edge_um
    limit = np.array(made.skin.shape) - 1.001
    for i in range(out.shape[0]):
        z = (first + i) * spacing
        cz = min(max(z / made.coarse, 0.0), limit[0])
        for j in range(out.shape[1]):
            y = j * spacing
            cy = min(max(y / made.coarse, 0.0), limit[1])
            for k in range(out.shape[2]):
                x = k * spacing
                depth = _trilinear(made.skin, cz, cy, min(max(x / made.coarse, 0.0), limit[2]))
                if depth < -soft:
                    out[i, j, k] = _outside(y, x, made)
                    continue
                a, b, c = z / made.pitch, y / made.pitch, x / made.pitch
                texture = made.spread * _periodic(made.muscle, a, b, c)
                seam = _periodic(made.seams, a, b, c)
                fat = made.fat_um * max(0.0, 0.6 + 0.5 * _periodic(made.muscle, b / 6, c / 6, a / 6))
                grey = made.muscle_grey + texture - made.seam_depth / (1 + seam * seam)
                grey = _step(depth - made.skin_um - fat, soft, made.fat_grey + 0.4 * texture, grey)
                grey = _step(depth - made.skin_um, soft, made.skin_grey, grey)
                out[i, j, k] = _step(depth, soft, made.air, grey)


@njit(nogil=True, cache=True)
def _span(start: float, step: float, high: float, low_index: int, high_index: int) -> tuple[int, int]:
    # The whole numbers k for which 0 <= start + k * step < high.
    if abs(step) < 1e-12:
        return (low_index, high_index) if 0 <= start < high else (0, 0)
    one, other = -start / step, (high - start) / step
    low, top = min(one, other), max(one, other)
    return max(low_index, int(np.ceil(low))), min(high_index, int(np.floor(top)) + 1)


@njit(nogil=True, cache=True, fastmath=True)
def lay_bone(out: np.ndarray, labels: np.ndarray, claims: np.ndarray, at: tuple[int, float], bone: Piece) -> None:
    """Add one bone to some slices, and claim its voxels in `labels` (none are wanted where it is empty).

    `at` is the number of the first slice, and by how much a bone must lift a grey to own the voxel; what lies
    within its outer surface is its own in any case. Where two bones claim a voxel the stronger has it.
    """
    first, above = at
    size = np.array(bone.grey.shape) - 1.001
    m, box = bone.matrix, bone.box
    for i in range(max(box[0], first), min(box[1], first + out.shape[0])):
        for j in range(box[2], box[3]):
            sz = m[0, 0] * i + m[0, 1] * j + bone.offset[0]
            sy = m[1, 0] * i + m[1, 1] * j + bone.offset[1]
            sx = m[2, 0] * i + m[2, 1] * j + bone.offset[2]
            start, stop = _span(sz, m[0, 2], size[0], box[4], box[5])
            start, stop = _span(sy, m[1, 2], size[1], start, stop)
            start, stop = _span(sx, m[2, 2], size[2], start, stop)
            for k in range(start, stop):
                z = min(max(sz + m[0, 2] * k, 0.0), size[0])
                y = min(max(sy + m[1, 2] * k, 0.0), size[1])
                x = min(max(sx + m[2, 2] * k, 0.0), size[2])
                lift = _trilinear(bone.grey, z, y, x) / GREY_SCALE
                out[i - first, j, k] += lift
                if labels.size == 0:
                    continue
                claim = max(lift - above, _trilinear(bone.inside, z, y, x) - 127.5)
                if claim > 0 and claim > claims[i - first, j, k]:
                    claims[i - first, j, k] = claim
                    part = 0
                    if bone.parts.size > 0:
                        part = bone.parts[int(z + 0.5), int(y + 0.5), int(x + 0.5)]
                    labels[i - first, j, k] = bone.names[part]


@njit(nogil=True, cache=True)
def add_noise(clean: np.ndarray, first: int, seed: np.uint64, noise: float, out: np.ndarray) -> None:
    """Round greys to bytes, with noise that depends on the voxel's place and the seed alone."""
    rows, columns = clean.shape[1], clean.shape[2]
    # The sum of four numbers from 0 to 65535 has this standard deviation.
    scale = noise / (65536.0 / np.sqrt(3.0))
    for i in range(clean.shape[0]):
        for j in range(rows):
            number = np.uint64(((first + i) * rows + j) * columns)
            for k in range(columns):
                # Splitmix64: a well-mixed function of a count.
                s = seed + (number + np.uint64(k + 1)) * np.uint64(0x9E3779B97F4A7C15)
                s = (s ^ (s >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                s = (s ^ (s >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
                s ^= s >> np.uint64(31)
                low = np.uint64(0xFFFF)
                total = (s & low) + ((s >> np.uint64(16)) & low) + ((s >> np.uint64(32)) & low) + (s >> np.uint64(48))
                grey = clean[i, j, k] + (float(total) - 131070.0) * scale
                out[i, j, k] = np.uint8(min(max(grey + 0.5, 0.0), 255.0))
