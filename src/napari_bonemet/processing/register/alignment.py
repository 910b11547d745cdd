"""One pair of levels, aligned: the units in which the compiled loops work, and the robust steps to the best pose.

Inverse-compositional Lucas-Kanade (Baker and Matthews, Int J Comput Vis 2004, 56:221-255): gradients and their
products belong to the fixed points, so that each step only looks up the moving greys. Tukey's weights leave out what a
lesion took away; gain and offset are fitted along.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_bonemet.geometry import as_triple
from napari_bonemet.processing.register.drift import MOST_DRIFT, View
from napari_bonemet.processing.register.images import Level
from napari_bonemet.processing.register.points import Points
from napari_bonemet.progress import Progress, Reading, report
from napari_bonemet.transform import RigidTransform

# Tukey's constant for 95 % efficiency; and, once the pose is near, tighter ones: points are plenty, and at the rims
# of lesions greys change by less than the contrast, which would draw the pose.
WIDE = (4.685,)
TIGHT = (4.685, 2.5, 1.5)
# No cut lies below this part of the contrast.
_LEAST_CUT = 0.04
# Where two bones do not lie on each other, more than noise is left in flat parts, too: this part of the contrast.
_MOST_NOISE = 0.12
_MOST_STEPS = 30
# A step that moves the bone's radius by less than this part of a voxel is the last.
_STILL = 0.002

READING = "robust residual"


@dataclass(frozen=True, eq=False)
class Frame:
    """Where poses turn and how lengths are scaled.

    Parameters
    ----------
    fixed_centre, moving_centre : ndarray, (3,)
        (z, y, x), micrometres.
    radius : float
        Micrometres per unit.
    """

    fixed_centre: np.ndarray
    moving_centre: np.ndarray
    radius: float

    def units(self, points: Points) -> tuple[np.ndarray, np.ndarray]:
        """Places and slopes of the points in units of the frame."""
        return (points.places - self.fixed_centre) / self.radius, points.slopes * self.radius

    def index_of(self, level: Level) -> tuple[np.ndarray, np.ndarray]:
        """Voxels of the moving level per unit, and its index at the moving centre."""
        spacing = np.asarray(level.grid.spacing)
        return self.radius / spacing, (self.moving_centre - level.grid.origin) / spacing

    def into(self, pose: RigidTransform) -> tuple[np.ndarray, np.ndarray]:
        """Turn and shift, in units, of a pose in micrometres."""
        return pose.matrix.copy(), (pose(self.fixed_centre) - self.moving_centre) / self.radius

    def pose(self, turn: np.ndarray, shift: np.ndarray) -> RigidTransform:
        """The pose in micrometres."""
        u, _, v = np.linalg.svd(turn)
        nearest = u @ v
        moved = self.moving_centre + shift * self.radius - nearest @ self.fixed_centre
        return RigidTransform(tuple(map(tuple, nearest.tolist())), as_triple(moved.tolist(), "shift"))  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Aligned:
    """Where the robust steps ended.

    Parameters
    ----------
    pose : RigidTransform
        Fixed to moving.
    gain, offset : float
        Moving grey = gain * fixed grey + offset.
    residual : float
        Robust standard deviation of what that leaves of the edges' greys, beyond noise, as a share of the bone's
        contrast.
    loss : float
        Mean of Tukey's loss over the points at a fixed cut, 0 to 1: small where most points agree.
    agreement : float
        How the greys of the edges correlate, median over stretches of the bone: near 1 for one bone, low for two.
    trace : tuple of float
        Robust standard deviation of all that is left, as a share of the contrast, after every step.
    """

    pose: RigidTransform
    gain: float
    offset: float
    residual: float
    loss: float
    agreement: float
    trace: tuple[float, ...]


def align(
    points: Points,
    moving: Level,
    start: Aligned,
    frame: Frame,
    *,
    contrast: float,
    measure: float,
    progress: Progress,
    cuts: Sequence[float] = WIDE,
    drifts: bool = True,
) -> Aligned:
    """Robust Gauss-Newton steps from `start` to the pose in which most points agree.

    Parameters
    ----------
    points : Points
        Of the fixed bone.
    moving : Level
        Of the moving bone.
    start : Aligned
        A pose near the truth, with its gain and offset.
    frame : Frame
        Units.
    contrast : float
        Between bone and background of the fixed bone, greys, at about this resolution.
    measure : float
        The same at full resolution; residuals are shares of it.
    cuts : sequence of float
        Where Tukey's weight ends, in robust standard deviations; one after the other. Without any the pose stays.
    drifts : bool
        Whether greys may drift along and around the bone; a pose that is still far off would hide in that.

    Raises
    ------
    Cancelled
        Within one step of the user's wish.
    """
    from napari_bonemet.processing.register.align_kernels import normal_equations, turned

    places, slopes = frame.units(points)
    view = View(places, points.values, moving, *frame.index_of(moving), drifts * MOST_DRIFT * contrast)
    turn, shift = frame.into(start.pose)
    gain, offset = start.gain, start.offset
    sums, right = np.empty((8, 8)), np.empty(8)
    still = _STILL * moving.voxel_um / frame.radius
    trace: list[float] = []
    for constant in cuts:
        # A tight cut could choose a gain of nothing, which explains all that is flat.
        free = 8 if constant == cuts[0] else 6
        for _ in range(_MOST_STEPS):
            progress.check()
            greys, spread = view.look(turn, shift, gain, offset)
            trace.append(spread / measure)
            report(progress, Reading(READING, trace[-1]))
            cut = max(constant * spread, _LEAST_CUT * contrast)
            normal_equations(places, points.values, slopes, greys, view.seen, gain, offset, cut, sums, right)
            step = _solve(sums[:free, :free], right[:free])
            turn, shift = turned(turn, shift, step)
            if free == 8:
                gain, offset = gain + step[6], offset + step[7]
            if np.abs(step[:6]).max() < still:
                break
    greys, _ = view.look(turn, shift, gain, offset)
    cut = LOSS_CUT * gain * contrast
    loss = normal_equations(places, points.values, slopes, greys, view.seen, gain, offset, cut, sums, right)
    return Aligned(
        frame.pose(turn, shift),
        gain,
        offset,
        view.beyond_noise(greys, gain, offset, points.edges, _MOST_NOISE * measure) / measure,
        loss,
        view.agreement(greys, points.edges),
        (*start.trace, *trace),
    )


# Residuals of less than half the contrast agree, more or less.
LOSS_CUT = 0.5


def _solve(sums: np.ndarray, right: np.ndarray) -> np.ndarray:
    # Scaled to a unit diagonal, since greys and units of length differ by orders.
    size = np.sqrt(np.maximum(np.diag(sums), 1e-12))
    scaled = sums / np.outer(size, size) + 1e-9 * np.eye(len(size))
    step = np.linalg.solve(scaled, right / size) / size
    return np.asarray(step)
