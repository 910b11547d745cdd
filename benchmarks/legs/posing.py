"""Scans of a noise-free leg in a known pose: the bone is interpolated once, then tissue, gain and noise are added."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from legs.bases import QUARTERS, Base
from legs.sampling_kernels import add_sampled
from napari_bonemet.slabs import over_slabs
from napari_bonemet.transform import RigidTransform

_BLOCK = 8
_FLAT = 0.05
_SLAB = 16


@dataclass(frozen=True)
class Taking:
    """How a scan is taken: gain and offset of its greys, standard deviation and seed of its noise, and mirror image."""

    seed: int
    gain: float = 1.0
    offset: float = 0.0
    noise_sd: float = 6.0
    mirrored: bool = False
    bone: bool = True


def draw_pose(
    base: Base, rng: np.random.Generator, *, azimuth: float = 180.0, tilt: float = 15.0, shift: float = 40.0
) -> RigidTransform:
    """A turn about the long axis by up to `azimuth`, a tilt of it (degrees), and a shift (voxels along each axis)."""
    centre = base.field.centre
    aside = rng.normal(size=2)
    aside *= tilt * rng.uniform() / np.linalg.norm(aside)
    moved = rng.uniform(-shift, shift, 3) * base.field.spacing
    turn = RigidTransform.about(centre, degrees=(rng.uniform(-azimuth, azimuth), 0, 0))
    return RigidTransform.about(centre, degrees=(0, *aside), shift=moved.tolist()).after(turn)


def take(base: Base, pose: RigidTransform, taking: Taking, shape: tuple[int, int, int] | None = None) -> np.ndarray:
    """The leg as scanned, (z, y, x) uint8: `pose` maps points of the leg to points of the scan.

    The field of view is the leg's own, or that of `shape`, which grows around the same centre.
    """
    own = base.field
    shape = shape or own.shape
    origin = np.asarray(own.origin) - (np.asarray(shape) - own.shape) // 2 * np.asarray(own.spacing)
    matrix, offset = _index_map(base, pose, origin, mirrored=taking.mirrored)
    blocks = _blocks(base.coefficients)
    shift = (np.asarray(shape) - own.shape) // 2
    out = np.empty(shape, np.uint8)

    def work(start: int, stop: int) -> None:
        grey = _tissue(base, shift, start, stop, shape)
        if taking.bone:
            add_sampled(base.coefficients, blocks, _BLOCK, matrix, offset, start, grey)
        grey *= np.float32(taking.gain)
        grey += np.float32(taking.offset)
        if taking.noise_sd:
            rng = np.random.default_rng((taking.seed, start))
            grey += rng.standard_normal(grey.shape, dtype=np.float32) * np.float32(taking.noise_sd)
        np.rint(grey, out=grey)
        out[start:stop] = np.clip(grey, 0, 255, out=grey)

    over_slabs(work, shape[0], slab=_SLAB)
    return out


def _tissue(base: Base, shift: np.ndarray, start: int, stop: int, shape: tuple[int, int, int]) -> np.ndarray:
    # A wider field of view shows the outermost tissue on.
    rows = [np.clip(np.arange(n) - s, 0, m - 1) for n, s, m in zip(shape, shift, base.tissue.shape, strict=True)]
    part = base.tissue[rows[0][start:stop]]
    if part.shape[1:] != shape[1:]:
        part = part[:, rows[1]][:, :, rows[2]]
    return part.astype(np.float32) * np.float32(1 / QUARTERS)


def _index_map(
    base: Base, pose: RigidTransform, origin: np.ndarray, *, mirrored: bool
) -> tuple[np.ndarray, np.ndarray]:
    # From an index of the scan to an index of the coefficients, through the mirror image about the field's middle.
    back = pose.inverse()
    spacing = np.asarray(base.grid.spacing)
    rotation, point = back.matrix, back(origin)
    if mirrored:
        flip = np.diag([1.0, 1.0, -1.0])
        rotation, point = flip @ rotation, flip @ (point - base.field.centre) + base.field.centre
    return rotation * spacing / spacing[:, None], (point - base.grid.origin) / spacing


def _blocks(coefficients: np.ndarray) -> np.ndarray:
    depth, height, width = (-(-n // _BLOCK) for n in coefficients.shape)
    some = np.zeros((depth, height, width), bool)
    for k in range(depth):
        slab = np.abs(coefficients[k * _BLOCK : (k + 1) * _BLOCK]).max(axis=0) > _FLAT
        padded = np.zeros((height * _BLOCK, width * _BLOCK), bool)
        padded[: slab.shape[0], : slab.shape[1]] = slab
        some[k] = padded.reshape(height, _BLOCK, width, _BLOCK).any(axis=(1, 3))
    return ndimage.binary_dilation(some, np.ones((3, 3, 3), bool))
