"""Four "weeks" from one real scan: known rigid poses, and bone removed in clusters, cumulative over the weeks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from napari_bonemet.resample import resample
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.transform import RigidTransform

DAYS = (0.0, 7.0, 14.0, 21.0)
# Parts of all the bone that are gone in each week.
REMOVED = (0.0, 0.05, 0.075, 0.1)
LEAST_VOXELS = 20


@dataclass(frozen=True, eq=False)
class EditedWeeks:
    """Weeks as a scanner would give them, with the truth.

    series: as scanned; poses: per week, points of the baseline to points of the week; bone: per week, on the grid
    of the baseline; threshold: bone is above it.
    """

    series: ScanSeries
    poses: tuple[RigidTransform, ...]
    bone: tuple[np.ndarray, ...]
    threshold: float

    @property
    def baseline(self) -> Scan:
        return self.series.baseline

    def removed_mm3(self, week: int) -> float:
        return float(np.count_nonzero(self.bone[0] & ~self.bone[week])) * self.baseline.grid.voxel_volume_mm3

    def pose_error_voxels(self, week: int, found: RigidTransform) -> float:
        """Mean distance over bone voxels between where `found` and the truth carry them, in voxels."""
        points = np.argwhere(self.bone[0])[::7] * np.asarray(self.baseline.spacing) + self.baseline.origin
        apart = found(points) - self.poses[week](points)
        return float(np.linalg.norm(apart / self.baseline.spacing, axis=1).mean())


def mouse_femur(data: Path) -> Scan:
    """The real mouse femur: 103 x 49 x 63 voxels of 50 um, greys 0 to 152."""
    voxels = np.fromfile(data / "mouse_femur" / "mouse_femur2.raw", dtype=np.uint8).reshape(103, 49, 63)
    return Scan(voxels, (50.0,) * 3, subject="femur", side="left", day=0, part="femur")


def bone_cube(data: Path, size: int = 200, sigma: float = 1.0) -> Scan:
    """The real trabecular cube, or its first corner of `size` voxels: 19.5 um, smoothed as its recipe says."""
    import tifffile

    files = sorted((data / "lhdl_trabecular").glob("*.tif"))[:size]
    voxels = np.stack([tifffile.imread(file)[:size, :size] for file in files])
    smooth = np.rint(ndimage.gaussian_filter(voxels.astype(np.float32), sigma)).astype(np.uint8)
    return Scan(smooth, (19.5,) * 3, subject="cube", side="left", day=0, part="femur")


def remove_clusters(bone: np.ndarray, target: int, *, rng: np.random.Generator, largest: int = 400) -> np.ndarray:
    """Voxels of `bone` to take away: about `target` of them, in balls of bone that hold 20 to `largest` voxels."""
    gone = np.zeros_like(bone)
    candidates = np.argwhere(bone)
    while (left := target - int(np.count_nonzero(gone))) >= LEAST_VOXELS:
        wanted = min(int(rng.integers(LEAST_VOXELS, largest + 1)), left)
        centre = candidates[rng.integers(len(candidates))]
        cluster = _grow(bone & ~gone, tuple(centre), wanted)
        if cluster is not None:
            gone |= cluster
    return gone


def _grow(bone: np.ndarray, centre: tuple[int, ...], wanted: int) -> np.ndarray | None:
    reach = 2 + int(np.ceil((3 * wanted / np.pi) ** (1 / 3) * 1.5))
    box = tuple(slice(max(0, c - reach), c + reach + 1) for c in centre)
    inside = bone[box]
    here = tuple(c - b.start for c, b in zip(centre, box, strict=True))
    if not inside[here]:
        return None
    part, _ = ndimage.label(inside)
    part = part == part[here]
    distance = np.linalg.norm(np.indices(inside.shape).T - np.array(here), axis=-1).T
    nearest = np.sort(distance[part])
    if nearest.size < wanted:
        return None
    # The nearest voxels alone could fall apart; what stays together counts.
    ball, _ = ndimage.label(part & (distance <= nearest[wanted - 1]))
    ball = ball == ball[here]
    if np.count_nonzero(ball) < LEAST_VOXELS:
        return None
    out = np.zeros_like(bone)
    out[box] = ball
    return out


def local_background(grey: np.ndarray, bone: np.ndarray, sigma: float = 3.0) -> np.ndarray:
    """Grey of the nearby background at every voxel, away from the blurred edge of the bone."""
    clear = ~ndimage.binary_dilation(bone)
    weight = ndimage.gaussian_filter(clear.astype(np.float32), sigma)
    value = ndimage.gaussian_filter(np.where(clear, grey, 0).astype(np.float32), sigma)
    whole = float(grey[clear].mean())
    return np.where(weight > 1e-4, value / np.maximum(weight, 1e-4), whole)


def make_weeks(
    scan: Scan,
    threshold: float,
    *,
    seed: int,
    edited: bool = True,
    noise: float = 2.0,
    degrees: float = 10.0,
    shift_voxels: float = 5.0,
    largest: int = 400,
    pad: int = 16,
    poses: Sequence[RigidTransform] | None = None,
) -> EditedWeeks:
    """Four weeks of `scan`: week 0 as it lies, later ones turned, shifted, edited and noisy.

    Poses turn by half to all of `degrees` about a random axis and shift by up to `shift_voxels` along each axis,
    unless `poses` (one per week, from the padded baseline to the week) are given; there are as many weeks as those.
    """
    rng = np.random.default_rng(seed)
    grey = scan.to_numpy()
    edge = round(float(np.median(grey[~(grey > threshold)])))
    base = scan.pad((pad,) * 3, (pad,) * 3, edge)
    grey = base.to_numpy()
    bone = grey > threshold
    background = local_background(grey, bone)
    gone = np.zeros_like(bone)
    scans, bones = [], []
    poses = poses or [_pose(base, week, degrees, shift_voxels, rng) for week in range(len(DAYS))]
    for week, (day, pose) in enumerate(zip(DAYS, poses, strict=False)):
        if edited:
            more = round(REMOVED[week] * np.count_nonzero(bone)) - int(np.count_nonzero(gone))
            gone |= remove_clusters(bone & ~gone, more, rng=rng, largest=largest)
        now = np.where(gone, np.rint(np.minimum(background, threshold)), grey).astype(grey.dtype)
        moved = resample(_like(base, now, day), base.grid, pose.inverse())
        noisy = np.clip(np.rint(moved.to_numpy() + rng.normal(0, noise, grey.shape)), 0, 255).astype(grey.dtype)
        scans.append(_like(base, noisy, day))
        bones.append(bone & ~gone)
    return EditedWeeks(ScanSeries(tuple(scans)), tuple(poses), tuple(bones), threshold)


def _pose(base: Scan, week: int, degrees: float, shift_voxels: float, rng: np.random.Generator) -> RigidTransform:
    if week == 0:
        return RigidTransform()
    axis = rng.normal(size=3)
    turn = axis / np.linalg.norm(axis) * degrees * rng.uniform(0.5, 1)
    shift = rng.uniform(-shift_voxels, shift_voxels, 3) * base.spacing
    return RigidTransform.about(base.grid.centre, degrees=turn.tolist(), shift=shift.tolist())


def _like(base: Scan, voxels: np.ndarray, day: float) -> Scan:
    return Scan(
        voxels, base.spacing, base.origin, subject=base.subject, side=base.side, day=day, kind=Kind.SEG, part=base.part
    )
