"""What the Diagnosis dock runs: which volumes are looked at, in which slices, and what is said of them."""

from dataclasses import replace

import numpy as np
import pytest

from napari_bonemet.diagnose.diagnosis import Diagnosis
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.forecaster import summarise
from napari_bonemet.progress import NO_PROGRESS, Cancelled
from napari_bonemet.provenance import Step
from napari_bonemet.scan import Kind
from napari_bonemet.widgets.diagnosis import run as diagnosis_run
from napari_bonemet.widgets.diagnosis.run import DiagnosisOptions, run_diagnosis
from napari_bonemet.widgets.diagnosis.said import Diagnosed, LegDiagnosis
from napari_bonemet.widgets.diagnosis.words import as_number, forecast_line, model_line, rows, strange_line


def said(probability=0.9, week=3.0, per_slice=None, **others):
    per_slice = np.array([0.1, probability, 0.2]) if per_slice is None else np.asarray(per_slice)
    made = Diagnosis(
        subject="871",
        side="left",
        week=week,
        model="lesion-slices",
        probability=float(per_slice.max()),
        per_slice=per_slice,
        slice_index=int(per_slice.argmax()),
        synthetic=True,
        trained_on_synthetic=True,
        note="An opinion",
    )
    return replace(made, **others)


class HoleFinder:
    """Takes bone that is missing from the far wall for a lesion, slice by slice."""

    def __init__(self):
        self.shapes, self.earlier = [], []
        self.options = ClassifierOptions()

    def classify(self, scan, *, earlier=(), progress=NO_PROGRESS):
        self.earlier.append([week.week for week in earlier])
        progress.check()
        voxels = scan.to_numpy()
        self.shapes.append(voxels.shape)
        wall = (voxels[:, 14:] > 75).sum(axis=(1, 2)) / 60.0
        return said(week=scan.week, per_slice=np.clip(1 - wall, 0, 1))


@pytest.fixture
def finder(monkeypatch):
    made = HoleFinder()
    monkeypatch.setattr(diagnosis_run, "classifier_for", lambda _: made)
    return made


def forecast_of(series, week=3.0, samples=(1, 2)):
    last = series[len(series) - 1]
    futures = []
    for height in samples:
        voxels = last.to_numpy().copy()
        voxels[6 - height : 6 + height, 14:] = 20
        futures.append(replace(last.with_voxels(voxels, step=Step("sample"), kind=Kind.PREDICTION), day=7 * week))
    return summarise(futures, week=week, model="some")


def test_every_week_and_the_forecast_are_classified(finder, make_series):
    series = make_series(kind=Kind.REGIST)
    made = run_diagnosis(series, DiagnosisOptions(), forecast=forecast_of(series))
    assert [volume.title for volume in made.volumes] == ["week 0", "week 1", "week 2", "week 3, predicted"]
    assert [volume.slice_index for volume in made.volumes][1:] == [5, 4, 4]
    assert made.volumes[0].diagnosis.probability < made.volumes[1].diagnosis.probability
    assert [sample.week for sample in made.volumes[3].samples] == [3, 3]


def test_only_the_week_shown(finder, make_series):
    made = run_diagnosis(make_series(), DiagnosisOptions(), week=2.0)
    assert [volume.week for volume in made.volumes] == [2.0]


def test_one_future_has_no_samples_beside_its_mean(finder, make_series):
    series = make_series(kind=Kind.REGIST)
    made = run_diagnosis(series, DiagnosisOptions(), forecast=forecast_of(series, samples=(2,)))
    assert made.volumes[-1].samples == ()
    assert len(finder.shapes) == 4
    assert forecast_line(made.volumes) == "Predicted week 3: > 0.99, of one future."


def test_slices_that_a_week_did_not_see_are_left_out_and_counted(finder, make_series, monkeypatch):
    series = make_series(kind=Kind.REGIST)
    monkeypatch.setattr(
        diagnosis_run, "seen_in_every_week", lambda weeks, _: weeks.crop((slice(3, 10), slice(None), slice(None)))
    )
    made = run_diagnosis(series, DiagnosisOptions())
    assert {shape[0] for shape in finder.shapes} == {7}
    last = made.volumes[-1]
    assert last.first_slice == 3
    assert last.slice_index == 3 + last.diagnosis.slice_index == 4
    curve = last.curve(12)
    assert np.flatnonzero(np.isfinite(curve)).tolist() == list(range(3, 10))
    assert curve[4] == last.diagnosis.probability


def test_the_band_is_the_range_of_the_samples_in_every_slice():
    volume = Diagnosed(
        said(0.9), 1, predicted=True, samples=(said(per_slice=[0, 0.8, 0.3]), said(per_slice=[0.2, 0.6, 0]))
    )
    low, high = volume.band(5)
    assert np.allclose(low, [np.nan, 0, 0.6, 0, np.nan], equal_nan=True)
    assert np.allclose(high, [np.nan, 0.2, 0.8, 0.3, np.nan], equal_nan=True)
    assert Diagnosed(said(0.9)).band(5) is None


def test_weeks_before_are_seen_by_a_network_that_sees_weeks_together(finder, make_series):
    series = make_series(kind=Kind.REGIST)
    run_diagnosis(series, DiagnosisOptions(), forecast=forecast_of(series, samples=(1,)))
    assert finder.earlier == [[]] * 4
    finder.options, finder.earlier = ClassifierOptions(together=3), []
    run_diagnosis(series, DiagnosisOptions(), forecast=forecast_of(series, samples=(1,)))
    assert finder.earlier == [[], [0.0], [0.0, 1.0], [0.0, 1.0, 2.0]]
    finder.earlier = []
    run_diagnosis(series, DiagnosisOptions(), forecast=forecast_of(series))
    assert finder.earlier[3:] == [[0.0, 1.0, 2.0]] * 3, "the mean, and each of two samples"


def test_scans_unlike_the_training_have_no_verdict():
    volumes = [Diagnosed(said(0.9, week=2, strangeness=0.4)), Diagnosed(said(0.9, week=3, strangeness=1.7))]
    assert [row[2] for row in rows(volumes)] == ["lesion", "unlike"]
    assert strange_line(volumes).startswith("week 3: unlike what it learned from")
    assert strange_line(volumes[:1]) == ""


def test_records_beside_the_leg_are_read(finder, make_series, tmp_path):
    table = tmp_path / "MiceMediRec.csv"
    said_of = ("871,left,1,bone lesion", "871,left,0,no lesion", "872,left,2,no lesion")
    table.write_text("\n".join(("subject,side,week,diagnosis", *said_of)))
    home = tmp_path / "Regist-CT" / "leg"
    home.mkdir(parents=True)
    made = run_diagnosis(make_series(kind=Kind.REGIST), DiagnosisOptions(), folder=home)
    assert made.labels == {1.0: True, 0.0: False}
    table.write_text("no such table")
    assert run_diagnosis(make_series(kind=Kind.REGIST), DiagnosisOptions(), folder=home).labels == {}


def test_cancel_reaches_the_classifier(finder, make_series):
    class Stop:
        def advance(self, fraction):
            pass

        def message(self, text):
            pass

        def check(self):
            raise Cancelled

    with pytest.raises(Cancelled):
        run_diagnosis(make_series(), DiagnosisOptions(), progress=Stop())


def test_a_forecast_goes_and_the_weeks_stay():
    weeks, predicted = Diagnosed(said(0.2, week=2)), Diagnosed(said(0.9), predicted=True)
    assert LegDiagnosis((weeks, predicted)).without_forecast().volumes == (weeks,)
    assert LegDiagnosis((predicted,)).without_forecast() is None


def test_words_of_table_and_forecast():
    volumes = [Diagnosed(said(0.15, week=2)), Diagnosed(said(0.91), 4, True, (said(0.72), said(0.97), said(0.4)))]
    assert rows(volumes) == [
        ["2", "0.20", "none", "2", "–"],
        ["3 pred.", "0.91", "lesion", "5", "–"],
    ]
    assert [row[-1] for row in rows(volumes, {2.0: True, 3.0: False})] == ["lesion", "none"]
    assert forecast_line(volumes) == (
        "Predicted week 3: 0.91 of their mean; 0.70 over the samples (0.40 to 0.97), bone lesion in 2 of 3. "
        "Model samples, not confidence."
    )
    assert forecast_line(volumes[:1]) == ""


@pytest.mark.parametrize(
    ("probability", "number"), [(0.0, "< 0.01"), (0.0051, "0.01"), (0.5, "0.50"), (0.994, "0.99"), (0.9951, "> 0.99")]
)
def test_no_probability_is_a_certainty(probability, number):
    assert as_number(probability) == number


def test_what_the_network_is_is_said():
    line = model_line(Diagnosed(said()))
    assert line == "lesion-slices: An opinion. This is no diagnosis of an animal or a person."
    assert "never saw a real bone" in model_line(Diagnosed(said(synthetic=False)))
    assert "real" not in model_line(Diagnosed(said(synthetic=False, trained_on_synthetic=False)))


def test_a_checkpoint_that_is_not_there_is_told(tmp_path, make_series):
    with pytest.raises(InputError, match=r"none\.safetensors is not there"):
        run_diagnosis(make_series(), DiagnosisOptions(checkpoint=tmp_path / "none.safetensors", device="cpu"))
