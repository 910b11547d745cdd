"""Where a forecast week comes to lie: a shift of the whole leg, whose size is learned from weeks that lie off."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from napari_bonemet.forecast.models.catalogue import build
from napari_bonemet.forecast.models.stvae import StvaeOptions
from napari_bonemet.forecast.models.stvae_losses import futures_score
from napari_bonemet.forecast.models.stvae_noise import NoiseOfLeg
from napari_bonemet.forecast.models.stvae_place_network import Place, moved, moved_in_torch, shifted
from napari_bonemet.forecast.network import NetworkForecaster
from napari_bonemet.torch_import import import_torch

torch = import_torch()

SHIFT = [[0.4, -0.7, 1.2], [-0.3, 0.0, 0.2]]
SMALL = StvaeOptions(crop=32, size=32, depth=8, width=8)


def smooth(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(shape)
    made = ndimage.gaussian_filter(noise, (0, 2, 2, 2))
    return np.asarray(made / made.std(), dtype=np.float32)


def test_volumes_move_as_splines_would_move_them() -> None:
    volumes = smooth((2, 24, 26, 28))
    mine_all = shifted(torch.from_numpy(volumes), torch.tensor(SHIFT)).numpy()
    inner = (slice(4, -4),) * 3
    for volume, mine, by in zip(volumes, mine_all, SHIFT, strict=True):
        spline = ndimage.shift(volume, by, order=3, mode="nearest")
        assert np.abs(mine - spline)[inner].max() < 0.05
        assert np.abs(volume - spline)[inner].max() > 0.3
    assert np.array_equal(shifted(torch.from_numpy(volumes), torch.zeros(2, 3)).numpy(), volumes)


@pytest.mark.parametrize("shift", [(0.0, 0.0, 0.0), (0.3, -0.7, 1.2), (-1.5, 1.5, -1.0), (3.0, -3.0, 0.5)])
def test_a_future_is_moved_as_in_training(shift: tuple[float, float, float]) -> None:
    volume, by = torch.from_numpy(smooth((1, 50, 12, 14))[0]), torch.tensor(shift)
    expected = shifted(volume[None], by[None])[0]
    made = torch.empty_like(volume)
    moved(volume, by, made)
    assert (made - expected).abs().max() < 1e-5
    assert (moved_in_torch(volume, by) - expected).abs().max() < 1e-5


def test_the_size_of_the_shift_is_learned_from_weeks_that_lie_off() -> None:
    true = 0.6
    volumes = torch.from_numpy(smooth((16, 16, 16, 16)))
    place, generator = Place(), torch.Generator().manual_seed(3)
    optimiser = torch.optim.Adam(place.parameters(), lr=0.05)
    for _ in range(150):
        truth, first, second = (torch.randn(16, 3, generator=generator) for _ in range(3))
        loss = futures_score(place(volumes, first), place(volumes, second), shifted(volumes, truth * true))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    # The score looks at voxels and pooled fields one by one: it knows how large the shift is, less along which axis.
    assert float(place.deviation.square().mean().sqrt().detach()) == pytest.approx(true, abs=0.12)


@pytest.mark.parametrize("objective", ["score", "elbo"])
def test_futures_of_a_leg_lie_off_by_what_was_learned_and_asked_for(objective: str) -> None:
    options = replace(SMALL, objective=objective)
    assert options.placed == (0.85 if objective == "score" else 1.0)
    places = np.stack([NoiseOfLeg(options, (8, 32, 32), seed).place.numpy()[0] for seed in range(400)])
    assert places.std(axis=0) == pytest.approx([options.placed] * 3, abs=0.1)
    network = build("stvae", replace(options, place_width=1.0)).eval()
    weeks = (60 + 40 * smooth((1, 12, 40, 40))).clip(0, 255).astype(np.uint8).repeat(3, 0)
    model = NetworkForecaster("stvae", network.options, network, (30.0,) * 3)
    drawn = model.sample(weeks, 2, np.random.default_rng(0))
    unplaced = replace(model, network=build("stvae", replace(options, place=False)).eval())
    unplaced.network.load_state_dict(network.state_dict(), strict=False)
    still = unplaced.sample(weeks, 2, np.random.default_rng(0))
    edges = (slice(3, -3),) * 3
    assert np.abs(still[0] - still[1])[edges].max() < 0.3 * np.abs(drawn[0] - drawn[1])[edges].max()
