"""The sample shows a tumour that goes on growing; the animals to learn from are others."""

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.phantom.sample import SAMPLES, sample_leg, training_legs
from napari_bonemet.scan import Kind

SMALL = LegOptions(shape=(16, 50, 50), spacing_um=60, weeks=(0, 1))


def test_the_sample_loses_bone_in_its_last_week() -> None:
    sample = sample_leg()
    assert sample.series.weeks == (0, 1, 2, 3)
    earlier, last = sample.truth.bone[-2:]
    assert (earlier & ~last).sum() > 0.02 * sample.truth.bone[0].sum()


def test_an_unknown_sample_is_named() -> None:
    with pytest.raises(InputError, match="synthetic-1"):
        sample_leg("871")


def test_training_animals_are_others_and_the_same_each_time() -> None:
    legs, again = training_legs(4, 3, options=SMALL), training_legs(4, 3, options=SMALL)
    seeds = [leg.baseline.history[0].parameters["seed"] for leg in legs]
    assert len(set(seeds)) == 4
    assert not set(seeds) & {sample.seed for sample in SAMPLES.values()}
    for leg, same in zip(legs, again, strict=True):
        assert leg.on_one_grid
        assert leg.baseline.kind is Kind.REGIST
        np.testing.assert_array_equal(leg[1].to_numpy(), same[1].to_numpy())
    assert [leg.baseline.history[0].parameters["tumour"] for leg in legs] == [True, True, True, False]


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(InputError):
        training_legs(-1)
