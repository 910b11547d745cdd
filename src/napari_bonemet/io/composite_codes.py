"""The four grey values of BoneMet's RoI-CT composites: what became of the bone between baseline and a later week.

Source: BoneMet, supplementary material, section A, "Selection of Region of Interest".
"""

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.scan import Voxels, on_this_thread

NEITHER, LOST, KEPT, FORMED = 0, 60, 180, 240
CODES = (NEITHER, LOST, KEPT, FORMED)

_SAMPLED_SLICES = 5


def looks_like_composite(voxels: Voxels) -> bool:
    """Whether a volume holds the codes of a composite, judged by up to five slices spread over it.

    Every sampled voxel must be one of 0, 60, 180 and 240, and kept bone (180) must be among them: two scans
    of one leg always share bone. A mask (0 and 255, or 0 and 1), a volume of zeros and a grey scan all hold
    other values or lack 180.

    Parameters
    ----------
    voxels : array-like, (z, y, x)
        Only the sampled slices of a lazy volume are read.
    """
    kind = np.dtype(voxels.dtype).kind
    if kind not in "uif" or voxels.ndim != 3 or 0 in voxels.shape:
        return False
    middle_out = np.linspace(0, voxels.shape[0] - 1, _SAMPLED_SLICES + 2).round().astype(int)[1:-1]
    kept = False
    for z in dict.fromkeys(middle_out.tolist()):
        present = on_this_thread(voxels[z])
        if not np.isin(present, CODES).all():
            return False
        kept = kept or bool((present == KEPT).any())
    return kept


def decode(voxels: Voxels) -> tuple[np.ndarray, np.ndarray]:
    """Bone at baseline (60 and 180) and bone later (180 and 240), two boolean arrays of the volume's shape.

    Raises
    ------
    InputError
        When a voxel holds another value; the values are named.
    """
    values = np.asarray(voxels)
    strange = np.setdiff1d(np.unique(values), CODES)
    if strange.size:
        found = ", ".join(f"{value:g}" for value in strange[:5]) + (" and more" if strange.size > 5 else "")
        raise InputError("This is not a BoneMet composite", expected="the values 0, 60, 180 and 240", found=found)
    kept = values == KEPT
    return kept | (values == LOST), kept | (values == FORMED)


def encode(baseline_bone: np.ndarray, later_bone: np.ndarray) -> np.ndarray:
    """The composite (uint8) of two bone masks of one shape.

    Raises
    ------
    InputError
        When the shapes differ.
    """
    before, after = np.asarray(baseline_bone, dtype=bool), np.asarray(later_bone, dtype=bool)
    if before.shape != after.shape:
        raise InputError("A composite needs two masks on one grid", found=f"shapes {before.shape} and {after.shape}")
    # Indexed by baseline + 2 * later.
    table = np.array([NEITHER, LOST, FORMED, KEPT], dtype=np.uint8)
    return table[before.astype(np.uint8) + 2 * after.astype(np.uint8)]
