"""Blocks of real bone: the mouse femur and the human trabecular cube, cut into parts that share no voxel."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Shape
from napari_bonemet.scan import Scan

Part = Literal["training", "validation", "test"]


@dataclass(frozen=True)
class Bone:
    """A real scan, and which of its slices are for what.

    Parameters
    ----------
    file : str
        In the folder of real scans.
    spacing_um : float
        Voxel size that its blocks have; finer than the scan's own it is interpolated.
    own_um : float or None
        Where the file does not state it.
    slabs : mapping of part to (first, last) slices
        At `spacing_um`; no slice is in two parts.
    """

    file: str
    spacing_um: float
    own_um: float | None
    slabs: dict[Part, tuple[tuple[int, int], ...]]


BONES = {
    "femur": Bone(
        "mouse_femur/mouse_femur2.mhd",
        25.0,
        None,
        {
            "training": ((12, 44), (76, 108), (140, 172)),
            "validation": ((108, 140),),
            "test": ((44, 76), (172, 204)),
        },
    ),
    "lhdl": Bone(
        "lhdl_trabecular",
        19.5,
        19.5,
        {"training": ((0, 40), (80, 120)), "validation": ((120, 160),), "test": ((40, 80), (160, 200))},
    ),
}
# Voxels around a block that a shift brings into it.
AROUND = 4
_TRIES = 200
_LEAST_BONE = 0.03


@lru_cache(maxsize=2)
def whole_bone(name: str, folder: Path) -> Scan:
    """The scan, in memory, at the voxel size of its blocks.

    Raises
    ------
    InputError
        When the real scans are not there.
    """
    from napari_bonemet.io import read_scan
    from napari_bonemet.resample import resample

    bone = BONES[name]
    path = folder / bone.file
    if not path.exists():
        raise InputError(
            f"The cohort {name} needs real scans that are no part of this package",
            expected=f"{path}",
            remedy="Name the folder that holds them: --data FOLDER",
        )
    scan = read_scan(path, spacing=bone.own_um).in_memory()
    if abs(scan.spacing[0] / bone.spacing_um - 1) < 0.01:
        return scan
    return resample(scan, scan.grid.with_spacing(bone.spacing_um))


def block(scan: Scan, slabs: tuple[tuple[int, int], ...], shape: Shape, rng: np.random.Generator) -> np.ndarray:
    """A block of `shape` and AROUND voxels more on every side in the slices, turned and mirrored at random.

    Its slices lie within one of the slabs, those around it too.

    Raises
    ------
    InputError
        When no block of this shape holds bone.
    """
    deep, wide = shape[0] + 2 * AROUND, max(shape[1:]) + 2 * AROUND
    voxels = scan.to_numpy()
    room = [side - wide for side in voxels.shape[1:]]
    fitting = [(first, last) for first, last in slabs if last - first >= deep]
    if not fitting or min(room) < 0:
        raise InputError(
            "The blocks do not fit into the bone", expected=f"{deep} x {wide} x {wide} voxels", found=f"{voxels.shape}"
        )
    for _ in range(_TRIES):
        first, last = fitting[rng.integers(len(fitting))]
        z, y, x = int(rng.integers(first, last - deep + 1)), *(int(rng.integers(side + 1)) for side in room)
        cut = voxels[z : z + deep, y : y + wide, x : x + wide]
        turned = np.rot90(cut, int(rng.integers(4)), axes=(1, 2))
        turned = turned[:, :, ::-1] if rng.random() < 0.5 else turned
        made = turned[:, : shape[1] + 2 * AROUND, : shape[2] + 2 * AROUND]
        if (made > 75).mean() >= _LEAST_BONE:
            return np.ascontiguousarray(made)
    raise InputError("No block of this shape holds enough bone", found=f"{shape}")
