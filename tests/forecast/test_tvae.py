"""The parts of T-VAE, each against something that was worked out another way."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.compose import compose
from napari_bonemet.forecast.latent import latent_noise
from napari_bonemet.forecast.models.catalogue import build
from napari_bonemet.forecast.models.losses import Gaussian, edge_aware_loss, kl_divergence
from napari_bonemet.forecast.models.tvae import TvaeOptions
from napari_bonemet.forecast.models.tvae_3d import TvaeDcgan3dOptions, TvaeUnet3dOptions
from napari_bonemet.forecast.training_options import TrainingOptions
from napari_bonemet.torch_import import import_torch

torch = import_torch()

SHAPE = {"width": 4, "g_dim": 16, "hidden": 12, "z_dim": 3, "crop": 32, "size": 32}
SMALL = TvaeOptions(**SHAPE)
DEEP = {"tvae-3d-dcgan": TvaeDcgan3dOptions(**SHAPE, depth=16), "tvae-3d-unet": TvaeUnet3dOptions(**SHAPE, depth=16)}
KINDS = {
    "week": ("tvae-gate", replace(SMALL, change=False)),
    "week and change": ("tvae-gate", SMALL),
    "time too": ("tvae-gate", replace(SMALL, time=True)),
    "volumes": ("tvae-3d-dcgan", DEEP["tvae-3d-dcgan"]),
    "volumes, U-Net": ("tvae-3d-unet", replace(DEEP["tvae-3d-unet"], time=True)),
}


@pytest.fixture(params=KINDS)
def network(request):
    torch.manual_seed(3)
    return build(*KINDS[request.param]).eval()


def weeks(count: int = 4, slices: int = 5, side: int = 32, depth: int = 1):
    """Slices (n, weeks, y, x), or blocks of slices (n, weeks, z, y, x)."""
    shape = (slices, count, side, side) if depth == 1 else (2, count, depth, side, side)
    return torch.rand(shape, generator=torch.Generator().manual_seed(1))


def ones(seen):
    """Weeks from scan to scan."""
    return seen.new_ones(len(seen), seen.shape[1] - 1)


def test_training_and_sampling_draw_the_same_week_from_the_same_latent(network, monkeypatch) -> None:
    """The two paths share weights, not code: skips, memory and prior of the one have to be those of the other."""
    seen = weeks(depth=network.options.depth)
    monkeypatch.setattr(torch, "randn_like", torch.zeros_like)
    with torch.inference_mode():
        maps, prior, posterior = network(seen, ones(seen))
        looked = network.look(seen[:, :-1], ones(seen))
        assert torch.allclose(looked.prior.mean, prior.mean[:, -1], atol=1e-6)
        assert torch.allclose(looked.prior.log_variance, prior.log_variance[:, -1], atol=1e-6)
        noise = (posterior.mean[:, -1] - prior.mean[:, -1]) * torch.exp(-0.5 * prior.log_variance[:, -1])
        drawn = network.draw(looked, noise)
    assert drawn.std() > 0
    assert torch.allclose(drawn, maps[:, -1], atol=1e-5)


def test_the_skips_are_those_of_the_last_week_seen(network) -> None:
    seen = weeks(3, depth=network.options.depth)
    with torch.inference_mode():
        expected = [of_weeks[:, -1] for of_weeks in network.encode(seen)[1]]
        assert not torch.allclose(network.encode(seen)[1][0][:, -2], expected[0])
        for mine, theirs in zip(network.look(seen, seen.new_ones(len(seen), 3)).skips, expected, strict=True):
            assert torch.allclose(mine, theirs, atol=1e-6)


def test_the_prior_of_a_week_does_not_see_that_week(network) -> None:
    seen = weeks(depth=network.options.depth)
    other = seen.clone()
    other[:, -1] = 0.5
    with torch.inference_mode():
        _, prior, posterior = network(seen, ones(seen))
        _, prior_of_other, posterior_of_other = network(other, ones(other))
    assert torch.equal(prior.mean, prior_of_other.mean)
    assert not torch.allclose(posterior.mean[:, -1], posterior_of_other.mean[:, -1])


@pytest.mark.parametrize("name", DEEP)
def test_the_loss_of_volumes_is_that_of_their_slices(name: str, monkeypatch) -> None:
    network = build(name, DEEP[name]).eval()
    batch = weeks(depth=16)
    monkeypatch.setattr(torch, "randn_like", torch.zeros_like)
    training = TrainingOptions(kl_weight=0.5, kl_warmup=0.4, edge_weight=0.8, edge_sigma=2.0)
    with torch.inference_mode():
        terms = network.terms(batch, ones(batch), training, 0.1)
        maps, prior, posterior = network(batch, ones(batch))
        drawn = torch.stack([compose(maps[:, week], batch[:, week]) for week in range(3)], 1)
        by_slice = [
            edge_aware_loss(drawn[:, :, z], batch[:, 1:, z], batch[:, 0, z], weight=0.8, sigma=2.0) for z in range(16)
        ]
        nats = kl_divergence(posterior, prior)
    assert float(terms.reconstruction) == pytest.approx(float(torch.stack(by_slice).mean()), rel=1e-4)
    assert float(terms.kl) == pytest.approx(float(nats), rel=1e-4)
    assert float(terms.loss) == pytest.approx(float(terms.reconstruction) + 0.125 / 16 * float(nats), rel=1e-4)


@pytest.mark.parametrize("name", DEEP)
def test_every_skip_and_the_vector_have_their_say(name: str) -> None:
    # Normalised by these very volumes, or the coarse levels of an untrained network would be next to nothing.
    network = build(name, DEEP[name]).train()
    batch = weeks(3, depth=16)
    with torch.inference_mode():
        looked = network.look(batch, batch.new_ones(2, 3))
        whole = network.draw(looked, torch.zeros(2, 3))
        assert len(looked.skips) == {"tvae-3d-dcgan": 3, "tvae-3d-unet": 4}[name]
        for level, skip in enumerate(looked.skips):
            without = [*looked.skips[:level], torch.zeros_like(skip), *looked.skips[level + 1 :]]
            assert not torch.allclose(network.draw(looked._replace(skips=tuple(without)), torch.zeros(2, 3)), whole)
        assert not torch.allclose(network.draw(looked, 3 * torch.ones(2, 3)), whole, atol=1e-5)


def test_a_single_week_can_be_seen() -> None:
    network = build("tvae-gate", TvaeOptions(width=4, g_dim=16, hidden=12, size=32, weeks_seen=1)).eval()
    with torch.inference_mode():
        seen = network.look(weeks(1), torch.ones(5, 1))
        assert network.draw(seen, torch.zeros(5, 10)).shape == (5, 2, 32, 32)


def test_the_gate_copies_or_replaces() -> None:
    last = torch.rand((2, 1, 48, 48))
    shut = torch.tensor([-50.0, 0.0])[None, :, None, None, None].expand(2, 2, 1, 32, 32)
    assert torch.equal(compose(shut, last), last)
    wide = torch.tensor([50.0, 0.0])[None, :, None, None, None].expand(2, 2, 1, 32, 32)
    assert torch.allclose(compose(wide, last), torch.full_like(last, 0.5))
    half = torch.zeros(2, 2, 1, 32, 32)
    assert torch.allclose(compose(half, last), 0.5 * last + 0.25)


def test_the_printed_output_draws_the_week_itself() -> None:
    maps = torch.full((1, 1, 1, 32, 32), 2.0)
    drawn = compose(maps, torch.rand((1, 1, 48, 48)))
    assert torch.allclose(drawn, torch.full_like(drawn, 1 / (1 + np.exp(-2.0))))
    assert build("tvae", TvaeOptions(output="sigmoid", width=4)).decoder.out.out_channels == 1


def test_an_untrained_gate_is_nearly_shut(network) -> None:
    deep = network.options.depth > 1
    seen = weeks(3, depth=network.options.depth)
    seen = seen if deep else seen[:, :, None]
    with torch.inference_mode():
        looked = network.see(seen, torch.ones(len(seen), 3))
        drawn = compose(network.future(looked, torch.zeros(len(seen), 3)), seen[:, -1])
    assert (drawn - seen[:, -1]).abs().mean() < 0.2 * (0.5 - seen[:, -1]).abs().mean()


def test_divergence_is_that_of_two_gaussians() -> None:
    torch.manual_seed(0)
    p, q = (Gaussian(torch.randn(4, 2, 3), torch.randn(4, 2, 3)) for _ in range(2))

    def normal(g):
        return torch.distributions.Normal(g.mean, torch.exp(0.5 * g.log_variance))

    expected = torch.distributions.kl_divergence(normal(p), normal(q)).sum(-1).mean()
    assert torch.allclose(kl_divergence(p, q), expected, rtol=1e-5)
    assert kl_divergence(p, p).abs() < 1e-6


def test_edge_aware_loss_by_another_way() -> None:
    rng = np.random.default_rng(0)
    drawn, truth, first = rng.random((2, 3, 20, 24)), rng.random((2, 3, 20, 24)), rng.random((2, 20, 24))
    mask = np.stack([ndimage.gaussian_filter(x, 2.0, mode="nearest", truncate=3.0) for x in first])
    expected = np.mean((1 + 0.7 * mask[:, None]) * (drawn - truth) ** 2)
    tensors = [torch.from_numpy(x) for x in (drawn, truth, first)]
    assert float(edge_aware_loss(*tensors, weight=0.7, sigma=2.0)) == pytest.approx(expected, rel=1e-6)
    plain = edge_aware_loss(*tensors, weight=0.0, sigma=2.0)
    assert float(plain) == pytest.approx(np.mean((drawn - truth) ** 2), rel=1e-9)


def test_a_size_that_halves_badly_is_refused() -> None:
    with pytest.raises(InputError, match="multiple of 16"):
        build("tvae-gate", TvaeOptions(size=60))


def test_latent_noise_is_standard_and_alike_in_neighbours() -> None:
    rng = np.random.default_rng(0)
    many = np.stack([latent_noise(40, 4, 8.0, rng) for _ in range(800)])
    assert many.shape == (800, 40, 4)
    assert many.mean() == pytest.approx(0, abs=0.03)
    assert many.std(axis=0) == pytest.approx(np.ones((40, 4)), abs=0.12)
    near = np.corrcoef(many[:, 10, 0], many[:, 18, 0])[0, 1]
    assert near == pytest.approx(np.exp(-0.25), abs=0.06)
    assert abs(np.corrcoef(many[:, 10, 0], many[:, 10, 1])[0, 1]) < 0.12


def test_latent_noise_at_both_ends() -> None:
    rng = np.random.default_rng(0)
    apart = latent_noise(4000, 1, 0.0, rng)[:, 0]
    assert abs(np.corrcoef(apart[1:], apart[:-1])[0, 1]) < 0.06
    same = latent_noise(30, 5, 1e6, rng)
    assert np.all(same == same[0])
