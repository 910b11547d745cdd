"""Sizes of a vertebra, and what differs between patients and levels.

The frame of a vertebra: z grows upwards from the middle of the body, y grows backwards from the middle of the body,
x grows to the patient's left; millimetres. Sizes are those of low thoracic and lumbar vertebrae (Panjabi et al.,
Spine 1992, 17:299-306: bodies 40 to 50 mm wide, 30 to 35 deep, 25 to 27 high, pedicles 8 to 18 mm thick); the spread
is the generator's own.
"""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class VertebraAnatomy:
    """One vertebra; lengths in millimetres, densities in Hounsfield units.

    Parameters
    ----------
    half_width, half_depth, height : float
        Of the body.
    disc : float
        Height of the disc below and above together.
    canal_width, canal_depth : float
        Half axes of the vertebral canal.
    pedicle, lamina, process : float
        Radii of pedicles, laminae, and of transverse and spinous processes.
    reach, spine : float
        How far a transverse process goes sidewards from its pedicle, and the spinous process backwards.
    shell, posterior_shell : float
        Thickness of the cortex around the body, and around the posterior elements.
    trabecular_hu, cortical_hu : float
        Of the healthy spongiosa and cortex.
    texture_hu : float
        Standard deviation of the spongiosa's pattern.
    sclerosis_hu : float
        What degeneration adds at the end plates and the joints; 0 in most.
    shift : (float, float)
        Where the vertebra lies in its slices, (y, x).
    turn : float
        By what it is turned about z, radians.
    """

    half_width: float
    half_depth: float
    height: float
    disc: float
    canal_width: float
    canal_depth: float
    pedicle: float
    lamina: float
    process: float
    reach: float
    spine: float
    shell: float
    posterior_shell: float
    trabecular_hu: float
    cortical_hu: float
    texture_hu: float
    sclerosis_hu: float
    shift: tuple[float, float]
    turn: float


def patient_anatomy(rng: np.random.Generator) -> VertebraAnatomy:
    """The usual vertebra of a patient."""

    def about(mean: float, spread: float) -> float:
        return float(mean * (1 + spread * np.clip(rng.standard_normal(), -2, 2)))

    size = about(1.0, 0.06)
    # Age and osteoporosis thin spongiosa and cortex together.
    density = rng.uniform(0.0, 1.0)
    return VertebraAnatomy(
        half_width=size * about(22.5, 0.05),
        half_depth=size * about(16.5, 0.05),
        height=size * about(26.0, 0.05),
        disc=size * about(8.0, 0.15),
        canal_width=size * about(11.5, 0.07),
        canal_depth=size * about(8.0, 0.07),
        pedicle=size * about(5.2, 0.15),
        lamina=size * about(4.0, 0.1),
        process=size * about(3.8, 0.12),
        reach=size * about(21.0, 0.12),
        spine=size * about(27.0, 0.1),
        shell=about(0.9, 0.2) * (0.75 + 0.5 * density),
        posterior_shell=about(1.9, 0.15) * (0.75 + 0.5 * density),
        trabecular_hu=float(95 + 135 * density),
        cortical_hu=float(650 + 300 * density),
        texture_hu=about(38.0, 0.2),
        sclerosis_hu=0.0,
        shift=(float(rng.uniform(-5, 5)), float(rng.uniform(-6, 6))),
        turn=float(np.radians(np.clip(rng.normal(0, 4), -10, 10))),
    )


def level_anatomy(usual: VertebraAnatomy, rng: np.random.Generator) -> VertebraAnatomy:
    """One vertebra of that patient: a little other than its neighbours."""
    sizes = ("half_width", "half_depth", "height", "pedicle", "reach", "spine", "trabecular_hu")
    other = {name: getattr(usual, name) * float(1 + 0.03 * np.clip(rng.standard_normal(), -2, 2)) for name in sizes}
    y, x = usual.shift
    return replace(
        usual,
        **other,
        sclerosis_hu=float(rng.uniform(120, 320)) if rng.random() < 0.3 else 0.0,
        shift=(y + float(rng.normal(0, 1.5)), x + float(rng.normal(0, 1.0))),
    )
