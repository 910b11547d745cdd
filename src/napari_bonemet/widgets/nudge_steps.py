"""What correcting a week by hand runs beside the screen."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Triple
from napari_bonemet.io.transforms import read_transform
from napari_bonemet.processing.register import (
    RegistrationOptions,
    RegistrationResult,
    pose_from_landmarks,
    refine_pose,
    relay_week,
)
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.transform import RigidTransform
from napari_bonemet.widgets.nudge_pose import centre_of_bone


@dataclass(frozen=True, eq=False)
class Bench:
    """A week that is being corrected.

    Parameters
    ----------
    week : float
        Which week.
    fixed, moving : Scan
        What it is brought onto, and the week as scanned; voxels in memory.
    centre : tuple of float
        What it is turned about, (z, y, x), micrometres, of the fixed scan.
    """

    week: float
    fixed: Scan
    moving: Scan
    centre: Triple


def fixed_of(result: RegistrationResult, week: float, baseline: float) -> Scan:
    """What `week` was brought onto: the baseline where it lies now.

    Raises
    ------
    InputError
        For the baseline itself: the other weeks lie on it.
    """
    if week == baseline:
        raise InputError(f"Week {week:g} is the baseline; it is the others that are moved", remedy="Turn to another")
    return result.series.at_week(baseline)


def take_up(fixed: Scan, moving: Scan, threshold: float, progress: Progress) -> Bench:
    """Read both scans into memory; from here on, every look at them is quick."""
    progress.message(f"reading {moving.title}")
    both = [
        scan.in_memory(PartOf(progress, 0.45 * number, 0.45 * (number + 1)))
        for number, scan in enumerate((fixed, moving))
    ]
    week = moving.week if moving.week is not None else 0.0
    progress.check()
    return Bench(week, both[0], both[1], centre_of_bone(both[0], threshold))


def load_pose(path: Path, bench: Bench) -> RigidTransform:
    """A transform on disk, as the pose of the week on the bench; raises InputError for what is none."""
    return read_transform(path, fixed=bench.fixed.grid, moving=bench.moving.grid)


def landmarks_pose(fixed: np.ndarray, moving: np.ndarray) -> RigidTransform:
    """The pose that brings pairs of landmarks, both (n, 3) in their own scan's micrometres, onto each other best."""
    return pose_from_landmarks(fixed, moving)


def settle(bench: Bench, start: RigidTransform, options: RegistrationOptions, progress: Progress) -> RigidTransform:
    """Refine a pose that is nearly right."""
    progress.message(f"refining the pose of {bench.moving.title}")
    return refine_pose(bench.fixed, bench.moving, start, options=options, progress=progress)


def lay_again(
    result: RegistrationResult,
    scanned: ScanSeries,
    week: float,
    pose: RigidTransform,
    *,
    options: RegistrationOptions,
    progress: Progress,
) -> RegistrationResult:
    """The registration with `week` in `pose`, judged again."""
    progress.message(f"laying week {week:g} of {scanned.leg} again")
    return relay_week(result, scanned, week, pose, options=options, progress=progress)
