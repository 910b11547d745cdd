"""A start for the peers: the bone's principal axes, then turns about the long axis and shifts along it, by SimpleITK.

Both peers start from here, and the time it takes counts for both.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform

# Block means of thin bone are darker than bone (75).
THRESHOLD = 60.0
AZIMUTHS = 16
OFFSETS_UM = (-2400.0, -1600.0, -800.0, 0.0, 800.0, 1600.0, 2400.0)
_COARSE = 16
_LONGEST_FEATURES = 8


@dataclass(frozen=True, eq=False)
class Images:
    """Both scans as SimpleITK images of block means (by edge of the block in voxels), micrometres."""

    fixed: dict[int, Any]
    moving: dict[int, Any]

    @property
    def axes(self) -> tuple[np.ndarray, np.ndarray]:
        """Centre of the fixed scan's bone, (z, y, x) micrometres, and its principal axes as columns, long one first."""
        return principal_axes(self.fixed[_LONGEST_FEATURES])


def images_of(fixed: Scan, moving: Scan, blocks: tuple[int, ...]) -> Images:
    import SimpleITK as sitk  # noqa: N813

    both: list[dict[int, Any]] = []
    for scan in (fixed, moving):
        image = sitk.GetImageFromArray(scan.to_numpy())
        image.SetSpacing(scan.spacing[::-1])
        image.SetOrigin(scan.origin[::-1])
        levels, size = {}, 1
        for block in sorted(blocks):
            # Means of means: quicker than going through all voxels for each.
            image, size = (sitk.BinShrink(image, [block // size] * 3) if block > size else image), block
            levels[block] = image
        both.append(levels)
    return Images(*both)


def around_bone(image: Any, reach: int) -> Any:
    """Mask of bone and what lies within `reach` voxels of it."""
    import SimpleITK as sitk  # noqa: N813

    return sitk.BinaryDilate(image > THRESHOLD, [reach] * 3)


def principal_axes(image: Any) -> tuple[np.ndarray, np.ndarray]:
    import SimpleITK as sitk  # noqa: N813

    index = np.argwhere(sitk.GetArrayFromImage(image) > THRESHOLD)
    points = index * np.array(image.GetSpacing()[::-1]) + np.array(image.GetOrigin()[::-1])
    centre = points.mean(axis=0)
    axes = np.linalg.eigh(np.cov((points - centre).T))[1][:, ::-1]
    axes[:, 0] *= np.sign(axes[0, 0])
    axes[:, 2] = np.cross(axes[:, 0], axes[:, 1])
    return centre, axes


def cropped(images: Images, block: int, reach: int) -> tuple[Any, Any, int]:
    """The fixed image around its bone, the mask of bone there, and how many voxels the mask has."""
    import SimpleITK as sitk  # noqa: N813

    fixed = images.fixed[block]
    mask = around_bone(images.fixed[_LONGEST_FEATURES], 1)
    index = np.argwhere(sitk.GetArrayFromImage(mask))
    low = index.min(axis=0) * _LONGEST_FEATURES // block
    high = np.minimum(np.array(fixed.GetSize())[::-1], (index.max(axis=0) + 1) * _LONGEST_FEATURES // block)
    part = sitk.RegionOfInterest(fixed, (high - low)[::-1].tolist(), low[::-1].tolist())
    near = around_bone(part, reach)
    return part, near, int(np.count_nonzero(sitk.GetArrayFromImage(near)))


def to_itk(pose: RigidTransform, centre: np.ndarray) -> Any:
    """An Euler transform about `centre` (z, y, x)."""
    import SimpleITK as sitk  # noqa: N813

    out = sitk.Euler3DTransform()
    out.SetCenter(centre[::-1].tolist())
    out.SetMatrix(pose.matrix[::-1, ::-1].ravel().tolist(), 1e-6)
    out.SetTranslation(list(pose.shift_at(centre.tolist()))[::-1])
    return out


def from_itk(transform: Any) -> RigidTransform:
    matrix = np.array(transform.GetMatrix()).reshape(3, 3)[::-1, ::-1]
    centre, shift = np.array(transform.GetCenter())[::-1], np.array(transform.GetTranslation())[::-1]
    moved = centre - matrix @ centre + shift
    return RigidTransform(tuple(map(tuple, matrix.tolist())), tuple(moved.tolist()))


def starts(images: Images, best: int) -> list[RigidTransform]:
    """The `best` poses by mutual information at the coarsest resolution."""
    import SimpleITK as sitk  # noqa: N813

    fixed, mask, _ = cropped(images, _COARSE, 1)
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricFixedMask(mask)
    method.SetInterpolator(sitk.sitkLinear)
    still, moving = (sitk.Cast(image, sitk.sitkFloat32) for image in (fixed, images.moving[_COARSE]))
    (centre, axes), moved = images.axes, principal_axes(images.moving[_LONGEST_FEATURES])
    tried = []
    for turn in np.arange(AZIMUTHS) * 2 * np.pi / AZIMUTHS:
        for offset in OFFSETS_UM:
            pose = _pose(centre, axes, moved, turn, offset)
            method.SetInitialTransform(to_itk(pose, centre))
            tried.append((method.MetricEvaluate(still, moving), pose))
    tried.sort(key=lambda one: one[0])
    return [pose for _, pose in tried[:best]]


def _pose(
    centre: np.ndarray, axes: np.ndarray, moved: tuple[np.ndarray, np.ndarray], turn: float, offset: float
) -> RigidTransform:
    there, onto = moved
    cos, sin = np.cos(turn), np.sin(turn)
    matrix = onto @ np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]]) @ axes.T
    shift = there + offset * onto[:, 0] - matrix @ centre
    return RigidTransform(tuple(map(tuple, matrix.tolist())), tuple(shift.tolist()))
