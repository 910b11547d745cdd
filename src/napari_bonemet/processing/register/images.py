"""The bone of a scan as registration needs it: cropped, at several resolutions, with its centre and radius."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid, Region
from napari_bonemet.scan import Scan

# Fewer voxels than this determine no pose.
_FEWEST = 50
# Around the box of the bone, so that a turned bone still finds its partner.
_MARGIN = 0.1
# Removes the noise that linear interpolation would otherwise smooth by an amount depending on the pose.
_SIGMA_VOXELS = 0.7


@dataclass(frozen=True, eq=False)
class Bone:
    """The part of a scan around its bone.

    Parameters
    ----------
    grey : ndarray, (z, y, x)
        Grey values.
    grid : Grid
        Where they lie.
    threshold : float
        Bone is above it.
    centre : ndarray, (3,)
        Centre of mass of the bone, (z, y, x), micrometres.
    radius : float
        Root mean square distance of bone from its centre, micrometres.
    """

    grey: np.ndarray
    grid: Grid
    threshold: float
    centre: np.ndarray
    radius: float


@dataclass(frozen=True, eq=False)
class Level:
    """A bone at one resolution: grey values (z, y, x), float32, and where they lie."""

    grey: np.ndarray
    grid: Grid


def find_bone(scan: Scan, threshold: float) -> Bone:
    """The bone of `scan`.

    Raises
    ------
    InputError
        When there is none, or nothing else: neither has a pose.
    """
    voxels = scan.to_numpy()
    mask = voxels > threshold
    count = int(np.count_nonzero(mask))
    if count < _FEWEST or count == mask.size:
        raise InputError(
            f"{scan.title} shows {'no bone' if count < _FEWEST else 'nothing but bone'} and cannot be registered",
            expected=f"bone and background on either side of grey {threshold:g}",
            found=f"greys {float(voxels.min()):g} to {float(voxels.max()):g}, {count} voxels above it",
            remedy="Set the bone threshold between the greys of background and bone, or leave this week out",
        )
    region = _box(mask)
    grid = scan.grid.crop(region)
    means, variances = zip(*(_moments(mask, axis) for axis in range(3)), strict=True)
    radius = float(np.sqrt(np.sum(np.asarray(variances) * np.square(scan.spacing))))
    centre = np.asarray(scan.grid.to_um(means))
    return Bone(voxels[region], grid, threshold, centre, max(radius, *scan.spacing))


def _box(mask: np.ndarray) -> Region:
    found = []
    for axis, length in enumerate(mask.shape):
        along = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        low, high = int(along[0]), int(along[-1]) + 1
        margin = 4 + round(_MARGIN * (high - low))
        found.append(slice(max(0, low - margin), min(length, high + margin)))
    z, y, x = found
    return (z, y, x)


def _moments(mask: np.ndarray, axis: int) -> tuple[float, float]:
    profile = mask.sum(axis=tuple(a for a in range(3) if a != axis)).astype(float)
    index = np.arange(profile.size)
    mean = float(np.average(index, weights=profile))
    return mean, float(np.average((index - mean) ** 2, weights=profile))


def level_of(bone: Bone, voxel_um: float) -> Level:
    """The bone at a voxel size of about `voxel_um`, never finer than scanned, lightly smoothed."""
    factors = [max(1, round(voxel_um / s)) for s in bone.grid.spacing]
    factors = [min(f, max(1, n // 4)) for f, n in zip(factors, bone.grid.shape, strict=True)]
    shape = [n // f for n, f in zip(bone.grid.shape, factors, strict=True)]
    fz, fy, fx = factors
    nz, ny, nx = shape
    kept = bone.grey[: nz * fz, : ny * fy, : nx * fx]
    if max(factors) == 1:
        grey = kept.astype(np.float32)
    else:
        grey = kept.reshape(nz, fz, ny, fy, nx, fx).mean(axis=(1, 3, 5), dtype=np.float32)
    spacing = tuple(s * f for s, f in zip(bone.grid.spacing, factors, strict=True))
    first = bone.grid.to_um([(f - 1) / 2 for f in factors])
    return Level(ndimage.gaussian_filter(grey, _SIGMA_VOXELS), Grid((nz, ny, nx), spacing, first))  # type: ignore[arg-type]


def around_bone(level: Level, threshold: float) -> np.ndarray:
    """Mask (z, y, x) of the bone and two voxels around it: where the pose shows.

    Averaging thins the bone of coarse levels, so the brightest tenth counts when nothing reaches the threshold.
    """
    bone = level.grey > min(threshold, float(np.quantile(level.grey, 0.9)))
    return np.asarray(ndimage.binary_dilation(bone, iterations=2))
