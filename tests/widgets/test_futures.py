"""The Futures dock by its buttons: samples one by one, what they say together, what is seen of them."""

import threading

import numpy as np
import pytest

from napari_bonemet.forecast.copying import CopyLastWeek
from napari_bonemet.scan import Kind
from napari_bonemet.widgets.futures_layers import LOSS, MEAN, PROBABILITY, SAMPLE, SPREAD
from napari_bonemet.widgets.layers import find_layers, record_of_layer

from .futures_screen import Holes, Make, Screen, truly_lost


def test_samples_appear_as_they_are_drawn_and_maps_refine(screen: Screen, holes: Holes) -> None:
    dock, canvas = screen.futures, screen.futures.canvas
    assert (dock.form.fields["model"].value, dock.form.fields["samples"].value) == ("tvae-gate", 6)
    assert "synthetic" in dock.about.text()
    assert "not confidence" in dock.about.text()
    assert dock.week.text() == "week 3"
    holes.may = threading.Semaphore(0)
    screen.choose(samples=3, seed=4)
    screen.press(dock.run_bar.run_button)
    means = []
    for number in range(1, 4):
        assert screen.desk.forecast is None
        holes.may.release()
        if number < 3:
            screen.wait(lambda n=number: canvas.layers.drawn is not None and canvas.layers.drawn.count == n)
            screen.wait(lambda: not canvas.layers.busy)
            assert dock.run_bar.running
            assert canvas.count.text() == f"{number} of 3"
            assert canvas.state.text() == f"{number} of 3 samples are drawn."
            assert screen.layer(SAMPLE).visible
            assert f"sample {number} of 3" in screen.layer(SAMPLE).name
            assert f"share of {number}, 3 asked" in screen.layer(PROBABILITY).name
            shares = np.unique(screen.layer(PROBABILITY).data * number)
            assert np.allclose(shares, np.rint(shares), atol=1e-5), "shares of the samples so far"
            means.append(screen.layer(MEAN).data)
    screen.finish()
    forecast = screen.desk.forecast
    assert forecast is not None
    assert len(forecast.samples) == 3
    assert forecast.seed == 4
    assert canvas.state.isHidden()
    means.append(screen.layer(MEAN).data)
    stack = np.stack([sample.to_numpy() for sample in forecast.samples]).astype(float)
    for number, mean in enumerate(means, start=1):
        np.testing.assert_allclose(mean, stack[:number].mean(axis=0), atol=1e-3)
    np.testing.assert_allclose(screen.layer(SPREAD).data, stack.std(axis=0), atol=1e-3)
    np.testing.assert_allclose(screen.layer(PROBABILITY).data, (stack > 75).mean(axis=0), atol=1e-6)
    lost = np.mean([truly_lost(screen, sample) for sample in stack], axis=0)
    np.testing.assert_allclose(screen.layer(LOSS).data, lost, atol=1e-6)
    assert lost.any()


def test_one_layer_leafs_through_the_samples(screen: Screen) -> None:
    screen.draw()
    canvas, forecast = screen.futures.canvas, screen.desk.forecast
    assert len(find_layers(screen.viewer, kind="prediction", what="sample")) == 1
    assert canvas.count.text() == "6 of 6"
    assert not canvas.on.isEnabled()
    for at in (4, 3):
        screen.press(canvas.back)
        layer = screen.layer(SAMPLE)
        assert np.array_equal(layer.data, forecast.samples[at].to_numpy())
        assert canvas.count.text() == f"{at + 1} of 6"
        record = record_of_layer(layer)
        assert (record["sample"], record["seed"], record["model"]) == (at, 0, "tvae-gate")
        assert record["history"][-1]["parameters"] == {"sample": at}
    canvas.slider.setValue(0)
    assert np.array_equal(screen.layer(SAMPLE).data, forecast.samples[0].to_numpy())
    assert not canvas.back.isEnabled()


def test_what_is_seen_is_chosen_in_the_dock(screen: Screen) -> None:
    screen.draw()
    canvas, viewer = screen.futures.canvas, screen.viewer

    def seen() -> list[str]:
        return [layer.name.split("week 3, ")[-1] for layer in viewer.layers if layer.visible][1:]

    assert seen() == ["sample 6 of 6", "lost, share of 6"]
    screen.press(canvas.bases["mean"])
    screen.over(PROBABILITY)
    assert seen() == ["mean of 6", "bone, share of 6"]
    layer = screen.layer(PROBABILITY)
    assert tuple(layer.contrast_limits) == (0, 1)
    assert layer.colorbar.visible
    assert (canvas.legend.low.text(), canvas.legend.high.text()) == ("0", "1")
    assert canvas.legend.caption.text() == "share of 6 samples that is bone"
    screen.over(SPREAD)
    assert canvas.legend.caption.text() == "grey values: standard deviation over 6 samples"
    assert float(canvas.legend.high.text()) == pytest.approx(screen.layer(SPREAD).data.max(), rel=0.01)
    screen.press(canvas.bases["copied"])
    screen.over("nothing")
    assert seen() == ["last week copied"]
    assert canvas.legend.isHidden()
    screen.desk.set_week(1)
    screen.press(canvas.bases["true"])
    assert [layer.name for layer in viewer.layers if layer.visible] == ["871 left tibia, registered, week 3"]
    # In 3D one looks through what all samples say.
    viewer.dims.ndisplay = 3
    assert screen.layer(PROBABILITY).colormap.colors[-1][3] < 0.1
    viewer.dims.ndisplay = 2
    assert screen.layer(PROBABILITY).colormap.colors[-1][3] == 1
    # Leafing is looking at samples.
    screen.press(canvas.back)
    assert seen() == ["sample 5 of 6"]


def test_another_week_is_not_hidden_by_the_futures(screen: Screen) -> None:
    screen.draw()
    canvas = screen.futures.canvas

    def seen() -> list[str]:
        return [layer.name for layer in screen.viewer.layers if layer.visible]

    futures = seen()
    assert len(futures) == 3
    screen.desk.set_week(2)
    assert seen() == ["871 left tibia, registered, week 2"]
    screen.desk.set_week(3)
    assert seen() == futures
    screen.desk.set_week(1)
    screen.press(canvas.back)
    assert screen.desk.week == 3
    assert [name.split("week 3, ")[-1] for name in seen()[1:]] == ["sample 5 of 6", "lost, share of 6"]


def test_scores_and_lost_bone_stand_beside_copying(screen: Screen) -> None:
    screen.draw()
    dock, forecast = screen.futures, screen.desk.forecast
    rows = {row[0]: row[1:] for row in dock.table.rows()}
    assert float(rows["PSNR, dB"][1]) == pytest.approx(screen.desk.scores.copy_psnr, abs=0.005)
    assert float(rows["PSNR, dB"][0]) == pytest.approx(screen.desk.scores.psnr, abs=0.005)
    assert rows["PSNR, dB"][0] != rows["PSNR, dB"][1]
    voxel_mm3 = 0.01**3
    lost = [np.count_nonzero(truly_lost(screen, sample.to_numpy())) * voxel_mm3 for sample in forecast.samples]
    true = np.count_nonzero(truly_lost(screen, screen.series.at_week(3).to_numpy())) * voxel_mm3
    assert len(set(lost)) > 1
    expected = [min(lost), np.mean(lost), max(lost), true]
    assert [float(text) for text in dock.lost.rows()[0][1:]] == pytest.approx(expected, abs=6e-5)
    assert "not confidence" in dock.model_note.text()


def test_samples_are_held_to_the_true_week(screen: Screen) -> None:
    screen.draw()
    dock = screen.futures
    assert dock.table.rows()[0] == ["gain, dB", f"{screen.desk.scores.gain_db:+.2f}", "0"]
    rows = {row[0]: row[1:] for row in dock.check.rows()}
    bone = screen.series.at_week(2).to_numpy() > 75
    samples = np.stack([sample.to_numpy() for sample in screen.desk.forecast.samples])[:, bone].astype(float)
    true = screen.series.at_week(3).to_numpy()[bone]
    within = np.mean((samples.min(axis=0) <= true) & (true <= samples.max(axis=0)))
    assert rows["in range of samples"] == [f"{within:.0%}", f"{5 / 7:.0%}"]
    ratio = np.sqrt(samples.var(axis=0, ddof=1).mean() * 7 / 6 / np.mean((samples.mean(axis=0) - true) ** 2))
    assert rows["spread / error"] == [f"{ratio:.2f}", "1"]
    assert "Over the bone of the last seen week the samples are" in dock.model_note.text()


def test_the_arrows_go_from_scan_to_scan_and_on(screen: Screen, make_series: Make) -> None:
    week = screen.futures.week
    assert (week.text(), week.week) == ("week 3", 3)
    week.stepBy(2)
    assert (week.text(), week.week) == ("week 5 (to come)", 5)
    week.stepBy(-4)
    assert (week.text(), week.week) == ("week 1", 1)
    week.stepBy(-1)
    assert week.week == 1
    week.setValue(2.5)
    assert (week.text(), week.week) == ("week 2.5 (not scanned)", 2.5)
    week.stepBy(1)
    assert week.week == 3
    # Uneven weeks: the last interval goes on.
    screen.desk.set_series(make_series((0, 10 / 7, 4), kind=Kind.REGIST))
    assert week.week == 4
    week.stepBy(-1)
    assert (week.text(), week.week) == ("week 1.43", 10 / 7)
    week.stepBy(2)
    assert week.week == pytest.approx(4 + 4 - 10 / 7, abs=0.01)
    screen.desk.set_series(None)
    assert (week.week, week.text().strip(), week.isEnabled()) == (None, "", False)


def test_several_weeks_ahead_are_copied_or_refused_in_words(screen: Screen) -> None:
    screen.futures.week.setValue(6)
    screen.draw()
    assert "cannot forecast week 6 of 871 left tibia" in screen.futures.run_bar.line.text()
    screen.choose(model="copy-last-week")
    screen.draw()
    assert screen.desk.forecast.week == 6


def test_a_week_to_come_has_samples_but_no_truth(screen: Screen) -> None:
    screen.futures.week.setValue(4)
    screen.draw()
    assert screen.desk.forecast.week == 4
    assert screen.futures.table.isHidden()
    assert screen.futures.canvas.bases["true"].isHidden()
    assert screen.futures.lost.rows()[0][-1] == "–"
    assert "still to come" in screen.futures.model_note.text()


def test_a_study_that_is_laid_out_is_shown_by_the_dock(screen: Screen, make_series: Make) -> None:
    from napari_bonemet.widgets.futures_run import drawn_of

    forecast = Holes().predict(screen.series.until(3), 3, samples=2)
    screen.desk.set_forecast(forecast, None, drawn_of(forecast, screen.series))
    screen.wait(lambda: not screen.futures.canvas.layers.busy)
    assert screen.futures.canvas.count.text() == "2 of 2"
    assert np.array_equal(screen.layer(SAMPLE).data, forecast.samples[1].to_numpy())
    screen.desk.set_forecast(CopyLastWeek().predict(screen.series.until(3), 3))
    assert screen.futures.result.isVisibleTo(screen.futures)
