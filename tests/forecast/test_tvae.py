"""The parts of T-VAE, each against something that was worked out another way."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.latent import latent_noise
from napari_bonemet.forecast.models.catalogue import build
from napari_bonemet.forecast.models.tvae import TvaeOptions
from napari_bonemet.torch_import import import_torch

torch = import_torch()

SMALL = TvaeOptions(width=4, g_dim=16, hidden=12, z_dim=3, crop=32, size=32)


@pytest.fixture(params=[(False, False), (True, False), (True, True)], ids=["week", "week and change", "time too"])
def network(request):
    torch.manual_seed(3)
    return build("tvae-gate", replace(SMALL, change=request.param[0], time=request.param[1])).eval()


def weeks(count: int = 4, slices: int = 5, side: int = 32):
    return torch.rand((slices, count, side, side), generator=torch.Generator().manual_seed(1))


def ones(seen):
    """Weeks from scan to scan."""
    return seen.new_ones(len(seen), seen.shape[1] - 1)


def test_training_and_sampling_draw_the_same_week_from_the_same_latent(network, monkeypatch) -> None:
    """The two paths share weights, not code: skips, memory and prior of the one have to be those of the other."""
    seen = weeks()
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
    seen = weeks(3)
    with torch.inference_mode():
        expected = [of_weeks[:, -1] for of_weeks in network.encode(seen)[1]]
        assert not torch.allclose(network.encode(seen)[1][0][:, -2], expected[0])
        for mine, theirs in zip(network.look(seen, seen.new_ones(5, 3)).skips, expected, strict=True):
            assert torch.allclose(mine, theirs, atol=1e-6)


def test_the_prior_of_a_week_does_not_see_that_week(network) -> None:
    seen = weeks()
    other = seen.clone()
    other[:, -1] = 0.5
    with torch.inference_mode():
        _, prior, posterior = network(seen, ones(seen))
        _, prior_of_other, posterior_of_other = network(other, ones(other))
    assert torch.equal(prior.mean, prior_of_other.mean)
    assert not torch.allclose(posterior.mean[:, -1], posterior_of_other.mean[:, -1])


def test_a_single_week_can_be_seen() -> None:
    network = build("tvae-gate", TvaeOptions(width=4, g_dim=16, hidden=12, size=32, weeks_seen=1)).eval()
    with torch.inference_mode():
        seen = network.look(weeks(1), torch.ones(5, 1))
        assert network.draw(seen, torch.zeros(5, 10)).shape == (5, 2, 32, 32)


def test_the_gate_copies_or_replaces() -> None:
    from napari_bonemet.forecast.compose import compose

    last = torch.rand((2, 1, 48, 48))
    shut = torch.tensor([-50.0, 0.0])[None, :, None, None, None].expand(2, 2, 1, 32, 32)
    assert torch.equal(compose(shut, last), last)
    wide = torch.tensor([50.0, 0.0])[None, :, None, None, None].expand(2, 2, 1, 32, 32)
    assert torch.allclose(compose(wide, last), torch.full_like(last, 0.5))
    half = torch.zeros(2, 2, 1, 32, 32)
    assert torch.allclose(compose(half, last), 0.5 * last + 0.25)


def test_the_printed_output_draws_the_week_itself() -> None:
    from napari_bonemet.forecast.compose import compose

    maps = torch.full((1, 1, 1, 32, 32), 2.0)
    drawn = compose(maps, torch.rand((1, 1, 48, 48)))
    assert torch.allclose(drawn, torch.full_like(drawn, 1 / (1 + np.exp(-2.0))))
    assert build("tvae", TvaeOptions(output="sigmoid", width=4)).decoder.out.out_channels == 1


def test_an_untrained_gate_is_nearly_shut(network) -> None:
    from napari_bonemet.forecast.compose import compose

    seen = weeks(3)
    with torch.inference_mode():
        looked = network.see(seen[:, :, None], torch.ones(5, 3))
        drawn = compose(network.future(looked, torch.zeros(5, 3)), seen[:, -1:])[:, 0]
    assert (drawn - seen[:, -1]).abs().mean() < 0.2 * (0.5 - seen[:, -1]).abs().mean()


def test_divergence_is_that_of_two_gaussians() -> None:
    from napari_bonemet.forecast.models.losses import Gaussian, kl_divergence

    torch.manual_seed(0)
    p, q = (Gaussian(torch.randn(4, 2, 3), torch.randn(4, 2, 3)) for _ in range(2))

    def normal(g):
        return torch.distributions.Normal(g.mean, torch.exp(0.5 * g.log_variance))

    expected = torch.distributions.kl_divergence(normal(p), normal(q)).sum(-1).mean()
    assert torch.allclose(kl_divergence(p, q), expected, rtol=1e-5)
    assert kl_divergence(p, p).abs() < 1e-6


def test_edge_aware_loss_by_another_way() -> None:
    from napari_bonemet.forecast.models.losses import edge_aware_loss

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
