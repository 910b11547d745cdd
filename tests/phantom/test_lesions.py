"""Lesions start at surfaces, take trabeculae before the cortex, and give way to treatment."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from napari_bonemet.phantom.anatomy import anatomy_of
from napari_bonemet.phantom.leg import Compartment, LegOptions, SyntheticLeg, make_leg
from napari_bonemet.phantom.lesions import grow

OPTIONS = LegOptions(seed=7)


def lost(leg: SyntheticLeg) -> list[int]:
    return [int((labels > 0).sum()) for labels in leg.truth.lesion_labels]


@pytest.fixture(scope="module")
def untreated() -> SyntheticLeg:
    return make_leg(OPTIONS)


def test_trabeculae_go_first_and_the_cortex_opens_in_the_end() -> None:
    truths = [make_leg(replace(OPTIONS, seed=seed)).truth for seed in (7, 8, 9)]
    gone: dict[Compartment, list[np.ndarray]] = {Compartment.CAVITY: [], Compartment.CORTEX: []}
    for truth in truths:
        points = np.stack(np.indices(OPTIONS.shape), -1) * OPTIONS.spacing_um
        first = [lesion.seed_um for lesion in truth.lesions if lesion.onset == 1]
        near = np.min([np.linalg.norm(points - seed, axis=-1) for seed in first], axis=0) < 130
        for compartment, taken in gone.items():
            there = near & truth.bone[0] & (truth.compartments == compartment)
            taken.append(truth.lesion_labels[1][there] > 0)
    trabeculae, cortex = (np.concatenate(taken).mean() for taken in gone.values())
    assert trabeculae > 1.5 * cortex

    def opened(week: int) -> int:
        surface = [ndimage.binary_dilation(t.compartments == Compartment.OUTSIDE) for t in truths]
        return sum(int((t.lesion_labels[week] > 0)[s].sum()) for t, s in zip(truths, surface, strict=True))

    assert 10 * opened(1) < opened(3)
    assert opened(3) > 20


def test_treatment_slows_stops_and_reverses(untreated: SyntheticLeg) -> None:
    slowed, stopped, reversed_ = (
        make_leg(replace(OPTIONS, treatment_week=1, treatment_strength=strength)) for strength in (0.5, 1.0, 1.6)
    )
    np.testing.assert_array_equal(slowed.series[1].to_numpy(), untreated.series[1].to_numpy())
    assert lost(stopped)[1] <= lost(slowed)[3] < lost(untreated)[3]
    assert lost(stopped)[3] == pytest.approx(lost(stopped)[1], rel=0.05)
    assert lost(reversed_)[3] < lost(reversed_)[2] < lost(reversed_)[1]


def test_what_grows_back_is_less_mineral(untreated: SyntheticLeg) -> None:
    healed = make_leg(replace(OPTIONS, treatment_week=2, treatment_strength=1.8, blur_um=0.0, blur_voxels=0.0))
    back = (healed.truth.lesion_labels[2] > 0) & healed.truth.bone[3]
    old = healed.truth.bone[2] & healed.truth.bone[3]
    grey = healed.truth.clean[3].to_numpy()
    assert back.sum() > 50
    assert grey[back].mean() < grey[old].mean() - 10
    assert (grey[back] > 75).mean() > 0.8


def test_lesions_come_when_asked() -> None:
    late = replace(OPTIONS, first_lesion_week=3)
    assert {lesion.onset for lesion in grow(anatomy_of(late), late)} == {3}
    gentle, fierce = (replace(OPTIONS, aggressiveness=rate) for rate in (0.5, 1.5))
    ways = [[lesion.advance_um[1] for lesion in grow(anatomy_of(o), o) if lesion.onset == 1] for o in (gentle, fierce)]
    assert ways[0][0] * 3 == pytest.approx(ways[1][0])


def test_the_truth_says_where_lesions_start(untreated: SyntheticLeg) -> None:
    truth = untreated.truth
    assert truth.lesions
    for number, lesion in enumerate(truth.lesions, start=1):
        where = np.argwhere(truth.lesion_labels[3] == number) * OPTIONS.spacing_um
        if len(where):
            assert np.linalg.norm(where - lesion.seed_um, axis=1).min() < 300
    mirrored = make_leg(replace(OPTIONS, side="right", weeks=(0, 1))).truth
    width = OPTIONS.grid.size[2] - OPTIONS.spacing_um
    assert mirrored.lesions[0].seed_um[2] == pytest.approx(width - truth.lesions[0].seed_um[2])


def test_labels_count_from_one_and_stay(untreated: SyntheticLeg) -> None:
    earlier, later = untreated.truth.lesion_labels[2:]
    assert set(np.unique(later)) <= set(range(len(untreated.truth.lesions) + 1))
    assert ((later > 0) | (earlier == 0)).all()
