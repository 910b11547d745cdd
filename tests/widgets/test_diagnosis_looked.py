"""Where the network looked, the card of the classifier and the saved table: by the buttons of the Diagnosis dock."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog, QTextBrowser

from napari_bonemet.io.bonemet import write_series
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.widgets.desk import Leg, desk_of
from napari_bonemet.widgets.diagnosis.looked import LOOKED
from napari_bonemet.widgets.layers import find_layers

OPTIONS = LegOptions(seed=6, shape=(32, 64, 64), spacing_um=45.0, weeks=(0, 3))
PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("legs")
    write_series(make_leg(OPTIONS).registered(), place)
    return place


@pytest.fixture
def screen(make_napari_viewer: Any, folder: Path, qtbot: Any) -> Any:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1000, 800)
    dock = viewer.window.add_plugin_dock_widget("napari-bonemet", "Diagnosis")[1]
    series = make_leg(OPTIONS).registered()
    desk_of(viewer).set_series(series, Leg(series=series, folder=folder))
    dock.form.fields["device"].value = "cpu"
    press(dock.run_bar.run_button)
    qtbot.waitUntil(lambda: not dock.run_bar.running and bool(dock.volumes), timeout=PATIENCE_MS)
    dock.desk.set_week(3.0)
    return dock


def press(button: Any) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def maps(dock: Any) -> list[Any]:
    return find_layers(dock.viewer, what=LOOKED)


def colourful(dock: Any) -> float:
    picture = dock.viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    return float((np.ptp(picture, axis=2) > 60).mean())


def test_the_map_lies_over_its_week_and_follows_it(screen: Any, qtbot: Any) -> None:
    place = screen.volumes[1].slice_index
    screen.viewer.dims.set_current_step(0, place)
    assert colourful(screen) < 0.002
    screen.looked.box.setChecked(True)
    qtbot.waitUntil(lambda: len(maps(screen)) == 1 and not screen.looked.run_bar.running, timeout=PATIENCE_MS)
    (layer,) = maps(screen)
    week = screen.desk.shown.at_week(3.0)
    assert layer.visible
    np.testing.assert_allclose(layer.scale, week.spacing)
    brightest = np.unravel_index(int(np.argmax(layer.data)), layer.data.shape)[0] + layer.translate[0] / layer.scale[0]
    screen.viewer.dims.set_current_step(0, round(brightest))
    assert colourful(screen) > 0.002, "nothing of the map is on the canvas"
    assert "log odds" in screen.looked.words.text()
    screen.desk.set_week(0.0)
    qtbot.waitUntil(lambda: len(maps(screen)) == 2 and not screen.looked.run_bar.running, timeout=PATIENCE_MS)
    assert [map_.visible for map_ in maps(screen)] == [False, True]
    screen.desk.set_week(3.0)
    assert [map_.visible for map_ in maps(screen)] == [True, False]
    screen.looked.box.setChecked(False)
    assert not any(map_.visible for map_ in maps(screen))
    screen.desk.set_diagnoses(None)
    assert maps(screen) == []


def test_what_cannot_be_made_is_said_and_not_asked_again(
    screen: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen.form.fields["checkpoint"].value = Path("gone.safetensors")
    screen.looked.box.setChecked(True)
    qtbot.waitUntil(lambda: not screen.looked.box.isChecked(), timeout=PATIENCE_MS)
    assert "gone.safetensors is not there" in screen.looked.run_bar.line.text()
    assert maps(screen) == []


def test_the_card_says_what_it_learned_from(screen: Any) -> None:
    press(screen.card_button)
    text = screen.card.findChild(QTextBrowser).toPlainText()
    assert "Model card: lesion-slices" in text
    assert "synthetic" in text
    screen.card.close()
    screen.form.fields["checkpoint"].value = Path("gone.safetensors")
    press(screen.card_button)
    assert "is not there" in screen.run_bar.line.text()


def test_the_table_is_saved_with_what_the_records_say(
    screen: Any, qtbot: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject, side = screen.desk.shown.baseline.subject, screen.desk.shown.baseline.side
    (folder / "MiceMediRec.csv").write_text(f"subject,side,week,diagnosis\n{subject},{side},3,bone lesion\n")
    press(screen.run_bar.run_button)
    qtbot.waitUntil(lambda: not screen.run_bar.running, timeout=PATIENCE_MS)
    assert [row[-1] for row in screen.table.rows()] == ["–", "lesion"]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "said.csv"), ""))
    press(screen.export.button)
    qtbot.waitUntil(lambda: not screen.export.run_bar.running, timeout=PATIENCE_MS)
    with (tmp_path / "said.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["week"], row["of"]) for row in rows] == [("0.0", "scan"), ("3.0", "scan")]
    assert [row["records"] for row in rows] == ["", "bone lesion"]
    assert float(rows[1]["probability"]) == pytest.approx(screen.volumes[1].diagnosis.probability, abs=1e-4)


def test_the_verdicts_stand_below_the_weeks_of_the_figure(screen: Any, qtbot: Any) -> None:
    press(screen.export.figure_button)
    figure = screen.viewer.window.add_plugin_dock_widget("napari-bonemet", "Figure")[1]
    told = figure.builder.options().verdicts
    assert [one.partition("=")[0] for one in told] == ["0", "3"]
    assert told[1].startswith("3=lesion_")
    assert "--verdicts" in figure.command()
