"""The trabecular network: rods and small plates along the lines where random surfaces cross.

Three random fields are zero on three families of surfaces. Any two families cross in curves, and the
curves of the three pairs meet where all three fields are zero: a connected network, whose spacing is
the fields' correlation length l (its length per volume is 3 / (pi l^2) where it is whole). A fourth
field tears it, the more the deeper and the further from the cortex, until single struts and then
nothing is left.
"""

import numpy as np

from napari_bonemet.phantom.anatomy import Anatomy
from napari_bonemet.phantom.options import stream_key
from napari_bonemet.phantom.texture import Axes, lattice, sample_field

# Trabeculae of a proximal tibia run along the bone rather than across it.
_ALONG = 2.0
_TEAR = 0.65
_PLATES_UM = 40.0
_UNEVEN = 0.45
# Canals in the cortex: their radius, and the correlation lengths of the fields whose lines they follow.
_PORE_RADIUS_UM = 8.0
_PORE_LENGTHS_UM = (900.0, 75.0, 75.0)
# Coarser voxels than this do not show canals.
PORES_SEEN_BELOW_UM = 20.0


def trabecular_depth(anatomy: Anatomy, seed: int, axes: Axes, depth: np.ndarray, inward: np.ndarray) -> np.ndarray:
    """Depth into trabeculae, micrometres, as if all space were marrow.

    Parameters
    ----------
    anatomy : Anatomy
        Spacing, thickness and fullness of the network.
    seed : int
        The animal.
    axes : tuple of ndarray
        Coordinates (z, y, x) in the model's frame, micrometres.
    depth : ndarray, (z, y, x)
        Distance below the growth plate, micrometres; negative in the epiphysis, which is full throughout.
    inward : ndarray, (z, y, x)
        Distance from the endosteum, micrometres.

    Returns
    -------
    ndarray, (z, y, x) float32
    """
    across, along = anatomy.network, _ALONG * anatomy.network
    near = np.exp(np.abs(depth) * np.float32(-1 / 130))
    first, second = _two_nearest(seed, axes, (along, across, across))
    # Just below the plate rods spread to small plates.
    second -= np.float32(_PLATES_UM) * near
    np.maximum(second, 0, out=second)
    np.hypot(first, second, out=first)
    tearing = sample_field(lattice(stream_key(seed, "tearing"), (_TEAR * along, _TEAR * across, _TEAR * across)), axes)
    # Where the network is full its trabeculae are thicker.
    half = np.clip(tearing, -2, 2) * np.float32(_UNEVEN) + 1
    half *= np.float32(anatomy.trabecula / 2) - np.float32(4) * near
    tearing += fullness(anatomy, depth, inward)
    tearing *= np.float32(0.45 * _TEAR * across)
    return np.asarray(np.minimum(half - first, tearing), dtype=np.float32)


def fullness(anatomy: Anatomy, depth: np.ndarray, inward: np.ndarray) -> np.ndarray:
    """How full the network is, in standard deviations of the tearing field: it falls with depth and inwards."""
    deep = np.clip(depth * np.float32(1e-3), 0, 8)
    away = np.clip(inward * np.float32(1 / 400), 0, 1.5) * np.clip(deep * 2, 0, 1)
    thinning = np.float32(1.0) * deep + np.float32(0.35) * away
    return np.asarray(anatomy.fullness + 1.2 * np.exp(-deep / 0.16) - thinning, dtype=np.float32)


def _two_nearest(seed: int, axes: Axes, lengths: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    # Distances to the nearest and the second nearest of the three families of surfaces.
    lattices = (lattice(stream_key(seed, "trabeculae", family), lengths, True) for family in range(3))
    one, other, third = (np.abs(sample_field(field, axes)) for field in lattices)
    first, second = np.minimum(one, other), np.maximum(one, other)
    np.minimum(second, np.maximum(first, third), out=second)
    np.minimum(first, third, out=first)
    return first, second


def canal_depth(seed: int, axes: Axes) -> np.ndarray:
    """Depth into the cortex's vascular canals, micrometres, (z, y, x) float32."""
    one, other = (
        sample_field(lattice(stream_key(seed, "canals", number), _PORE_LENGTHS_UM, True), axes) for number in range(2)
    )
    return np.asarray(np.float32(_PORE_RADIUS_UM) - np.hypot(one, other), dtype=np.float32)
