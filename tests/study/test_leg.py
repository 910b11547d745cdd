import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.errors import InputError, OutputError
from napari_bonemet.forecast.forecaster import Forecast
from napari_bonemet.forecast.output import read_forecast
from napari_bonemet.io import read_scan, read_transform
from napari_bonemet.phantom.leg import SyntheticLeg, make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.processing import register
from napari_bonemet.processing.register.result import RegistrationOptions
from napari_bonemet.progress import Cancelled
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.study import leg as chain
from napari_bonemet.study.common import cut_forecast_to, cut_to, seen_in_every_week
from napari_bonemet.study.device import choose_device
from napari_bonemet.study.forecasting import forecaster_for
from napari_bonemet.study.leg import LegStudy, StudyOptions, run_leg
from napari_bonemet.study.legs import run_legs
from napari_bonemet.study.write import write_leg

OPTIONS = StudyOptions(
    registration=RegistrationOptions(levels=2, iterations=40, sampling=10_000), perceptual=False, forecaster="ridge"
)
SMALL = LegOptions(
    shape=(24, 50, 50), spacing_um=60.0, seed=4, subject="871", pose_degrees=2.0, turn_degrees=4.0, pose_voxels=1.0
)


class Listener:
    """Remembers what it is told; asks to stop at the first message that holds `stop`."""

    def __init__(self, stop: str = "never") -> None:
        self.fractions: list[float] = []
        self.messages: list[str] = []
        self.stop = stop

    def advance(self, fraction: float) -> None:
        self.fractions.append(fraction)

    def message(self, text: str) -> None:
        self.messages.append(text)

    def check(self) -> None:
        if any(self.stop in text for text in self.messages):
            raise Cancelled


@pytest.fixture(scope="module")
def leg() -> SyntheticLeg:
    return make_leg(SMALL)


@pytest.fixture(scope="module")
def heard() -> Listener:
    return Listener()


@pytest.fixture(scope="module")
def study(leg: SyntheticLeg, heard: Listener) -> LegStudy:
    return run_leg(leg.series, options=OPTIONS, progress=heard)


def test_the_chain_finds_what_the_generator_did(study: LegStudy, leg: SyntheticLeg) -> None:
    assert study.registration is not None
    assert [quality.verdict for quality in study.registration.quality] == ["good"] * 4
    assert [week for week, _ in study.composites] == [1, 2, 3]
    lost = [result.volumes.resorbed_mm3 for _, result in study.composites]
    truth = [np.count_nonzero(leg.truth.bone[0] & ~bone) * 0.06**3 for bone in leg.truth.bone[1:]]
    assert lost[2] > lost[0]
    assert lost[2] == pytest.approx(truth[2], rel=0.5)
    assert study.scores is not None
    assert study.scores.model == "ridge"
    assert study.forecast is not None
    assert study.forecast.week == 3


def test_a_forecast_never_sees_the_week_it_forecasts(study: LegStudy, leg: SyntheticLeg) -> None:
    registered = study.registered
    other = replace(registered[3], voxels=255 - registered[3].to_numpy())
    changed = ScanSeries((*registered.scans[:3], other))
    # The same box: it depends on the baseline's bone and on what was scanned, not on what is in the truth.
    again = run_leg(changed, options=OPTIONS)
    assert study.forecast is not None
    assert again.forecast is not None
    np.testing.assert_array_equal(again.forecast.mean.to_numpy(), study.forecast.mean.to_numpy())
    assert again.scores is not None
    assert study.scores is not None
    assert again.scores.psnr < study.scores.psnr


def test_progress_only_grows_and_names_the_steps(study: LegStudy, heard: Listener) -> None:
    assert study.leg == "871 left tibia"
    assert heard.fractions == sorted(heard.fractions)
    assert heard.fractions[-1] == 1.0
    assert 0.3 < sum(fraction < 0.6 for fraction in heard.fractions) / len(heard.fractions) < 1
    text = " ".join(heard.messages)
    for wanted in ("registering", "bone lost and formed", "forecasting week 3", "scoring", "drawing"):
        assert wanted in text


def test_notes_say_what_the_reader_must_know(study: LegStudy) -> None:
    text = " ".join(study.notes)
    assert "synthetic data" in text
    assert "fitted to this leg's own 3 earlier weeks" in text


def test_what_is_written_can_be_read_again(study: LegStudy, leg: SyntheticLeg, tmp_path: Path) -> None:
    files = write_leg(study, tmp_path, registered_weeks=True)
    folder = tmp_path / "871 left tibia"
    assert sorted(files) == sorted(folder.iterdir())
    assert study.registration is not None
    fixed = study.registration.series.baseline.grid
    moving = leg.series[2].grid
    found = read_transform(folder / "week 2.tfm", fixed=fixed, moving=moving)
    np.testing.assert_allclose(found([100.0, 500.0, 900.0]), study.registration.transforms[2]([100.0, 500.0, 900.0]))
    week = read_scan(folder / "week 2")
    np.testing.assert_array_equal(week.to_numpy(), study.registered[2].to_numpy())
    assert week.grid.matches(study.registered[2].grid)
    composite = read_scan(folder / "composite" / "week 3")
    assert composite.kind is Kind.COMPOSITE
    assert study.forecast is not None
    forecast = read_forecast(folder / "forecast.zarr")
    np.testing.assert_array_equal(forecast.mean.to_numpy(), study.forecast.mean.to_numpy())
    record = json.loads((folder / "record.json").read_text())
    assert StudyOptions.from_record(record["options"]) == OPTIONS
    assert len(record["sources"]) == 4


def test_coverage_survives_the_disk(study: LegStudy, tmp_path: Path) -> None:
    write_leg(study, tmp_path, registered_weeks=True)
    weeks = ScanSeries(tuple(read_scan(tmp_path / study.leg / f"week {week}") for week in range(4)))
    assert seen_in_every_week(weeks, 75.0).baseline.grid == study.common.baseline.grid


def test_nothing_is_replaced_or_merged_unasked(study: LegStudy, tmp_path: Path) -> None:
    place = tmp_path / "871 left tibia"
    place.mkdir()
    (place / "mine.txt").write_text("precious")
    with pytest.raises(OutputError, match="there already"):
        write_leg(study, tmp_path)
    assert [path.name for path in place.iterdir()] == ["mine.txt"]
    write_leg(study, tmp_path, overwrite=True)
    assert not (place / "mine.txt").exists()


@pytest.mark.parametrize("step", ["registering", "forecasting", "writing the composite"])
def test_a_cancelled_study_leaves_nothing(study: LegStudy, leg: SyntheticLeg, step: str, tmp_path: Path) -> None:
    def whole() -> None:
        listener = Listener(stop=step)
        done = (
            study
            if "writing" in step
            else run_leg(study.registered if step == "forecasting" else leg.series, options=OPTIONS, progress=listener)
        )
        write_leg(done, tmp_path, listener)

    with pytest.raises(Cancelled):
        whole()
    assert not list(tmp_path.iterdir())


def test_registered_weeks_are_not_registered_again(study: LegStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "register_weeks", lambda *_, **__: pytest.fail("registered again"))
    again = run_leg(study.registered, options=OPTIONS)
    assert again.registration is None
    assert again.scores is not None
    assert study.scores is not None
    assert again.scores.psnr == pytest.approx(study.scores.psnr)


def test_a_week_that_was_not_scanned_is_forecast_without_scores(study: LegStudy) -> None:
    again = run_leg(study.registered, options=replace(OPTIONS, target_week=4.0, forecaster="copy-last-week"))
    assert again.scores is None
    assert again.forecast is not None
    assert again.forecast.week == 4


def test_one_week_alone_has_no_forecast(leg: SyntheticLeg) -> None:
    alone = run_leg(ScanSeries((leg.series[0],)), options=OPTIONS)
    assert alone.forecast is None
    assert alone.composites == ()
    assert any("one week alone" in note for note in alone.notes)


def test_composites_are_no_input(study: LegStudy) -> None:
    series = ScanSeries(tuple(result.scan for _, result in study.composites))
    with pytest.raises(InputError, match="no grey scan"):
        run_leg(series)


def test_the_region_of_interest_is_cropped_where_asked(study: LegStudy) -> None:
    options = replace(OPTIONS, crop_to_roi=True, roi=replace(OPTIONS.roi, first_slice=6, slices=8))
    again = run_leg(study.registered, options=options)
    assert again.registered.baseline.shape[0] == 8
    assert again.composites[0][1].scan.shape[0] == 8
    assert any("slices 6 to 13" in note for note in again.notes)


def test_ridge_learns_from_other_animals_never_from_itself(study: LegStudy) -> None:
    other = study.common.map(lambda scan: replace(scan, subject="872"))
    seen = study.common.until(3)
    _, words = forecaster_for(seen, 3, OPTIONS, [other])
    assert words == "fitted to 1 other leg"
    with pytest.raises(InputError, match="cannot be forecast by what was trained on it"):
        forecaster_for(seen, 3, OPTIONS, [study.common])


def test_too_few_weeks_are_made_up_for_by_synthetic_legs_and_said(study: LegStudy) -> None:
    seen = ScanSeries((study.common[2],))
    model, words = forecaster_for(seen, 3, OPTIONS)
    assert "synthetic legs" in words
    assert model.predict(seen, 3).mean.grid.matches(seen.baseline.grid)


def test_several_legs_learn_from_each_other(study: LegStudy) -> None:
    other = study.registered.map(lambda scan: replace(scan, subject="872"))
    studies = list(run_legs([study.registered, other], options=OPTIONS))
    assert [done.leg for done in studies] == ["871 left tibia", "872 left tibia"]
    assert all("fitted to 1 other leg" in done.forecast.note for done in studies if done.forecast)


def test_a_leg_with_a_week_missing_teaches_nothing_and_stops_nobody(study: LegStudy) -> None:
    gap = study.registered.map(lambda scan: replace(scan, subject="872")).select([0, 1, 3])
    told: dict[str, str] = {}
    done = list(
        run_legs([study.registered, gap], options=OPTIONS, refused=lambda leg, error: told.update({leg: str(error)}))
    )
    assert [one.leg for one in done] == ["871 left tibia"]
    assert done[0].forecast is not None
    assert "own 3 earlier weeks" in done[0].forecast.note
    assert list(told) == ["872 left tibia"]
    assert "week 3" in told["872 left tibia"]
    with pytest.raises(InputError, match="872 left tibia"):
        list(run_legs([study.registered, gap], options=OPTIONS))


def test_cutting_keeps_places(study: LegStudy) -> None:
    assert study.forecast is not None
    part = study.common.baseline.grid.crop((slice(2, 9), slice(3, 30), slice(0, 20)))
    cut = cut_forecast_to(study.forecast, part)
    assert all(scan.grid.matches(part) for scan in (*cut.samples, cut.mean, cut.spread, cut.bone_probability))
    with pytest.raises(InputError, match="one grid"):
        cut_to(study.common.baseline, part.moved_to((0.0, 0.0, 7.0)))


class MeanGrey:
    """Forecasts the mean of what it sees: another box makes another future."""

    def predict(self, seen: ScanSeries, week: float, **_: object) -> Forecast:
        last = seen[-1]
        voxels = np.full(last.shape, last.to_numpy().mean(), np.float32)
        grey = replace(last, voxels=voxels, kind=Kind.PREDICTION, day=7 * week)
        return Forecast(week, "mean grey", 0, (grey,), grey, grey, grey)


def test_a_network_sees_the_weeks_whole_as_in_predict_and_in_the_panel(
    study: LegStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The edge of the box that every week saw is no edge of the bone: what comes out is cut to it, not what goes in."""
    monkeypatch.setattr(chain, "trained_network", lambda _: MeanGrey())
    found = run_leg(study.registered, options=OPTIONS).forecast
    assert found is not None
    assert found.mean.shape == study.common.baseline.shape != study.registered.baseline.shape
    whole = study.registered.until(3)[-1].to_numpy().mean()
    np.testing.assert_allclose(found.mean.to_numpy(), whole, rtol=1e-6)


def test_a_device_that_is_not_there_is_refused() -> None:
    import torch

    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") in ("cpu", "cuda", "mps")
    if not torch.backends.mps.is_available():
        with pytest.raises(InputError, match="mps"):
            choose_device("mps")
