"""The bone of a scan as registration needs it: cropped, at several resolutions, with its centre and radius."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid, Region, stride
from napari_bonemet.scan import Scan
from napari_bonemet.slabs import over_slabs

# Fewer voxels than this determine no pose.
_FEWEST = 50
# Around the box of the bone, so that a turned bone still finds its partner.
_MARGIN = 0.1
# Removes the noise that linear interpolation would otherwise smooth by an amount depending on the pose.
_SIGMA_VOXELS = 0.7
_SLAB = 64
# On coarse levels a bone with its marrow takes up to twice the voxels that are bone on the finest.
_BRIGHTEST, _WIDENED = 0.1, 2.0
# Quantiles are read off about so many voxels.
_SAMPLED = 500_000


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
    share : float
        How much of it is bone, 0 to 1.
    """

    grey: np.ndarray
    grid: Grid
    threshold: float
    centre: np.ndarray
    radius: float
    share: float


@dataclass(frozen=True, eq=False)
class Level:
    """A bone at one resolution: grey values (z, y, x), where they lie, and how much of the bone's box is bone."""

    grey: np.ndarray
    grid: Grid
    share: float

    @property
    def voxel_um(self) -> float:
        """Size of a voxel, geometric mean of its edges, micrometres."""
        return self.grid.voxel_um


def find_bone(scan: Scan, threshold: float) -> Bone:
    """The bone of `scan`.

    Raises
    ------
    InputError
        When there is none, or nothing else: neither has a pose.
    """
    voxels = scan.to_numpy()
    profiles = _profiles(voxels, threshold)
    count = int(profiles[0].sum())
    if count < _FEWEST or count == voxels.size:
        raise InputError(
            f"{scan.title} shows {'no bone' if count < _FEWEST else 'nothing but bone'} and cannot be registered",
            expected=f"bone and background on either side of grey {threshold:g}",
            found=f"greys {float(voxels.min()):g} to {float(voxels.max()):g}, {count} voxels above it",
            remedy="Set the bone threshold between the greys of background and bone, or leave this week out",
        )
    region = _box(profiles)
    grid = scan.grid.crop(region)
    means, variances = zip(*(_moments(profile) for profile in profiles), strict=True)
    radius = float(np.sqrt(np.sum(np.asarray(variances) * np.square(scan.spacing))))
    centre = np.asarray(scan.grid.to_um(means))
    share = count / float(np.prod(grid.shape))
    return Bone(voxels[region], grid, threshold, centre, max(radius, *scan.spacing), share)


def _profiles(voxels: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How many voxels are bone, per slice, per row and per column."""
    from napari_bonemet.processing.register.pyramid_kernels import count_above

    along_z = np.zeros(voxels.shape[0], np.int64)
    slabs = -(-voxels.shape[0] // _SLAB)
    along_y, along_x = (np.zeros((slabs, n), np.int64) for n in voxels.shape[1:])

    def count(start: int, stop: int) -> None:
        own = start // _SLAB
        count_above(voxels, threshold, along_z, along_y[own], along_x[own], start, stop)

    over_slabs(count, voxels.shape[0], slab=_SLAB)
    return along_z, along_y.sum(axis=0), along_x.sum(axis=0)


def _box(profiles: tuple[np.ndarray, ...]) -> Region:
    found = []
    for profile in profiles:
        along = np.flatnonzero(profile)
        low, high = int(along[0]), int(along[-1]) + 1
        margin = 4 + round(_MARGIN * (high - low))
        found.append(slice(max(0, low - margin), min(profile.size, high + margin)))
    z, y, x = found
    return (z, y, x)


def _moments(profile: np.ndarray) -> tuple[float, float]:
    index = np.arange(profile.size)
    mean = float(np.average(index, weights=profile))
    return mean, float(np.average((index - mean) ** 2, weights=profile))


def level_of(bone: Bone | Level, voxel_um: float, *, smooth: bool = True) -> Level:
    """The bone at a voxel size of about `voxel_um`, never finer than it is, lightly smoothed where asked.

    Parameters
    ----------
    bone : Bone or Level
        A finer level of the same bone does as well, and is quicker.
    voxel_um : float
        Micrometres.
    smooth : bool
        Whether the means of blocks are smoothed, and made float32 where nothing had to be averaged.
    """
    factors = [max(1, round(voxel_um / s)) for s in bone.grid.spacing]
    factors = [min(f, max(1, n // 4)) for f, n in zip(factors, bone.grid.shape, strict=True)]
    fz, fy, fx = factors
    shape = (bone.grid.shape[0] // fz, bone.grid.shape[1] // fy, bone.grid.shape[2] // fx)
    grey = bone.grey if max(factors) == 1 else _block_means(bone.grey, (fz, fy, fx), shape)
    spacing = tuple(s * f for s, f in zip(bone.grid.spacing, factors, strict=True))
    first = bone.grid.to_um([(f - 1) / 2 for f in factors])
    if smooth:
        grey = ndimage.gaussian_filter(grey.astype(np.float32, copy=False), _SIGMA_VOXELS)
    return Level(grey, Grid(shape, spacing, first), bone.share)  # type: ignore[arg-type]


def _block_means(grey: np.ndarray, factors: tuple[int, int, int], shape: tuple[int, int, int]) -> np.ndarray:
    from napari_bonemet.processing.register.pyramid_kernels import block_means

    out = np.empty(shape, np.float32)
    over_slabs(lambda start, stop: block_means(grey, factors, out, start, stop), shape[0], slab=_SLAB)
    return out


def around_bone(level: Level, threshold: float) -> np.ndarray:
    """Mask (z, y, x) of the bone and two voxels around it: where the pose shows.

    Averaging thins the bone of coarse levels, so the brightest voxels count where too few reach the threshold.
    """
    return np.asarray(ndimage.binary_dilation(bone_at(level, threshold), iterations=2))


def bone_at(level: Level, threshold: float) -> np.ndarray:
    """Mask (z, y, x) of the bone of a level, the brightest voxels where too few reach the threshold."""
    return np.asarray(level.grey > bright_from(level, threshold))


def bright_from(level: Level, threshold: float) -> float:
    """The grey from which a level shows bone: the threshold, or that of its brightest voxels where that is lower.

    These are a tenth, or fewer where bone is little of its box: a thin bone lies slanted in a large one.
    """
    grey = level.grey
    step = stride(grey.size, _SAMPLED)
    brightest = min(_BRIGHTEST, _WIDENED * level.share)
    return min(threshold, float(np.quantile(grey[::step, ::step, ::step], 1 - brightest)))
