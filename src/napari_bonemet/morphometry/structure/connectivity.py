"""Euler characteristic and connectivity of bone.

Toriwaki and Yonekura 2002, "Euler number and connectivity indexes of a three dimensional digital picture", Forma
17:183-209; Odgaard and Gundersen 1993, Bone 14:173-182 (connectivity and edges); the same as BoneJ's Connectivity.
"""

from functools import cache
from itertools import combinations

import numpy as np

from napari_bonemet.morphometry.structure.cells import CORNERS, bits

__all__ = ["euler_number"]


def euler_number(cells: np.ndarray) -> float:
    """Euler characteristic: parts, less handles, plus closed cavities; edges of the region corrected for.

    Bone voxels that touch, by a corner even, belong together (26 neighbours); marrow voxels by faces (6).

    Parameters
    ----------
    cells : ndarray, (256,)
        From :func:`~napari_bonemet.morphometry.structure.cells.count_cells`.

    Returns
    -------
    float
        The region's share: what its edge cuts counts half, so a rod that runs through the region has none. Whole
        where the edge cuts no bone.
    """
    return float(cells @ _contributions())


@cache
def _contributions() -> np.ndarray:
    """What the corner point in the middle of each cell adds: corners, less edges, plus faces, less cubes (voxels).

    An edge of the voxel lattice is shared by two corner points, a face by four, a cube by eight.
    """
    out = np.zeros(256)
    pairs = [c for c in combinations(range(8), 2) if (CORNERS[c[0]] != CORNERS[c[1]]).sum() == 1]
    for cell in range(1, 256):
        solid = bits(cell)
        edges = sum(solid[CORNERS[:, axis] == side].any() for axis in range(3) for side in (0, 1))
        faces = sum(solid[list(pair)].any() for pair in pairs)
        out[cell] = 1 - edges / 2 + faces / 4 - solid.sum() / 8
    return out
