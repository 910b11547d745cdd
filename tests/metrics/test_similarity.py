"""PSNR and SSIM against their formulas."""

import math
import tracemalloc
from functools import partial

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from napari_bonemet.errors import InputError
from napari_bonemet.metrics import similarity
from napari_bonemet.metrics.similarity import finite_mean, per_slice, psnr, ssim, ssim_in_words


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 256, (9, 16, 17), dtype=np.uint8)
    return np.clip(truth + rng.normal(scale=9, size=truth.shape), 0, 255).astype(np.uint8), truth


def test_psnr_is_its_formula_and_bytes_do_not_wrap(pair: tuple[np.ndarray, np.ndarray]) -> None:
    error = sum((float(a) - float(b)) ** 2 for a, b in zip(pair[0].flat, pair[1].flat, strict=True)) / pair[0].size
    assert psnr(*pair) == pytest.approx(20 * math.log10(255 / math.sqrt(error)))
    assert psnr(np.zeros((4, 4), np.uint8), np.full((4, 4), 255, np.uint8)) == pytest.approx(0)
    assert psnr(np.zeros((4, 4)), np.full((4, 4), 0.1), data_range=1) == pytest.approx(20)


def ssim_by_hand(first: np.ndarray, second: np.ndarray, window: int = 7) -> float:
    """Wang et al. 2004, equation 13, with uniform windows and sample covariance."""
    values = []
    for y in range(first.shape[0] - window + 1):
        for x in range(first.shape[1] - window + 1):
            a, b = (image[y : y + window, x : x + window].astype(float).ravel() for image in (first, second))
            covariance = np.cov(a, b)
            c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
            above = (2 * a.mean() * b.mean() + c1) * (2 * covariance[0, 1] + c2)
            below = (a.mean() ** 2 + b.mean() ** 2 + c1) * (covariance[0, 0] + covariance[1, 1] + c2)
            values.append(above / below)
    return float(np.mean(values))


def test_ssim_of_a_slice_is_its_formula(pair: tuple[np.ndarray, np.ndarray]) -> None:
    slices = per_slice(ssim, *pair)
    assert slices.shape == (9,)
    assert slices[2] == pytest.approx(ssim_by_hand(pair[0][2], pair[1][2]))


def test_thresholded_ssim_is_that_of_volumes_without_their_background(pair: tuple[np.ndarray, np.ndarray]) -> None:
    bare = [np.where(volume > 90, volume, 0) for volume in pair]
    assert ssim(*pair, background=90) == pytest.approx(ssim(*bare), rel=1e-12)
    slices = per_slice(partial(ssim, background=90), *pair)
    assert slices[2] == pytest.approx(ssim_by_hand(bare[0][2], bare[1][2]))
    assert slices[2] != pytest.approx(per_slice(ssim, *pair)[2], abs=1e-3)
    thin = ssim(pair[0][:2], pair[1][:2], background=90)
    assert thin == pytest.approx(np.mean([ssim(bare[0][z], bare[1][z]) for z in range(2)]))


def test_noise_below_the_threshold_does_not_count() -> None:
    rng = np.random.default_rng(1)
    tissue, other = rng.integers(10, 50, (2, 9, 20, 20))
    assert ssim(tissue, other) < 0.3
    assert ssim(tissue, other, background=50) == 1
    assert "up to 50 set to 0" in ssim_in_words(50)
    assert "as they are" in ssim_in_words()


def test_ssim_of_a_volume_uses_cubes_and_of_one_slice_the_image(pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert ssim(*pair) != pytest.approx(per_slice(ssim, *pair).mean(), abs=1e-4)
    assert ssim(pair[0][:1], pair[1][:1]) == pytest.approx(ssim(pair[0][0], pair[1][0]))
    assert 0 < ssim(pair[0][:4], pair[1][:4]) < 1


def test_identical_volumes_are_infinitely_alike_and_empty_slices_do_not_hide_the_rest(
    pair: tuple[np.ndarray, np.ndarray],
) -> None:
    assert psnr(pair[1], pair[1]) == math.inf
    assert ssim(pair[1], pair[1]) == pytest.approx(1)
    predicted = pair[0].copy()
    predicted[3] = pair[1][3]
    slices = per_slice(psnr, predicted, pair[1])
    assert slices[3] == math.inf
    assert finite_mean(slices) == pytest.approx(np.delete(slices, 3).mean())
    assert finite_mean(np.array([math.inf, math.inf])) == math.inf


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(InputError, match="differ in shape"):
        psnr(np.zeros((3, 4, 4)), np.zeros((3, 4, 5)))
    with pytest.raises(InputError, match="slices"):
        psnr(np.zeros(4), np.zeros(4))
    with pytest.raises(InputError, match="Too small"):
        ssim(np.zeros((2, 9)), np.zeros((2, 9)))


@pytest.mark.parametrize("slab", [1, 300, 700])
def test_slab_by_slab_is_the_whole_volume(
    pair: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch, slab: int
) -> None:
    whole = structural_similarity(*(volume.astype(float) for volume in pair), data_range=255, win_size=7)
    error = np.mean((pair[0].astype(float) - pair[1]) ** 2)
    monkeypatch.setattr(similarity, "_SLAB_VOXELS", slab)
    assert ssim(*pair) == pytest.approx(whole, rel=1e-12)
    assert psnr(*pair) == pytest.approx(10 * math.log10(255**2 / error), rel=1e-12)


def test_a_volume_is_scored_in_a_fraction_of_its_size_in_float64() -> None:
    pair = (np.zeros((400, 200, 200), np.uint8), np.ones((400, 200, 200), np.uint8))
    tracemalloc.start()
    ssim(*pair)
    psnr(*pair)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Whole volumes in float64 took 20 times this and more.
    assert peak < 8 * pair[0].size * 6
