"""Shafts of long bones: where bone around a point lies along one line.

The Gaussian-weighted covariance of bone around a point is ``s² I + s⁴ Hessian(ln density)``, with the density
smoothed by the same Gaussian: its greatest eigenvector is the line, and its eigenvalues say how much of a line it is.
"""

from dataclasses import dataclass

import numpy as np

# Wide enough to see across a shaft (1.2 mm) and past its cavity, narrow enough to leave the other bones out.
_REACH_UM = 600.0
_POOLED_UM = 160.0
_BONE, _SOME_BONE = 0.3, 0.12
_LINE, _LONG = 0.6, 0.75
_TURN_COS = 0.95
_NEIGHBOUR_UM = 330.0
_LEAST_UM = 1800.0
_SAME_LINE_COS, _SAME_LINE_UM, _LARGEST_GAP_UM = 0.95, 900.0, 4500.0
# A knee is wider than this many times its shafts; a shaft with a lesion is not.
_SWELLING = 1.7
_STEP_UM, _ASIDE_UM = 400.0, 1300.0


@dataclass(frozen=True, eq=False)
class Shaft:
    """The straight middle of a long bone.

    Parameters
    ----------
    points : ndarray, (n, 3)
        Its middle line from one end to the other, (z, y, x) micrometres from the first corner of the scan.
    areas : ndarray, (n,)
        Bone across it at those points, square micrometres.
    """

    points: np.ndarray
    areas: np.ndarray

    @property
    def length(self) -> float:
        """From end to end, micrometres."""
        return float(np.linalg.norm(self.points[-1] - self.points[0]))

    @property
    def direction(self) -> np.ndarray:
        """Unit vector from the first point to the last."""
        way = self.points[-1] - self.points[0]
        return np.asarray(way / np.linalg.norm(way))

    def turned(self) -> "Shaft":
        """The same shaft from the other end."""
        return Shaft(self.points[::-1], self.areas[::-1])

    def end(self, reach: float = 4000.0) -> tuple[np.ndarray, np.ndarray]:
        """The last point, and the direction in which the shaft leaves there, from its last `reach` micrometres."""
        near = np.linalg.norm(self.points - self.points[-1], axis=1) <= reach
        points = self.points[near]
        if len(points) < 3:
            return self.points[-1], self.direction
        middle = points.mean(0)
        way = np.linalg.svd(points - middle)[2][0]
        way = way if way @ self.direction > 0 else -way
        return middle + ((self.points[-1] - middle) @ way) * way, way


@dataclass(frozen=True, eq=False)
class Pooled:
    """Shares of bone at about 160 micrometres, as points.

    Parameters
    ----------
    points : ndarray, (n, 3)
        Where there is bone, micrometres from the first corner.
    weights : ndarray, (n,)
        Bone there, cubic micrometres.
    """

    points: np.ndarray
    weights: np.ndarray


def find_shafts(share: np.ndarray, spacing: tuple[float, float, float]) -> tuple[list[Shaft], Pooled]:
    """The shafts in a volume, longest first; tails, hip bones and feet have some, too.

    Parameters
    ----------
    share : ndarray, (z, y, x)
        How much of each voxel is bone, 0 to 1.
    spacing : tuple of float
        Voxel size (z, y, x), micrometres.
    """
    small, size = _pool(share, np.asarray(spacing))
    index = np.argwhere(small > _SOME_BONE)
    if len(index) < 10:
        return [], Pooled(np.zeros((0, 3)), np.zeros(0))
    pooled = Pooled((index + 0.5) * size, small[tuple(index.T)] * np.prod(size))
    values, vectors = _covariance(small, size, index)
    dense = small[tuple(index.T)] > _BONE
    tube = dense & (values[:, 1] < _LINE * values[:, 2]) & (values[:, 2] > _LONG * _REACH_UM**2)
    points, ways = pooled.points[tube], vectors[tube][:, :, 2]
    pieces = [piece for group in _groups(points, ways) for piece in _straight(points[group])]
    shafts = [_trace(piece, pooled) for piece in _joined(pieces, pooled)]
    return sorted((s for s in shafts if s is not None), key=lambda shaft: -shaft.length), pooled


def _pool(share: np.ndarray, spacing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    small = share
    times = np.maximum(1, np.round(_POOLED_UM / spacing)).astype(int)
    for axis, by in enumerate(times):
        edges = np.arange(0, small.shape[axis], by)
        counts = np.minimum(by, small.shape[axis] - edges)
        shape = [-1 if a == axis else 1 for a in range(3)]
        small = np.add.reduceat(small, edges, axis) / counts.reshape(shape).astype(np.float32)
    return small, spacing * times


def _covariance(small: np.ndarray, size: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from scipy import ndimage

    density = np.log(ndimage.gaussian_filter(small, _REACH_UM / size, mode="nearest", truncate=3) + np.float32(1e-3))
    where = tuple(index.T)
    matrix = np.empty((len(index), 3, 3))
    for a in range(3):
        slope = np.gradient(density, size[a], axis=a)
        for b in range(a, 3):
            second = np.gradient(slope, size[b], axis=b)[where]
            matrix[:, a, b] = matrix[:, b, a] = _REACH_UM**2 * (a == b) + _REACH_UM**4 * second
    values, vectors = np.linalg.eigh(matrix)
    return values, vectors


def _groups(points: np.ndarray, ways: np.ndarray) -> list[np.ndarray]:
    """Points side by side whose lines agree."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    if len(points) == 0:
        return []
    pairs = cKDTree(points).query_pairs(_NEIGHBOUR_UM, output_type="ndarray")
    pairs = pairs[np.abs((ways[pairs[:, 0]] * ways[pairs[:, 1]]).sum(1)) > _TURN_COS]
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (len(points),) * 2)
    count, which = connected_components(links, directed=False)
    sizes = np.bincount(which, minlength=count)
    return [np.flatnonzero(which == group) for group in np.flatnonzero(sizes >= 20)]


def _straight(points: np.ndarray) -> list[np.ndarray]:
    """The points, or their parts where they go round a corner: hips link both femora into one chain."""
    middle, way, length = _line(points)
    along = (points - middle) @ way
    aside = np.linalg.norm(points - middle - along[:, None] * way, axis=1)
    if np.percentile(aside, 98) < _ASIDE_UM or length < 2 * _LEAST_UM:
        return [points]
    return [piece for part in (along < 0, along >= 0) for piece in _straight(points[part])]


def _line(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    middle = points.mean(0)
    way = np.linalg.svd(points - middle, full_matrices=False)[2][0]
    along = (points - middle) @ way
    return middle, way, float(np.ptp(along))


def _joined(pieces: list[np.ndarray], pooled: Pooled) -> list[np.ndarray]:
    """Pieces of one line, such as those that a lesion or a growth plate leaves, put together; short ones left out."""
    pieces = [piece for piece in pieces if _line(piece)[2] > _LEAST_UM / 2]
    merged = True
    while merged:
        merged = False
        pieces.sort(key=lambda piece: -_line(piece)[2])
        for i, one in enumerate(pieces):
            other = next((j for j in range(i + 1, len(pieces)) if _same_line(one, pieces[j], pooled)), None)
            if other is not None:
                pieces[i] = np.concatenate([one, pieces.pop(other)])
                merged = True
                break
    return [piece for piece in pieces if _line(piece)[2] > _LEAST_UM]


def _same_line(one: np.ndarray, other: np.ndarray, pooled: Pooled) -> bool:
    (m, v, length), (n, w, _) = _line(one), _line(other)
    if length < _LEAST_UM or abs(v @ w) < _SAME_LINE_COS:
        return False
    between = n - m
    aside = between - (between @ v) * v
    along_one, along_other = (one - m) @ v, (other - m) @ v
    gap = max(along_other.min() - along_one.max(), along_one.min() - along_other.max())
    if np.linalg.norm(aside) > _SAME_LINE_UM or gap > _LARGEST_GAP_UM:
        return False
    return gap < _STEP_UM or not _swells(one, np.concatenate([one, other]), pooled)


def _swells(one: np.ndarray, both: np.ndarray, pooled: Pooled) -> bool:
    middle, way, _ = _line(one)
    t = (pooled.points - middle) @ way
    near = np.linalg.norm(pooled.points - middle - t[:, None] * way, axis=1) < 2 * _ASIDE_UM
    ends = [np.percentile((points - middle) @ way, (2, 98)) for points in (one, both)]
    low, high = (ends[1][0], ends[0][0]) if ends[1][0] < ends[0][0] - _STEP_UM else (ends[0][1], ends[1][1])
    section = [_section(pooled.weights, near, t, *span) for span in (ends[0], (low, high))]
    return bool(section[1].max(initial=0.0) > _SWELLING * np.median(section[0]))


def _section(weights: np.ndarray, near: np.ndarray, t: np.ndarray, low: float, high: float) -> np.ndarray:
    edges = np.arange(low, max(high, low + _STEP_UM) + _STEP_UM, _STEP_UM)
    return np.histogram(t[near], edges, weights=weights[near])[0] / _STEP_UM


def _trace(points: np.ndarray, pooled: Pooled) -> Shaft | None:
    """The middle line of the bone around some points, in steps along it."""
    middle, way, _ = _line(points)
    along = (points - middle) @ way
    edges = np.arange(along.min(), along.max() + _STEP_UM, _STEP_UM)
    bone = pooled.points - middle
    t = bone @ way
    near = (np.linalg.norm(bone - t[:, None] * way, axis=1) < 1.5 * _ASIDE_UM) & (t > edges[0]) & (t < edges[-1])
    bins, own = np.digitize(t[near], edges) - 1, np.digitize(along, edges) - 1
    line, areas = [], []
    for n in range(len(edges) - 1):
        if not (own == n).any():
            continue
        # The tube's own points say where its middle is first, since bones beside it would pull at it.
        centre = points[own == n].mean(0)
        here, weight = pooled.points[near][bins == n], pooled.weights[near][bins == n]
        close = np.linalg.norm(np.cross(here - centre, way), axis=1) < _ASIDE_UM
        if weight[close].sum() > 0:
            line.append(np.average(here[close], axis=0, weights=weight[close]))
            areas.append(weight[close].sum() / _STEP_UM)
    return _trimmed(np.asarray(line), np.asarray(areas)) if len(line) > 2 else None


def _trimmed(line: np.ndarray, areas: np.ndarray) -> Shaft | None:
    """The line without ends that swell into a joint."""
    slim = np.flatnonzero(areas < _SWELLING * np.median(areas))
    first, last = int(slim[0]), int(slim[-1]) + 1
    return Shaft(line[first:last], areas[first:last]) if last - first > 2 else None
