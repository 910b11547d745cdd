"""FID and KID against closed forms, with a network of the test's own and weights made on the spot."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import linalg

from napari_bonemet.errors import InputError, MissingWeightsError
from napari_bonemet.metrics.generators import distance_of_sets, slice_features
from napari_bonemet.metrics.inception import INCEPTION_FILE, find_inception, inception
from napari_bonemet.progress import Cancelled

pytestmark = pytest.mark.usefixtures("no_network")


def pixels(images: Any) -> Any:
    """The greys themselves as features."""
    return images[:, 0].flatten(1).float()


def gaussian(mean: float, spread: float, *, slices: int = 300, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, spread, (slices, 2, 2))


def test_fid_of_two_gaussians_is_its_closed_form() -> None:
    one, two = gaussian(100, 10, slices=20_000), gaussian(107, 14, slices=30_000, seed=1)
    found = distance_of_sets(one, two, network=pixels, subsets=2, subset_size=50, batch=5000)
    # Four independent pixels: squared distances of means and of standard deviations.
    assert found.fid == pytest.approx(4 * (7**2 + 4**2), rel=0.04)
    assert (found.made, found.true) == (20_000, 30_000)
    assert found.note == "features of another network than Inception"


def test_fid_counts_how_features_go_together() -> None:
    rng = np.random.default_rng(3)
    apart = rng.normal(120, 20, (400, 2, 2))
    together = apart[:, :1, :1] + rng.normal(0, 5, (400, 2, 2))
    a, b = (np.clip(np.rint(x.reshape(400, 4)), 0, 255) for x in (apart, together))
    one, two = np.cov(a.T), np.cov(b.T)
    expected = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(one + two - 2 * linalg.sqrtm(one @ two).real)
    assert distance_of_sets(apart, together, network=pixels).fid == pytest.approx(expected, rel=1e-3)
    assert distance_of_sets(apart, apart, network=pixels).fid == pytest.approx(0, abs=1e-3)


def kid_by_hand(a: np.ndarray, b: np.ndarray) -> float:
    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (x @ y.T / x.shape[1] + 1) ** 3

    n = len(a)
    within = sum(k.sum() - np.trace(k) for k in (kernel(a, a), kernel(b, b)))
    return float(within / (n * (n - 1)) - 2 * kernel(a, b).mean())


def test_kid_is_its_sum_over_pairs() -> None:
    a, b = np.rint(gaussian(4, 2, slices=30).clip(0)), np.rint(gaussian(6, 2, slices=30, seed=1).clip(0))
    found = distance_of_sets(a, b, network=pixels, subsets=3, subset_size=1000)
    assert found.kid == pytest.approx(kid_by_hand(a.reshape(30, 4), b.reshape(30, 4)), rel=1e-4)
    assert found.kid_sd == pytest.approx(0, abs=1e-3)


def test_subsets_are_seeded_and_leave_the_random_state_alone() -> None:
    import torch

    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    a, b = gaussian(4, 2, slices=60), gaussian(5, 2, slices=40, seed=1)
    one, again, other = (
        distance_of_sets(a, b, network=pixels, subsets=4, subset_size=10, seed=seed) for seed in (1, 1, 2)
    )
    assert one == again
    assert one.kid != other.kid
    assert one.fid == other.fid
    assert one.kid_sd > 0
    assert torch.equal(torch.rand(3), expected)


def test_features_are_of_bytes_in_three_channels_however_many_at_a_time() -> None:
    shapes = []

    def network(images: Any) -> Any:
        shapes.append(tuple(images.shape))
        assert bool((images[:, 0] == images[:, 2]).all())
        return images.float().mean((1, 2, 3))[:, None]

    volumes = [np.full((5, 4, 6), 0.5), np.full((2, 4, 6), 2.0), np.full((1, 4, 6), -1.0)]
    found = slice_features(volumes, network, batch=2, data_range=1.0)
    assert found[:, 0].tolist() == [128] * 5 + [255] * 2 + [0]
    assert shapes == [(2, 3, 4, 6), (2, 3, 4, 6), (1, 3, 4, 6), (2, 3, 4, 6), (1, 3, 4, 6)]
    assert np.array_equal(slice_features(volumes, network, batch=8, data_range=1.0), found)


class Stop:
    def advance(self, *_: float) -> None:
        raise Cancelled

    def message(self, *_: str) -> None: ...

    def check(self) -> None: ...


def test_a_request_to_stop_is_heard_and_too_few_slices_are_refused() -> None:
    with pytest.raises(Cancelled):
        distance_of_sets(gaussian(4, 2), gaussian(4, 2), network=pixels, progress=Stop())
    with pytest.raises(InputError, match="two slices"):
        distance_of_sets(gaussian(4, 2, slices=1), gaussian(4, 2, slices=9), network=pixels)
    with pytest.raises(InputError, match="No slice"):
        slice_features([], pixels)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty torch hub cache; gives the path where Inception's weights would lie."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    inception.cache_clear()
    return folder / INCEPTION_FILE


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inception's layers at random values."""
    import torch
    from torchmetrics.image import fid

    class Bare(fid.NoTrainInceptionV3):  # type: ignore[misc,name-defined]
        def load_state_dict(self, *_: Any, **__: Any) -> None:
            """Keep the random start."""

    path = tmp_path_factory.mktemp("inception") / "own.pth"
    torch.save({}, path)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        torch.save(Bare("inception-v3-compat", ["64"], str(path)).state_dict(), path)
    return path


def test_missing_weights_are_named_with_the_way_to_get_them(cache: Path) -> None:
    with pytest.raises(MissingWeightsError) as caught:
        distance_of_sets(gaussian(4, 2), gaussian(4, 2))
    for part in (INCEPTION_FILE, str(cache.parent), "https://github.com/toshas/torch-fidelity/", "TORCH_HOME"):
        assert part in str(caught.value)
    assert list(cache.parent.iterdir()) == []


def test_the_weights_in_the_file_are_the_ones_measured_with(cache: Path, weights: Path) -> None:
    cache.symlink_to(weights)
    rng = np.random.default_rng(0)
    noise, stripes = rng.integers(0, 255, (6, 40, 40)), np.tile(np.arange(40) % 2 * 255.0, (6, 40, 1))
    found = distance_of_sets(noise, stripes, layer=64, subsets=2)
    assert found.fid > 0
    assert "not the published weights" in found.note
    assert "64 features" in found.note
    assert "too few" in found.note
    named = distance_of_sets(noise, stripes, layer=64, weights=weights, subsets=2)
    assert named.fid == pytest.approx(found.fid, rel=1e-5)
    assert distance_of_sets(noise, noise, layer=64, subsets=2).fid == pytest.approx(0, abs=found.fid * 1e-3)

    import torch
    from torchmetrics.image.fid import FrechetInceptionDistance

    metric = FrechetInceptionDistance(feature=64, feature_extractor_weights_path=str(weights))
    for volume, real in ((noise, False), (stripes, True)):
        metric.update(torch.from_numpy(volume.astype(np.uint8))[:, None].repeat(1, 3, 1, 1), real=real)
    assert found.fid == pytest.approx(float(metric.compute()), rel=1e-3)


class Trap:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (str(self.mark),)


def test_a_file_that_is_no_inception_is_refused_and_its_code_not_run(cache: Path, tmp_path: Path) -> None:
    import torch

    mark = tmp_path / "it ran"
    for content, words in (
        ({"x": Trap(mark)}, "not loaded"),
        ({"Conv2d_1a_3x3.conv.weight": torch.zeros(2)}, "Inception's layers"),
        ([1, 2], "named tensors"),
    ):
        torch.save(content, cache)
        with pytest.raises(InputError, match=words):
            inception(find_inception(), 64, "cpu")
    assert not mark.exists()


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch_fidelity" else there(name))
    with pytest.raises(InputError, match=r"torch_fidelity.*pip install"):
        distance_of_sets(gaussian(4, 2), gaussian(4, 2), network=pixels)
