"""How well a registered week lies on the baseline, in figures and in words."""

import numpy as np

from napari_bonemet.coverage import covered_by_all
from napari_bonemet.geometry import Triple, stride
from napari_bonemet.processing.register.fitting import Fit, alike
from napari_bonemet.processing.register.result import RegistrationOptions, RegistrationQuality, Verdict
from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform

# Bone that lost a third of itself to a tumour still overlaps by 0.8; chance overlap of a tibia is about 0.4.
_GOOD_OVERLAP = 0.75
_POOR_OVERLAP = 0.5
# Two animals' bones differ, however well they are laid on each other.
_REFERENCE_ALLOWANCE = 0.2
# At 10 µm the edges of one bone agree by 0.69 and more, lesions and all, those of two animals by 0.25 and less; the
# coarser the voxels the less that tells (at 60 µm up to 0.83 for two animals).
_SAME, _STRANGER = 0.45, 0.3
_OUTSIDE = 0.1
_MOST_VOXELS = 4_000_000


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
    same = alike(fit.residual, fit.agreement, (fixed.grid, moving.grid))
    verdict, reason = _judge(float(overlap), fit, outside, target, same=same)
    return RegistrationQuality(
        week=moving.week or 0.0,
        angles_degrees=fit.pose.degrees,
        shift_um=_shift_of_bone(bone, fixed, fit.pose),
        metric=fit.trace[-1] if fit.trace else 0.0,
        metric_trace=fit.trace,
        overlap=float(overlap),
        correlation=_correlation(one, other),
        residual=fit.residual,
        agreement=fit.agreement,
        verdict=verdict,
        reason=f"{reason}{_other_voxels(fixed, moving, target)}",
    )


def baseline_quality(scan: Scan) -> RegistrationQuality:
    """The baseline lies on itself."""
    still = (0.0, 0.0, 0.0)
    return RegistrationQuality(scan.week or 0.0, still, still, 0.0, (), 1.0, 1.0, 0.0, 1.0, "good", "the baseline")


def _shift_of_bone(bone: np.ndarray, fixed: Scan, pose: RigidTransform) -> Triple:
    index = np.argwhere(bone)
    middle = index.mean(axis=0) * _stride(fixed) if len(index) else np.subtract(fixed.shape, 1) / 2
    return pose.shift_at(fixed.grid.to_um(middle.tolist()))


def _stride(scan: Scan) -> int:
    return stride(np.prod(scan.shape, dtype=float), _MOST_VOXELS)


def _thinned(scan: Scan) -> np.ndarray:
    step = _stride(scan)
    return scan.to_numpy()[::step, ::step, ::step]


def _seen(fixed: Scan, registered: Scan) -> np.ndarray:
    field = covered_by_all((fixed, registered), step=_stride(fixed))
    return np.ones_like(_thinned(fixed), dtype=bool) if field is None else field


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    first, second = (grey.astype(np.float32).ravel() for grey in (one, other))
    if not first.size:
        return 0.0
    first -= first.mean()
    second -= second.mean()
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / size if size else 0.0


def _judge(overlap: float, fit: Fit, outside: float, target: str, *, same: bool) -> tuple[Verdict, str]:
    reference = target == "reference"
    allowance = _REFERENCE_ALLOWANCE * reference
    seen = f"{overlap:.0%} of the bone overlaps"
    if outside > _OUTSIDE:
        seen += f"; {outside:.0%} of the {target}'s bone lies outside this week's field of view"
    if overlap < _POOR_OVERLAP - allowance:
        return "failed", f"only {seen}{_side(fit, reference)}"
    if not reference and fit.agreement < _STRANGER:
        return "failed", f"this does not look like the baseline's bone (its edges agree by {fit.agreement:.2f} of 1)"
    doubts = [f"only {seen}"] if overlap < _GOOD_OVERLAP - allowance else []
    if not reference and fit.agreement < _SAME:
        doubts.append(f"the edges agree by only {fit.agreement:.2f} of 1: is this the same bone?")
    elif not reference and not same:
        left = f"at the edges, greys still differ by {fit.residual:.2f} of the contrast of bone beyond noise"
        doubts.append(f"{left}: is this the same bone?")
    if fit.upside_down:
        doubts.append("the scan lies upside down, its long axis had to be turned round")
    if fit.other_side:
        doubts.append(_side(fit, reference).lstrip("; "))
    return ("check", "; ".join(doubts)) if doubts else ("good", seen)


def _side(fit: Fit, reference: bool) -> str:
    if not fit.other_side:
        return ""
    return f"; the mirror image of the {'reference' if reference else 'baseline'} fits better: is this the other leg?"


def _other_voxels(fixed: Scan, moving: Scan, target: str) -> str:
    if fixed.grid.same_spacing(moving.grid):
        return ""
    return f"; voxel size {size_in_words(moving)} differs from the {target}'s {size_in_words(fixed)}; resampled"


def size_in_words(scan: Scan) -> str:
    """Voxel size for people: "10.6 µm", or all three values where they differ."""
    z, y, x = scan.spacing
    same = scan.grid.same_spacing(scan.grid.with_spacing(z))
    return f"{z:g} µm" if same else f"{z:g} x {y:g} x {x:g} µm"
