"""The shape of a healthy proximal tibia and fibula, as signed depths in micrometres.

The model's frame: z = 0 at the growth plate, growing distally; y grows posteriorly; x grows laterally
(mirrored for a right leg). Sizes follow adult mice (Calcif Tissue Int 2013, 93:211-221, tables 3 and 5).
"""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.phantom.options import stream
from napari_bonemet.phantom.texture import Axes, distance_to_zero, random_field, sample_field

_PLATE_UM = 110.0
_SUBCHONDRAL_UM = 70.0
_FIBULA_HEAD_UM = 120.0
_FIBULA_ANGLE = np.deg2rad(36.0)


@dataclass(frozen=True)
class Anatomy:
    """What differs between animals; lengths in micrometres.

    Parameters
    ----------
    shaft : float
        Mean outer radius of the shaft.
    flare, flare_length : float
        By how much the radius is larger at the growth plate, and the length over which that falls to 1/e.
    cortex : float
        Thickness of the shaft's cortex.
    trabecula : float
        Thickness of a trabecula.
    network : float
        Correlation length of the trabecular network across the shaft.
    fullness : float
        How much of the network is there, in standard deviations of the field that thins it.
    junction : float
        Where tibia and fibula part, below the growth plate.
    bow : float
        How far the shaft's axis bends per millimetre squared.
    """

    shaft: float
    flare: float
    flare_length: float
    cortex: float
    trabecula: float
    network: float
    fullness: float
    junction: float
    bow: float

    @classmethod
    def draw(cls, seed: int) -> "Anatomy":
        """The anatomy of the animal `seed`; the spread between animals is 3 to 10 % of the mean."""
        rng = stream(seed, "anatomy")

        def about(mean: float, spread: float) -> float:
            return float(mean * (1 + spread * np.clip(rng.standard_normal(), -2, 2)))

        return cls(
            shaft=about(603, 0.03),
            flare=about(400, 0.05),
            flare_length=about(600, 0.06),
            cortex=about(168, 0.06),
            trabecula=about(52, 0.05),
            network=about(115, 0.05),
            fullness=about(0.1, 0.5),
            junction=about(420, 0.08),
            bow=about(40, 0.5),
        )


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
    outline : ndarray
        Into the tibia from its outer surface.
    below_plate : ndarray
        Distance below the growth plate's middle.
    """

    cortex: np.ndarray
    trabeculae: np.ndarray
    fibula: np.ndarray
    cavity: np.ndarray
    outline: np.ndarray
    below_plate: np.ndarray


def radius(anatomy: Anatomy, z: np.ndarray, cos: np.ndarray, sin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The tibia's outer radius, micrometres, in a direction at a depth, and how oblique its surface is there.

    A rounded triangle with its crest anterior, broad near the growth plate, that tapers to the shaft.

    Returns
    -------
    radius, obliquity : ndarray
        Obliquity is the ratio of radial distance to true distance, at least 1.
    """
    depth = np.maximum(z, 0)
    flare = np.exp(-depth / anatomy.flare_length)
    mean = (anatomy.shaft + anatomy.flare * flare) * np.sqrt(np.clip(1 - (np.minimum(z, 0) / 1100) ** 2, 0.05, 1))
    slope = anatomy.flare / anatomy.flare_length * flare
    oval, corner = 0.02 + 0.14 * flare, 0.085
    cos2, sin2 = cos * cos - sin * sin, 2 * sin * cos
    sin3, cos3 = sin * (3 - 4 * sin * sin), cos * (4 * cos * cos - 3)
    shape = 1 + oval * cos2 + corner * sin3
    turning = (3 * corner * cos3 - 2 * oval * sin2) / shape
    return mean * shape, np.sqrt(1 + turning**2 + slope**2)


def axis_of(anatomy: Anatomy, z: np.ndarray) -> np.ndarray:
    """Posterior shift of the shaft's axis at depth z, micrometres."""
    return np.asarray(anatomy.bow * (np.maximum(z, 0) / 1000) ** 2)


def cortical_thickness(anatomy: Anatomy, z: np.ndarray) -> np.ndarray:
    """Thickness of the cortex at depth z: thin at the growth plate, full in the shaft, micrometres."""
    return np.asarray(anatomy.cortex * (1 - 0.42 * np.exp(-np.maximum(z, 0) / 450)))


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
    y_local = y - axis_of(anatomy, z)
    rho = np.hypot(y_local, x) + 1e-3
    cos, sin = x / rho, y_local / rho
    outer, oblique = radius(anatomy, z, cos, sin)
    outline = (outer - rho) / oblique
    below = z - 85 * (rho / outer) ** 2 + 45 - 18 * np.sin(x / 240) * np.cos(y_local / 290)
    uneven = sample_field(random_field(stream(seed, "cortex"), (260.0, 160.0, 160.0)), axes)
    # Thicker along the anterior crest, as a tibia is, and nowhere quite even.
    thickness = cortical_thickness(anatomy, z) * (1 - 0.12 * sin + 0.08 * np.clip(uneven, -2, 2))
    cavity = outline - thickness
    not_plate = np.abs(below) - _PLATE_UM / 2
    shell = np.minimum(outline, thickness - outline)
    subchondral = np.minimum(_SUBCHONDRAL_UM / 2 - np.abs(below + (_PLATE_UM + _SUBCHONDRAL_UM) / 2), outline)
    cortex = np.minimum(np.maximum(shell, subchondral), not_plate)
    network = _network(anatomy, seed, axes, below, cavity)
    return Bone(
        cortex=cortex,
        trabeculae=np.minimum(np.minimum(network, outline), not_plate),
        fibula=_fibula(anatomy, z, y, x),
        cavity=cavity,
        outline=outline,
        below_plate=below,
    )


def _network(anatomy: Anatomy, seed: int, axes: Axes, below: np.ndarray, cavity: np.ndarray) -> np.ndarray:
    # Two families of sheets; a third field tears holes into them, the more the deeper and the
    # further from the cortex, until single struts and then nothing is left.
    rng = stream(seed, "trabeculae")
    across, along = anatomy.network, 1.5 * anatomy.network
    sheets = [
        np.abs(sample_field(distance_to_zero(random_field(rng, (along, across, across))), axes)) for _ in range(2)
    ]
    tearing = sample_field(random_field(rng, (1.2 * along, across, across)), axes)
    depth = np.abs(below) / 1000
    fullness = anatomy.fullness + 0.9 * np.exp(-depth / 0.3) - 0.9 * depth
    fullness = fullness - 0.45 * np.clip(cavity / 400, 0, 1.5) * np.clip(depth / 0.4, 0, 1)
    thickness = anatomy.trabecula / 2 - 6 * np.exp(-depth / 0.2)
    level = np.minimum(thickness - np.minimum(*sheets), (tearing + fullness) * (0.45 * across))
    return np.asarray(level, dtype=np.float32)


def _fibula(anatomy: Anatomy, z: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    cos, sin = np.cos(_FIBULA_ANGLE), np.sin(_FIBULA_ANGLE)
    tibia, _ = radius(anatomy, z, np.asarray(cos, np.float32), np.asarray(sin, np.float32))
    size = 135 + 45 * np.exp(-np.maximum(z - _FIBULA_HEAD_UM, 0) / 300)
    below = z - anatomy.junction
    gap = np.where(below > 0, 350 * (1 - np.exp(-below / 350)), np.maximum(below / 2, -80))
    reach = tibia + size + gap
    rho = np.hypot(y - axis_of(anatomy, z) - reach * sin, x - reach * cos)
    outline = np.minimum(size - rho, z - _FIBULA_HEAD_UM)
    return np.asarray(np.minimum(outline, 85 - outline), dtype=np.float32)
