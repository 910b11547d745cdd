"""Smoothed linear extrapolation: straight lines come back, gaps count as time, the choice beats copying."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import Checkpoint, save_checkpoint
from napari_bonemet.forecast.extrapolation import ExtrapolationForecaster, ExtrapolationOptions
from napari_bonemet.forecast.extrapolation_fit import beyond, slope
from napari_bonemet.forecast.registry import load_forecaster

EXACT = ExtrapolationOptions(level_width=0, trend_width=0, threshold=0, damping=1, line_weeks=26)


def ramp(weeks, make_leg):
    base, fall = np.full((4, 12, 12), 200.0, np.float32), np.linspace(0, 20, 12, dtype=np.float32)
    return make_leg([base - week * fall for week in weeks], weeks=weeks)


@pytest.mark.parametrize("weeks", [(0, 1, 2), (0, 2, 3), (1, 4)])
def test_a_straight_line_goes_on_whatever_the_gaps(weeks, make_leg) -> None:
    model = ExtrapolationForecaster(EXACT)
    made = model.predict(ramp(weeks, make_leg), 6).samples[0].to_numpy()
    np.testing.assert_allclose(made, ramp((6,), make_leg)[0].to_numpy(), atol=1e-3)


def test_one_week_alone_is_smoothed(make_leg) -> None:
    leg = ramp((2,), make_leg)
    assert np.array_equal(ExtrapolationForecaster(EXACT).predict(leg, 3).mean.to_numpy(), leg[0].to_numpy())


def test_only_the_last_weeks_are_in_the_line(make_leg) -> None:
    bent = make_leg([np.full((2, 4, 4), grey, np.float32) for grey in (0, 100, 90)])
    assert np.allclose(slope(bent.scans, 2), -10)
    assert np.allclose(slope(bent.scans, 3), 45)


def test_small_changes_are_taken_off() -> None:
    change = np.array([-30, -3, 0, 4, 12], np.float32)
    assert beyond(change, 5).tolist() == [-25, 0, 0, 0, 7]
    assert beyond(change, 0) is change


def test_what_was_chosen_beats_copying_on_others_and_comes_back_from_disk(fading_leg, tmp_path: Path) -> None:
    model = ExtrapolationForecaster.fit([fading_leg(seed) for seed in range(4)], most_legs=3)
    assert model.training["legs"] == ["s0 left tibia", "s2 left tibia", "s3 left tibia"]
    assert model.options.damping > 0.3, "the bone fades week by week"
    leg = fading_leg(9)
    truth, last = (leg[week].to_numpy().astype(float) for week in (3, 2))
    made = model.predict(leg.until(3), 3)
    errors = [float(np.mean((volume - truth) ** 2)) for volume in (made.mean.to_numpy(), last)]
    assert errors[0] < 0.75 * errors[1]
    assert model.training["mse_greys"] < model.training["copy_mse_greys"]
    again = load_forecaster(model.save(tmp_path / "e.safetensors"))
    assert isinstance(again, ExtrapolationForecaster)
    assert again.options == model.options
    assert np.array_equal(again.predict(leg.until(3), 3).mean.to_numpy(), made.mean.to_numpy())


def test_the_chosen_numbers_are_the_best_of_their_neighbours(fading_leg) -> None:
    legs = [fading_leg(seed) for seed in range(3)]
    model = ExtrapolationForecaster.fit(legs)

    def error(options: ExtrapolationOptions) -> float:
        made = ExtrapolationForecaster(options)
        runs = [(leg, week) for leg in legs for week in (2, 3)]
        return float(
            np.mean(
                [
                    np.mean((made.predict(leg.until(w), w).mean.to_numpy() - leg.at_week(w).to_numpy()) ** 2)
                    for leg, w in runs
                ]
            )
        )

    least, options = error(model.options), model.options
    for other in (options.damping - 0.2, min(1.5, options.damping + 0.2)):
        assert error(replace(options, damping=other)) >= least - 0.05


def test_what_cannot_be_chosen_or_saved_is_said(fading_leg, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="three scans"):
        ExtrapolationForecaster.fit([fading_leg(1, weeks=2)])
    with pytest.raises(InputError, match="not fitted"):
        ExtrapolationForecaster().save(tmp_path / "e.safetensors")
    fitted = ExtrapolationForecaster.fit([fading_leg(1)])
    with pytest.raises(InputError, match="another voxel size"):
        fitted.predict(fading_leg(2).map(lambda scan: replace(scan, spacing=(20.0, 20.0, 20.0))), 3)
    other = Checkpoint("ridge", {}, {"a": np.zeros(1)}, "grey", (1.0, 1.0, 1.0), (-1.0,))
    with pytest.raises(InputError, match="another model"):
        ExtrapolationForecaster.load(save_checkpoint(other, tmp_path / "r.safetensors"))
