"""How well a registered week lies on the baseline, in figures and in words."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.coverage import covered_by_all
from napari_bonemet.geometry import Triple
from napari_bonemet.processing.register.result import RegistrationOptions, RegistrationQuality, Verdict
from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform

# Bone that lost a third of itself to a tumour still overlaps by 0.8; chance overlap of a tibia is about 0.4.
_GOOD_OVERLAP = 0.75
_POOR_OVERLAP = 0.5
# Two animals' bones differ, however well they are laid on each other.
_REFERENCE_ALLOWANCE = 0.2
_LARGE_ANGLE = 45.0
_OUTSIDE = 0.1
_MOST_VOXELS = 4_000_000


@dataclass(frozen=True)
class Fit:
    """A pose and the way there.

    Parameters
    ----------
    pose : RigidTransform
        From the common grid to the scan.
    trace : tuple of float
        Mutual information after every step, nats.
    angle : float
        How far the scan had to be turned, degrees.
    """

    pose: RigidTransform
    trace: tuple[float, ...]
    angle: float

    def through(self, first: RigidTransform) -> "Fit":
        """The same with `first` before it."""
        return Fit(self.pose.after(first), self.trace, self.angle)


def assess(
    fixed: Scan, moving: Scan, registered: Scan, fit: Fit, options: RegistrationOptions, *, target: str
) -> RegistrationQuality:
    """The figures and the verdict of one week.

    Parameters
    ----------
    fixed : Scan
        What the week was registered to, on the common grid.
    moving, registered : Scan
        The week as scanned, and on the common grid.
    fit : Fit
        From the common grid to the week as scanned.
    target : {"baseline", "reference"}
        What `fixed` is; a reference is another animal's bone, and overlaps less.
    """
    one, other = _thinned(fixed), _thinned(registered)
    seen = _seen(fixed, registered)
    one, other = one[seen], other[seen]
    first, second = one > options.bone_threshold, other > options.bone_threshold
    overlap = (
        2 * int(np.count_nonzero(first & second)) / max(1, int(np.count_nonzero(first)) + int(np.count_nonzero(second)))
    )
    bone = _thinned(fixed) > options.bone_threshold
    outside = 1 - int(np.count_nonzero(bone & seen)) / max(1, int(np.count_nonzero(bone)))
    allowance = _REFERENCE_ALLOWANCE * (target == "reference")
    verdict, reason = _judge(float(overlap), fit.angle, outside, allowance=allowance)
    return RegistrationQuality(
        week=moving.week or 0.0,
        angles_degrees=fit.pose.degrees,
        shift_um=_shift_of_bone(bone, fixed, fit.pose),
        metric=fit.trace[-1] if fit.trace else 0.0,
        metric_trace=fit.trace,
        overlap=float(overlap),
        correlation=_correlation(one, other),
        verdict=verdict,
        reason=f"{reason}{_other_voxels(fixed, moving, target)}",
    )


def baseline_quality(scan: Scan) -> RegistrationQuality:
    """The baseline lies on itself."""
    still = (0.0, 0.0, 0.0)
    return RegistrationQuality(scan.week or 0.0, still, still, 0.0, (), 1.0, 1.0, "good", "the baseline")


def _shift_of_bone(bone: np.ndarray, fixed: Scan, pose: RigidTransform) -> Triple:
    index = np.argwhere(bone)
    middle = index.mean(axis=0) * _stride(fixed) if len(index) else np.subtract(fixed.shape, 1) / 2
    return pose.shift_at(fixed.grid.to_um(middle.tolist()))


def _stride(scan: Scan) -> int:
    return max(1, round((np.prod(scan.shape, dtype=float) / _MOST_VOXELS) ** (1 / 3)))


def _thinned(scan: Scan) -> np.ndarray:
    step = _stride(scan)
    return scan.to_numpy()[::step, ::step, ::step]


def _seen(fixed: Scan, registered: Scan) -> np.ndarray:
    field, step = covered_by_all((fixed, registered)), _stride(fixed)
    return np.ones_like(_thinned(fixed), dtype=bool) if field is None else field[::step, ::step, ::step]


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    first, second = (grey.astype(np.float32).ravel() for grey in (one, other))
    first -= first.mean()
    second -= second.mean()
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / size if size else 0.0


def _judge(overlap: float, angle: float, outside: float, *, allowance: float) -> tuple[Verdict, str]:
    if overlap < _POOR_OVERLAP - allowance:
        return "failed", f"only {overlap:.0%} of the bone overlaps"
    doubts = []
    if overlap < _GOOD_OVERLAP - allowance:
        doubts.append(f"only {overlap:.0%} of the bone overlaps")
    if angle > _LARGE_ANGLE:
        doubts.append(f"the bone was turned by {angle:.0f} degrees")
    if outside > _OUTSIDE:
        doubts.append(f"{outside:.0%} of the baseline's bone lies outside this week's field of view")
    if doubts:
        return "check", "; ".join(doubts)
    return "good", f"{overlap:.0%} of the bone overlaps"


def _other_voxels(fixed: Scan, moving: Scan, target: str) -> str:
    if fixed.grid.same_spacing(moving.grid):
        return ""
    return f"; voxel size {size_in_words(moving)} differs from the {target}'s {size_in_words(fixed)}; resampled"


def size_in_words(scan: Scan) -> str:
    """Voxel size for people: "10.6 µm", or all three values where they differ."""
    z, y, x = scan.spacing
    same = scan.grid.same_spacing(scan.grid.with_spacing(z))
    return f"{z:g} µm" if same else f"{z:g} x {y:g} x {x:g} µm"
