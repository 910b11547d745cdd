"""Newly lost bone, counted by hand."""

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.metrics.lesions import dice, lesion_overlap, newly_lost_bone


@pytest.fixture
def block() -> np.ndarray:
    bone = np.zeros((10, 12, 12), dtype=bool)
    bone[1:9, 1:11, 1:11] = True
    return bone


def without(bone: np.ndarray, *region: slice) -> np.ndarray:
    later = bone.copy()
    later[region] = False
    return later


def test_overlap_is_twice_the_common_loss_over_both(block: np.ndarray) -> None:
    true = without(block, slice(2, 6), slice(2, 6), slice(2, 6))
    predicted = without(block, slice(4, 8), slice(2, 6), slice(2, 6))
    assert lesion_overlap(predicted, true, block) == pytest.approx(2 * 32 / (64 + 64))
    assert lesion_overlap(true, true, block) == 1
    assert lesion_overlap(block, true, block) == 0


def test_where_nothing_was_lost_there_is_nothing_to_find(block: np.ndarray) -> None:
    grown = np.ones_like(block)
    assert lesion_overlap(without(block, slice(2, 4)), grown, block) is None
    assert dice(np.zeros(3, bool), np.zeros(3, bool)) is None


def test_opening_forgets_the_shell_that_a_shift_strips_but_keeps_a_hole(block: np.ndarray) -> None:
    shifted = np.roll(block, 1, axis=1)
    assert newly_lost_bone(shifted, block).sum() == 8 * 10
    assert not newly_lost_bone(shifted, block, opening=1).any()
    hole = without(shifted, slice(3, 7), slice(4, 8), slice(4, 8))
    kept = newly_lost_bone(hole, block, opening=1)
    assert 0 < kept.sum() <= 64
    assert not (kept & shifted & hole).any()
    assert lesion_overlap(shifted, shifted, block, opening=1) is None


def test_masks_of_two_shapes_are_refused(block: np.ndarray) -> None:
    with pytest.raises(InputError, match="differ in shape"):
        newly_lost_bone(block[1:], block)
