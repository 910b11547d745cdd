"""SimpleITK, tuned: Mattes mutual information around the bone at 8, 4 and 2 voxels, from several coarse starts.

What was tried on a few pairs (with 20 to 200 thousand samples): regular step descent, descent with an estimated rate,
conjugate gradients with line search, L-BFGS-B, L-BFGS-2 and Powell; mutual information and correlation; the full
resolution. Regular step descent with mutual information came as close as any, soonest. What helped most: descending
in small turns about the fixed bone's own place (from 0.5 to 0.07 voxel, and fewer steps), block means made once, no
filter for the moving image's gradient (which takes longer than all else together), and a mask around the bone.
"""

from dataclasses import dataclass, replace
from typing import Any

from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform
from peers.coarse_start import Images, cropped, from_itk, images_of, starts, to_itk

_SEED = 1
_BINS = 32


@dataclass(frozen=True)
class Level:
    """Edge of a block, voxels; samples; first and smallest step in blocks; reach of the mask in blocks."""

    block: int
    samples: int
    first_step: float
    last_step: float
    most_steps: int
    relaxation: float = 0.8
    reach: int = 2


LEVELS = (
    Level(8, 6_000, 1.0, 0.002, 60),
    Level(4, 15_000, 1.0, 0.001, 100),
    Level(2, 30_000, 0.25, 0.0005, 80),
)
STARTS = 4


def register(
    fixed: Scan, moving: Scan, levels: tuple[Level, ...] = LEVELS, most_starts: int = STARTS
) -> RigidTransform:
    """The transform from `fixed` to `moving`."""
    images = images_of(fixed, moving, (16, *(level.block for level in levels)))
    pose = first_pose(images, levels[0], most_starts)
    for level in levels[1:]:
        pose, _ = Refinement.at(images, level).run(pose)
    return pose


def first_pose(images: Images, level: Level = LEVELS[0], most_starts: int = STARTS) -> RigidTransform:
    """The best of several coarse starts, refined at the coarsest resolution."""
    first = Refinement.at(images, level)
    tried = [first.run(pose) for pose in starts(images, most_starts)]
    pose = min(tried, key=lambda end: end[1])[0]
    # The best may have been stopped on its way: bone is smooth along its axis.
    return Refinement.at(images, replace(level, most_steps=3 * level.most_steps)).run(pose)[0]


@dataclass(frozen=True, eq=False)
class Refinement:
    """One resolution, ready to run."""

    images: Images
    level: Level
    fixed: Any
    moving: Any
    mask: Any
    voxels: int

    @classmethod
    def at(cls, images: Images, level: Level) -> "Refinement":
        """`images` made ready for `level`."""
        import SimpleITK as sitk  # noqa: N813

        fixed, mask, voxels = cropped(images, level.block, level.reach)
        still, moving = (sitk.Cast(image, sitk.sitkFloat32) for image in (fixed, images.moving[level.block]))
        return cls(images, level, still, moving, mask, voxels)

    def run(self, pose: RigidTransform) -> tuple[RigidTransform, float]:
        """The pose, and the metric there (less is better)."""
        import SimpleITK as sitk  # noqa: N813

        level, size = self.level, self.fixed.GetSpacing()[0]
        method = sitk.ImageRegistrationMethod()
        method.SetMetricAsMattesMutualInformation(_BINS)
        method.SetMetricFixedMask(self.mask)
        method.SetMetricSamplingStrategy(method.RANDOM)
        method.SetMetricSamplingPercentage(min(1.0, level.samples / self.voxels), _SEED)
        method.SetInterpolator(sitk.sitkLinear)
        method.MetricUseMovingImageGradientFilterOff()
        method.MetricUseFixedImageGradientFilterOff()
        method.SetOptimizerScalesFromPhysicalShift()
        method.SetOptimizerAsRegularStepGradientDescent(
            level.first_step * size,
            level.last_step * size,
            level.most_steps,
            relaxationFactor=level.relaxation,
            gradientMagnitudeTolerance=1e-12,
        )
        # Small turns about the fixed bone's own axes, before the pose: its angles hardly feel each other.
        centre = self.images.axes[0]
        change = to_itk(RigidTransform(), centre)
        method.SetInitialTransform(change, inPlace=True)
        method.SetMovingInitialTransform(to_itk(pose, centre))
        method.Execute(self.fixed, self.moving)
        return pose.after(from_itk(change)), method.GetMetricValue()
