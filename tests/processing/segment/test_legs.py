"""Which shafts are legs: a tail that lies beside a tibia is none, and has no fibula."""

import numpy as np

from napari_bonemet.processing.segment.joints import _beyond_growth_plate
from napari_bonemet.processing.segment.legs import Leg as FoundLeg
from napari_bonemet.processing.segment.legs import _own, _unlike, beside_of
from napari_bonemet.processing.segment.shafts import Pooled, Shaft

_STEP_UM, _VOXEL_UM3 = 160.0, 160.0**3


def rod(x: float, radius: float, length: float = 15_000.0) -> np.ndarray:
    """Points 160 µm apart in a rod along z, micrometres."""
    z, y, dx = np.meshgrid(
        np.arange(0, length, _STEP_UM), *(np.arange(-radius, radius + 1, _STEP_UM),) * 2, indexing="ij"
    )
    points = np.stack([z, y, dx], -1).reshape(-1, 3)
    return points[np.hypot(points[:, 1], points[:, 2]) <= radius] + (0, 0, x)


def shaft(x: float, area: float = 0.45e6, length: float = 15_000.0) -> Shaft:
    z = np.arange(0, length, 400.0)
    return Shaft(np.stack([z, np.zeros_like(z), np.full_like(z, x)], 1), np.full(len(z), area))


def test_a_fibula_belongs_to_the_tibia_and_not_to_the_tail_behind_it() -> None:
    points = np.concatenate([rod(0, 480), rod(1300, 100), rod(2900, 480)])
    pooled = Pooled(points, np.full(len(points), 0.6 * _VOXEL_UM3))
    tibia, tail = shaft(0), shaft(2900)
    assert beside_of(tibia, _own(tibia, [tibia, tail], pooled)).share > 0.8
    assert beside_of(tail, _own(tail, [tibia, tail], pooled)).share == 0
    # By itself each would have it.
    assert beside_of(tail, _own(tail, [tail], pooled)).share > 0.8


def test_femora_of_one_animal_are_alike() -> None:
    def leg(x: float, femur: float) -> FoundLeg:
        return FoundLeg(shaft(x), shaft(x, femur), 3.0, np.zeros(3), ())

    assert _unlike(leg(0, 0.8e6), leg(20_000, 0.8e6)) < 0.01
    assert _unlike(leg(0, 0.8e6), leg(20_000, 0.55e6)) > 0.7


def test_a_gap_an_epiphysis_beyond_a_growth_plate_is_the_knee() -> None:
    merit = np.zeros(200)
    merit[80], merit[105] = 1.0, 0.6  # 40 µm each: a millimetre further on
    assert _beyond_growth_plate(merit, 80) == 105
    merit[105] = 0.4
    assert _beyond_growth_plate(merit, 80) == 80
    merit[105], merit[130] = 0.0, 0.9
    assert _beyond_growth_plate(merit, 80) == 80
    assert _beyond_growth_plate(merit, 199) == 199
