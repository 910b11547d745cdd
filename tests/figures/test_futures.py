"""Figures of a forecast with several samples: the overview, and rows of slices as in figure 4 of Xiong et al."""

import json
from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.study import StudyFigure, study_figure
from napari_bonemet.forecast.forecaster import DETERMINISTIC, Forecast, summarise
from napari_bonemet.metrics.table import score
from napari_bonemet.processing.composite import make_composite
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

# Where holes cross the ring, (row, column) voxels.
TRUE, FALSE = (30, 13), (30, 57)
NOTE = "Model samples, not confidence; trained on synthetic legs"
FUTURES = MontageOptions(layout="futures", rows=2)


def titles(made: StudyFigure) -> list[str]:
    return [panel["title"] for panel in panels(made)]


def panels(made: StudyFigure) -> list[dict[str, Any]]:
    found: Any = made.record["panels"]
    return found


def meanings(made: StudyFigure, title: str) -> list[str]:
    return sorted(arrow["meaning"] for panel in panels(made) if panel["title"] == title for arrow in panel["arrows"])


def words(made: StudyFigure) -> str:
    return " | ".join(text.get_text() for text in made.figure.texts)


def test_the_overview_has_weeks_truth_samples_mean_and_probability(
    weeks: ScanSeries, several: Forecast, truth: Scan
) -> None:
    made = study_figure(weeks, make_composite(weeks.baseline, truth), several, truth)
    scanned = ["week 0", "week 1", "week 2", "true scan", "weeks 0 to 3", "mean − true"]
    assert titles(made) == [*scanned, "sample 3", "sample 2", "sample 1", "mean", "probability of bone"]
    axes = made.figure.axes
    tops = sorted({round(one.get_position().y0, 3) for one in axes if one.get_aspect() == 1}, reverse=True)
    assert len(tops) == 2
    for wanted in ("3 of 4 samples, from least to most bone lost", "all 4 samples", "weeks seen", "true week 3"):
        assert wanted in words(made)


def test_samples_have_arrows_blue_on_hits_and_red_on_wrong_ones(
    weeks: ScanSeries, several: Forecast, truth: Scan
) -> None:
    made = study_figure(weeks, None, several, truth, options=MontageOptions(shown_samples=4))
    assert meanings(made, "true scan") == ["lesion", "lesion"]
    assert meanings(made, "sample 1") == ["lesion", "lesion", "wrong"]
    assert meanings(made, "sample 2") == ["lesion", "lesion"]
    assert meanings(made, "sample 3") == []
    assert meanings(made, "sample 4") == ["wrong"]
    # Two of four samples have lost each hole: at a mean of 110 it is bone still.
    assert meanings(made, "mean") == []
    without = study_figure(weeks, None, several, truth, options=MontageOptions(arrows=False))
    assert not any(panel["arrows"] for panel in panels(without))
    assert "bone lost in truth" not in words(without)


def test_without_truth_no_sample_is_called_right_or_wrong(weeks: ScanSeries, several: Forecast) -> None:
    made = study_figure(weeks, None, several, None)
    assert not any(panel["arrows"] for panel in panels(made))
    assert not {"true scan", "mean − true"} & set(titles(made))


def test_the_probability_is_a_share_with_its_colour_bar(weeks: ScanSeries, several: Forecast, truth: Scan) -> None:
    made = study_figure(weeks, None, several, truth, options=MontageOptions(slice_index=5))
    image = next(axes.images[0] for axes in made.figure.axes if axes.images and axes.images[0].cmap.name == "viridis")
    assert image.get_clim() == (0, 1)
    shares = np.asarray(image.get_array())
    assert shares[TRUE] == shares[FALSE] == 0.5
    assert shares[58, 35] == 0.0
    assert shares[52, 35] == 1.0
    assert "share of 4 model samples that are bone" in words(made).replace(" | ", " ")


def test_the_reader_is_told_model_training_choice_and_measure(
    weeks: ScanSeries, several: Forecast, truth: Scan
) -> None:
    made = study_figure(weeks, None, several, truth)
    for wanted in (
        "Model: tvae-gate, seed 5; trained on synthetic legs",
        "Samples shown: 3 of 4, spread from the least bone lost to the most",
        "mm³: bone lost since week 2 in the whole volume; losses thinner than 3 voxels are left out",
        "predicted, research use · synthetic data · model samples, not confidence",
    ):
        assert wanted in words(made)
    bare = study_figure(weeks, None, several, truth, options=MontageOptions(lesion_opening=0, shown_samples=1))
    assert "in the whole volume |" in words(bare)
    assert "1 of 4, the median of bone lost" in words(bare)


def test_scores_are_those_of_the_mean(weeks: ScanSeries, several: Forecast, truth: Scan) -> None:
    scores = score(several.mean, truth, weeks[2], model="tvae-gate", perceptual=False)
    for options in (MontageOptions(), FUTURES):
        made = study_figure(weeks, None, several, truth, scores=scores, options=options)
        told = f"Mean of all samples against the true week: PSNR {scores.psnr:.1f} dB, mean SSIM {scores.ssim:.3f}"
        assert told in words(made)
        assert "…" not in words(made)


def test_volumes_below_panels_are_those_of_the_record(weeks: ScanSeries, several: Forecast, truth: Scan) -> None:
    made = study_figure(weeks, None, several, truth)
    record: Any = made.record["forecast"]
    assert [one["index"] for one in record["shown_samples"]] == [2, 1, 0]
    volumes = record["lost_mm3"]
    assert volumes["true"] == volumes["samples"][1]
    assert volumes["samples"][0] == pytest.approx(volumes["samples"][1] + volumes["samples"][3])
    assert f"{volumes['samples'][0]:.5f} mm³ lost" in words(made)


def test_the_record_says_which_samples_seed_slice_and_arrows(weeks: ScanSeries, several: Forecast, truth: Scan) -> None:
    record = json.loads(json.dumps(study_figure(weeks, None, several, truth, options=FUTURES).record))
    forecast = record["forecast"]
    assert (forecast["model"], forecast["seed"], forecast["samples"], forecast["note"]) == ("tvae-gate", 5, 4, NOTE)
    assert [one["rank"] for one in forecast["shown_samples"]] == [1, 3, 4]
    assert "least bone" in forecast["choice_of_samples"]
    assert forecast["synthetic"] is True
    first, second = record["slices"]
    assert [panel["slice_index"] for panel in record["panels"]] == [first] * 8 + [second] * 8
    # The same scan in both rows.
    assert record["panels"][0]["sha256"] == record["panels"][8]["sha256"]
    assert MontageOptions.from_record(record["options"]) == FUTURES


def test_futures_have_a_row_for_each_slice(weeks: ScanSeries, several: Forecast, truth: Scan) -> None:
    made = study_figure(weeks, make_composite(weeks.baseline, truth), several, truth, options=FUTURES)
    top = ["week 0", "week 1", "week 2", "true", "sample 3", "sample 2", "sample 1", "bone share"]
    assert titles(made) == [*top, *[""] * 8]
    slices: Any = made.record["slices"]
    assert all(2 <= index < 9 for index in slices)
    assert slices[1] - slices[0] >= 2
    for index in slices:
        assert f"slice {index}" in words(made)
        assert f"{(100 + 20 * index) / 1000:.2f} mm" in words(made)
    # Each row is cut at its own slice, and only the last has the colour bar.
    pictures = [axes for axes in made.figure.axes if axes.get_aspect() == 1]
    assert len(pictures) == 16
    assert len(made.figure.axes) == 17
    truths = [np.asarray(pictures[column].images[0].get_array()) for column in (3, 11)]
    for shown, index in zip(truths, slices, strict=True):
        np.testing.assert_array_equal(shown, truth.to_numpy()[index])


def test_all_rows_are_at_one_scale(weeks: ScanSeries, several: Forecast, truth: Scan) -> None:
    made = study_figure(weeks, None, several, truth, options=FUTURES)
    pictures = [axes for axes in made.figure.axes if axes.get_aspect() == 1]
    assert len({(axes.get_xlim(), axes.get_ylim()) for axes in pictures}) == 1
    assert len({tuple(np.round(axes.get_position().size, 6)) for axes in pictures}) == 1


def test_a_slice_asked_for_is_among_the_rows(weeks: ScanSeries, several: Forecast, truth: Scan) -> None:
    options = MontageOptions(layout="futures", rows=2, slice_index=8)
    assert 8 in study_figure(weeks, None, several, truth, options=options).record["slices"]  # type: ignore[operator]


def test_futures_of_one_sample_and_of_none(weeks: ScanSeries, forecast: Forecast, truth: Scan) -> None:
    one = study_figure(weeks, None, forecast, truth, options=FUTURES)
    assert titles(one)[:5] == ["week 0", "week 1", "week 2", "true", "copy last week"]
    assert "model samples" not in words(one)
    none = study_figure(weeks, None, None, None, options=FUTURES)
    assert titles(none) == ["week 0", "week 1", "week 2", "", "", ""]
    assert "predicted" not in words(none)
    assert none.record["slices"] == [3, 9]


def test_one_deterministic_future_says_nothing_of_samples(weeks: ScanSeries, forecast: Forecast, truth: Scan) -> None:
    told = summarise(forecast.samples, week=3, model="ridge", note=DETERMINISTIC)
    assert "Model:" not in words(study_figure(weeks, None, told, truth))
    drawn = summarise(forecast.samples, week=3, model="tvae", note=NOTE)
    said = words(study_figure(weeks, None, drawn, truth))
    assert "Model: tvae, seed 0; model samples, not confidence; trained on synthetic legs" in said


def spreads(made: StudyFigure) -> list[tuple[float, float]]:
    images = [axes.images[0] for axes in made.figure.axes if axes.images]
    return [image.get_clim() for image in images if image.cmap.name == "magma"]


def test_the_spread_is_shown_where_it_is_asked_for(weeks: ScanSeries, several: Forecast, truth: Scan) -> None:
    options = MontageOptions(show_spread=True, layout="futures", rows=2, slice_index=8)
    made = study_figure(weeks, None, several, truth, options=options)
    assert "spread" in titles(made)
    # Half of the samples at 200 and half at 20: 90.
    assert spreads(made) == [(0, 100)] * 2
    assert "spread: standard deviation over 4 samples (grey value)" in words(made)
    assert "spread" not in titles(study_figure(weeks, None, several, truth))


def test_spreads_of_all_rows_have_one_scale(weeks: ScanSeries, several: Forecast, truth: Scan) -> None:
    voxels = [sample.to_numpy().copy() for sample in several.samples]
    for number, one in enumerate(voxels):
        one[8, 30, 35] = 255 if number < 2 else 0
    wider = [replace(sample, voxels=one) for sample, one in zip(several.samples, voxels, strict=True)]
    options = MontageOptions(show_spread=True, layout="futures", rows=2, slice_index=8)
    made = study_figure(weeks, None, summarise(wider, week=3, model="m"), truth, options=options)
    assert spreads(made) == [(0, 140)] * 2


@pytest.mark.parametrize(
    "options",
    [
        MontageOptions(),
        MontageOptions(shown_samples=4, show_spread=True, plane="coronal"),
        FUTURES,
        MontageOptions(layout="futures", rows=4, shown_samples=4, show_spread=True),
    ],
    ids=["overview", "coronal", "futures", "many"],
)
def test_nothing_is_clipped_or_overlaps_on_a_journals_page(
    weeks: ScanSeries, several: Forecast, truth: Scan, options: MontageOptions
) -> None:
    made = study_figure(weeks, make_composite(weeks.baseline, truth), several, truth, options=options)
    assert made.figure.get_size_inches()[0] == pytest.approx(180 / 25.4)
    boxes = extents(made.figure)
    page = made.figure.bbox
    for text, box in boxes:
        assert page.x0 - 1 <= box.x0, text
        assert box.x1 <= page.x1 + 1, text
        assert page.y0 - 1 <= box.y0, text
        assert box.y1 <= page.y1 + 1, text
    for (text, box), (other, second) in combinations(boxes, 2):
        apart = box.x1 <= second.x0 + 1 or second.x1 <= box.x0 + 1 or box.y1 <= second.y0 + 1 or second.y1 <= box.y0 + 1
        assert apart, f"{text} runs into {other}"
    assert "…" not in words(made)
    assert all(text.get_fontsize() >= 5 for text in made.figure.texts)


def extents(figure: Figure) -> list[tuple[str, Any]]:
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    ticks = [label for axes in figure.axes for label in axes.get_xticklabels()]
    return [(text.get_text(), text.get_window_extent(renderer)) for text in [*figure.texts, *ticks] if text.get_text()]


def test_a_width_that_is_asked_for_is_kept(weeks: ScanSeries, several: Forecast, truth: Scan) -> None:
    options = MontageOptions(panel_inches=2.0, columns=3)
    made = study_figure(weeks, None, several, truth, options=options)
    pictures = [axes for axes in made.figure.axes if axes.get_aspect() == 1]
    width = made.figure.get_size_inches()[0]
    assert {round(axes.get_position().width * width, 3) for axes in pictures} == {2.0}
    rows = [round(axes.get_position().y0, 3) for axes in pictures]
    assert [rows.count(row) for row in sorted(set(rows), reverse=True)] == [3, 2, 3, 2]
    assert all(a >= b for a, b in pairwise(rows))
