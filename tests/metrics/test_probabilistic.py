"""Scores of ensembles against closed forms and pencil."""

import tracemalloc

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.metrics import ensemble
from napari_bonemet.metrics.probabilistic import (
    block_mean,
    coverage,
    crps,
    interval_coverage,
    mean_crps,
    quantile_interval,
    rank_histogram,
    scalar_spread_skill,
    spread_skill,
    spread_skill_sums,
)
from napari_bonemet.scan import Scan

SHAPE = (20, 30, 30)


def drawn(n: int, *, spread: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Samples of a Gaussian about a centre that differs from voxel to voxel, and a truth of spread 1 about it."""
    rng = np.random.default_rng(seed)
    centre = rng.normal(scale=5, size=SHAPE)
    return centre + spread * rng.normal(size=(n, *SHAPE)), centre + rng.normal(size=SHAPE)


def crps_by_pairs(samples: np.ndarray, truth: float, alpha: float) -> float:
    n = len(samples)
    pairs = sum(abs(a - b) for a in samples for b in samples)
    epsilon = (1 - alpha) / n
    return float(np.mean(np.abs(samples - truth)) - (1 - epsilon) * pairs / (2 * n * (n - 1)))


@pytest.mark.parametrize("alpha", [0.0, 0.95, 1.0])
def test_crps_is_its_sum_over_pairs(alpha: float) -> None:
    samples, truth = drawn(7)
    found = crps(samples, truth, alpha=alpha)
    for at in ((0, 0, 0), (3, 4, 5), (19, 29, 29)):
        assert found[at] == pytest.approx(crps_by_pairs(samples[(slice(None), *at)], truth[at], alpha), rel=1e-5)
    assert mean_crps(samples, truth, alpha=alpha) == pytest.approx(found.mean(dtype=float), rel=1e-5)


def test_fair_crps_of_a_gaussian_is_its_closed_form_with_few_samples_and_many() -> None:
    # A Gaussian forecast of spread s for a Gaussian truth of spread 1: E|x - y| - E|x - x'| / 2 (Gneiting 2007).
    for n, spread in ((2, 1.0), (9, 1.0), (9, 0.4)):
        expected = np.sqrt(2 / np.pi) * (np.sqrt(1 + spread**2) - spread / np.sqrt(2))
        assert mean_crps(*drawn(n, spread=spread)) == pytest.approx(expected, rel=0.02)
    # The score of two samples as they are is worse by half a difference of two, over two.
    unfair = mean_crps(*drawn(2), fair=False)
    assert unfair == pytest.approx(np.sqrt(2 / np.pi) * (np.sqrt(2) - 1 / np.sqrt(2) / 2), rel=0.02)


def test_crps_of_one_sample_is_the_absolute_error() -> None:
    samples, truth = drawn(1)
    assert crps(samples, truth) == pytest.approx(np.abs(samples[0] - truth), rel=1e-6)


@pytest.mark.parametrize("n", [2, 4, 24])
def test_spread_over_skill_is_one_for_draws_from_the_truth_however_few(n: int) -> None:
    assert spread_skill(*drawn(n)) == pytest.approx(1, abs=0.02)


def test_spread_over_skill_tells_too_sure_from_too_unsure() -> None:
    # Mean of n samples of spread s: error 1 + s^2 / n, spread s^2 (n + 1) / n.
    for spread in (0.4, 2.0):
        expected = np.sqrt(spread**2 * 11 / 10 / (1 + spread**2 / 10))
        assert spread_skill(*drawn(10, spread=spread)) == pytest.approx(expected, rel=0.02)
    samples, truth = drawn(1)
    assert spread_skill(samples, truth) == 0
    assert np.isnan(spread_skill(truth[None], truth))


def test_sums_of_animals_pool_before_root_and_ratio() -> None:
    sure, unsure = (spread_skill_sums(*drawn(6, spread=spread, seed=3)) for spread in (0.1, 3.0))
    both = sure + unsure
    assert both.ratio == pytest.approx(
        np.sqrt((sure.variance + unsure.variance) / (sure.squared_error + unsure.squared_error))
    )
    assert both.voxels == 2 * np.prod(SHAPE)


def test_where_leaves_the_other_voxels_out() -> None:
    samples, truth = drawn(8)
    where = np.zeros(SHAPE, bool)
    where[:, :15] = True
    spoiled = truth.copy()
    spoiled[:, 15:] += 100
    cut = samples[:, :, :15], truth[:, :15]
    assert spread_skill(samples, spoiled, where) == pytest.approx(spread_skill(*cut))
    assert mean_crps(samples, spoiled, where) == pytest.approx(mean_crps(*cut))
    lower, upper = quantile_interval(samples)
    assert coverage(lower, upper, spoiled, where) > 0.7 > coverage(lower, upper, spoiled)
    counts = rank_histogram(samples, spoiled, where)
    assert counts.sum() == where.sum()
    assert counts[-1] < 1.5 * counts.mean()


@pytest.mark.parametrize(("n", "expected"), [(9, 0.8), (19, 0.9), (60, 0.9)])
def test_the_interval_of_samples_holds_one_more_draw_as_often_as_it_says(n: int, expected: float) -> None:
    samples, truth = drawn(n)
    assert coverage(*quantile_interval(samples, 0.9), truth) == pytest.approx(expected, abs=0.01)
    narrow, true = drawn(n, spread=0.5)
    assert coverage(*quantile_interval(narrow, 0.9), true) < expected - 0.2


def test_ends_of_the_interval_are_within_it() -> None:
    assert coverage(np.zeros(4), np.ones(4), np.array([0.0, 1.0, 0.5, 1.1])) == 0.75


def test_numbers_of_animals_are_scored_alike() -> None:
    rng = np.random.default_rng(2)
    centre = rng.normal(size=3000) * 10
    samples, truths = centre[:, None] + rng.normal(size=(3000, 24)), centre + rng.normal(size=3000)
    assert scalar_spread_skill(samples, truths) == pytest.approx(1, abs=0.03)
    assert scalar_spread_skill(centre[:, None] + 0.3 * (samples - centre[:, None]), truths) < 0.4
    assert interval_coverage(samples, truths) == pytest.approx(0.9, abs=0.02)
    assert interval_coverage(samples, truths, level=0.5) == pytest.approx(0.5, abs=0.03)


def test_ranks_are_flat_for_draws_from_the_truth_and_heap_up_at_the_ends_for_a_narrow_ensemble() -> None:
    counts = rank_histogram(*drawn(5))
    assert counts.shape == (6,)
    # Six bins of 3000 voxels: five standard deviations.
    assert np.abs(counts - 3000).max() < 5 * np.sqrt(3000)
    narrow = rank_histogram(*drawn(5, spread=0.3))
    assert min(narrow[0], narrow[-1]) > 2 * narrow[1:-1].max()


def test_equal_greys_share_their_ranks() -> None:
    rng = np.random.default_rng(1)
    samples, truth = rng.integers(0, 3, (5, 10, 40, 40)), rng.integers(0, 3, (10, 40, 40))
    counts = rank_histogram(samples, truth, rng=rng)
    assert np.abs(counts - truth.size / 6).max() < 5 * np.sqrt(truth.size / 6)


def test_cubes_are_averaged_and_the_rest_left_out() -> None:
    volume = np.arange(5 * 4 * 7, dtype=np.uint8).reshape(5, 4, 7)
    found = block_mean(volume, 2)
    assert found.shape == (2, 2, 3)
    assert found[1, 1, 2] == volume[2:4, 2:4, 4:6].mean()
    assert block_mean(np.stack([volume, volume + 1]), 2)[1] == pytest.approx(found + 1)
    scan = Scan(volume, (10.0, 10.0, 10.0))
    assert np.array_equal(block_mean(scan, 2), found)
    with pytest.raises(InputError, match="no such cube"):
        block_mean(volume, 5)


def test_noise_is_sure_from_afar_and_a_common_mistake_is_not() -> None:
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(8, 16, 40, 40))
    truth = rng.normal(size=(16, 40, 40)) + 1.0
    near = spread_skill(noise, truth)
    afar = spread_skill(block_mean(noise, 8), block_mean(truth, 8))
    assert near == pytest.approx(np.sqrt((9 / 8) / (1 + 1 / 8 + 1)), rel=0.02)
    assert afar < 0.1


@pytest.mark.parametrize("most", [1, 5000, 10**6])
def test_slab_by_slab_is_the_whole(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    samples, truth = drawn(4)
    whole = crps(samples, truth), spread_skill(samples, truth), *quantile_interval(samples)
    monkeypatch.setattr(ensemble, "_MOST_VALUES", most)
    assert np.array_equal(crps(samples, truth), whole[0])
    assert spread_skill(samples, truth) == pytest.approx(whole[1], rel=1e-12)
    assert np.array_equal(quantile_interval(samples)[1], whole[3])


def test_a_list_of_scans_is_an_ensemble_and_memory_stays_small() -> None:
    scans = [Scan(np.full((200, 160, 160), n, np.uint8), (10.0,) * 3) for n in range(4)]
    tracemalloc.start()
    assert spread_skill(scans, scans[0]) == pytest.approx(np.sqrt(5 / 4 * 5 / 3) / 1.5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # All four in double precision would take 164 million bytes, and their variance as much again.
    assert peak < 160e6


def test_what_does_not_fit_is_refused() -> None:
    samples, truth = drawn(2)
    with pytest.raises(InputError, match="differ in shape"):
        crps(samples, truth[1:])
    with pytest.raises(InputError, match="at least one sample"):
        spread_skill([], truth)
    with pytest.raises(InputError, match="No voxel"):
        spread_skill(samples, truth, np.zeros(SHAPE, bool))
    with pytest.raises(InputError, match="no CRPS"):
        crps(samples, truth, alpha=1.5)
    with pytest.raises(InputError, match="level"):
        quantile_interval(samples, 1.0)
    with pytest.raises(InputError, match="animals"):
        scalar_spread_skill(np.zeros((3, 4)), np.zeros(4))
