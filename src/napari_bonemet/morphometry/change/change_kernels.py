"""Compiled loops of remodelling: the faces of the baseline's bone, and which of them each change belongs to."""

import numpy as np
from numba import njit

from napari_bonemet.io.composite_codes import FORMED, KEPT, LOST, NEITHER

# Surfaces, in the order of their counts; NO_SURFACE: outside the compartments, or where there are none.
NO_SURFACE, PERIOSTEAL, ENDOSTEAL, INTRACORTICAL, TRABECULAR_SURFACE = 0, 1, 2, 3, 4
SURFACES = 5
# What a face became, in the order of its counts: every face, those resorbed, those formed upon.
EVERY, ERODED, MINERALISED = 0, 1, 2
_CORTEX, _TRABECULAR = 1, 2


@njit(nogil=True, cache=True)
def _is_bone(code: int) -> bool:
    return code in (KEPT, LOST)


@njit(nogil=True, cache=True)
def _nearer(labels: np.ndarray, z: int, y: int, x: int, reach: tuple) -> int:
    # Whether the outside or the medullary space is nearer to a gap within the cortex.
    best, found = 1e30, INTRACORTICAL
    (rz, ry, rx), (sz, sy, sx), most = reach
    for k in range(max(z - rz, 0), min(z + rz + 1, labels.shape[0])):
        for j in range(max(y - ry, 0), min(y + ry + 1, labels.shape[1])):
            for i in range(max(x - rx, 0), min(x + rx + 1, labels.shape[2])):
                if labels[k, j, i] == _CORTEX:
                    continue
                away = ((k - z) * sz) ** 2 + ((j - y) * sy) ** 2 + ((i - x) * sx) ** 2
                if away < best and away <= most * most:
                    best = away
                    found = ENDOSTEAL if labels[k, j, i] == _TRABECULAR else PERIOSTEAL
    return found


@njit(nogil=True, cache=True)
def _surface(labels: np.ndarray, bone: tuple, gap: tuple, reach: tuple) -> int:
    # Of the face between a voxel of bone and one of none.
    of_bone, of_gap = labels[bone], labels[gap]
    if of_bone == _TRABECULAR:
        return TRABECULAR_SURFACE
    if of_bone != _CORTEX:
        return NO_SURFACE
    if of_gap == _TRABECULAR:
        return ENDOSTEAL
    if of_gap != _CORTEX:
        return PERIOSTEAL
    return _nearer(labels, gap[0], gap[1], gap[2], reach)


@njit(nogil=True, cache=True)
def _slope(codes: np.ndarray, z: int, y: int, x: int, out: np.ndarray) -> None:
    # Adds the gradient of the baseline's bone around a voxel, by Sobel's weights.
    for k in range(-1, 2):
        for j in range(-1, 2):
            for i in range(-1, 2):
                # Beyond the field lies what lies at its edge.
                zz = min(max(z + k, 0), codes.shape[0] - 1)
                yy = min(max(y + j, 0), codes.shape[1] - 1)
                xx = min(max(x + i, 0), codes.shape[2] - 1)
                if _is_bone(codes[zz, yy, xx]):
                    wk, wj, wi = 2 - abs(k), 2 - abs(j), 2 - abs(i)
                    out[0] += k * wj * wi
                    out[1] += j * wk * wi
                    out[2] += i * wk * wj


@njit(nogil=True, cache=True)
def _lean(codes: np.ndarray, bone: tuple, gap: tuple, axis: int, spacing: np.ndarray) -> float:
    # The share of a face that a smooth surface through it has: the cosine between the two.
    slope = np.zeros(3)
    _slope(codes, bone[0], bone[1], bone[2], slope)
    _slope(codes, gap[0], gap[1], gap[2], slope)
    slope /= spacing
    length = np.sqrt((slope * slope).sum())
    return abs(slope[axis]) / length if length > 0 else 1.0


@njit(nogil=True, cache=True)
def count_faces(
    codes: np.ndarray, labels: np.ndarray, seen: np.ndarray, where: tuple, counts: np.ndarray, areas: np.ndarray
) -> None:
    """Count the faces between bone and no bone of the baseline, in some slices.

    Parameters
    ----------
    codes : ndarray of uint8, (z, y, x)
        The composite.
    labels : ndarray of uint8, (z, y, x)
        0 outside, 1 cortex, 2 trabecular; of shape (1, 1, 1) where there are none.
    seen : ndarray of bool, (z, y, x)
        Where both weeks saw something; of shape (1, 1, 1) where they did everywhere.
    where : tuple
        First and last slice (excluded), voxel size (z, y, x) in µm, and how far a gap within the cortex is looked
        around: in voxels, the voxel size, and µm.
    counts, areas : ndarray of float64, (surfaces, 3)
        Added to: faces, and the smooth surface through them, square micrometres.
    """
    start, stop, spacing, reach = where
    face = np.array([spacing[1] * spacing[2], spacing[0] * spacing[2], spacing[0] * spacing[1]])
    split, watched = labels.size > 1 or codes.size == 1, seen.size > 1 or codes.size == 1
    for z in range(start, stop):
        for y in range(codes.shape[1]):
            for x in range(codes.shape[2]):
                if not _is_bone(codes[z, y, x]) or (watched and not seen[z, y, x]):
                    continue
                for axis in range(3):
                    for step in (-1, 1):
                        gap = (z + step * (axis == 0), y + step * (axis == 1), x + step * (axis == 2))
                        if not (0 <= gap[axis] < codes.shape[axis]) or _is_bone(codes[gap]):
                            continue
                        if watched and not seen[gap]:
                            continue
                        bone = (z, y, x)
                        kind = _surface(labels, bone, gap, reach) if split else NO_SURFACE
                        smooth = face[axis] * _lean(codes, bone, gap, axis, spacing)
                        eroded, formed = codes[bone] == LOST, codes[gap] == FORMED
                        counts[kind, EVERY] += face[axis]
                        areas[kind, EVERY] += smooth
                        if eroded:
                            counts[kind, ERODED] += face[axis]
                            areas[kind, ERODED] += smooth
                        if formed:
                            counts[kind, MINERALISED] += face[axis]
                            areas[kind, MINERALISED] += smooth


@njit(nogil=True, cache=True)
def share_out(codes: np.ndarray, labels: np.ndarray, reach: tuple, counts: np.ndarray) -> None:
    """Count changed voxels by the surface of the baseline that each lies nearest to, in steps through what changed.

    Parameters
    ----------
    codes : ndarray of uint8, (z, y, x), contiguous
        The composite; overwritten.
    labels : ndarray of uint8, (z, y, x)
        0 outside, 1 cortex, 2 trabecular.
    reach : tuple
        How far a gap within the cortex is looked around: in voxels, the voxel size, and µm.
    counts : ndarray of int64, (surfaces, 2)
        Added to: voxels resorbed, and formed.
    """
    flat = codes.ravel()
    _, height, width = codes.shape
    steps = (height * width, width, 1)
    first = _beside_faces(codes, labels, reach)
    for row, base in enumerate((LOST, FORMED)):
        line, kinds = first[row]
        many, done = line.size, 0
        queue, of = np.empty(max(64, 2 * many), np.int64), np.empty(max(64, 2 * many), np.uint8)
        queue[:many], of[:many] = line, kinds
        done_code = base + 1
        for n in range(many):
            flat[queue[n]] = done_code
        while done < many:
            here, kind = queue[done], of[done]
            done += 1
            counts[kind, row] += 1
            place = (here // steps[0], here // width % height, here % width)
            for axis in range(3):
                for step in (-1, 1):
                    if not (0 <= place[axis] + step < codes.shape[axis]):
                        continue
                    there = here + step * steps[axis]
                    if flat[there] != base:
                        continue
                    flat[there] = done_code
                    if many == queue.size:
                        queue, of = np.concatenate((queue, queue)), np.concatenate((of, of))
                    queue[many], of[many] = there, kind
                    many += 1
        # What touches the baseline's bone by no face, an edge only: by its own compartment.
        for i in range(flat.size):
            if flat[i] == base:
                label = labels.ravel()[i]
                counts[TRABECULAR_SURFACE if label == 2 else INTRACORTICAL if label == 1 else NO_SURFACE, row] += 1


@njit(nogil=True, cache=True)
def _beside_faces(codes: np.ndarray, labels: np.ndarray, reach: tuple) -> tuple:
    # Changed voxels at a face of the baseline's bone, and the surface of the first of their faces.
    _, height, width = codes.shape
    lost, formed = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)]
    of_lost, of_formed = [np.uint8(0) for _ in range(0)], [np.uint8(0) for _ in range(0)]
    for z in range(codes.shape[0]):
        for y in range(height):
            for x in range(width):
                code = codes[z, y, x]
                if code not in (LOST, FORMED):
                    continue
                found = -1
                for axis in range(3):
                    for step in (-1, 1):
                        other = (z + step * (axis == 0), y + step * (axis == 1), x + step * (axis == 2))
                        if found >= 0 or not (0 <= other[axis] < codes.shape[axis]):
                            continue
                        here = (z, y, x)
                        if code == LOST and codes[other] in (NEITHER, FORMED):
                            found = _surface(labels, here, other, reach)
                        elif code == FORMED and _is_bone(codes[other]):
                            found = _surface(labels, other, here, reach)
                if found < 0:
                    continue
                if code == LOST:
                    lost.append((z * height + y) * width + x)
                    of_lost.append(np.uint8(found))
                else:
                    formed.append((z * height + y) * width + x)
                    of_formed.append(np.uint8(found))
    return (
        (np.array(lost, dtype=np.int64), np.array(of_lost, dtype=np.uint8)),
        (np.array(formed, dtype=np.int64), np.array(of_formed, dtype=np.uint8)),
    )
