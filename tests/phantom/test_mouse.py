"""A control measures roughly like a mouse: Calcif Tissue Int 2013, 93:211-221, tables 3 and 5, C57BL/6.

By simple means at a coarse 30 µm: the cortex is as thick as the depth below the outer surface at which
half of the tissue is no longer bone; trabecular bone is what lies deeper.
"""

from collections.abc import Iterator

import numpy as np
import pytest
from scipy import ndimage

from napari_bonemet.phantom.leg import LegOptions, SyntheticLeg, make_leg

SPACING = LegOptions().spacing_um


@pytest.fixture(scope="module")
def controls() -> list[SyntheticLeg]:
    return [make_leg(LegOptions(seed=seed, tumour=False, weeks=(0, 6))) for seed in (11, 12, 13, 14)]


def sections(leg: SyntheticLeg, bone: np.ndarray, start_mm: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Bone within the tibia, and depth below its surface in micrometres, for slices below the junction."""
    first = round((leg.truth.landmarks_um["growth plate"] + 1000 * start_mm) / SPACING)
    for section in bone[first:]:
        parts, _ = ndimage.label(section)
        tibia = ndimage.binary_fill_holes(parts == 1 + np.bincount(parts.ravel())[1:].argmax())
        yield section & tibia, ndimage.distance_transform_edt(tibia) * SPACING


def cortical_thickness(leg: SyntheticLeg) -> float:
    shells = list(sections(leg, leg.truth.bone[0], 0.8))
    for depth in np.arange(2, 12) * SPACING:
        inside = [bone[(depth - SPACING < d) & (d <= depth)] for bone, d in shells]
        if np.concatenate(inside).mean() < 0.5:
            return float(depth - SPACING)
    return float("inf")


def bone_volume_fraction(leg: SyntheticLeg, week: int) -> float:
    deep = [bone[d > 230] for bone, d in sections(leg, leg.truth.bone[week], 0.25)]
    return float(np.concatenate(deep).mean())


def test_total_area_near_the_shaft(controls: list[SyntheticLeg]) -> None:
    areas = [
        np.count_nonzero(list(sections(leg, leg.truth.bone[0], 0.8))[-1][1]) * SPACING**2 * 1e-6 for leg in controls
    ]
    assert 1.2 < np.mean(areas) < 1.65


def test_cortical_thickness(controls: list[SyntheticLeg]) -> None:
    assert 120 < np.mean([cortical_thickness(leg) for leg in controls]) < 200


def test_trabecular_bone_is_a_tenth_and_falls_with_age(controls: list[SyntheticLeg]) -> None:
    young = np.mean([bone_volume_fraction(leg, 0) for leg in controls])
    old = np.mean([bone_volume_fraction(leg, 1) for leg in controls])
    assert 0.07 < young < 0.18
    assert 0.005 < young - old < 0.04


def test_the_network_thins_with_depth(controls: list[SyntheticLeg]) -> None:
    for leg in controls:
        near = np.mean([bone[d > 230].mean() for bone, d in list(sections(leg, leg.truth.bone[0], 0.2))[:10]])
        far = np.mean([bone[d > 230].mean() for bone, d in sections(leg, leg.truth.bone[0], 0.8)])
        assert near > 1.3 * far


def test_tibia_and_fibula_part_at_the_junction(controls: list[SyntheticLeg]) -> None:
    for leg in controls:
        junction = round(leg.truth.landmarks_um["tibia-fibula junction"] / SPACING)

        def outlines(section: np.ndarray) -> int:
            filled = ndimage.binary_fill_holes(ndimage.binary_closing(np.pad(section, 2)))
            parts, _ = ndimage.label(filled, np.ones((3, 3)))
            return int((np.bincount(parts.ravel())[1:] > 20).sum())

        assert {outlines(s) for s in leg.truth.bone[0][junction - 6 : junction - 1]} == {1}
        assert {outlines(s) for s in leg.truth.bone[0][junction + 6 :]} == {2}
