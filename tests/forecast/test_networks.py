"""The networks beside T-VAE (2D), each as a forecaster: it learns, and what is saved is what was trained."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.fitting import fit_network
from napari_bonemet.forecast.forecaster import DETERMINISTIC
from napari_bonemet.forecast.models.catalogue import build, options_for, training_for
from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.forecast.network import SAMPLES_NOTE, NetworkForecaster
from napari_bonemet.forecast.registry import load_forecaster
from napari_bonemet.forecast.training_options import TrainingOptions
from napari_bonemet.progress import Cancelled
from napari_bonemet.torch_import import import_torch

from .discs import Listener, disc_leg, gain_db

torch = import_torch()


@dataclass(frozen=True)
class Trial:
    """A network small enough to learn the discs in seconds."""

    shape: dict[str, int]
    learning: dict[str, float]
    slices: int = 4

    def options(self, name: str) -> NetworkOptions:
        return replace(options_for(name), crop=32, size=32, **self.shape)

    def training(self, name: str) -> TrainingOptions:
        return replace(training_for(name), **self.learning)


_SLICES = {"epochs": 20, "batch": 12}
_BLOCKS = {"epochs": 12, "batch": 2, "kl_weight": 1e-6}
TRIALS = {
    "convlstm": Trial({"hidden": 16, "layers": 2}, _SLICES),
    "predrnn": Trial({"hidden": 16, "layers": 2}, _SLICES),
    "tvae-3d-dcgan": Trial({"depth": 16, "width": 4, "g_dim": 16, "hidden": 16, "z_dim": 3}, _BLOCKS, 16),
    "tvae-3d-unet": Trial({"depth": 16, "width": 4, "g_dim": 16, "hidden": 16, "z_dim": 3}, _BLOCKS, 16),
    "gan-3d": Trial({"depth": 16, "width": 4, "critic_width": 4}, _BLOCKS, 16),
}
ALL = tuple(TRIALS)
ONE_FUTURE = ("convlstm", "predrnn")
OF_VOLUMES = ("tvae-3d-dcgan", "tvae-3d-unet", "gan-3d")


@pytest.fixture(scope="module")
def trained():
    """Each network trained once, when it is first asked for."""
    made: dict[str, NetworkForecaster] = {}

    def train(name: str) -> NetworkForecaster:
        if name not in made:
            trial = TRIALS[name]
            legs = [disc_leg(seed, trial.slices) for seed in range(12)]
            made[name] = fit_network(name, legs, options=trial.options(name), training=trial.training(name))
        return made[name]

    return train


@pytest.mark.parametrize("name", ALL)
def test_it_learns_what_copying_cannot_know(trained, name: str) -> None:
    assert gain_db(trained(name), TRIALS[name].slices) > 1.5


@pytest.mark.parametrize("name", ALL)
def test_saved_and_loaded_it_draws_the_same(trained, name: str, tmp_path: Path) -> None:
    model, leg = trained(name), disc_leg(302, TRIALS[name].slices)
    loaded = load_forecaster(model.save(tmp_path / "net.safetensors"))
    assert isinstance(loaded, NetworkForecaster)
    assert (loaded.name, loaded.options, loaded.deterministic) == (name, model.options, model.deterministic)
    mine, theirs = (of.predict(leg, 3.0, samples=2, seed=1).mean.to_numpy() for of in (model, loaded))
    assert np.abs(mine - theirs).max() <= 2.0


@pytest.mark.parametrize("name", ONE_FUTURE)
def test_one_future_is_drawn_once_and_said_to_be_one(trained, name: str) -> None:
    model, leg = trained(name), disc_leg(303)
    assert model.deterministic
    listener = Listener()
    forecast = model.predict(leg, 3.0, samples=5, progress=listener)
    assert len(forecast.samples) == len(listener.items) == 1
    assert DETERMINISTIC in forecast.note
    assert "5 samples were asked for" in forecast.note
    assert SAMPLES_NOTE not in forecast.note
    drawn = model.sample(np.stack([scan.to_numpy() for scan in leg.until(3.0)]), 3, np.random.default_rng(0))
    assert drawn.shape == (3, 4, 36, 36)
    assert np.array_equal(drawn[0], drawn[2])
    assert np.abs(drawn[0] - forecast.mean.to_numpy()).max() <= 0.5


@pytest.mark.parametrize("name", ["tvae-3d-dcgan", "tvae-3d-unet", "gan-3d"])
def test_other_noise_makes_another_future_and_the_same_noise_the_same(trained, name: str) -> None:
    model, leg = trained(name), disc_leg(304, 16).until(3.0)
    assert not model.deterministic
    weeks = np.stack([scan.to_numpy() for scan in leg])
    drawn = model.sample(weeks, 2, np.random.default_rng(5))
    assert np.array_equal(drawn, model.sample(weeks, 2, np.random.default_rng(5)))
    # A GAN that has hardly learned hardly heeds its noise: what is asked for is more than rounding.
    assert np.abs(drawn[0] - drawn[1]).max() > 1e-3


@pytest.mark.parametrize("name", OF_VOLUMES)
def test_blocks_along_a_long_leg_meet_without_a_jump(trained, name: str) -> None:
    model, leg = trained(name), disc_leg(305, 40)
    drawn = model.predict(leg, 3.0, samples=1).samples[0].to_numpy().astype(float)
    changed = (drawn - leg.at_week(2.0).to_numpy()).mean(axis=(1, 2))
    # Where the leg ends, the network itself draws worse; blocks meet further inside, at slices 12 to 28.
    steps = np.abs(np.diff(changed[8:-8]))
    assert np.abs(changed).max() > 1
    assert steps.max() < 0.3 * np.abs(changed).max()


@pytest.mark.parametrize("name", OF_VOLUMES)
def test_a_leg_shorter_than_a_block_is_drawn(trained, name: str) -> None:
    leg = disc_leg(306, 5)
    assert trained(name).predict(leg, 3.0).mean.shape == (5, 36, 36)


@pytest.mark.parametrize("name", OF_VOLUMES)
def test_a_depth_that_halves_badly_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="depth cannot be used"):
        build(name, replace(TRIALS[name].options(name), depth=24))


@pytest.mark.parametrize("name", OF_VOLUMES)
def test_four_volumes_of_48_slices_are_the_default(name: str) -> None:
    assert options_for(name).depth == 48
    assert training_for(name).batch == 4
    assert training_for(name, TrainingOptions(batch=7)).batch == 7
    assert training_for("tvae").batch == 48


@pytest.mark.parametrize("name", ["convlstm", "tvae-3d-dcgan", "gan-3d"])
def test_a_training_that_was_stopped_goes_on_to_the_same_network(name: str, tmp_path: Path) -> None:
    trial, kept = TRIALS[name], tmp_path / "training.safetensors"
    legs = [disc_leg(seed, trial.slices) for seed in range(4)]
    options, brief = trial.options(name), replace(trial.training(name), epochs=4, batch=2)
    whole = fit_network(name, legs, options=options, training=brief)
    with pytest.raises(Cancelled):
        fit_network(name, legs, options=options, training=brief, resume=kept, progress=Listener(stop_at=3))
    resumed = fit_network(name, legs, options=options, training=brief, resume=kept)
    assert [each["loss"] for each in resumed.training["history"]] == [
        each["loss"] for each in whole.training["history"]
    ]
    leg = disc_leg(310, trial.slices)
    mine, theirs = (of.predict(leg, 3.0).mean.to_numpy() for of in (resumed, whole))
    assert np.array_equal(mine, theirs)


@pytest.mark.parametrize("name", ALL)
def test_half_precision_learns_the_same(name: str) -> None:
    trial = TRIALS[name]
    legs, held_out = ([disc_leg(seed, trial.slices) for seed in some] for some in ((0, 1, 2), (100,)))
    made = [
        fit_network(
            name,
            legs,
            options=trial.options(name),
            training=replace(trial.training(name), epochs=2, batch=2, half_precision=half),
            validation=held_out,
        )
        for half in (True, False)
    ]
    half, full = ([each["loss"] for each in model.training["history"]] for model in made)
    assert half == pytest.approx(full, rel=0.15)
    assert half != full
    gains = [model.training["validation_gain_db"] for model in made]
    assert gains[0] == pytest.approx(gains[1], abs=0.5)
    assert all(parameter.dtype == torch.float32 for parameter in made[0].network.parameters())
