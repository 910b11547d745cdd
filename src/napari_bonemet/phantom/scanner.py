"""What a scanner makes of the bone: greys, blur, the animal's pose, noise."""

import numpy as np
from scipy import ndimage

from napari_bonemet.geometry import Grid
from napari_bonemet.phantom.bone import Bone
from napari_bonemet.phantom.options import LegOptions, stream
from napari_bonemet.resample import resample
from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform

MARROW, SOFT_TISSUE, CARTILAGE = 24.0, 32.0, 40.0
CORTICAL, TRABECULAR = 158.0, 146.0
_PLATE_REACH_UM = 55.0


def expose(bone: Bone, occupancy: np.ndarray, options: LegOptions) -> np.ndarray:
    """Noise-free greys of a week.

    Parameters
    ----------
    bone : Bone
        The healthy anatomy, for the tissues around.
    occupancy : ndarray, (z, y, x)
        Share of each voxel that is bone, 0 to 1.
    options : LegOptions
        Voxel size and blur.

    Returns
    -------
    ndarray, (z, y, x) float32
        Grey values, 0 to 255.
    """
    soft = np.where(bone.outline > 0, MARROW, SOFT_TISSUE)
    soft[(np.abs(bone.below_plate) < _PLATE_REACH_UM) & (bone.outline > 0)] = CARTILAGE
    mineral = np.where(bone.trabeculae > bone.cortex, TRABECULAR, CORTICAL)
    grey = (soft + occupancy * (mineral - soft)).astype(np.float32)
    return np.asarray(ndimage.gaussian_filter(grey, options.blur_um / options.spacing_um, mode="nearest", truncate=3))


def pose(options: LegOptions, week: int) -> RigidTransform:
    """How the leg lies in `week`: maps points of the baseline to points of that week; the baseline lies straight."""
    if week == options.weeks[0]:
        return RigidTransform()
    rng = stream(options.seed, "pose", week)
    largest = np.array([options.turn_degrees, options.pose_degrees, options.pose_degrees])
    shift = rng.uniform(-1, 1, 3) * options.pose_voxels * options.spacing_um
    return RigidTransform.about(
        options.grid.centre, degrees=(rng.uniform(-1, 1, 3) * largest).tolist(), shift=shift.tolist()
    )


def residual(options: LegOptions, week: int) -> RigidTransform:
    """The motion that a good registration leaves in `week`; none at the baseline."""
    if week == options.weeks[0]:
        return RigidTransform()
    rng = stream(options.seed, "jitter", week)
    shift = rng.standard_normal(3) * options.jitter_voxels * options.spacing_um
    # A turn that moves the edge of the field by about as much as the shift does.
    reach = np.linalg.norm(options.grid.size) / 2
    turn = np.rad2deg(rng.standard_normal(3) * options.jitter_voxels * options.spacing_um / reach) / 2
    return RigidTransform.about(options.grid.centre, degrees=turn.tolist(), shift=shift.tolist())


def margin(options: LegOptions) -> int:
    """Voxels around the field of view that a weekly pose may bring into it."""
    tilt = np.deg2rad(options.pose_degrees) * np.sqrt(2) * max(options.shape[1:]) / 2
    return int(np.ceil(tilt + options.pose_voxels + 4 * max(1.0, options.jitter_voxels))) + 2


def take(volume: Scan, motion: RigidTransform, grid: Grid, noise: np.random.Generator, noise_sd: float) -> np.ndarray:
    """Scan a noise-free volume.

    Parameters
    ----------
    volume : Scan
        Noise-free greys, float, larger than `grid`.
    motion : RigidTransform
        Maps points of the volume's frame to the scanner's.
    grid : Grid
        The scanner's field of view.
    noise : numpy.random.Generator
        Drawn once per voxel, after the motion, so that noise is never interpolated.
    noise_sd : float
        Standard deviation, grey values.

    Returns
    -------
    ndarray, (z, y, x) uint8
    """
    if motion == RigidTransform():
        start = np.rint(volume.grid.to_index(grid.origin)).astype(int)
        grey = volume.to_numpy()[tuple(slice(a, a + n) for a, n in zip(start, grid.shape, strict=True))]
    else:
        # Measured from soft tissue, since what lies beyond the volume is soft tissue and not air.
        above = volume.to_numpy() - np.float32(SOFT_TISSUE)
        moved = resample(Scan(above, volume.spacing, volume.origin), grid, motion.inverse())
        grey = moved.to_numpy() + np.float32(SOFT_TISSUE)
    noisy = grey + noise.standard_normal(grid.shape, dtype=np.float32) * np.float32(noise_sd)
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
