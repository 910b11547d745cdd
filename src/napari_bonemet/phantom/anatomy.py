"""The outer shape of tibia and fibula, and what differs between animals and strains.

The model's frame: z = 0 at the growth plate, growing distally; y grows posteriorly; x grows laterally
(mirrored for a right leg); micrometres. Sizes follow adult mice (Calcif Tissue Int 2013, 93:211-221,
tables 3 and 5).
"""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.phantom.options import LegOptions, Strain, stream

# The whole bone: joint surface to ankle, and where the fibula has become one with the tibia again.
LENGTH_UM = 16300.0
FUSION_UM = 8600.0
FIBULA_ANGLE = np.deg2rad(36.0)

_TAPER = 0.24
_TAPER_FROM_UM, _TAPER_TO_UM = 1500.0, 8000.0
_CREST = 0.4
_CREST_SHARPNESS = 6.5


@dataclass(frozen=True)
class Anatomy:
    """What differs between animals; lengths in micrometres.

    Parameters
    ----------
    shaft : float
        Mean outer radius of the shaft below the metaphysis.
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
        How far the shaft's axis leaves the straight line.
    ageing : float
        What each trabecular surface loses per week.
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
    ageing: float

    @classmethod
    def draw(cls, seed: int, strain: Strain = "C57BL/6") -> "Anatomy":
        """The anatomy of the animal `seed`; the spread between animals is 2 to 10 % of the mean."""
        rng = stream(seed, "anatomy")
        mean = _STRAINS[strain]

        def about(name: str, spread: float) -> float:
            return float(mean[name] * (1 + spread * np.clip(rng.standard_normal(), -2, 2)))

        return cls(
            shaft=about("shaft", 0.025),
            flare=about("flare", 0.05),
            flare_length=about("flare_length", 0.06),
            cortex=about("cortex", 0.05),
            trabecula=about("trabecula", 0.05),
            network=about("network", 0.04),
            fullness=mean["fullness"] + 0.2 * float(np.clip(rng.standard_normal(), -2, 2)),
            junction=about("junction", 0.08),
            bow=about("bow", 0.4),
            ageing=about("ageing", 0.3),
        )


_BLACK_6 = {
    "shaft": 601.0,
    "flare": 420.0,
    "flare_length": 620.0,
    "cortex": 163.0,
    "trabecula": 42.8,
    "network": 83.0,
    "fullness": 0.68,
    "junction": 420.0,
    "bow": 250.0,
    "ageing": 0.5,
}
_STRAINS: dict[Strain, dict[str, float]] = {
    "C57BL/6": _BLACK_6,
    "BALB/c": {**_BLACK_6, "shaft": 587.0, "cortex": 182.5, "trabecula": 51.3, "network": 90.0, "fullness": 1.47},
}


def anatomy_of(options: LegOptions) -> Anatomy:
    """The anatomy of the animal that `options` ask for."""
    return Anatomy.draw(options.seed, options.strain)


def _ramp(z: np.ndarray, start: float, stop: float) -> np.ndarray:
    t = np.clip((z - start) / (stop - start), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def radius(anatomy: Anatomy, z: np.ndarray, cos: np.ndarray, sin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The tibia's outer radius, micrometres, in a direction at a depth, and how oblique its surface is there.

    A rounded triangle with its crest anterior, broad near the growth plate, that tapers to the shaft and
    widens again at the ankle.

    Returns
    -------
    radius, obliquity : ndarray
        Obliquity is the ratio of radial distance to true distance, at least 1.
    """
    flare = np.exp(-np.maximum(z, 0) / anatomy.flare_length)
    ankle = np.exp(np.minimum(z - LENGTH_UM, 0) / 900)
    slim = _ramp(z, _TAPER_FROM_UM, _TAPER_TO_UM)
    mean = anatomy.shaft * (1 - _TAPER * slim) + anatomy.flare * flare + 300 * ankle
    mean = mean * np.sqrt(np.clip(1 - (np.minimum(z, 0) / 1250) ** 2, 0.05, 1))
    slope = anatomy.flare / anatomy.flare_length * flare
    oval, corner = 0.03 + 0.14 * flare, 0.165 * (1 - 0.6 * slim)
    crest = _CREST * (1 - 0.45 * flare) * (1 - slim)
    bump = crest * np.exp(-_CREST_SHARPNESS * (1 + sin))
    cos2, sin2 = cos * cos - sin * sin, 2 * sin * cos
    sin3, cos3 = sin * (3 - 4 * sin * sin), cos * (4 * cos * cos - 3)
    shape = 1 + oval * cos2 + corner * sin3 + bump
    turning = (3 * corner * cos3 - 2 * oval * sin2 - _CREST_SHARPNESS * cos * bump) / shape
    return mean * shape, np.sqrt(1 + turning**2 + slope**2)


def axis_of(anatomy: Anatomy, z: np.ndarray) -> np.ndarray:
    """Posterior shift of the shaft's axis at depth z, micrometres: a slow curve, back to the line at the ankle."""
    return np.asarray(anatomy.bow * (1 - np.cos(2 * np.pi * np.maximum(z, 0) / LENGTH_UM)))


def cortical_thickness(anatomy: Anatomy, z: np.ndarray) -> np.ndarray:
    """Thickness of the cortex at depth z: thin at the growth plate, full in the shaft, micrometres."""
    ankle = np.exp(np.minimum(z - LENGTH_UM, 0) / 900)
    return np.asarray(anatomy.cortex * (1 - 0.55 * np.exp(-np.maximum(z, 0) / 480) - 0.4 * ankle))


def joint_surface(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Depth z of the joint surface: two condyles with an eminence between, micrometres."""
    return np.asarray(-900 + 55 * np.cos(2 * np.pi * x / 950) + 25 * np.cos(2 * np.pi * y / 1500))


def fibula_reach(anatomy: Anatomy, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance of the fibula's axis from the tibia's, and the fibula's outer radius, at depth z; micrometres.

    It touches the tibia above the junction, bows away below it, and becomes one with it at FUSION_UM.
    """
    cos, sin = np.float32(np.cos(FIBULA_ANGLE)), np.float32(np.sin(FIBULA_ANGLE))
    tibia, _ = radius(anatomy, z, np.asarray(cos), np.asarray(sin))
    size = 125 + 50 * np.exp(-np.maximum(z - 100, 0) / 350)
    below = z - anatomy.junction
    parting = np.where(below > 0, 620 * (1 - np.exp(-below / 700)), np.maximum(below / 2, -80))
    homing = _ramp(z, 0.45 * FUSION_UM, FUSION_UM)
    gap = parting * (1 - homing) - 140 * homing - 600 * _ramp(z, FUSION_UM, FUSION_UM + 2500)
    return tibia + size + gap, size


def extent(anatomy: Anatomy, z: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
    """The stretches of y and x that the bones take within the depths z, micrometres."""
    z = np.clip(z, 0, LENGTH_UM)
    angles = np.linspace(0, 2 * np.pi, 73)[:, None]
    cos, sin = np.cos(angles), np.sin(angles)
    outer, _ = radius(anatomy, z, cos, sin)
    axis = axis_of(anatomy, z)
    reach, size = fibula_reach(anatomy, z)
    y_fibula, x_fibula = axis + reach * np.sin(FIBULA_ANGLE), reach * np.cos(FIBULA_ANGLE)
    y, x = outer * sin + axis, outer * cos
    return (
        (float(min(y.min(), (y_fibula - size).min())), float(max(y.max(), (y_fibula + size).max()))),
        (float(min(x.min(), (x_fibula - size).min())), float(max(x.max(), (x_fibula + size).max()))),
    )
