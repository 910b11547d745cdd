"""The trained T-VAE as a forecaster: it learns, its samples differ, and what is saved is what was trained."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import load_checkpoint, save_checkpoint
from napari_bonemet.forecast.fitting import fit_network
from napari_bonemet.forecast.models.tvae import TvaeOptions
from napari_bonemet.forecast.network import SAMPLES_NOTE, NetworkForecaster
from napari_bonemet.forecast.registry import forecaster_names, load_forecaster
from napari_bonemet.forecast.training_options import EpochReport, TrainingOptions
from napari_bonemet.progress import Cancelled
from napari_bonemet.scan import Kind, Scan

from .discs import Listener, disc_leg, gain_db

TINY = TvaeOptions(width=8, g_dim=16, hidden=16, z_dim=3, crop=32, size=32)
QUICK = TrainingOptions(epochs=25, batch=12, kl_warmup=0.5, kl_weight=1e-6)


@pytest.fixture(scope="module")
def trained() -> tuple[NetworkForecaster, Listener]:
    listener = Listener()
    legs = [disc_leg(seed) for seed in range(12)]
    model = fit_network(
        "tvae-gate", legs, options=TINY, training=QUICK, validation=[disc_leg(100), disc_leg(101)], progress=listener
    )
    return model, listener


def test_it_learns_what_copying_cannot_know(trained) -> None:
    assert gain_db(trained[0]) > 2.0


def test_every_epoch_is_told(trained) -> None:
    model, listener = trained
    reports = [item for item in listener.items if isinstance(item, EpochReport)]
    assert [each.epoch for each in reports] == list(range(1, len(reports) + 1))
    assert reports[-1].reconstruction < 0.5 * reports[0].reconstruction
    assert model.training["validation_gain_db"] == pytest.approx(max(r.validation_gain_db for r in reports), abs=1e-3)
    assert model.training["validation_animals"] == ["s100", "s101"]
    assert model.training["animals"] == 12
    assert model.synthetic


def test_futures_differ_and_are_handed_over_as_they_are_drawn(trained) -> None:
    model, _ = trained
    listener = Listener()
    forecast = model.predict(disc_leg(300), 3.0, samples=5, seed=4, progress=listener)
    assert [item for item in listener.items if isinstance(item, Scan)] == list(forecast.samples)
    lost = [np.count_nonzero(sample.to_numpy() < 75) for sample in forecast.samples]
    assert len(set(lost)) == 5
    assert forecast.spread.to_numpy().max() > 5
    assert SAMPLES_NOTE in forecast.note
    assert "synthetic" in forecast.note
    assert all(sample.kind is Kind.PREDICTION and sample.week == 3.0 for sample in forecast.samples)
    again = model.predict(disc_leg(300), 3.0, samples=5, seed=4)
    other = model.predict(disc_leg(300), 3.0, samples=5, seed=5)
    for mine, same, different in zip(forecast.samples, again.samples, other.samples, strict=True):
        assert np.array_equal(mine.to_numpy(), same.to_numpy())
        assert not np.array_equal(mine.to_numpy(), different.to_numpy())


def test_a_sample_can_be_stopped(trained) -> None:
    listener = Listener(stop_at=2)
    with pytest.raises(Cancelled):
        trained[0].predict(disc_leg(300), 3.0, samples=5, progress=listener)
    assert len(listener.items) == 2


def test_the_week_itself_is_never_looked_at(trained) -> None:
    leg = disc_leg(301)
    blank = leg.map(lambda s: s if s.week != 3.0 else replace(s, voxels=np.zeros_like(s.to_numpy())))
    mine, other = (trained[0].predict(of, 3.0).mean.to_numpy() for of in (leg, blank))
    assert np.array_equal(mine, other)


def test_saved_and_loaded_it_draws_the_same(trained, tmp_path: Path) -> None:
    model, leg = trained[0], disc_leg(302)
    loaded = load_forecaster(model.save(tmp_path / "net.safetensors"))
    assert isinstance(loaded, NetworkForecaster)
    assert loaded.name == "tvae-gate"
    assert loaded.options == model.options
    assert dict(loaded.training) == dict(model.training)
    assert loaded.synthetic
    mine, theirs = (of.predict(leg, 3.0, samples=2).mean.to_numpy() for of in (model, loaded))
    assert np.abs(mine - theirs).max() <= 2.0
    header = load_checkpoint(tmp_path / "net.safetensors").header()
    assert header["trained_on"] == "synthetic legs"
    assert header["input_kind"] == "grey"
    assert header["spacing_um"] == [30.0, 30.0, 30.0]


def test_weights_that_do_not_fit_are_refused(trained, tmp_path: Path) -> None:
    whole = trained[0].checkpoint()
    some = dict(whole.tensors)
    name, tensor = next((n, t) for n, t in some.items() if t.ndim == 4)
    broken = {
        "no ": {n: t for n, t in some.items() if n != name},
        "stray": {**some, "more": tensor},
        "shape": {**some, name: tensor[:1]},
        "finite": {**some, name: np.full_like(tensor, np.nan)},
    }
    for words, tensors in broken.items():
        path = save_checkpoint(replace(whole, tensors=tensors), tmp_path / f"{words.strip()}.safetensors")
        with pytest.raises(InputError, match=words):
            load_forecaster(path)


def test_what_it_cannot_forecast_from_is_said(trained) -> None:
    model, leg = trained[0], disc_leg(303)
    with pytest.raises(InputError, match="cannot forecast week 2"):
        model.predict(leg, 2.0)
    composite = leg.map(lambda scan: replace(scan, kind=Kind.COMPOSITE))
    with pytest.raises(InputError, match="cannot be forecast from"):
        model.predict(composite, 3.0)
    empty = leg.map(lambda scan: replace(scan, voxels=np.zeros((4, 36, 36), np.uint8)))
    with pytest.raises(InputError, match="no bone"):
        model.predict(empty, 3.0)


def test_another_voxel_size_is_brought_to_its_own(trained) -> None:
    leg = disc_leg(304)
    fine = leg.map(
        lambda s: replace(s, voxels=np.repeat(np.repeat(s.to_numpy(), 2, 1), 2, 2), spacing=(30.0, 15.0, 15.0))
    )
    forecast = trained[0].predict(fine, 3.0, samples=2)
    assert "resampled to the 30 µm" in forecast.note
    assert forecast.mean.shape == (4, 72, 72)
    coarse = trained[0].predict(leg, 3.0, samples=2).mean.to_numpy()
    back = forecast.mean.to_numpy().reshape(4, 36, 2, 36, 2).mean((2, 4))
    assert np.abs(back - coarse).mean() < 4


def test_a_slice_larger_than_the_square_is_tiled_without_seams(trained) -> None:
    leg = disc_leg(305)
    wide = leg.map(lambda s: replace(s, voxels=np.concatenate([s.to_numpy(), s.to_numpy()[:, :, ::-1]], axis=2)))
    forecast = trained[0].predict(wide, 3.0, samples=1).samples[0].to_numpy().astype(float)
    last = wide.at_week(2.0).to_numpy().astype(float)
    assert forecast.shape == last.shape
    left, right = (np.abs(forecast - last)[:, :, half].mean() for half in (slice(0, 36), slice(36, 72)))
    assert left > 1
    assert right > 1


def test_both_networks_are_offered_by_name() -> None:
    assert {"tvae", "tvae-gate"} <= set(forecaster_names())


def test_the_printed_output_learns_too() -> None:
    options = replace(TINY, output="sigmoid")
    model = fit_network("tvae", [disc_leg(seed) for seed in range(8)], options=options, training=QUICK)
    assert model.name == "tvae"
    assert model.training["validation_gain_db"] is None
    leg = disc_leg(306)
    mean = model.predict(leg, 3.0, samples=2).mean.to_numpy()
    assert np.corrcoef(mean.ravel(), leg.at_week(3.0).to_numpy().ravel())[0, 1] > 0.75


def test_training_stops_by_the_clock_and_by_cancel() -> None:
    legs = [disc_leg(0)]
    short = replace(QUICK, epochs=10_000, minutes=0.02)
    model = fit_network("tvae-gate", legs, options=TINY, training=short)
    assert 0 < model.training["epochs"] < 10_000
    with pytest.raises(Cancelled):
        fit_network("tvae-gate", legs, options=TINY, training=QUICK, progress=Listener(stop_at=2))


def test_legs_without_enough_weeks_are_passed_over_or_refused() -> None:
    leg, short = disc_leg(0), disc_leg(1).until(3.0)
    model = fit_network("tvae-gate", [leg, short], options=TINY, training=replace(QUICK, epochs=1))
    assert model.training["legs_passed_over"] == 1
    with pytest.raises(InputError, match="nothing to train"):
        fit_network("tvae-gate", [short], options=TINY, training=QUICK)


def test_a_training_that_was_stopped_goes_on_to_the_same_network(tmp_path: Path) -> None:
    legs, brief = [disc_leg(seed) for seed in range(6)], replace(QUICK, epochs=4)
    whole = fit_network("tvae-gate", legs, options=TINY, training=brief)
    kept = tmp_path / "training.safetensors"
    with pytest.raises(Cancelled):
        fit_network("tvae-gate", legs, options=TINY, training=brief, resume=kept, progress=Listener(stop_at=3))
    again = Listener()
    resumed = fit_network("tvae-gate", legs, options=TINY, training=brief, resume=kept, progress=again)
    assert [item.epoch for item in again.items] == [3, 4]
    assert [each["loss"] for each in resumed.training["history"]] == [
        each["loss"] for each in whole.training["history"]
    ]
    leg = disc_leg(310)
    mine, theirs = (of.predict(leg, 3.0).mean.to_numpy() for of in (resumed, whole))
    assert np.array_equal(mine, theirs)
    with pytest.raises(InputError, match="other options"):
        fit_network("tvae-gate", legs, options=TINY, training=replace(brief, batch=7), resume=kept)


def test_a_training_that_goes_on_knows_which_network_was_best(tmp_path: Path) -> None:
    legs, strangers = [disc_leg(seed) for seed in range(6)], [disc_leg(100)]
    brief, kept = replace(QUICK, epochs=4), tmp_path / "training.safetensors"
    whole = fit_network("tvae-gate", legs, options=TINY, training=brief, validation=strangers)
    with pytest.raises(Cancelled):
        fit_network(
            "tvae-gate",
            legs,
            options=TINY,
            training=brief,
            validation=strangers,
            resume=kept,
            progress=Listener(stop_at=3),
        )
    resumed = fit_network("tvae-gate", legs, options=TINY, training=brief, validation=strangers, resume=kept)
    assert resumed.training["best_epoch"] == whole.training["best_epoch"]
    assert resumed.training["validation_gain_db"] == whole.training["validation_gain_db"]


def test_finishing_now_keeps_what_there_is() -> None:
    class Impatient(Listener):
        def wants_end(self) -> bool:
            return len(self.items) == 2

    model = fit_network("tvae-gate", [disc_leg(0)], options=TINY, training=QUICK, progress=Impatient())
    assert model.training["epochs"] == 2


def test_further_ahead_is_less_sure(trained) -> None:
    model, leg = trained[0], disc_leg(311).until(3.0)
    near, far = (model.predict(leg, week, samples=4, seed=2) for week in (3.0, 5.0))
    assert far.samples[0].week == 5.0
    assert "3 forecasts in a row" in far.note
    assert far.spread.to_numpy().mean() > near.spread.to_numpy().mean()
    assert far.mean.to_numpy().mean() < near.mean.to_numpy().mean()


def test_samples_of_plain_volumes(trained) -> None:
    model, leg = trained[0], disc_leg(312).until(3.0)
    weeks = np.stack([scan.to_numpy() for scan in leg])
    drawn = model.sample(weeks, 3, np.random.default_rng(5))
    assert drawn.shape == (3, 4, 36, 36)
    assert drawn.dtype == np.float32
    assert np.array_equal(drawn, model.sample(weeks, 3, np.random.default_rng(5)))
    assert np.abs(drawn[0] - drawn[1]).max() > 5
    with pytest.raises(InputError, match="another number of weeks"):
        model.sample(weeks[:2], 1, np.random.default_rng(5))


def test_a_network_that_is_told_the_time_takes_uneven_weeks() -> None:
    legs = [disc_leg(seed) for seed in range(6)]
    options, training = replace(TINY, time=True), replace(QUICK, epochs=6, loose=0.5)
    model = fit_network("tvae-gate", legs, options=options, training=training)
    leg = disc_leg(313)
    gap = model.predict(leg.select((0.0, 2.0)), 3.0)
    assert gap.samples[0].week == 3.0
    longer = model.predict(leg.select((0.0, 1.0)), 2.0)
    assert not np.array_equal(gap.mean.to_numpy(), longer.mean.to_numpy())
