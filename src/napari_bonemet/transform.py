"""Rigid motion of a bone between two scans, in micrometres and (z, y, x)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.spatial.transform import Rotation

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Triple, as_triple
from napari_bonemet.provenance import Json

Matrix = tuple[Triple, Triple, Triple]

_IDENTITY: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
_ORTHOGONAL = 1e-6


@dataclass(frozen=True)
class RigidTransform:
    """Maps points of the fixed scan to the moving scan: ``moving = rotation @ fixed + shift``.

    This is the direction that resampling needs, and ITK's.

    Parameters
    ----------
    rotation : 3 x 3
        Proper rotation acting on (z, y, x) vectors.
    shift : tuple of float
        (z, y, x), micrometres.

    Raises
    ------
    InputError
        When `rotation` is not a proper rotation.
    """

    rotation: Matrix = _IDENTITY
    shift: Triple = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        matrix = np.asarray(self.rotation, dtype=float)
        proper = matrix.shape == (3, 3) and np.allclose(matrix @ matrix.T, np.eye(3), atol=_ORTHOGONAL)
        if not proper or np.linalg.det(matrix) < 0:
            raise InputError("A rigid transform needs a proper rotation", found=f"{matrix.tolist()}")
        rows = tuple(as_triple(row, "rotation") for row in matrix.tolist())
        object.__setattr__(self, "rotation", rows)
        object.__setattr__(self, "shift", as_triple(self.shift, "shift"))

    @classmethod
    def about(cls, centre: Sequence[float], *, degrees: Sequence[float], shift: Sequence[float] = (0, 0, 0)) -> Self:
        """Turn about `centre` by rotation vector `degrees`, then move by `shift` (all z, y, x; micrometres).

        Parameters
        ----------
        centre, shift : sequence of float
            (z, y, x), micrometres.
        degrees : sequence of float
            Rotation vector: its direction is the axis (z, y, x), its length the angle in degrees.
        """
        matrix = Rotation.from_rotvec(np.asarray(degrees, dtype=float), degrees=True).as_matrix()
        pivot = np.asarray(centre, dtype=float)
        moved = pivot - matrix @ pivot + np.asarray(shift, dtype=float)
        return cls(tuple(map(tuple, matrix.tolist())), as_triple(moved.tolist(), "shift"))  # type: ignore[arg-type]

    @property
    def matrix(self) -> np.ndarray:
        """The rotation, 3 x 3, acting on (z, y, x)."""
        return np.asarray(self.rotation)

    @property
    def degrees(self) -> Triple:
        """Rotation vector (z, y, x), degrees."""
        z, y, x = Rotation.from_matrix(self.matrix).as_rotvec(degrees=True)
        return (float(z), float(y), float(x))

    @property
    def angle(self) -> float:
        """Size of the rotation, degrees."""
        return float(np.linalg.norm(self.degrees))

    def __call__(self, points: Any) -> np.ndarray:
        """Map fixed points, shape (..., 3), micrometres, to the moving scan."""
        return np.asarray(points, dtype=float) @ self.matrix.T + self.shift

    def shift_at(self, point: Sequence[float]) -> Triple:
        """How far `point` of the fixed scan moves, (z, y, x), micrometres."""
        z, y, x = self(point) - np.asarray(point, dtype=float)
        return (float(z), float(y), float(x))

    def inverse(self) -> "RigidTransform":
        """The transform from moving to fixed."""
        back = self.matrix.T
        return _from_arrays(back, -back @ np.asarray(self.shift))

    def after(self, first: "RigidTransform") -> "RigidTransform":
        """`first`, then this one."""
        return _from_arrays(self.matrix @ first.matrix, self.matrix @ np.asarray(first.shift) + self.shift)

    def as_record(self) -> dict[str, Json]:
        """The transform as plain JSON values, units in the names."""
        return {"rotation_zyx": [list(row) for row in self.rotation], "shift_um_zyx": list(self.shift)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Make the transform again from :meth:`as_record`."""
        rows = tuple(tuple(row) for row in record["rotation_zyx"])
        return cls(rows, as_triple(record["shift_um_zyx"], "shift"))  # type: ignore[arg-type]


def _from_arrays(matrix: np.ndarray, shift: np.ndarray) -> RigidTransform:
    # Products of rotations drift from orthogonal; the nearest rotation does not.
    nearest = Rotation.from_matrix(matrix).as_matrix()
    return RigidTransform(tuple(map(tuple, nearest.tolist())), as_triple(shift.tolist(), "shift"))  # type: ignore[arg-type]
