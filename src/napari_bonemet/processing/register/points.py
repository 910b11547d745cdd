"""Points of the fixed bone at which it is compared: its edges, evenly over the bone, and the flat sides beside them."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.processing.register.images import Level
from napari_bonemet.slabs import over_slabs

# An edge is where the grey rises by this part of the contrast per voxel.
_EDGE = 0.12
# Flat points: this far from an edge along its slope, on either side, one for so many edge points.
_BESIDE_VOXELS = 4.0
_FLAT_EVERY = 4


@dataclass(frozen=True, eq=False)
class Points:
    """Where two bones are compared.

    Parameters
    ----------
    places : ndarray, (n, 3) float64
        (z, y, x), micrometres.
    values : ndarray, (n,) float64
        Greys of the fixed bone.
    slopes : ndarray, (n, 3) float64
        Gradient of the grey, per micrometre.
    edges : int
        The first so many are edges, the others flat.
    voxel_um : float
        Voxel size of the level that they were read from, micrometres.
    """

    places: np.ndarray
    values: np.ndarray
    slopes: np.ndarray
    edges: int
    voxel_um: float


def choose_points(level: Level, count: int, contrast: float, bright: float) -> Points:
    """At most `count` edge points of a level, in even steps through it, and flat points beside them.

    Parameters
    ----------
    level : Level
        Of the fixed bone.
    count : int
        Most edge points.
    contrast : float
        Between bone and background, greys.
    bright : float
        Edges count where the grey is above it: those of skin and holder, and noise, do not move with the bone.
    """
    from napari_bonemet.processing.register.points_kernels import count_edges, list_edges

    grey, steep = level.grey, (_EDGE * contrast) ** 2
    per_slice = np.zeros(grey.shape[0], np.int64)
    over_slabs(lambda start, stop: count_edges(grey, steep, bright, per_slice, start, stop), grey.shape[0], slab=16)
    total = int(per_slice.sum())
    every = max(1, -(-total // count))
    edges = np.empty((-(-total // every), 3), np.int64)
    first = np.concatenate([[0], np.cumsum(per_slice)[:-1]])

    def write(start: int, stop: int) -> None:
        list_edges(grey, steep, bright, every, first, edges, start, stop)

    over_slabs(write, grey.shape[0], slab=16)
    return _read_off(level, edges)


def finer_points(points: Points, level: Level, contrast: float, bright: float) -> Points:
    """The edge points of a coarser level on a finer one, each near where it was, and flat points beside them.

    A full-size volume need not be searched for edges again.
    """
    from napari_bonemet.processing.register.points_kernels import keep_edges

    spacing = np.asarray(level.grid.spacing)
    # Voxels of the finer level inside those of the coarser one, another one each time.
    turns = np.random.default_rng(0).uniform(-0.5, 0.5, (points.edges, 3))
    places = points.places[: points.edges] + turns * spacing * points.voxel_um / level.voxel_um
    index = np.rint((places - level.grid.origin) / spacing).astype(np.int64)
    kept = np.empty(len(index), bool)
    keep_edges(level.grey, index, (_EDGE * contrast) ** 2, bright, kept)
    return _read_off(level, index[kept])


def _read_off(level: Level, edges: np.ndarray) -> Points:
    from napari_bonemet.processing.register.points_kernels import gradients_at

    chosen = np.concatenate([edges, _beside(level.grey, edges[::_FLAT_EVERY])])
    values, slopes = np.empty(len(chosen)), np.empty((len(chosen), 3))
    gradients_at(level.grey, chosen, values, slopes)
    spacing = np.asarray(level.grid.spacing)
    return Points(chosen * spacing + level.grid.origin, values, slopes / spacing, len(edges), level.voxel_um)


def _beside(grey: np.ndarray, edges: np.ndarray) -> np.ndarray:
    from napari_bonemet.processing.register.points_kernels import gradients_at

    values, slopes = np.empty(len(edges)), np.empty((len(edges), 3))
    gradients_at(grey, edges, values, slopes)
    ahead = slopes / np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-9) * _BESIDE_VOXELS
    both = np.concatenate([edges + ahead, edges - ahead])
    both = np.rint(both).astype(np.int64)
    inside = ((both >= 1) & (both < np.asarray(grey.shape) - 1)).all(axis=1)
    return np.asarray(both[inside])
