"""One bone brought onto another, by the metric asked for, with what speaks for and against its being the same bone."""

from dataclasses import dataclass, replace

import numpy as np

from napari_bonemet.geometry import Grid
from napari_bonemet.processing.register.images import Bone, level_of
from napari_bonemet.processing.register.mi import fit_mi
from napari_bonemet.processing.register.pyramid import couple
from napari_bonemet.processing.register.reference import fit_reference
from napari_bonemet.processing.register.result import RegistrationOptions
from napari_bonemet.processing.register.robust import compare, fit_robust, mirror_image_fits_better, polish
from napari_bonemet.processing.register.starts import shape_of
from napari_bonemet.progress import PartOf, Progress
from napari_bonemet.transform import RigidTransform

# Of degrees and micrometres.
_DIGITS = 6
# Where voxels are coarse, the edges of two animals agree as well, and what is left over tells. One bone leaves up to
# 0.05 of the contrast at 10 to 30 micrometres and up to 0.09 at 60, two leave 0.076 and more and 0.084 and more. Much
# noise leaves as much, but what agrees like this is no stranger. A bone of the other side may leave less than that, but
# agrees less than this.
_LEFT_OVER, _LEFT_OVER_COARSE = 0.06, 0.09
_FINE_UM, _COARSE_UM = 20.0, 60.0
_ALIKE = 0.84
_SAME_BONE = 0.6
# By which part of its loss the mirror image of a reference has to fit better.
_BETTER = 0.05


@dataclass(frozen=True)
class Fit:
    """A pose and the way there.

    Parameters
    ----------
    pose : RigidTransform
        From the common grid to the scan.
    trace : tuple of float
        The metric after every step.
    angle : float
        How far the scan had to be turned, degrees.
    residual, agreement : float
        As in :class:`RegistrationQuality`.
    upside_down : bool
        The long axis had to be turned round.
    other_side : bool
        The mirror image of the fixed bone fits better.
    """

    pose: RigidTransform
    trace: tuple[float, ...]
    angle: float
    residual: float = 0.0
    agreement: float = 1.0
    upside_down: bool = False
    other_side: bool = False

    def through(self, first: RigidTransform) -> "Fit":
        """The same with `first` before it."""
        return replace(self, pose=self.pose.after(first))


def alike(residual: float, agreement: float, grids: tuple[Grid, Grid]) -> bool:
    """Whether what is left over, or how the edges agree, is as of two scans, on these grids, of one bone."""
    voxel = max(grid.voxel_um for grid in grids)
    limit = float(np.interp(voxel, (_FINE_UM, _COARSE_UM), (_LEFT_OVER, _LEFT_OVER_COARSE)))
    return residual <= limit or agreement >= _ALIKE


def fit_follow_up(fixed: Bone, moving: Bone, options: RegistrationOptions, progress: Progress) -> Fit:
    """A later week on its own baseline; another bone is noticed.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    both = couple(fixed, moving, PartOf(progress, 0.0, 0.2))
    if options.metric == "mi":
        pose, trace = fit_mi(fixed, moving, options, PartOf(progress, 0.2, 0.8))
        found = compare(fixed, moving, settled(pose, fixed))
    else:
        found = fit_robust(both, options, PartOf(progress, 0.2, 0.8))
        trace = found.trace
    other_side = found.agreement < _ALIKE and mirror_image_fits_better(both, found, options, PartOf(progress, 0.8, 1.0))
    return judged(fixed, settled(found.pose, fixed), trace, found.residual, found.agreement, other_side=other_side)


def fit_to_reference(fixed: Bone, moving: Bone, options: RegistrationOptions, progress: Progress) -> Fit:
    """A baseline on another animal's bone: pose and side are judged, likeness is not expected.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    if options.metric == "mi":
        pose, trace = fit_mi(fixed, moving, options, progress)
        return judged(fixed, settled(pose, fixed), trace, 0.0, 1.0)
    found, image = fit_reference(fixed, moving, options, PartOf(progress, 0.0, 0.8))
    other_side = image.loss < found.loss * (1 - _BETTER)
    near = polish(fixed, moving, found.pose, PartOf(progress, 0.8, 1.0))
    # A reference may be this very bone, from another scan of it: then the greys say more than the outline.
    same = near.agreement > _SAME_BONE and alike(near.residual, near.agreement, (fixed.grid, moving.grid))
    found = near if same else found
    pose = settled(found.pose, fixed)
    return judged(fixed, pose, found.trace, found.residual, found.agreement, other_side=other_side)


def judged(
    fixed: Bone,
    pose: RigidTransform,
    trace: tuple[float, ...],
    residual: float,
    agreement: float,
    *,
    other_side: bool = False,
) -> Fit:
    """The fit with what its pose alone tells: how far, and whether the long axis was turned round."""
    shape = shape_of(level_of(fixed, fixed.radius / 12), fixed.threshold)
    turned = float(shape.axes[0] @ pose.matrix @ shape.axes[0])
    return Fit(pose, trace, pose.angle, residual, agreement, shape.is_long and turned < 0, other_side)


def settled(pose: RigidTransform, fixed: Bone) -> RigidTransform:
    """The pose without the last digits, in which sums of several threads differ from run to run."""
    centre = np.asarray(fixed.centre).tolist()
    turn, shift = (np.round(values, _DIGITS).tolist() for values in (pose.degrees, pose.shift_at(centre)))
    return RigidTransform.about(centre, degrees=turn, shift=shift)
