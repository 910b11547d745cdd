"""The Classifiers dock by its buttons: a recipe filled in, saved, opened, carried out, and its report."""

from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QDesktopServices, QGuiApplication
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from napari_bonemet.cli import main
from napari_bonemet.phantom.cohort import CohortOptions, write_cohort
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.study.recipes.recipe import read_recipe

PATIENCE_MS = 120_000
LEG = LegOptions(shape=(16, 40, 40), spacing_um=60, weeks=(0, 2))
COHORT = CohortOptions(
    controls=1, tumours=0, treated=8, responders=0.5, resistant_strength=0.0, seed=5, format="zarr", leg=LEG
)
SMALL = {"rows": 8, "columns": 16, "pixel_um": 150, "width": 2, "hidden": 4, "epochs": 2}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cohort(tmp_path_factory.mktemp("cohort"), COHORT).records.parent / "Regist-CT"


@pytest.fixture
def dock(make_napari_viewer: Any, qtbot: Any) -> Any:
    viewer = make_napari_viewer(show=True)
    return viewer.window.add_plugin_dock_widget("napari-bonemet", "Classifiers")[1]


def press(button: Any) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def filled(dock: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch, cohort: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(cohort))
    press(dock.recipe.data.add_button)
    qtbot.waitUntil(lambda: dock.recipe.data.folders == (cohort,), timeout=PATIENCE_MS)
    dock.recipe.form.fields["folds"].value = 2
    dock.recipe.form.fields["weeks"].value = "0 2"
    for name, value in SMALL.items():
        dock.recipe.own.fields[name].value = value


def test_nothing_to_learn_from_says_what_to_do(dock: Any) -> None:
    press(dock.run_bar.run_button)
    assert "Add a folder of weekly scans" in dock.run_bar.line.text()


def test_a_recipe_is_saved_opened_and_carried_out(
    dock: Any, qtbot: Any, cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(dock, qtbot, monkeypatch, cohort)
    dock.copy_button.click()
    assert "Save the recipe first" in dock.run_bar.line.text()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine.toml"), ""))
    press(dock.save_button)
    asked = dock.recipe.recipe()
    assert read_recipe(tmp_path / "mine.toml") == asked
    dock.copy_button.click()
    assert QGuiApplication.clipboard().text() == f"napari-bonemet train --recipe {tmp_path / 'mine.toml'} --out results"
    dock.recipe.network.setCurrentIndex(1)
    dock.recipe.data.clear()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "mine.toml"), ""))
    press(dock.open_button)
    assert dock.recipe.recipe() == asked

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "gui"))
    press(dock.run_bar.run_button)
    qtbot.waitUntil(lambda: not dock.run_bar.running, timeout=PATIENCE_MS)
    assert dock.result.done is not None, dock.run_bar.line.text()
    assert dock.result.isVisible()
    assert "Synthetic animals" in dock.result.words.text()
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    press(dock.result.page_button)
    assert opened == [str(tmp_path / "gui" / "report.html")]
    assert Path(opened[0]).read_text(encoding="utf-8").startswith("<!doctype html>")
    # The same recipe from the command line says the same of every animal.
    assert (
        main(["train", "--recipe", str(tmp_path / "mine.toml"), "--out", str(tmp_path / "cli"), "--device", "cpu"]) == 0
    )
    told = [(tmp_path / name / "predictions.csv").read_text(encoding="utf-8") for name in ("gui", "cli")]
    assert told[0] == told[1]


def test_a_file_that_is_no_recipe_is_refused_in_words(
    dock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.toml").write_text("format = 'something else'")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "other.toml"), ""))
    press(dock.open_button)
    assert "is no recipe" in dock.run_bar.line.text()


def test_bone_quality_asks_for_no_medical_records(dock: Any, tmp_path: Path, qtbot: Any) -> None:
    form, choice = dock.recipe.form, dock.recipe.network
    form.fields["weeks"].value = "0 2"
    form.fields["label"].value = "diagnosis"
    choice.setCurrentIndex(choice.findData("bone-quality"))
    qtbot.wait(50)
    assert not form.fields["records"].native.isVisible()
    assert not form.fields["weeks"].native.isVisible()
    assert form.fields["folds"].native.isVisible()
    dock.recipe.own.fields["epochs"].value = 3
    made = dock.recipe.recipe(tmp_path)
    assert (made.network, made.weeks, made.label, made.options.epochs) == ("bone-quality", (), "", 3)
    dock.recipe.show_recipe(made)
    assert dock.recipe.recipe(tmp_path) == made
    choice.setCurrentIndex(choice.findData("lesion-weeks"))
    qtbot.wait(50)
    assert form.fields["records"].native.isVisible()
    assert dock.recipe.recipe().options.together == 3
