"""A small bone to eat holes into: a wall between the outside and the marrow, with trabeculae."""

from dataclasses import dataclass

import numpy as np
import pytest

from napari_bonemet.io.composite_codes import encode
from napari_bonemet.scan import Kind, Scan

SPACING = 20.0
SHAPE = (60, 40, 60)
HARD, SOFT = 150, 30


@dataclass(frozen=True)
class Case:
    """Bone before, and the compartments: cortex in rows 6 to 13, marrow beyond."""

    bone: np.ndarray
    labels: np.ndarray

    def composite(self, after: np.ndarray, spacing: object = SPACING, day: float = 7.0) -> Scan:
        """Two weeks laid over each other, without noise."""
        codes = encode(self.bone, after)
        return Scan(codes, spacing, (100.0, 0.0, 0.0), subject="1", side="left", day=day, kind=Kind.COMPOSITE)  # type: ignore[arg-type]

    def greys(self, bone: np.ndarray, day: float, noise: int = 0) -> Scan:
        """A week as greys, with noise."""
        voxels = np.where(bone, float(HARD), float(SOFT))
        voxels += noise * np.random.default_rng(int(day)).standard_normal(bone.shape)
        kept = np.clip(np.rint(voxels), 0, 255).astype(np.uint8)
        return Scan(kept, SPACING, (100.0, 0.0, 0.0), subject="1", side="left", day=day, kind=Kind.REGIST)  # type: ignore[arg-type]

    def less(self, *boxes: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]) -> np.ndarray:
        """The bone without some boxes, each (z, y, x) from and to."""
        after = self.bone.copy()
        for box in boxes:
            after[tuple(slice(*ends) for ends in box)] = False
        return after


@pytest.fixture(scope="session")
def case() -> Case:
    """Trabeculae of 3 x 3 voxels, every ten, from the cortex into the marrow."""
    bone, labels = np.zeros(SHAPE, bool), np.zeros(SHAPE, np.uint8)
    labels[:, 6:14], labels[:, 14:] = 1, 2
    bone[:, 6:14] = True
    for z in range(3, SHAPE[0], 10):
        for x in range(3, SHAPE[2], 10):
            bone[z : z + 3, 14:36, x : x + 3] = True
    return Case(bone, labels)
