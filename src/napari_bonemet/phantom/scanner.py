"""What a scanner makes of the bone: greys, blur, the animal's pose, soft tissue, noise."""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from napari_bonemet.geometry import Grid, Region
from napari_bonemet.phantom.moving import moved
from napari_bonemet.phantom.options import LegOptions, stream_key
from napari_bonemet.phantom.texture import Axes, lattice, sample_field
from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform

AIR, MARROW, SOFT_TISSUE, CARTILAGE = 8.0, 24.0, 32.0, 40.0
CORTICAL, TRABECULAR = 158.0, 146.0
# Grey of each compartment without bone and as bone, in the order of Compartment.
_SOFT = np.array([SOFT_TISSUE, MARROW, MARROW, CARTILAGE, MARROW], np.float32)
_HARD = np.array([CORTICAL, CORTICAL, TRABECULAR, TRABECULAR, CORTICAL], np.float32)

_SLAB = 64
_DRAWN_OUT = 0.42
_MUSCLE_LENGTHS = (500.0, 70.0, 70.0)
_MUSCLE_GREY = 2.5
_SEAM_LENGTHS = (1300.0, 150.0, 150.0)
_SEAM_WIDTH_UM = 25.0
_SEAM_GREY = 8.0
_LEG_RADIUS_UM, _SKIN_UM, _SKIN_GREY = 2900.0, 110.0, 6.0


def expose(occupancy: np.ndarray, compartments: np.ndarray, options: LegOptions) -> np.ndarray:
    """Noise-free greys of a week, soft tissue flat.

    Parameters
    ----------
    occupancy : ndarray, (z, y, x)
        Share of each voxel that is bone, 0 to 1.
    compartments : ndarray, (z, y, x) uint8
        What each voxel belongs to.
    options : LegOptions
        Voxel size and blur.

    Returns
    -------
    ndarray, (z, y, x) float32
        Grey values, 0 to 255.
    """
    grey = np.empty(occupancy.shape, np.float32)
    for start in range(0, len(grey), _SLAB):
        part = slice(start, start + _SLAB)
        soft = _SOFT[compartments[part]]
        grey[part] = soft + occupancy[part] * (_HARD[compartments[part]] - soft)
    for axis in range(3) if options.total_blur_voxels > 0 else ():
        ndimage.gaussian_filter1d(grey, options.total_blur_voxels, axis, mode="nearest", truncate=3, output=grey)
    return grey


def pose(options: LegOptions, week: int) -> RigidTransform:
    """How the leg lies in `week`: maps points of the baseline to points of that week; the baseline lies straight."""
    if week == options.weeks[0]:
        return RigidTransform()
    rng = options.weekly("pose", week)
    largest = np.array([options.turn_degrees, options.pose_degrees, options.pose_degrees])
    shift = rng.uniform(-1, 1, 3) * options.pose_voxels * options.spacing_um
    return RigidTransform.about(
        options.grid.centre, degrees=(rng.uniform(-1, 1, 3) * largest).tolist(), shift=shift.tolist()
    )


def residual(options: LegOptions, week: int) -> RigidTransform:
    """The motion that a good registration leaves in `week`; none at the baseline."""
    if week == options.weeks[0]:
        return RigidTransform()
    rng = options.weekly("jitter", week)
    shift = rng.standard_normal(3) * options.jitter_voxels * options.spacing_um
    # A turn that moves the edge of the field by about as much as the shift does.
    reach = np.linalg.norm(options.grid.size) / 2
    turn = np.rad2deg(rng.standard_normal(3) * options.jitter_voxels * options.spacing_um / reach) / 2
    return RigidTransform.about(options.grid.centre, degrees=turn.tolist(), shift=shift.tolist())


def margin(options: LegOptions) -> int:
    """Voxels around the field of view that a weekly pose may bring into it."""
    tilt = np.deg2rad(options.pose_degrees) * np.sqrt(2) * max(options.shape[1:]) / 2
    return int(np.ceil(tilt + options.pose_voxels + 4 * max(1.0, options.jitter_voxels))) + 2


def tissue(options: LegOptions, slab: slice) -> np.ndarray:
    """Greys around the bone in some slices of the field of view: muscle, its seams, skin, air.

    Soft tissue gives way: it lies the same in each week, however the bone in it is turned.

    Returns
    -------
    ndarray, (slices, y, x) float32
    """
    z, y, x = _field(options, slab)
    # The lattice repeats; drawn out, it does not do so within a leg.
    axes = (z * _DRAWN_OUT, y * _DRAWN_OUT, x * _DRAWN_OUT)
    grey = sample_field(lattice(stream_key(options.seed, "muscle"), _MUSCLE_LENGTHS), axes)
    grey *= np.float32(_MUSCLE_GREY)
    seam = sample_field(lattice(stream_key(options.seed, "seams"), _SEAM_LENGTHS, True), axes)
    seam *= np.float32(1 / (_SEAM_WIDTH_UM * _DRAWN_OUT))
    np.square(seam, out=seam)
    grey -= np.float32(_SEAM_GREY) / (1 + seam)
    grey += np.float32(SOFT_TISSUE)
    inward = _below_skin(z, y, x)
    if inward.min() < _SKIN_UM:
        grey[inward < _SKIN_UM] = SOFT_TISSUE + _SKIN_GREY
        grey[inward < 0] = AIR
    return grey


def _field(options: LegOptions, slab: slice) -> Axes:
    # Depth below the growth plate, and distance from the middle of the field.
    grid = options.grid
    _, middle_y, middle_x = grid.centre
    z, y, x = (np.arange(n) * s + o for n, s, o in zip(grid.shape, grid.spacing, grid.origin, strict=True))
    return (z[slab] - options.plate_um, y - middle_y, x - middle_x)


def _below_skin(z: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    # The calf lies behind the bone, and tapers towards the ankle.
    low = np.clip((z - 1500) / 11000, 0, 1)
    size = (_LEG_RADIUS_UM * (1 - 0.45 * low * low * (3 - 2 * low)))[:, None, None]
    rho = np.hypot((y[:, None] - 500) / 1.12, x)[None]
    return np.asarray(size - rho, dtype=np.float32)


def take(volume: Scan, motion: RigidTransform, options: LegOptions, noise: np.random.Generator | None) -> np.ndarray:
    """Scan a noise-free volume.

    Parameters
    ----------
    volume : Scan
        Noise-free greys, float, around the bones; soft tissue is flat there and beyond.
    motion : RigidTransform
        Maps points of the volume's frame to the scanner's.
    options : LegOptions
        The field of view, the soft tissue, the noise.
    noise : numpy.random.Generator, optional
        Drawn once per voxel, after the motion, so that noise is never interpolated; no noise when None.

    Returns
    -------
    ndarray, (z, y, x) uint8
    """
    grid = options.grid
    laid = _moved(volume, motion, grid)
    here = grid.region_of(laid.grid)
    bone = laid.to_numpy()
    out = np.empty(grid.shape, np.uint8)
    for start in range(0, grid.shape[0], _SLAB):
        slab = slice(start, min(start + _SLAB, grid.shape[0]))
        grey = tissue(options, slab)
        low, high = max(slab.start, here[0].start), min(slab.stop, here[0].stop)
        if low < high:
            inner = (slice(low - slab.start, high - slab.start), *here[1:])
            grey[inner] += bone[low - here[0].start : high - here[0].start]
        if noise is not None and options.noise_sd:
            grey += noise.standard_normal(grey.shape, dtype=np.float32) * np.float32(options.noise_sd)
        np.rint(grey, out=grey)
        out[slab] = np.clip(grey, 0, 255, out=grey)
    return out


def _moved(volume: Scan, motion: RigidTransform, grid: Grid) -> Scan:
    # The bone and its marrow on the part of the grid that they come to lie on, measured from soft tissue,
    # since what lies beyond the volume is soft tissue and not air.
    above = replace(volume, voxels=volume.to_numpy() - np.float32(SOFT_TISSUE), history=())
    if motion == RigidTransform():
        seen, there = _overlap(grid, volume.grid)
        return replace(above, voxels=above.voxels[there], origin=grid.crop(seen).origin)
    here = grid.crop(_landing(volume.grid, motion, grid))
    return replace(above, voxels=moved(above, here, motion.inverse()), spacing=here.spacing, origin=here.origin)


def _landing(moving: Grid, motion: RigidTransform, grid: Grid) -> Region:
    ends = np.stack(np.meshgrid(*([0, n - 1] for n in moving.shape), indexing="ij"), -1).reshape(-1, 3)
    corners = motion(ends * moving.spacing + np.asarray(moving.origin))
    index = (corners - grid.origin) / np.asarray(grid.spacing)
    low = np.clip(np.floor(index.min(axis=0)).astype(int), 0, np.asarray(grid.shape) - 1)
    high = np.clip(np.ceil(index.max(axis=0)).astype(int) + 1, low + 1, grid.shape)
    z, y, x = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return (z, y, x)


def _overlap(grid: Grid, other: Grid) -> tuple[Region, Region]:
    """Where two grids in step with each other overlap: as part of the one, and of the other."""
    shift = np.rint(grid.to_index(other.origin)).astype(int)
    low = np.maximum(shift, 0)
    high = np.minimum(shift + other.shape, grid.shape)
    own = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    others = tuple(slice(int(a), int(b)) for a, b in zip(low - shift, high - shift, strict=True))
    return own, others  # type: ignore[return-value]


def onto(grid: Grid, voxels: np.ndarray, source: Grid) -> np.ndarray:
    """`voxels` of `source` on `grid`, which is in step with it; zero where there are none."""
    out = np.zeros(grid.shape, voxels.dtype)
    seen, there = _overlap(grid, source)
    out[seen] = voxels[there]
    return out
