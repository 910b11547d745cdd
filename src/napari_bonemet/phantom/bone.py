"""A healthy proximal tibia and fibula on a grid, as signed depths in micrometres."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from napari_bonemet.phantom.anatomy import (
    FIBULA_ANGLE,
    LENGTH_UM,
    Anatomy,
    axis_of,
    cortical_thickness,
    fibula_reach,
    joint_surface,
    radius,
)
from napari_bonemet.phantom.network import PORES_SEEN_BELOW_UM, canal_depth, trabecular_depth
from napari_bonemet.phantom.options import stream_key
from napari_bonemet.phantom.texture import Axes, lattice, sample_field

_PLATE_UM = 96.0
_SUBCHONDRAL_UM = 70.0
_FIBULA_HEAD_UM = 150.0
_FIBULA_WALL_UM = 85.0


class Compartment(IntEnum):
    """What a voxel belongs to, bone or not."""

    OUTSIDE = 0
    CORTEX = 1
    CAVITY = 2
    GROWTH_PLATE = 3
    FIBULA = 4


@dataclass(frozen=True)
class Bone:
    """Depths on a grid, micrometres, positive inside; each (z, y, x) float32.

    Parameters
    ----------
    cortex : ndarray
        Into cortical bone of the tibia (shell, subchondral plate).
    trabeculae : ndarray
        Into trabeculae.
    fibula : ndarray
        Into bone of the fibula.
    cavity : ndarray
        Into the marrow cavity from the endosteal surface; negative within the cortex and outside.
    below_plate : ndarray
        Distance below the growth plate's middle.
    compartments : ndarray, uint8
        The :class:`Compartment` of each voxel.
    """

    cortex: np.ndarray
    trabeculae: np.ndarray
    fibula: np.ndarray
    cavity: np.ndarray
    below_plate: np.ndarray
    compartments: np.ndarray


def shape_bone(anatomy: Anatomy, seed: int, axes: Axes) -> Bone:
    """The healthy bones of the animal `seed` at the points of a grid.

    Parameters
    ----------
    anatomy : Anatomy
        From :meth:`Anatomy.draw`.
    seed : int
        The animal, for its trabecular network.
    axes : tuple of ndarray
        Coordinates (z, y, x) in the model's frame, micrometres.
    """
    z, y, x = (a.astype(np.float32) for a in np.ix_(*axes))
    y_local = y - axis_of(anatomy, z).astype(np.float32)
    rho = np.hypot(y_local, x) + np.float32(1e-3)
    cos, sin = x / rho, y_local / rho
    outer, oblique = radius(anatomy, z, cos, sin)
    outline = (outer - rho) / oblique
    outline = np.minimum(outline, z - joint_surface(x, y_local))
    outline = np.minimum(outline, np.float32(LENGTH_UM) - z).astype(np.float32)
    below = _below_plate(seed, axes, rho / outer, z)
    uneven = sample_field(lattice(stream_key(seed, "cortex"), (260.0, 150.0, 150.0)), axes)
    # Thicker along the anterior crest, as a tibia is, and nowhere quite even.
    thickness = cortical_thickness(anatomy, z) * (1 - 0.06 * sin + 0.05 * np.clip(uneven, -2.5, 2.5))
    thickness = thickness.astype(np.float32)
    cavity = outline - thickness
    cortex, not_plate = _cortex(outline, thickness, below)
    if axes[0].size > 1 and abs(axes[0][1] - axes[0][0]) < PORES_SEEN_BELOW_UM:
        cortex = np.minimum(cortex, -canal_depth(seed, axes))
    network = trabecular_depth(anatomy, seed, axes, below, cavity)
    fibula, fibula_outline = _fibula(anatomy, z, y_local, x)
    # Where the two bones are one there is one wall around one cavity.
    fibula = np.where(cavity > 0, np.minimum(fibula, -cavity), fibula)
    return Bone(
        cortex=cortex,
        trabeculae=np.minimum(np.minimum(network, outline), not_plate),
        fibula=fibula,
        cavity=cavity,
        below_plate=below,
        compartments=_compartments(outline, cavity, not_plate, fibula_outline),
    )


def _below_plate(seed: int, axes: Axes, share: np.ndarray, z: np.ndarray) -> np.ndarray:
    # A dome with the hills and valleys of a mouse's plate.
    hills = sample_field(lattice(stream_key(seed, "growth plate"), (2000.0, 300.0, 300.0)), axes)
    np.clip(hills, -1, 1, out=hills)
    hills *= np.exp(z * z * np.float32(-1 / 500**2)) * np.float32(20)
    return np.asarray(z - 64 * np.minimum(share, 1.2) ** 2 + 34 - hills, dtype=np.float32)


def _cortex(outline: np.ndarray, thickness: np.ndarray, below: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    not_plate = np.abs(below) - np.float32(_PLATE_UM / 2)
    shell = np.minimum(outline, thickness - outline)
    above = np.abs(below + np.float32((_PLATE_UM + _SUBCHONDRAL_UM) / 2))
    subchondral = np.minimum(np.float32(_SUBCHONDRAL_UM / 2) - above, outline)
    return np.minimum(np.maximum(shell, subchondral), not_plate), not_plate


def _fibula(anatomy: Anatomy, z: np.ndarray, y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    reach, size = fibula_reach(anatomy, z)
    rho = np.hypot(y - reach * np.sin(FIBULA_ANGLE), x - reach * np.cos(FIBULA_ANGLE))
    outline = np.minimum(size - rho, z - _FIBULA_HEAD_UM).astype(np.float32)
    return np.minimum(outline, np.float32(_FIBULA_WALL_UM) - outline), outline


def _compartments(
    outline: np.ndarray, cavity: np.ndarray, not_plate: np.ndarray, fibula_outline: np.ndarray
) -> np.ndarray:
    parts = np.zeros(outline.shape, np.uint8)
    parts[fibula_outline > 0] = Compartment.FIBULA
    parts[outline > 0] = Compartment.CORTEX
    parts[cavity > 0] = Compartment.CAVITY
    parts[(not_plate < 0) & (outline > 0)] = Compartment.GROWTH_PLATE
    return parts
