"""A bone as a block of greys in its own frame, ready to be laid into any field in any pose."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from scipy import ndimage

from napari_bonemet.geometry import Region
from napari_bonemet.phantom.anatomy import Anatomy
from napari_bonemet.phantom.hindlimb_shapes import Row, reach, solid
from napari_bonemet.phantom.network import trabecular_depth
from napari_bonemet.phantom.scanner import CORTICAL, MARROW, SOFT_TISSUE, TRABECULAR
from napari_bonemet.phantom.texture import Axes

GREY_SCALE = 64.0
_SLAB_VOXELS = 400_000
_LEAST_BLUR = 0.2
_NO_PARTS = np.zeros((0, 0, 0), np.uint8)


@dataclass(frozen=True, eq=False)
class Block:
    """A bone in its own frame.

    Parameters
    ----------
    origin : ndarray, (3,)
        Centre of the first voxel (z, y, x) in the bone's frame, micrometres.
    spacing : float
        Voxel size in the bone's frame, micrometres.
    grey : ndarray, (z, y, x) int16
        What it adds to soft tissue, blurred, in 1/64 of a grey value.
    inside : ndarray, (z, y, x) uint8
        Share of the voxel within the outer surface, 255 for all.
    parts : ndarray, (z, y, x) uint8
        Which of the block's bones a voxel belongs to; empty where there is but one.
    """

    origin: np.ndarray
    spacing: float
    grey: np.ndarray = field(repr=False)
    inside: np.ndarray = field(repr=False)
    parts: np.ndarray = field(default_factory=lambda: _NO_PARTS, repr=False)


@dataclass(frozen=True)
class Filling:
    """What lies below a bone's outer surface; depths in micrometres on open grids (z, y, x).

    Parameters
    ----------
    thickness : callable
        Thickness of the cortex at z.
    below_plate : callable, optional
        Distance into the shaft from the nearest growth plate, which thins the trabeculae; negative in an epiphysis.
        None for a small bone that is full of trabeculae.
    plate : callable, optional
        Depth into cartilage of a growth plate; none when None.
    """

    thickness: Callable[[np.ndarray], np.ndarray]
    below_plate: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray] | None = None
    plate: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray] | None = None


@dataclass(frozen=True)
class Mould:
    """What all bones of an animal have in common.

    Parameters
    ----------
    anatomy : Anatomy
        For the trabecular network.
    seed : int
        The animal.
    size : float
        Of the animal.
    sampling : float
        Standard deviation of the scanner's blur and voxel, micrometres.
    """

    anatomy: Anatomy
    seed: int
    size: float
    sampling: float


def cast(rows: list[Row], filling: Filling, mould: Mould, detail: float) -> Block:
    """A block of a bone that is written down as a solid.

    Parameters
    ----------
    rows : list of ndarray
        See :mod:`napari_bonemet.phantom.hindlimb_shapes`.
    filling : Filling
        Cortex and trabeculae.
    mould : Mould
        The animal and the scanner.
    detail : float
        Voxel size, micrometres of the animal.
    """
    spacing, sampling = detail / mould.size, mould.sampling / mould.size
    low, high = reach(rows, 4 * spacing + 2 * sampling)
    axes: Axes = tuple(np.arange(a, b, spacing) for a, b in zip(low, high, strict=True))  # type: ignore[assignment]
    grey = np.empty(tuple(axis.size for axis in axes), np.float32)
    inside = np.empty(grey.shape, np.uint8)
    thick = max(4, _SLAB_VOXELS // (grey.shape[1] * grey.shape[2]))
    for start in range(0, grey.shape[0], thick):
        slab = slice(start, start + thick)
        part: Axes = (axes[0][slab], axes[1], axes[2])
        outline = solid(rows, part)
        inside[slab] = share(outline, spacing) * 255
        grey[slab] = 0
        # Most of a box around a bone is beside it.
        near = _around(outline > -spacing)
        if near is not None:
            own: Axes = (part[0][near[0]], part[1][near[1]], part[2][near[2]])
            grey[slab][near] = _greys(outline[near], filling, mould, own, spacing)
    return finish_block(Block(low, spacing, grey, inside), sampling)


def _around(mask: np.ndarray) -> Region | None:
    found = ndimage.find_objects(mask.view(np.uint8))
    return found[0] if found else None


def _greys(outline: np.ndarray, filling: Filling, mould: Mould, axes: Axes, spacing: float) -> np.ndarray:
    z, y, x = (a.astype(np.float32) for a in np.ix_(*axes))
    cavity = outline - np.asarray(filling.thickness(z), np.float32)
    shell = np.minimum(outline, -cavity)
    if filling.below_plate is None:
        deep = np.full((1, 1, 1), 250.0, np.float32)
    else:
        deep = np.asarray(filling.below_plate(z, y, x), np.float32)
    network = np.minimum(trabecular_depth(mould.anatomy, mould.seed, axes, deep, cavity), outline)
    if filling.plate is not None:
        cartilage = np.asarray(filling.plate(z, y, x), np.float32)
        shell, network = np.minimum(shell, -cartilage), np.minimum(network, -cartilage)
    bone = share(np.maximum(shell, network), spacing)
    within = share(cavity, spacing)
    soft = SOFT_TISSUE + (MARROW - SOFT_TISSUE) * within
    return np.asarray(soft + bone * (CORTICAL + (TRABECULAR - CORTICAL) * within - soft) - SOFT_TISSUE)


def share(depth: np.ndarray, spacing: float) -> np.ndarray:
    """Share of each voxel that lies below a surface, from the depth of its middle, float32."""
    return np.clip(depth * np.float32(1 / spacing) + np.float32(0.5), 0, 1)


def finish_block(raw: Block, sampling: float) -> Block:
    """Blur a block as the scanner does, less what its own voxels and their interpolation will blur.

    Parameters
    ----------
    raw : Block
        Its `grey` is float32, in grey values; overwritten.
    sampling : float
        Standard deviation of the scanner's blur and voxel, in the bone's frame, micrometres.
    """
    grey = raw.grey
    # A voxel's own box has a variance of 1/12, linear interpolation on average another 1/6.
    blur = np.sqrt(max((sampling / raw.spacing) ** 2 - 0.25, 0.0))
    for axis in range(3) if blur > _LEAST_BLUR else ():
        ndimage.gaussian_filter1d(grey, blur, axis, mode="nearest", truncate=3, output=grey)
    grey *= np.float32(GREY_SCALE)
    return replace(raw, grey=np.rint(grey).astype(np.int16))
