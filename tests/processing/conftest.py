"""A small bone without symmetry, drawn in micrometres so that any grid can hold it."""

from collections.abc import Callable

import numpy as np
import pytest

from napari_bonemet.geometry import Grid
from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform

FIELD = Grid((44, 40, 42), (20.0, 20.0, 20.0))

DrawBone = Callable[..., Scan]


def _soft(distance: np.ndarray, edge: float = 15.0) -> np.ndarray:
    return 1 / (1 + np.exp(distance / edge))


def _bone(points: np.ndarray) -> np.ndarray:
    # Relative to the middle of the field: a tapering tube, a thin bone beside it, and two struts.
    z, y, x = np.moveaxis(points - np.asarray(FIELD.centre), -1, 0)
    outer = 200 - 0.2 * z
    radius = np.hypot(y, x - 0.05 * z)
    shell = _soft(np.abs(radius - outer + 35) - 35)
    thin = _soft(np.hypot(y - 250, x - 60 - 0.1 * z) - 45)
    strut = _soft(np.hypot(z + 120, x - 20) - 40) * _soft(radius - outer)
    knob = _soft(np.sqrt((z - 150) ** 2 + (y + 160) ** 2 + (x - 90) ** 2) - 80)
    ends = _soft(np.abs(z) - 330)
    return np.maximum.reduce([shell, thin, strut, knob]) * ends


@pytest.fixture
def draw_bone() -> DrawBone:
    """Draws the bone as a scanner would see it after `pose` (bone as drawn to bone as scanned)."""

    def draw(
        pose: RigidTransform | None = None,
        *,
        grid: Grid = FIELD,
        day: float = 0.0,
        noise: float = 2.0,
        seed: int = 0,
        stretch: float = 1.0,
    ) -> Scan:
        points = np.stack(np.indices(grid.shape), axis=-1) * np.asarray(grid.spacing) + grid.origin
        points = (pose or RigidTransform()).inverse()(points)
        points[..., 0] = FIELD.centre[0] + (points[..., 0] - FIELD.centre[0]) / stretch
        grey = 20 + 140 * _bone(points) + np.random.default_rng(seed).normal(0, noise, grid.shape)
        voxels = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
        return Scan(voxels, grid.spacing, grid.origin, subject="1", side="left", day=day)

    return draw
