"""Gradient descent on mutual information with SimpleITK, one resolution at a time, cancelled within a step."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_bonemet.geometry import as_triple
from napari_bonemet.processing.register.images import Level
from napari_bonemet.processing.register.result import RegistrationOptions
from napari_bonemet.progress import Progress, Reading, report
from napari_bonemet.transform import RigidTransform

# Steps shrink from half a voxel of the level to this part of one.
_FIRST_STEP = 0.5
_LAST_STEP = 0.004
# Of the metric: the last ones depend on how many threads add it up.
_DIGITS = 9


@dataclass(frozen=True, eq=False)
class Frame:
    """Where poses turn and how lengths are scaled while SimpleITK works.

    Lengths are divided by the radius of the bone, so that a shift of one unit and a turn of one radian move the
    bone alike, and one step length serves both.

    Parameters
    ----------
    centre : ndarray, (3,)
        Centre of the fixed bone, (z, y, x), micrometres.
    radius : float
        Micrometres per unit of length.
    """

    centre: np.ndarray
    radius: float


@dataclass
class _Watch:
    """Listens to the iterations; remembers a wish to stop, since an exception may not cross SimpleITK's C++."""

    progress: Progress
    steps: int
    values: list[float] = field(default_factory=list)
    stopped: BaseException | None = None

    def note(self, method: Any) -> None:
        """Take note of one iteration."""
        self.values.append(-float(method.GetMetricValue()))
        try:
            self.progress.advance(min(1.0, len(self.values) / self.steps))
            report(self.progress, Reading("mutual information", self.values[-1]))
            self.progress.check()
        except BaseException as reason:  # kept, and raised when SimpleITK has returned
            self.stopped = reason
            method.StopRegistration()


def refine(
    levels: tuple[Level, Level],
    start: RigidTransform,
    frame: Frame,
    *,
    mask: np.ndarray,
    options: RegistrationOptions,
    progress: Progress,
) -> tuple[RigidTransform, tuple[float, ...]]:
    """The pose near `start` with the most mutual information, and the metric after each step.

    Parameters
    ----------
    levels : tuple of Level
        Fixed and moving bone at one resolution.
    start : RigidTransform
        Fixed to moving.
    mask : ndarray of bool, (z, y, x)
        Where the fixed level is compared.

    Raises
    ------
    Cancelled
        Within one iteration of the user's wish.
    """
    import SimpleITK

    fixed, moving = (_image(level.grey, level, frame) for level in levels)
    pose = _to_itk(start, frame)
    method = SimpleITK.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(options.bins)
    method.SetMetricFixedMask(_image(mask.astype(np.uint8), levels[0], frame))
    share = min(1.0, options.sampling / max(1, int(np.count_nonzero(mask))))
    if share < 1:
        method.SetMetricSamplingStrategy(method.RANDOM)
        # SimpleITK takes a seed of zero for the clock.
        method.SetMetricSamplingPercentage(share, options.seed + 1)
    # Gradients where they are needed, not images of them: a third of the memory.
    method.MetricUseFixedImageGradientFilterOff()
    method.MetricUseMovingImageGradientFilterOff()
    method.SetInterpolator(SimpleITK.sitkLinear)
    voxel = float(np.mean(levels[0].grid.spacing)) / frame.radius
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=_FIRST_STEP * voxel,
        minStep=_LAST_STEP * voxel,
        numberOfIterations=options.iterations,
        relaxationFactor=0.6,
        gradientMagnitudeTolerance=1e-9,
    )
    method.SetInitialTransform(pose, inPlace=True)
    watch = _Watch(progress, options.iterations)
    method.AddCommand(SimpleITK.sitkIterationEvent, lambda: watch.note(method))
    _execute(method, fixed, moving, watch)
    return _from_itk(pose, frame), tuple(round(value, _DIGITS) for value in watch.values)


def _execute(method: Any, fixed: Any, moving: Any, watch: _Watch) -> None:
    try:
        method.Execute(fixed, moving)
    except RuntimeError:
        # Too few points of a hopeless start fall on the moving bone: its pose stays, and loses.
        if watch.stopped is None:
            return
    if watch.stopped is not None:
        raise watch.stopped


def _image(array: np.ndarray, level: Level, frame: Frame) -> Any:
    import SimpleITK

    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing([s / frame.radius for s in reversed(level.grid.spacing)])
    image.SetOrigin(((np.asarray(level.grid.origin) - frame.centre) / frame.radius)[::-1].tolist())
    return image


def _to_itk(pose: RigidTransform, frame: Frame) -> Any:
    import SimpleITK

    # In the frame, the fixed centre is zero: the pose turns about it, then shifts.
    shift = (pose(frame.centre) - frame.centre) / frame.radius
    turned = SimpleITK.Euler3DTransform()
    turned.SetMatrix(pose.matrix[::-1, ::-1].ravel().tolist(), 1e-6)
    turned.SetTranslation(shift[::-1].tolist())
    return turned


def _from_itk(turned: Any, frame: Frame) -> RigidTransform:
    matrix = np.asarray(turned.GetMatrix()).reshape(3, 3)[::-1, ::-1]
    moved = np.asarray(turned.GetTranslation())[::-1] * frame.radius
    shift = frame.centre + moved - matrix @ frame.centre
    return RigidTransform(tuple(map(tuple, matrix.tolist())), as_triple(shift.tolist(), "shift"))  # type: ignore[arg-type]
