"""Networks in the chain: several futures, the bone that they lose, the diagnosis of every week."""

import csv
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import binary_opening

from napari_bonemet.diagnose import registry as diagnose_registry
from napari_bonemet.diagnose.diagnosis import Diagnosis
from napari_bonemet.errors import InputError
from napari_bonemet.forecast import registry, shipped
from napari_bonemet.forecast.forecaster import Forecast, as_future, before, summarise
from napari_bonemet.forecast.output import read_forecast
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.processing import register
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.provenance import Step
from napari_bonemet.resample import resample
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.leg import LegStudy, run_leg
from napari_bonemet.study.options import StudyOptions
from napari_bonemet.study.summary import as_share, in_words
from napari_bonemet.study.write import write_leg

OPTIONS = StudyOptions(forecaster="tvae-gate", samples=3, diagnose=True, perceptual=False, device="cpu", seed=5)
VOXEL = 0.06**3


@dataclass(frozen=True)
class Eater:
    """Sample n takes the first slices away from the last week, eight times n of them."""

    used: list[str] = field(default_factory=list)
    name: str = "tvae-gate"
    deterministic: bool = False

    def on(self, device: str) -> "Eater":
        self.used.append(device)
        return self

    def predict(
        self, seen: ScanSeries, week: float, *, samples: int = 1, seed: int = 0, progress: Progress = NO_PROGRESS
    ) -> Forecast:
        progress.message("eating")
        last = before(seen, week)[-1]
        made = []
        for number in range(samples):
            voxels = last.to_numpy().copy()
            voxels[: 8 * number] = 0
            made.append(as_future(last, voxels, week, Step("forecast", {"seed": seed})))
        return summarise(made, week=week, model=self.name, seed=seed, note="Model samples, not confidence")


@dataclass(frozen=True)
class Opinion:
    """A lesion is as probable as the week is late; refuses what it is told to."""

    seen: list[Scan] = field(default_factory=list)
    refuses: str = "nothing"

    def classify(self, scan: Scan, *, progress: Progress = NO_PROGRESS) -> Diagnosis:
        progress.message("looking")
        if self.refuses in scan.title:
            raise InputError(f"{scan.title} cannot be looked at", remedy="Scan it again")
        self.seen.append(scan)
        week = scan.week or 0.0
        return Diagnosis(
            scan.subject,
            scan.side,
            week,
            "lesion-slices",
            week / 10,
            np.zeros(scan.shape[0], np.float32),
            0,
            True,
            True,
        )


@pytest.fixture(scope="module")
def weeks() -> ScanSeries:
    options = LegOptions(shape=(24, 50, 50), spacing_um=60.0, seed=4, subject="871", jitter_voxels=0.0)
    *earlier, last = make_leg(options).registered().scans
    # The last week misses both ends, which no other week may then count as seen.
    short = resample(last.crop((slice(3, -4), slice(None), slice(None))), last.grid)
    return ScanSeries((*earlier, short))


@pytest.fixture
def eater(monkeypatch: pytest.MonkeyPatch) -> Eater:
    registry.forecaster_names()
    made = Eater()
    monkeypatch.setitem(registry.FORECASTERS, "tvae-gate", lambda: made)
    return made


@pytest.fixture
def opinion(monkeypatch: pytest.MonkeyPatch) -> Opinion:
    made = Opinion()
    monkeypatch.setattr(diagnose_registry, "load_classifier", lambda *_, **__: made)
    return made


@pytest.fixture
def study(weeks: ScanSeries, eater: Eater, opinion: Opinion) -> LegStudy:
    return run_leg(weeks, options=OPTIONS)


def test_every_future_is_kept_with_the_bone_that_it_loses(study: LegStudy, eater: Eater) -> None:
    assert eater.used == ["cpu"]
    assert study.forecast is not None
    assert (len(study.forecast.samples), study.forecast.seed) == (3, 5)
    bone = study.common.at_week(2).to_numpy() > 75
    # The network sees the weeks whole; what it makes is cut to what every week saw.
    first = study.registered.baseline.grid.region_of(study.common.baseline.grid)[0].start
    taken = [bone & (first + np.arange(len(bone)) < 8 * number)[:, None, None] for number in range(3)]
    # What is thinner than three voxels does not count, as in the scores.
    thick = [np.count_nonzero(binary_opening(mask)) * VOXEL for mask in taken]
    assert 0 == thick[0] < thick[1] < thick[2] < np.count_nonzero(taken[2]) * VOXEL
    assert study.lost_mm3 == pytest.approx(thick)


def test_every_week_is_diagnosed_where_all_of_them_saw_the_bone(study: LegStudy, opinion: Opinion) -> None:
    assert [each.week for each in study.diagnoses] == [0, 1, 2, 3]
    assert study.common.baseline.shape[0] < study.registered.baseline.shape[0]
    assert all(scan.grid.matches(study.common.baseline.grid) for scan in opinion.seen)


def test_the_words_tell_what_came_out(study: LegStudy) -> None:
    futures, diagnosis = in_words(study)
    assert study.scores is not None
    low, high, true = 0.0, study.lost_mm3[2], study.scores.true_lost_mm3
    assert f"3 futures by tvae-gate lose {low:.3f} to {high:.3f} mm³ of bone since week 2" in futures
    assert f"the true week lost {true:.3f} mm³" in futures
    assert "research use" in futures
    assert "under 1 % in week 0, 10 % in week 1, 20 % in week 2, 30 % in week 3" in diagnosis
    assert "trained on synthetic legs, research use" in diagnosis
    assert [as_share(share) for share in (0.004, 0.0051, 0.994, 0.996)] == ["under 1 %", "1 %", "99 %", "over 99 %"]
    one = next(in_words(replace(study, lost_mm3=(0.5,), scores=None)))
    assert "1 future by tvae-gate loses 0.500 mm³" in one
    assert "the true week is not there" in one
    assert not list(in_words(replace(study, forecast=None, lost_mm3=(), diagnoses=())))


def test_futures_and_diagnoses_are_written(study: LegStudy, tmp_path: Path) -> None:
    write_leg(study, tmp_path)
    folder = tmp_path / study.leg
    assert len(read_forecast(folder / "forecast.zarr").samples) == 3
    with (folder / "diagnosis.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [(row["week"], row["probability"]) for row in table] == [
        ("0.0", "0.0"), ("1.0", "0.1"), ("2.0", "0.2"), ("3.0", "0.3"),
    ]  # fmt: skip
    # Of the slices that were looked at the first; the one of that height among those on the disk.
    heights = [scan.origin[0] for scan in (study.registered.baseline, study.common.baseline)]
    assert {row["slice"] for row in table} == {str(round((heights[1] - heights[0]) / 60))} == {"3"}
    record = json.loads((folder / "record.json").read_text())
    assert record["forecast"]["lost_mm3"] == pytest.approx(study.lost_mm3)
    assert record["forecast"]["true_lost_mm3"] == study.scores.true_lost_mm3 if study.scores else False
    assert [row["verdict"] for row in record["diagnoses"]] == ["no lesion"] * 4


def test_a_leg_that_cannot_be_diagnosed_has_all_else(
    weeks: ScanSeries, eater: Eater, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(diagnose_registry, "load_classifier", lambda *_, **__: Opinion(refuses="week 1"))
    study = run_leg(weeks, options=OPTIONS)
    assert study.diagnoses == ()
    assert study.scores is not None
    assert any("no diagnosis" in note and "week 1 cannot be looked at" in note for note in study.notes)
    assert not (write_leg(study, tmp_path)[0].parent / "diagnosis.csv").exists()


def test_nobody_is_diagnosed_unasked(weeks: ScanSeries, eater: Eater, opinion: Opinion) -> None:
    assert run_leg(weeks, options=replace(OPTIONS, diagnose=False)).diagnoses == ()
    assert not opinion.seen


@pytest.mark.parametrize(("forecaster", "diagnose"), [("copy-last-week", True), ("tvae", False), ("tvae-gate", False)])
def test_a_network_that_did_not_come_along_is_told_of(
    weeks: ScanSeries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forecaster: str, diagnose: bool
) -> None:
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    options = StudyOptions.from_record({**OPTIONS.as_record(), "forecaster": forecaster, "diagnose": diagnose})
    with pytest.raises(InputError, match=r"did not come with this installation.*napari-bonemet train"):
        run_leg(weeks, options=options)


@pytest.mark.parametrize(("forecaster", "diagnose"), [("copy-last-week", True), ("tvae", False)])
def test_a_missing_network_is_told_of_before_the_weeks_are_registered(
    weeks: ScanSeries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forecaster: str, diagnose: bool
) -> None:
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    monkeypatch.setattr(register, "register_weeks", lambda *_, **__: pytest.fail("registered first"))
    moved = ScanSeries((*weeks.scans[:-1], replace(weeks[-1], origin=(0.0, 0.0, 31.0))))
    options = StudyOptions.from_record({**OPTIONS.as_record(), "forecaster": forecaster, "diagnose": diagnose})
    with pytest.raises(InputError, match="did not come with"):
        run_leg(moved, options=options)
