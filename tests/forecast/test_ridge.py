"""Ridge regression: recovers what is there, looks at nothing that is to come, beats copying."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import load_checkpoint
from napari_bonemet.forecast.patches import correlate_weeks, near_bone, patch_features
from napari_bonemet.forecast.ridge import RidgeForecaster, RidgeOptions, RidgeWithinLeg
from napari_bonemet.metrics.similarity import psnr
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.phantom.sample import training_legs
from napari_bonemet.progress import Cancelled
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

LOPSIDED = RidgeOptions(weeks_seen=2, patch=3, symmetric=False, margin=1, bone_threshold=10)
EVEN = replace(LOPSIDED, symmetric=True)


class Poison:
    """Voxels that nobody may look at."""

    shape = (8, 24, 26)
    dtype = np.dtype(np.uint8)
    ndim = 3

    def __getitem__(self, key: object) -> np.ndarray:
        raise AssertionError("looked at the week that is to be forecast")

    def __array__(self, *_: object, **__: object) -> np.ndarray:
        raise AssertionError("looked at the week that is to be forecast")


def poisoned(leg: ScanSeries, *weeks: float) -> ScanSeries:
    return leg.map(lambda scan: replace(scan, voxels=Poison()) if scan.week in weeks else scan)


def linear_legs(make_leg, kernels: np.ndarray, constant: float) -> list[ScanSeries]:
    """Legs of three weeks of unrelated greys whose third week is the second plus a linear function of the patch."""
    legs = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        first, second = (rng.uniform(60, 160, (6, 12, 13)) for _ in range(2))
        third = second + constant
        for volume, kernel in zip((first, second), kernels, strict=True):
            third = third + ndimage.correlate(volume, kernel, mode="nearest")
        legs.append(make_leg([first, second, third], subject=str(seed)))
    return legs


def test_a_linear_future_is_recovered_to_its_coefficients(make_leg) -> None:
    kernels = np.random.default_rng(5).normal(scale=0.05, size=(2, 1, 3, 3))
    legs = linear_legs(make_leg, kernels, -3.0)
    model = RidgeForecaster.fit(legs, options=LOPSIDED)
    assert model.kernels == pytest.approx(kernels, abs=1e-5)
    assert model.intercept == pytest.approx(-3.0, abs=1e-3)
    unseen = linear_legs(make_leg, kernels, -3.0)[2]
    made = model.predict(unseen, 2).mean.to_numpy()
    assert made == pytest.approx(unseen.at_week(2).to_numpy(), abs=0.01)


def test_a_symmetric_future_is_recovered_with_a_weight_per_distance(make_leg) -> None:
    plane = np.array([[0.01, -0.05, 0.01], [-0.05, -0.1, -0.05], [0.01, -0.05, 0.01]])
    kernels = np.stack([plane, 0.5 * plane])[:, None]
    model = RidgeForecaster.fit(linear_legs(make_leg, kernels, 0.0), options=EVEN)
    assert model.kernels == pytest.approx(kernels, abs=1e-5)


def test_symmetry_forgets_a_shift_that_the_training_legs_share(make_leg) -> None:
    rng = np.random.default_rng(1)
    volume = rng.uniform(60, 160, (6, 12, 13))
    leg = make_leg([volume, volume, np.roll(volume, 1, axis=2)])
    kernel = RidgeForecaster.fit([leg], options=EVEN).kernels
    assert kernel == pytest.approx(kernel[..., ::-1], abs=1e-12)
    assert kernel == pytest.approx(np.swapaxes(kernel, 2, 3), abs=1e-12)
    lopsided = RidgeForecaster.fit([leg], options=LOPSIDED).kernels
    assert np.abs(lopsided - lopsided[..., ::-1]).max() > 0.1


def test_patches_and_correlation_are_the_same_model() -> None:
    rng = np.random.default_rng(0)
    volumes = [rng.uniform(0, 255, (5, 7, 8)) for _ in range(2)]
    kernels = rng.normal(size=(2, 3, 5, 5))
    places = np.argwhere(np.ones((5, 7, 8), bool))
    told = patch_features(volumes, places, (3, 5, 5)) @ kernels.ravel()
    assert correlate_weeks(volumes, kernels).ravel() == pytest.approx(told, rel=1e-3, abs=0.02)


def test_far_from_bone_the_last_week_is_copied(make_leg) -> None:
    rng = np.random.default_rng(0)
    volumes = [rng.uniform(0, 40, (70, 14, 14)) for _ in range(4)]
    for week, volume in enumerate(volumes):
        volume[20:50, 5:9, 5:9] = 200 - 20 * week
    leg = make_leg(volumes)
    made = RidgeForecaster.fit([leg]).predict(leg, 3).mean.to_numpy()
    gate = near_bone(volumes[:3], 75, 2)
    assert gate[18, 6, 6]
    assert not gate[17, 6, 6]
    np.testing.assert_array_equal(made[~gate], volumes[2][~gate].astype(np.float32))
    assert np.abs(made - volumes[2])[gate].mean() > 1


def test_slabs_leave_no_seam(make_leg, monkeypatch: pytest.MonkeyPatch, fading_leg) -> None:
    legs = [fading_leg(seed) for seed in range(3)]
    model = RidgeForecaster.fit(legs, options=RidgeOptions(depth=3))
    whole = model.predict(legs[0], 3).mean.to_numpy()
    monkeypatch.setattr("napari_bonemet.forecast.ridge.SLAB_SLICES", 3)
    np.testing.assert_array_equal(model.predict(legs[0], 3).mean.to_numpy(), whole)


def test_unseen_legs_are_forecast_better_than_by_copying(fading_leg) -> None:
    model = RidgeForecaster.fit([fading_leg(seed) for seed in range(4)])
    for seed in (20, 21):
        leg = fading_leg(seed)
        truth, last = leg.at_week(3).to_numpy(), leg.at_week(2).to_numpy()
        assert psnr(model.predict(leg, 3).mean.to_numpy(), truth) > psnr(last, truth) + 3
    assert model.training["held_out_gain_near_bone_db"] > 3
    assert model.training["folds"] == [f"animals {n}" for n in range(1, 5)]


def test_the_week_to_be_forecast_is_never_looked_at(fading_leg) -> None:
    model = RidgeForecaster.fit([fading_leg(seed) for seed in range(3)])
    leg = fading_leg(7)
    expected = model.predict(leg.until(3), 3).mean.to_numpy()
    np.testing.assert_array_equal(model.predict(poisoned(leg, 3), 3).mean.to_numpy(), expected)
    alone = RidgeWithinLeg().predict(leg.until(3), 3).mean.to_numpy()
    np.testing.assert_array_equal(RidgeWithinLeg().predict(poisoned(leg, 3), 3).mean.to_numpy(), alone)
    with pytest.raises(AssertionError, match="looked at"):
        model.predict(poisoned(leg, 2), 3)


def test_within_a_leg_earlier_weeks_teach_and_the_penalty_is_chosen_across_weeks(fading_leg) -> None:
    leg = fading_leg(3)
    model = RidgeForecaster.fit_within(leg, 3)
    assert model.options.weeks_seen == 1
    assert model.training["targets"] == [1, 2]
    assert model.training["folds"] == ["week 1", "week 2"]
    truth, last = leg.at_week(3).to_numpy(), leg.at_week(2).to_numpy()
    assert psnr(model.predict(leg, 3).mean.to_numpy(), truth) > psnr(last, truth) + 2
    assert RidgeForecaster.fit_within(fading_leg(3, weeks=5), 4).options.weeks_seen == 2
    assert RidgeForecaster.fit_within(leg, 2).training["folds"] == [f"slab {n}" for n in range(1, 5)]
    with pytest.raises(InputError, match="too few scans before week 1"):
        RidgeForecaster.fit_within(leg, 1)


def test_where_nothing_can_be_learned_the_last_week_is_copied(make_leg) -> None:
    rng = np.random.default_rng(0)
    bone = rng.uniform(60, 160, (6, 12, 13))
    change = [bone, bone + 10, bone - 10, bone + 10]
    leg = make_leg(change)
    model = RidgeForecaster.fit_within(leg, 3)
    assert str(model.training["penalty"]).startswith("infinite")
    np.testing.assert_array_equal(model.predict(leg, 3).mean.to_numpy(), change[2].astype(np.float32))


def test_missing_weeks_and_gaps_are_refused_by_name(fading_leg, make_leg) -> None:
    model = RidgeForecaster.fit([fading_leg(seed) for seed in range(3)])
    leg = fading_leg(4)
    with pytest.raises(InputError, match=r"scans of weeks 0, 1, 2.*found weeks 0, 2"):
        model.predict(leg.select([0, 2]), 3)
    with pytest.raises(InputError, match="scans of weeks 2, 3, 4"):
        model.predict(leg, 5)
    volumes = [scan.to_numpy() for scan in leg]
    fortnightly = make_leg(volumes, weeks=[0, 2, 4, 6])
    with pytest.raises(InputError, match="nothing to fit"):
        RidgeForecaster.fit([fortnightly])
    slow = RidgeForecaster.fit([fortnightly, fortnightly], options=RidgeOptions(gap_weeks=2))
    assert slow.predict(fortnightly, 6).mean.week == 6
    late = make_leg(volumes, weeks=[0, 1.0 + 1 / 7, 2, 3])
    assert model.predict(late, 3).mean.week == 3


def test_other_voxel_sizes_and_empty_legs_are_refused(fading_leg, make_leg) -> None:
    model = RidgeForecaster.fit([fading_leg(seed) for seed in range(2)])
    coarse = fading_leg(3).map(lambda scan: replace(scan, spacing=(21.0, 21.0, 21.0)))
    with pytest.raises(InputError, match="another voxel size"):
        model.predict(coarse, 3)
    with pytest.raises(InputError, match="another voxel size"):
        RidgeForecaster.fit([fading_leg(1), coarse])
    with pytest.raises(InputError, match="no bone"):
        RidgeForecaster.fit([make_leg([np.zeros((4, 9, 9), np.uint8)] * 4)])
    with pytest.raises(InputError, match="no centre"):
        RidgeOptions(patch=4)


def test_legs_with_too_few_weeks_are_passed_over_and_counted(fading_leg) -> None:
    model = RidgeForecaster.fit([fading_leg(1), fading_leg(2, weeks=3), fading_leg(3)])
    assert model.training["legs"] == ["s1 left tibia", "s3 left tibia"]
    assert model.training["legs_passed_over"] == 1


def test_both_legs_of_an_animal_are_left_out_together(fading_leg) -> None:
    legs = [fading_leg(seed, subject=f"a{seed % 2}") for seed in range(4)]
    assert RidgeForecaster.fit(legs).training["folds"] == ["animals 1", "animals 2"]
    one_animal = [fading_leg(seed, subject="a") for seed in range(3)]
    assert RidgeForecaster.fit(one_animal).training["folds"] == ["legs 1", "legs 2", "legs 3"]


def test_the_checkpoint_says_what_it_takes_and_where_it_comes_from(fading_leg, tmp_path: Path) -> None:
    model = RidgeForecaster.fit([fading_leg(seed) for seed in range(2)])
    kept = load_checkpoint(model.save(tmp_path / "r.safetensors"))
    assert (kept.name, kept.input_kind, kept.spacing, kept.weeks) == ("ridge", "grey", (10.6, 10.0, 10.0), (-3, -2, -1))
    assert kept.synthetic
    assert "synthetic" in model.predict(fading_leg(5), 3).note
    with pytest.raises(InputError, match="do not fit"):
        RidgeForecaster.from_checkpoint(replace(kept, tensors={"kernels": np.zeros(3), "intercept": np.zeros(1)}))
    with pytest.raises(InputError, match="another model"):
        RidgeForecaster.from_checkpoint(replace(kept, name="tvae"))


class StopAtOnce:
    def advance(self, *_: float) -> None: ...

    def message(self, *_: str) -> None: ...

    def check(self) -> None:
        raise Cancelled


def test_fitting_and_forecasting_can_be_stopped(fading_leg) -> None:
    with pytest.raises(Cancelled):
        RidgeForecaster.fit([fading_leg(1)], progress=StopAtOnce())
    with pytest.raises(Cancelled):
        RidgeForecaster.fit([fading_leg(1)]).predict(fading_leg(1), 3, progress=StopAtOnce())


def test_the_same_seed_gives_the_same_model(fading_leg) -> None:
    few = RidgeOptions(voxels=500)
    legs = [fading_leg(1), fading_leg(2)]
    first, again = (RidgeForecaster.fit(legs, options=few) for _ in range(2))
    np.testing.assert_array_equal(first.kernels, again.kernels)
    other = RidgeForecaster.fit(legs, options=replace(few, seed=1))
    assert not np.array_equal(first.kernels, other.kernels)
    assert first.training["voxels"] == 1000
    assert math.isfinite(first.intercept)
    assert isinstance(legs[0][0], Scan)


def test_unseen_synthetic_animals_are_forecast_better_than_by_copying() -> None:
    """On average: a leg whose last two weeks happen to lie well on each other is copied better than foreseen."""
    coarse = LegOptions(shape=(16, 50, 50), spacing_um=60.0)
    model = RidgeForecaster.fit(training_legs(14, seed=3, options=coarse))
    gains = []
    for leg in training_legs(6, seed=4, options=coarse):
        truth, last = leg.at_week(3).to_numpy(), leg.at_week(2).to_numpy()
        gains.append(psnr(model.predict(leg.until(3), 3).mean.to_numpy(), truth) - psnr(last, truth))
    assert np.mean(gains) > 0.3
