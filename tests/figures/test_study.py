import json
from dataclasses import replace

import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.study import StudyFigure, study_figure
from napari_bonemet.forecast.forecaster import Forecast, summarise
from napari_bonemet.processing.composite import make_composite
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries

# Where the fixtures' holes cross the ring, (row, column) voxels.
TRUE = ((30, 13), (12, 35))
FALSE = (30, 57)


def panel(made: StudyFigure, title: str) -> dict:
    return next(p for p in made.record["panels"] if p["title"].startswith(title))


def places(made: StudyFigure, title: str) -> list[tuple[str, float, float]]:
    """Meaning, row and column in voxels of the arrows on a panel."""
    return [
        (arrow["meaning"], arrow["point_um_zyx"][1] / 10, (arrow["point_um_zyx"][2] - 50) / 10)
        for arrow in panel(made, title)["arrows"]
    ]


def near(place: tuple[str, float, float], meaning: str, spot: tuple[int, int]) -> bool:
    return place[0] == meaning and np.hypot(place[1] - spot[0], place[2] - spot[1]) < 4


def test_panels_are_weeks_composite_forecast_truth_difference(
    weeks: ScanSeries, forecast: Forecast, truth: Scan
) -> None:
    made = study_figure(weeks, make_composite(weeks.baseline, truth), forecast, truth)
    titles = [p["title"] for p in made.record["panels"]]
    expected = ["week 0", "week 1", "week 2", "composite, weeks 0 to 3", "predicted, copy last week", "true scan"]
    assert titles == [*expected, "difference"]
    assert [p["kind"] for p in made.record["panels"]] == [*["grey"] * 3, "composite", *["grey"] * 2, "difference"]


def test_blue_arrows_on_true_lesions_and_hits_red_on_wrong_ones(
    weeks: ScanSeries, forecast: Forecast, truth: Scan
) -> None:
    made = study_figure(weeks, None, forecast, truth)
    true = places(made, "true scan")
    assert len(true) == 2
    assert all(any(near(place, "lesion", spot) for place in true) for spot in TRUE)
    predicted = places(made, "predicted")
    assert len(predicted) == 2
    assert any(near(place, "lesion", TRUE[0]) for place in predicted)
    assert any(near(place, "wrong", FALSE) for place in predicted)


def test_the_slice_is_one_with_a_lesion(weeks: ScanSeries, forecast: Forecast, truth: Scan) -> None:
    made = study_figure(weeks, None, forecast, truth)
    assert 2 <= made.record["options"]["slice_index"] < 9


def test_no_arrow_on_a_slice_without_lesion(weeks: ScanSeries, forecast: Forecast, truth: Scan) -> None:
    made = study_figure(weeks, None, forecast, truth, options=MontageOptions(slice_index=11))
    assert not any(p["arrows"] for p in made.record["panels"])


def test_without_truth_no_forecast_is_called_right_or_wrong(weeks: ScanSeries, forecast: Forecast) -> None:
    made = study_figure(weeks, None, forecast, None)
    assert not any(p["arrows"] for p in made.record["panels"])
    assert [p["title"] for p in made.record["panels"]][-1] == "predicted, copy last week"


def test_only_weeks_before_the_forecast_are_its_input(weeks: ScanSeries, forecast: Forecast, truth: Scan) -> None:
    made = study_figure(ScanSeries((*weeks, truth)), None, forecast, truth)
    assert [p["title"] for p in made.record["panels"]][:4] == [
        "week 0",
        "week 1",
        "week 2",
        "predicted, copy last week",
    ]


def test_several_samples_show_the_probability_of_bone(weeks: ScanSeries, forecast: Forecast, truth: Scan) -> None:
    several = summarise([forecast.samples[0], replace(weeks[2], kind=Kind.PREDICTION)], week=3, model="two")
    made = study_figure(weeks, None, several, truth)
    assert panel(made, "probability of bone")["kind"] == "probability"
    assert "share of 2 model samples that are bone" in " ".join(words(made))


def words(made: StudyFigure) -> list[str]:
    labels = [axes.get_xlabel() for axes in made.figure.axes]
    return [text.get_text() for text in made.figure.texts] + labels


def test_what_a_reader_must_know_is_on_the_page(weeks: ScanSeries, forecast: Forecast, truth: Scan) -> None:
    made = study_figure(weeks, make_composite(weeks.baseline, truth), forecast, truth)
    text = " ".join(words(made))
    for wanted in (
        "7 left tibia, forecast of week 3",
        "predicted, research use · synthetic data",
        "lost",
        "formed",
        "predicted − true (grey value)",
        "napari-bonemet",
        "bone lost in truth",
        "loss in the forecast that is not true",
    ):
        assert wanted in text


def test_a_real_scan_is_not_called_synthetic(weeks: ScanSeries) -> None:
    made = study_figure(weeks.map(lambda scan: replace(scan, synthetic=False)))
    assert not any("synthetic" in text or "predicted" in text for text in words(made))


def test_the_record_is_plain_json_and_names_its_sources(weeks: ScanSeries, forecast: Forecast, truth: Scan) -> None:
    made = study_figure(weeks, None, forecast, truth)
    record = json.loads(json.dumps(made.record))
    assert len(record["panels"][0]["sha256"]) == 64
    assert record["panels"][-1]["history"][-1]["name"] == "predicted minus true"
    assert MontageOptions.from_record(record["options"]).slice_index == record["options"]["slice_index"]


def test_weeks_on_different_grids_are_refused(weeks: ScanSeries) -> None:
    moved = ScanSeries((weeks[0], replace(weeks[1], origin=(0.0, 0.0, 7.0))))
    with pytest.raises(InputError, match="Register"):
        study_figure(moved)
