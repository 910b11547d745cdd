"""A pose corrected by hand, as people do in DataViewer: nudged, set from landmarks, refined, and laid again."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import as_triple
from napari_bonemet.processing.register.fitting import judged, settled
from napari_bonemet.processing.register.images import find_bone
from napari_bonemet.processing.register.result import RegistrationOptions, RegistrationResult
from napari_bonemet.processing.register.robust import compare, polish
from napari_bonemet.processing.register.weeks import Onto, lay
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.transform import RigidTransform

_FEWEST = 3
# Landmarks on one line, more or less, leave a turn about it open: their second spread over their first.
_FLAT = 0.02


def pose_from_landmarks(
    fixed_points_um: Sequence[Sequence[float]], moving_points_um: Sequence[Sequence[float]]
) -> RigidTransform:
    """The rigid transform that brings paired landmarks closest (Kabsch, Acta Cryst 1976, A32:922-923).

    Parameters
    ----------
    fixed_points_um, moving_points_um : (n, 3)
        The same places in both scans, (z, y, x), micrometres, in the same order.

    Raises
    ------
    InputError
        For fewer than three pairs, different numbers of points, or points on one line.
    """
    fixed, moving = (np.atleast_2d(np.asarray(p, dtype=float)) for p in (fixed_points_um, moving_points_um))
    if fixed.shape != moving.shape or len(fixed) < _FEWEST or fixed.shape[1] != 3:
        raise InputError(
            "The landmarks determine no pose",
            expected=f"{_FEWEST} or more pairs of points (z, y, x)",
            found=f"{len(fixed)} in one scan and {len(moving)} in the other",
        )
    centres = fixed.mean(axis=0), moving.mean(axis=0)
    spread = np.linalg.svd(fixed - centres[0], compute_uv=False)
    if spread[1] < _FLAT * max(spread[0], 1e-9):
        raise InputError(
            "The landmarks lie on one line, about which the bone could be turned", remedy="Set one beside that line"
        )
    turn, _ = Rotation.align_vectors(moving - centres[1], fixed - centres[0])
    shift = centres[1] - turn.as_matrix() @ centres[0]
    return RigidTransform(tuple(map(tuple, turn.as_matrix().tolist())), as_triple(shift.tolist(), "shift"))  # type: ignore[arg-type]


def refine_pose(
    fixed: Scan,
    moving: Scan,
    start: RigidTransform,
    *,
    options: RegistrationOptions | None = None,
    progress: Progress = NO_PROGRESS,
) -> RigidTransform:
    """The best pose near `start`, within some voxels, by the robust metric.

    Parameters
    ----------
    fixed, moving : Scan
        Of the same bone.
    start : RigidTransform
        Fixed to moving, set by hand.

    Raises
    ------
    InputError
        When one of them shows no bone.
    Cancelled
        When the user asked to stop.
    """
    options = options or RegistrationOptions()
    bone, other = (find_bone(scan, options.bone_threshold) for scan in (fixed, moving))
    return settled(polish(bone, other, start, progress).pose, bone)


def relay_week(
    result: RegistrationResult,
    scanned: ScanSeries,
    week: float,
    transform: RigidTransform,
    *,
    options: RegistrationOptions | None = None,
    progress: Progress = NO_PROGRESS,
) -> RegistrationResult:
    """Lay one week again in a pose given by hand, and judge it; the other weeks stay.

    Parameters
    ----------
    result : RegistrationResult
        Of :func:`register_weeks`.
    scanned : ScanSeries
        The weeks as scanned.
    week : float
        The week in question; not the baseline, which the others lie on.
    transform : RigidTransform
        From the common grid to that week as scanned.

    Raises
    ------
    InputError
        When there is no such week, or it is the baseline.
    Cancelled
        When the user asked to stop.
    """
    options = options or RegistrationOptions()
    number = result.series.weeks.index(result.series.at_week(week).week or 0.0)
    baseline = result.series.baseline if options.baseline_week is None else result.series.at_week(options.baseline_week)
    if result.series[number] is baseline:
        raise InputError(
            f"Week {week:g} is the baseline that the other weeks lie on", remedy="Move one of the other weeks"
        )
    bone = find_bone(baseline, options.bone_threshold)
    moving = scanned.at_week(week)
    found = compare(bone, find_bone(moving, options.bone_threshold), transform)
    fit = judged(bone, transform, result.quality[number].metric_trace, found.residual, found.agreement)
    laid = lay(Onto(baseline, options), moving, fit, target="baseline", progress=PartOf(progress, 0.2, 1.0))
    progress.advance(1.0)

    def put(items: tuple, item: object) -> tuple:
        return (*items[:number], item, *items[number + 1 :])

    return replace(
        result,
        series=ScanSeries(put(result.series.scans, laid.scan)),
        transforms=put(result.transforms, transform),
        quality=put(result.quality, replace(laid.quality, reason=f"set by hand; {laid.quality.reason}")),
    )
