from dataclasses import replace

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.figures.losses import apart, choose_slices, find_losses, spread_over
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.forecast.forecaster import Forecast, summarise
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries


def test_samples_are_spread_from_least_to_most_bone_lost() -> None:
    lost = [0.5, 0.1, 0.9, 0.3, 0.7]
    assert [one.index for one in spread_over(lost, 3)] == [1, 0, 2]
    assert [(one.rank, one.lost_mm3) for one in spread_over(lost, 3)] == [(1, 0.1), (3, 0.5), (5, 0.9)]
    assert [one.index for one in spread_over(lost, 2)] == [1, 2]
    assert [one.index for one in spread_over(lost, 12)] == [1, 3, 0, 4, 2]


def test_one_sample_alone_is_the_median() -> None:
    assert spread_over([0.5, 0.1, 0.9], 1)[0].index == 0
    assert spread_over([4.0, 3.0, 2.0, 1.0], 1)[0].rank == 2
    assert spread_over([], 3) == ()


def test_slices_with_the_most_lie_apart() -> None:
    amounts = np.array([0, 1, 9, 8, 7, 2, 1, 3, 1, 0], dtype=float)
    assert apart(amounts, 1) == (2,)
    # The second most lies beside the first.
    assert apart(amounts, 2) == (2, 7)
    assert apart(amounts, 2, first=5) == (1, 5)
    assert 8 in apart(amounts, 3, first=8)
    assert apart(amounts, 12) == (1, 2, 3, 4, 5, 6, 7, 8)


def test_slices_are_spread_evenly_where_nothing_is_lost() -> None:
    nothing = np.zeros((12, 4, 4), dtype=bool)
    assert choose_slices((nothing, None), 12, MontageOptions()) == (6,)
    assert choose_slices((nothing, None), 12, MontageOptions(layout="futures")) == (2, 6, 10)
    assert choose_slices((nothing, None), 12, MontageOptions(slice_index=3)) == (3,)


def test_the_first_that_lost_anything_decides() -> None:
    nothing, some, other = (np.zeros((12, 4, 4), dtype=bool) for _ in range(3))
    some[4, 0, 0] = other[9, 0, 0] = True
    assert choose_slices((None, nothing, some, other), 12, MontageOptions()) == (4,)
    sagittal = MontageOptions(plane="sagittal")
    some[:] = False
    some[5, 1, 3] = True
    assert choose_slices((some, other), 4, sagittal) == (3,)


@pytest.mark.parametrize("layout", ["overview", "futures"])
def test_a_slice_that_is_not_there_is_refused(layout: str) -> None:
    with pytest.raises(InputError, match="0 to 11; found 12"):
        choose_slices((None,), 12, MontageOptions(layout=layout, slice_index=12))  # type: ignore[arg-type]


def test_losses_are_measured_in_the_whole_volume(weeks: ScanSeries, forecast: Forecast, truth: Scan) -> None:
    lost_voxels = np.count_nonzero((weeks[2].to_numpy() > 75) & (truth.to_numpy() <= 75))
    options = MontageOptions(lesion_opening=0, slice_index=4)
    losses = find_losses(weeks[2], None, forecast, truth, options)
    assert losses.true is not None
    # Voxels of 20 x 10 x 10 micrometres.
    assert losses.true.mm3 == pytest.approx(lost_voxels * 2e-6)
    assert list(losses.true.planes) == [4]
    np.testing.assert_array_equal(losses.true.planes[4], (weeks[2].to_numpy()[4] > 75) & (truth.to_numpy()[4] <= 75))
    assert losses.samples == losses.shown == ()


def test_surface_noise_is_no_loss(weeks: ScanSeries) -> None:
    speckled = weeks[2].to_numpy().copy()
    speckled[:, 30, 13] = 0
    sample = replace(weeks[2], voxels=speckled, kind=Kind.PREDICTION)
    several = summarise([sample, sample], week=3, model="m")
    for opening, expected in ((0, len(speckled) * 2e-6), (1, 0.0)):
        losses = find_losses(weeks[2], None, several, None, MontageOptions(lesion_opening=opening))
        assert losses.samples[0].mm3 == pytest.approx(expected)
