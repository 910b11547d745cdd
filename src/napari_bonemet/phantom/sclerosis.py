"""Blastic and mixed lesions of the tibia: behind the front, woven bone fills the marrow instead of bone being lost.

The fronts are those of osteolytic lesions (:mod:`napari_bonemet.phantom.lesions`). In a blastic lesion, all that a
front has passed becomes sclerotic; in a mixed one a random field says where bone is lost and where some is added, so
that both lie side by side.
"""

import numpy as np

from napari_bonemet.phantom.bone import Bone, Compartment
from napari_bonemet.phantom.options import LegOptions, stream_key
from napari_bonemet.phantom.texture import Axes, lattice, sample_field

# New bone is a dense mesh: so much of the marrow it fills, in standard deviations, and the size of its gaps.
_FILLS = 0.7
_MESH_UM = 75.0
# Over what length lytic and sclerotic parts of a mixed lesion alternate.
_PARTING_UM = 190.0
# Woven bone has less mineral.
_WOVEN = 0.85
_FAR = np.float32(-1e6)


def lytic_part(options: LegOptions, axes: Axes) -> np.ndarray:
    """Where a front takes bone; elsewhere it adds some. (z, y, x) bool."""
    shape = tuple(len(axis) for axis in axes)
    if options.lesion_kind == "mixed":
        return np.asarray(sample_field(lattice(stream_key(options.seed, "parting"), (_PARTING_UM,) * 3), axes) > 0)
    return np.full(shape, options.lesion_kind == "lytic")


def lost_depth(passed: np.ndarray, lytic: np.ndarray) -> np.ndarray:
    """How far fronts have passed where they take bone; far from it elsewhere. Micrometres."""
    return np.where(lytic, passed, _FAR)


def woven_share(options: LegOptions, axes: Axes, healthy: Bone, passed: np.ndarray, lytic: np.ndarray) -> np.ndarray:
    """The share of each voxel that is new bone, (z, y, x) float32.

    Parameters
    ----------
    options : LegOptions
        The animal.
    axes : tuple of ndarray
        Coordinates (z, y, x) in the model's frame, micrometres.
    healthy : Bone
        New bone grows in its marrow alone.
    passed : ndarray, (z, y, x)
        How far fronts have passed, micrometres.
    lytic : ndarray, (z, y, x) bool
        Where they take bone.
    """
    mesh = sample_field(lattice(stream_key(options.seed, "sclerosis"), (_MESH_UM,) * 3), axes)
    depth = np.minimum((mesh + np.float32(_FILLS)) * np.float32(_MESH_UM / 2), passed)
    share = np.clip(depth / np.float32(options.spacing_um) + np.float32(0.5), 0, 1) * np.float32(_WOVEN)
    grows = (healthy.compartments == Compartment.CAVITY) & ~lytic & (passed > 0)
    return np.asarray(np.where(grows, share, np.float32(0)), dtype=np.float32)
