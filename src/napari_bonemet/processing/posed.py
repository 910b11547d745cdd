"""A scan looked at through a pose that is still being changed: only the plane that is looked at is sampled."""

from typing import Any

import numpy as np

from napari_bonemet.geometry import Grid, Shape
from napari_bonemet.scan import Scan
from napari_bonemet.transform import RigidTransform

__all__ = ["PosedVoxels"]

# A plane of the largest scans has a third of this; more is no look any more, but a resampling.
_MOST = 16_000_000


class PosedVoxels:
    """Array-like: the voxels of `scan` on `grid`, as they would lie with `pose`; linear between voxels.

    Parameters
    ----------
    scan : Scan
        The moving scan, its voxels in memory.
    grid : Grid
        Where they are looked at (the fixed scan's grid).
    pose : RigidTransform
        Maps points of `grid` to points of `scan`. May be set anew at any time.
    """

    ndim = 3

    def __init__(self, scan: Scan, grid: Grid, pose: RigidTransform) -> None:
        self._voxels = scan.to_numpy()
        self._source, self._grid = scan.grid, grid
        self.pose = pose
        self.dtype = self._voxels.dtype
        self.shape: Shape = grid.shape

    @property
    def size(self) -> int:
        """Number of voxels."""
        return int(np.prod(self.shape))

    def __getitem__(self, key: Any) -> np.ndarray:
        """The voxels of a part, sampled now; zeros for more than a look can ask for (16 million voxels)."""
        keys = key if isinstance(key, tuple) else (key,)
        keys = (*keys, *(slice(None),) * (3 - len(keys)))
        spans = [
            range(*k.indices(n)) if isinstance(k, slice) else range(int(k) % n, int(k) % n + 1)
            for k, n in zip(keys, self.shape, strict=True)
        ]
        whole = self._sample(spans)
        return whole[tuple(slice(None) if isinstance(k, slice) else 0 for k in keys)]

    def _sample(self, spans: list[range]) -> np.ndarray:
        from scipy import ndimage

        shape = tuple(len(span) for span in spans)
        if int(np.prod(shape)) > _MOST:
            return np.broadcast_to(np.zeros((), self.dtype), shape)
        start, step = ([getattr(span, name) for span in spans] for name in ("start", "step"))
        scale = 1 / np.asarray(self._source.spacing)
        matrix = scale[:, None] * self.pose.matrix * np.asarray(self._grid.spacing)
        offset = scale * (self.pose(self._grid.to_um(start)) - np.asarray(self._source.origin))
        return np.asarray(
            ndimage.affine_transform(
                self._voxels, matrix * np.asarray(step), offset, output_shape=shape, order=1, prefilter=False
            )
        )
