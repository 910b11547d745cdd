"""The curve over the slices holds the measures of the tables, slice by slice."""

from collections.abc import Callable

import numpy as np
import pytest

from napari_bonemet.errors import InputError, MissingWeightsError
from napari_bonemet.metrics.lesions import lesion_overlap
from napari_bonemet.metrics.similarity import per_slice, ssim
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.compare.curves import LESIONS, LPIPS, PSNR, SSIM, curve

from .test_layouts import items_with_samples

Make = Callable[..., ScanSeries]


def pair_of(series: ScanSeries) -> tuple:
    _, items = items_with_samples(series)
    by_key = {item.key: item for item in items}
    return (by_key["predicted"], by_key["week 3"]), items


def test_ssim_and_psnr_are_those_of_each_slice(make_series: Make) -> None:
    pair, items = pair_of(make_series((0, 1, 2, 3), kind=Kind.REGIST))
    first, second = (item.scan.to_numpy() for item in pair)
    assert np.allclose(curve(SSIM, pair, items), per_slice(ssim, first, second))
    same = np.array([np.array_equal(a, b) for a, b in zip(first, second, strict=True)])
    assert np.array_equal(np.isinf(curve(PSNR, pair, items)), same)


def test_the_lesions_of_the_slices_are_those_of_the_volume(make_series: Make) -> None:
    *seen, last = make_series((0, 1, 2, 3), kind=Kind.REGIST)
    voxels = seen[-1].to_numpy().copy()
    voxels[3:9, :9, :12] = 20
    pair, items = pair_of(ScanSeries((*seen, last.with_voxels(voxels, step=Step("a lesion")))))
    before = next(item for item in items if item.is_last_seen).scan.to_numpy() > 75
    values = curve(LESIONS, pair, items)
    masks = [item.scan.to_numpy() > 75 for item in pair]
    whole = lesion_overlap(masks[0], masks[1], before, opening=1)
    assert whole is not None
    finite = values[np.isfinite(values)]
    assert finite.size, "no slice has a lesion"
    assert finite.min() <= whole <= finite.max()


def test_a_pair_that_lost_nothing_is_told_in_words(make_series: Make) -> None:
    _, items = items_with_samples(make_series((0, 1, 2, 3), kind=Kind.REGIST))
    by_key = {item.key: item for item in items}
    with pytest.raises(InputError, match="a week before both"):
        curve(LESIONS, (by_key["predicted"], by_key["week 2"]), items)


def test_without_weights_lpips_says_where_to_get_them(
    make_series: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    pair, items = pair_of(make_series((0, 1, 2, 3), kind=Kind.REGIST))
    with pytest.raises((MissingWeightsError, InputError)):
        curve(LPIPS, pair, items)
