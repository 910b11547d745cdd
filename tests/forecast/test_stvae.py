"""ST-VAE: blocks give what the whole gives, noise is what it says, and the score rewards the true distribution."""

from dataclasses import replace

import numpy as np
import pytest

from napari_bonemet.forecast.blocks import blocks_of, side_of_blocks
from napari_bonemet.forecast.models.stvae import STRIDE, StvaeOptions
from napari_bonemet.forecast.native_looks import HALO, NativeLooks
from napari_bonemet.forecast.network import NetworkForecaster
from napari_bonemet.progress import NO_PROGRESS
from napari_bonemet.torch_import import import_torch

from .speaking import network_of

torch = import_torch()

SMALL = StvaeOptions(crop=32, size=32, depth=8, width=8)


@pytest.fixture(params=["score", "elbo"])
def network(request):
    return network_of(replace(SMALL, objective=request.param))


def weeks_of(shape: tuple[int, int, int], seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 255, shape).astype(np.uint8) for _ in range(3)]


def drawn(network, volumes, memory_gib: float) -> tuple[np.ndarray, NativeLooks]:
    model = NetworkForecaster("stvae", network.options, network, (30.0,) * 3)
    looks = NativeLooks.at(model, volumes, (1, 1, 1), (30.0,) * 3, NO_PROGRESS, memory_gib=memory_gib)
    return looks.draw(np.random.default_rng(7), NO_PROGRESS), looks


def test_blocks_give_what_the_whole_leg_gives(network, monkeypatch) -> None:
    from napari_bonemet.forecast import native_looks

    monkeypatch.setattr(native_looks, "drawing_dtype", lambda _: torch.float32)
    volumes = weeks_of((6, 124, 10))
    whole, one = drawn(network, volumes, 4.0)
    parts, many = drawn(network, volumes, 0.002)
    assert len(one.blocks) == 1
    assert len(many.blocks) > 2
    assert len(many.seen) == len(many.blocks)
    assert whole.shape == (6, 124, 10)
    assert np.abs(whole - parts).max() < 255 * 1e-3
    assert np.abs(whole - volumes[-1]).max() > 5
    frugal, forgetful = drawn(network, volumes, 0.0007)
    assert forgetful.seen == {}
    assert np.abs(whole - frugal).max() < 255 * 1e-3


def test_a_smaller_halo_would_show_seams(network, monkeypatch) -> None:
    from napari_bonemet.forecast import native_looks

    monkeypatch.setattr(native_looks, "HALO", 12)
    volumes = weeks_of((6, 124, 10))
    whole, _ = drawn(network, volumes, 4.0)
    parts, many = drawn(network, volumes, 0.0007)
    assert len(many.blocks) > 1
    assert np.abs(whole - parts).max() > 0.1


def test_blocks_cover_a_leg_once_and_stay_within_the_limit() -> None:
    shape, limit = (96, 120, 100), 70e6
    sides = side_of_blocks(shape, HALO, 100.0, limit, STRIDE)
    blocks = list(blocks_of(shape, sides, HALO))
    count = np.zeros(shape, int)
    for block in blocks:
        count[block.core] += 1
        assert all(part.start % STRIDE == 0 for part in (*block.core, *block.wide))
        assert np.prod([part.stop - part.start for part in block.wide]) * 100.0 <= limit
        assert [p.stop - p.start for p in block.inner] == [p.stop - p.start for p in block.core]
    assert count.min() == count.max() == 1
    assert side_of_blocks(shape, HALO, 1.0, limit, STRIDE) == shape


def test_noise_of_a_leg_is_standard_at_every_level_and_alike_where_it_should_be() -> None:
    from napari_bonemet.forecast.models.stvae_noise import NoiseOfLeg

    block = (slice(0, 16), slice(0, 32), slice(0, 32))
    options = StvaeOptions(fine_noise=4, local_noise=4, global_noise=4)
    fields = [NoiseOfLeg(options, (16, 32, 32), seed).block(block) for seed in range(40)]
    for level in range(3):
        values = np.stack([of[level][0].numpy() for of in fields])
        local, regional, whole = values[:, :4], values[:, 4:8], values[:, 8:]
        assert local.std() == pytest.approx(1, abs=0.02)
        assert abs(np.corrcoef(local[:, 0, :, :, :-1].ravel(), local[:, 0, :, :, 1:].ravel())[0, 1]) < 0.02
        assert regional.std() == pytest.approx(1, abs=0.15)
        assert np.corrcoef(regional[..., :-1].ravel(), regional[..., 1:].ravel())[0, 1] > 0.9
        assert np.ptp(whole, axis=(2, 3, 4)).max() == 0
        assert whole[:, :, 0, 0, 0].std() == pytest.approx(1, abs=0.15)
    assert np.abs(fields[0].fine[0, 4:8].numpy() - fields[1].fine[0, 4:8].numpy()).max() > 0.5


@pytest.mark.parametrize("alike", [0.0, 0.5, 1.0])
def test_the_chance_of_a_latent_field_is_standard_and_as_alike_as_it_says(alike: float) -> None:
    from napari_bonemet.forecast.models.stvae_noise import NoiseOfLeg

    block = (slice(0, 32), slice(0, 64), slice(0, 64))
    options = StvaeOptions(objective="elbo", z_alike=alike)
    values = np.stack([NoiseOfLeg(options, (32, 64, 64), seed).block(block).coarse[0] for seed in range(30)])
    assert values.std() == pytest.approx(1, abs=0.08)
    beside = np.corrcoef(values[..., :-1].ravel(), values[..., 1:].ravel())[0, 1]
    assert beside == pytest.approx(alike, abs=0.08)


def test_the_score_is_least_for_the_true_spread() -> None:
    from napari_bonemet.forecast.models.stvae_losses import futures_score

    def score(spread: float, common: float) -> float:
        """Members of a given spread, a share of it common to the whole block; the truth has spread 1, half common."""
        torch.manual_seed(0)
        total = 0.0
        for _ in range(300):
            both = [
                s * (c**0.5 * torch.randn(4, 1, 1, 1) + (1 - c) ** 0.5 * torch.randn(4, 8, 16, 16))
                for s, c in ((spread, common), (spread, common), (1.0, 0.5))
            ]
            total += float(futures_score(*both))
        return total / 300

    best = score(1.0, 0.5)
    assert best < min(score(0.5, 0.5), score(1.7, 0.5), score(1.0, 0.05), score(1.0, 0.95))


def test_the_gap_changes_what_is_drawn(network) -> None:
    with torch.no_grad():
        network.encoder.fine.time.weight += 0.3
    weeks = torch.rand(1, 3, 8, 32, 32)
    noise = network.noise((1, 8, 32, 32), torch.Generator().manual_seed(1))
    with torch.inference_mode():
        near, far = (
            network.future(network.see(weeks, torch.tensor([[1.0, 1.0, ahead]])), noise) for ahead in (1.0, 3.0)
        )
    assert (near - far).abs().max() > 0.01
