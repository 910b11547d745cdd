"""Femur, kneecap, fabellae and menisci of the hindlimb field.

The femur's frame starts in the middle of its condyles, about which the knee bends: z distal, y posterior,
x lateral, micrometres. Sizes are those of adult mice; a femur of size 1 is 15.8 mm long.
"""

import numpy as np

from napari_bonemet.geometry import Triple
from napari_bonemet.phantom.hindlimb_blocks import Filling
from napari_bonemet.phantom.hindlimb_posture import CONDYLE_UM, FEMUR_HEAD, HINGE_BACK_UM, PLATEAU_UM, turn
from napari_bonemet.phantom.hindlimb_shapes import Row, capsule, ellipsoid

_PLATE_UM, _PLATE_HALF_UM = -1500.0, 45.0
_UPPER_PLATE_UM = -13300.0
_HEAD_UM = 780.0
_FLAT = (1.0, 1.28, 1.0)


def femur_rows() -> list[Row]:
    """The femur's outer surface."""
    z, y, x = (float(v) for v in FEMUR_HEAD)
    rows = [
        # Shaft, bowed forwards, wider than deep.
        capsule((-2500, -520, 0), (-7000, -720, 0), 860, 800, squash=_FLAT),
        capsule((-7000, -720, 0), (-12500, -430, 0), 800, 860, squash=_FLAT, blend=30),
        capsule((-4600, -600, 0), (-1500, -380, 0), 690, 1200, squash=(1, 1.15, 1), blend=150),
        ellipsoid((-900, -300, 0), (900, 950, 1300), blend=500),
    ]
    for side in (-1, 1):
        rows += [
            ellipsoid((0, 0, 730 * side), (CONDYLE_UM, CONDYLE_UM, 580), blend=180),
            capsule((-2000, -980, 470 * side), (0, -850, 520 * side), 380, 420, blend=250),
        ]
    rows += [
        # The groove of the kneecap, and the notch between the condyles.
        capsule((-2400, -1560, 0), (200, -1400, 0), 520, hollow=True, blend=260),
        capsule((950, -150, 0), (300, 1100, 0), 400, squash=(1, 1, 1.25), hollow=True, blend=100),
        # Neck, head, and the greater, lesser and third trochanters.
        capsule((z, y, x), (-12800, -400, -100), 470, 620, blend=300),
        capsule((-14350, 60, 560), (-12700, -250, 300), 430, 720, blend=350),
        ellipsoid((-14000, 560, 60), (520, 330, 330), hollow=True, blend=150),
        ellipsoid((z, y, x), (_HEAD_UM, _HEAD_UM, _HEAD_UM), blend=100),
        ellipsoid((-12000, 120, -700), (620, 330, 380), blend=250),
        capsule((-12400, -330, 760), (-9700, -520, 720), 360, 200, blend=260),
    ]
    return rows


def femur_filling() -> Filling:
    """The femur's cortex and trabeculae, with its lower growth plate."""

    def thickness(z: np.ndarray) -> np.ndarray:
        lower = np.exp(-np.maximum(_PLATE_UM - z, 0) / 900)
        upper = np.exp(-np.maximum(z - _UPPER_PLATE_UM, 0) / 700)
        return np.asarray(210 - 130 * lower - 110 * upper)

    def hills(y: np.ndarray, x: np.ndarray) -> np.ndarray:
        # The plate of a femur has four pegs.
        return np.asarray(110 * np.cos(2 * np.pi * x / 1500) * np.cos(2 * np.pi * (y + 300) / 1700))

    def below_plate(z: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        return np.minimum(_PLATE_UM + hills(y, x) - z, z - _UPPER_PLATE_UM)

    def plate(z: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        return np.asarray(_PLATE_HALF_UM - np.abs(z - _PLATE_UM - hills(y, x)))

    return Filling(thickness, below_plate, plate)


def sesamoid_rows(knee_degrees: float, gap: float) -> list[Row]:
    """Kneecap, fabellae and the bony horns of the menisci, in the femur's frame, for a bend of the knee.

    Parameters
    ----------
    knee_degrees : float
        Bend of the knee.
    gap : float
        The joint space, in the femur's frame, micrometres.
    """
    angle = np.deg2rad(0.85 * knee_degrees - 42)
    # Along the groove while the knee is straight, round the condyles when it bends.
    along = 1480 * (np.sin(angle) if angle > 0 else np.tan(angle))
    before = -1480 * (np.cos(angle) if angle > 0 else 1.0) - 40
    rows = [ellipsoid((along, before, 0), (900, 330, 470))]
    # The fabellae stay behind the joint surface of the tibia when it comes up.
    behind = max(116.0, knee_degrees + 62)
    far = 1480 + 13 * (behind - 116)
    up, back = far * np.cos(np.deg2rad(behind)), far * np.sin(np.deg2rad(behind))
    rows += [ellipsoid((up, back, 760 * side), (300, 230, 260)) for side in (-1, 1)]
    tibia = turn(x=knee_degrees)
    for side in (-1, 1):
        horn = tibia @ np.array([CONDYLE_UM + 0.5 * gap - 130, -760 - HINGE_BACK_UM, 560 * side])
        at: Triple = (float(horn[0]), float(horn[1]), float(horn[2]))
        rows.append(ellipsoid(at, (170, 210, 230), blend=20))
    return rows


def small_filling(thickness: float) -> Filling:
    """A small bone: a thin shell, full of trabeculae."""
    return Filling(lambda z: np.full_like(z, thickness))


def plateau_rows() -> list[Row]:
    """The broad upper end of the tibia, in the tibia's frame: two condyles above the growth plate."""
    depth = 330.0
    rows = [ellipsoid((-470, 60, 0), (370, 960, 1220))]
    rows += [ellipsoid((PLATEAU_UM + depth, 120, 600 * side), (depth, 1080, 800), blend=200) for side in (-1, 1)]
    return rows


def ankle_rows() -> list[Row]:
    """The lower end of the tibia with its two malleoli, in the tibia's frame."""
    return [
        ellipsoid((15900, 120, 0), (640, 860, 960)),
        capsule((15900, 200, -650), (16650, 200, -780), 330, 240, blend=250),
        capsule((15900, 420, 650), (16700, 450, 800), 330, 240, blend=250),
        ellipsoid((17050, 300, 0), (760, 800, 800), hollow=True, blend=60),
    ]
