"""Lesions by hand: what counts, what is one, how large, where, and what is a hole through the cortex."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.morphometry.change.lesions import LesionOptions, find_lesions
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.processing.composite import make_composite
from napari_bonemet.processing.register import register_weeks
from napari_bonemet.scan import Kind

Case = Any
SPACING = 20.0
VOXEL = SPACING**3 * 1e-9
PIT = ((20, 26), (10, 14), (30, 40))


def test_a_pit_in_the_cortex_is_a_lesion_with_its_place_and_size(case: Case) -> None:
    after = case.less(PIT)
    found = find_lesions(case.composite(after), case.labels, growth_plate_um=150.0)
    (lesion,) = found
    assert lesion.lost_mm3 == lesion.volume_mm3 == pytest.approx(240 * VOXEL)
    assert (lesion.cortex_mm3, lesion.trabecular_mm3) == (pytest.approx(240 * VOXEL), 0)
    assert lesion.centre_um == pytest.approx((100 + 22.5 * SPACING, 11.5 * SPACING, 34.5 * SPACING))
    assert lesion.position_um == pytest.approx(100 + 22.5 * SPACING - 150)
    assert lesion.extent_um == (120.0, 80.0, 200.0)
    assert lesion.perforations == ()
    # Floor and four sides lie against bone, the fifth side against marrow.
    assert lesion.contact == pytest.approx((60 + 2 * 40 + 2 * 24) / (2 * 60 + 2 * 40 + 2 * 24), abs=0.07)
    voxels = found.labels.to_numpy()
    assert found.labels.kind is Kind.LABELS
    np.testing.assert_array_equal(voxels > 0, case.bone & ~after)
    first = find_lesions(case.composite(after)).lesions[0]
    assert first.position_um == pytest.approx(22.5 * SPACING)
    assert first.cortex_mm3 is None


def test_a_trabecula_that_went_as_a_whole_is_none_until_it_is_large(case: Case) -> None:
    whole = ((23, 26), (15, 36), (23, 26))
    loose = replace(case, bone=case.less(((23, 26), (14, 15), (23, 26))))
    after = loose.less(whole)
    found = find_lesions(loose.composite(after), case.labels)
    assert (len(found), found.left_out) == (0, 1)
    assert len(find_lesions(loose.composite(after), options=LesionOptions(least_loose=0.001))) == 1
    # The same bone, torn out of a trabecula that stays: it eats into bone.
    assert len(find_lesions(loose.composite(after), options=LesionOptions(least_contact=0.0))) == 1


@pytest.mark.parametrize(("gap", "count"), [(1, 1), (2, 1), (3, 2), (4, 2)])
def test_lesions_three_voxels_apart_are_two(case: Case, gap: int, count: int) -> None:
    first, second = PIT, ((20, 26), (10, 14), (40 + gap, 50 + gap))
    found = find_lesions(case.composite(case.less(first, second)), case.labels)
    assert len(found) == count


def test_a_small_piece_beside_a_large_one_is_part_of_it(case: Case) -> None:
    small = ((20, 24), (11, 14), (44, 50))
    after = case.less(((10, 26), (8, 14), (20, 40)), small)
    options = LesionOptions(satellite_um=4 * SPACING)
    assert len(find_lesions(case.composite(after), options=options)) == 2
    (lesion,) = find_lesions(case.composite(after), options=LesionOptions(satellite_um=5 * SPACING))
    assert lesion.lost_mm3 == pytest.approx((16 * 6 * 20 + 72) * VOXEL)
    # Nearly as large as the other, it is a lesion of its own.
    assert len(find_lesions(case.composite(after), options=LesionOptions(satellite_share=0.02))) == 2


def test_least_volume(case: Case) -> None:
    after = case.less(PIT)
    volume = 240 * VOXEL
    assert len(find_lesions(case.composite(after), options=LesionOptions(least_volume=volume * 0.99))) == 1
    assert len(find_lesions(case.composite(after), options=LesionOptions(least_volume=volume * 1.01))) == 0


def test_a_hole_through_the_cortex_has_the_area_of_its_outer_side(case: Case) -> None:
    hole = ((20, 26), (6, 14), (20, 30))
    blind = ((40, 46), (7, 14), (20, 30))
    found = find_lesions(case.composite(case.less(hole, blind)), case.labels)
    assert len(found) == 2
    perforated = [lesion for lesion in found if lesion.perforations]
    (perforation,) = perforated[0].perforations
    assert perforation.area_mm2 == pytest.approx(60 * SPACING**2 * 1e-6, rel=0.01)
    assert perforation.centre_um == pytest.approx((100 + 22.5 * SPACING, 6 * SPACING, 24.5 * SPACING))
    assert found.as_row()["perforations"] == 1
    # From outside only: no hole, whatever its size.
    pit = ((20, 26), (6, 12), (20, 30))
    assert not find_lesions(case.composite(case.less(pit)), case.labels).perforations
    assert not find_lesions(
        case.composite(case.less(hole)), case.labels, options=LesionOptions(least_perforation=0.1)
    ).perforations


def test_greys_take_off_what_goes_where_no_lesion_is(case: Case) -> None:
    # Every other trabecula away from the lesion loses its last 4 of 22 voxels.
    after = case.less(((0, 30), (8, 36), (0, 30)))
    for z in range(33, 60, 10):
        after[z : z + 3, 32:36] = False
    weeks = (case.greys(case.bone, 0, noise=4), case.greys(after, 7, noise=4))
    composite = make_composite(*weeks)
    options = LesionOptions(satellite_um=0)
    found = find_lesions(composite, case.labels, weeks=weeks, options=options)
    trabecular, cortical = 9 * 9 * 22, 30 * 6 * 30
    outside = 36 * 9 * 22 - trabecular
    share = 18 * 9 * 4 / outside
    assert found.background_share == pytest.approx(share, rel=0.02)
    assert found.largest_mm3 == pytest.approx((cortical + trabecular * (1 - share)) * VOXEL, rel=0.01)
    assert f"{share:.1%}" in found.rule
    alone = find_lesions(composite, weeks=weeks, options=options)
    assert alone.background_share == 0
    assert alone.largest_mm3 == pytest.approx((cortical + trabecular) * VOXEL, rel=0.01)


def test_bad_input_is_said_and_empty_weeks_have_no_lesion(case: Case) -> None:
    scan = case.composite(case.bone)
    found = find_lesions(scan, case.labels, weeks=(case.greys(case.bone, 0), case.greys(case.bone, 7)))
    assert (len(found), found.volume_mm3, found.largest_mm3, found.perforations) == (0, 0, 0, ())
    with pytest.raises(InputError, match="do not fit"):
        find_lesions(scan, case.labels[1:])
    with pytest.raises(InputError, match="grid of the composite"):
        find_lesions(scan, weeks=(case.greys(case.bone, 0), case.greys(case.bone[1:], 7)))
    with pytest.raises(InputError, match="is no composite"):
        find_lesions(case.greys(case.bone, 0))
    flat = case.composite(case.bone, (40.0, 20.0, 10.0))
    assert len(find_lesions(flat, case.labels)) == 0


def test_synthetic_legs_registered_by_us() -> None:
    leg = make_leg(LegOptions(seed=15, weeks=(0, 3)))
    weeks = register_weeks(leg.series).series
    labels = np.choose(leg.truth.compartments, (0, 1, 2, 2, 0)).astype(np.uint8)
    found = find_lesions(
        make_composite(weeks[0], weeks[1]),
        labels,
        weeks=(weeks[0], weeks[1]),
        growth_plate_um=leg.truth.landmarks_um["growth plate"],
    )
    true = leg.truth.lesion_labels[-1] > 0
    assert len(found) == 2
    assert found.volume_mm3 == pytest.approx(true.sum() * weeks[0].grid.voxel_volume_mm3, rel=0.05)
    assert len(found.perforations) == 2
    control = make_leg(LegOptions(seed=15, weeks=(0, 3), tumour=False))
    weeks = register_weeks(control.series).series
    assert len(find_lesions(make_composite(weeks[0], weeks[1]), labels, weeks=(weeks[0], weeks[1]))) == 0
