"""The Figure dock, worked as a user would: paper figures, builder, live preview, the same pixels from everywhere."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QFileDialog

from napari_bonemet.cli import main
from napari_bonemet.errors import InputError
from napari_bonemet.figures.template import read_template
from napari_bonemet.forecast.output import write_forecast
from napari_bonemet.io import read_study, write_series
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.figure_record import open_record
from napari_bonemet.widgets.futures_run import FutureOptions, draw_futures

PLUGIN = "napari-bonemet"
Make = Callable[..., ScanSeries]


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


@pytest.fixture
def dock(make_napari_viewer: Callable[..., Any], qtbot: Any) -> Any:
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1000, 800)
    made = viewer.window.add_plugin_dock_widget(PLUGIN, "Figure")[1]
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def folder(make_series: Make, tmp_path: Path) -> Path:
    """Registered weeks of two animals on disk."""
    for subject in ("871", "902"):
        write_series(make_series((0, 1, 2, 3), kind=Kind.REGIST, subject=subject), tmp_path / "registered")
    return tmp_path / "registered"


def opened(dock: Any, qtbot: Any, folder: Path) -> None:
    """The first animal, opened in Weekly scans."""
    weekly = dock.viewer.window.add_plugin_dock_widget(PLUGIN, "Weekly scans")[1]
    weekly.open_folder(folder)
    qtbot.waitUntil(lambda: len(dock.desk.legs) == 2 and not weekly.open_bar.running, timeout=20_000)
    weekly.tree.choose(dock.desk.legs[0].key, None)
    weekly.open_leg()
    qtbot.waitUntil(lambda: dock.desk.series is not None and not weekly.open_bar.running, timeout=20_000)
    frame = dock.parentWidget()
    frame.show()
    frame.raise_()
    qtbot.waitUntil(dock.isVisible)


def press(qtbot: Any, button: QAbstractButton, dock: Any) -> None:
    assert button.isEnabled(), f"{button.text()} cannot be pressed"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dock.run_bar.running, timeout=60_000)


def shown(qtbot: Any, dock: Any) -> None:
    qtbot.waitUntil(lambda: not dock.live.busy and not dock.picture.full.isNull(), timeout=60_000)


def exported(qtbot: Any, dock: Any, path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), "PNG (*.png)"))
    press(qtbot, dock.export_button, dock)
    assert f"Saved {path.name}" in dock.run_bar.line.text()
    return path


def copied(qtbot: Any, dock: Any) -> list[str]:
    QTest.mouseClick(dock.copy_button, Qt.MouseButton.LeftButton)
    words = shlex.split(QGuiApplication.clipboard().text())
    assert words[:2] == ["napari-bonemet", "figure"], dock.run_bar.line.text()
    return words[1:]


def three_times(qtbot: Any, dock: Any, out: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The same figure from the dock, its command, its script and its record; all must be one picture."""
    gui = exported(qtbot, dock, out / "gui.png", monkeypatch)
    words = copied(qtbot, dock)
    words[words.index("--out") + 1] = str(out / "cli.png")
    assert main(words) == 0
    assert main(["figure", "--from", f"{gui}.json", "--out", str(out / "record.png")]) == 0
    monkeypatch.chdir(out)
    QTest.mouseClick(dock.python_button, Qt.MouseButton.LeftButton)
    exec(compile(QGuiApplication.clipboard().text(), "copied script", "exec"), {})
    for other in ("cli", "record", "figure"):
        np.testing.assert_array_equal(pixels(out / f"{other}.png"), pixels(gui), err_msg=other)
    return dict(json.loads((out / "gui.png.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", ["overview", "paper figure 1", "paper figure 3"])
def test_one_picture_from_dock_command_and_record(
    dock: Any, qtbot: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    tmp_path = folder.parent
    opened(dock, qtbot, folder)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(forecasts(folder, tmp_path)))
    press(qtbot, dock.folders.add_button, dock)
    press(qtbot, dock.builder.paper[name], dock)
    dock.form.fields["theme"].value = "dark"
    dock.form.fields["dpi"].value = 90
    record = three_times(qtbot, dock, tmp_path / "out", monkeypatch)
    assert record["sources"]["folder"] == str(folder)
    assert not list((tmp_path / "out").glob("*.data")), "data that lie on disk are written a second time"
    legs = 1 if name == "overview" else 2
    assert len(record["sources"]["legs"]) == legs


def forecasts(folder: Path, root: Path) -> Path:
    for leg in read_study(folder):
        made = draw_futures(leg, 3.0, FutureOptions(model="copy-last-week")).forecast
        write_forecast(made, root / "forecasts" / f"{leg.leg}.zarr", overwrite=True)
    return root / "forecasts"


def test_what_lies_in_memory_is_kept_beside_the_figure(
    dock: Any, qtbot: Any, make_series: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = make_series((0, 1, 2, 3), kind=Kind.REGIST)
    dock.desk.set_series(series)
    for model in ("copy-last-week", "ridge"):
        made = draw_futures(series, 3.0, FutureOptions(model=model))
        dock.desk.set_forecast(made.forecast, made.scores)
    press(qtbot, dock.builder.paper["paper figure 2"], dock)
    dock.form.fields["dpi"].value = 90
    record = three_times(qtbot, dock, tmp_path, monkeypatch)
    titles = [panel["title"] for panel in record["panels"]]
    assert {"ridge", "copy last week", "true"} <= set(titles), "every model that was drawn stands beside the other"
    assert (tmp_path / "gui.png.data").is_dir()
    assert record["sources"]["folder"] == "gui.png.data/weeks"


def test_without_its_data_the_record_says_so(
    dock: Any, qtbot: Any, make_series: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dock.desk.set_series(make_series((0, 1), kind=Kind.REGIST))
    dock.keep_box.setChecked(False)
    gui = exported(qtbot, dock, tmp_path / "gui.png", monkeypatch)
    with pytest.raises(InputError, match="names no scans"):
        open_record(f"{gui}.json")


def test_the_preview_follows_the_form(dock: Any, qtbot: Any, make_series: Make) -> None:
    dock.desk.set_series(make_series((0, 1, 2), kind=Kind.REGIST))
    shown(qtbot, dock)
    corner = dock.picture.full.toImage().pixelColor(1, 1)
    assert corner.lightness() > 250
    # Many changes, one after the other: the last one counts, and no more than a few are drawn.
    drawn = []
    dock.live.runner.started.connect(lambda: drawn.append(1))
    for points in range(5, 12):
        dock.form.fields["font_size"].value = points
    dock.form.fields["theme"].value = "dark"
    qtbot.waitUntil(lambda: dock.live.busy, timeout=2000)
    shown(qtbot, dock)
    assert dock.picture.full.toImage().pixelColor(1, 1).lightness() < 60
    assert len(drawn) <= 2
    # What cannot be drawn is said in the dock, and drawn again once it can be.
    dock.form.fields["slice_index"].value = 500
    qtbot.waitUntil(lambda: "is not there" in dock.run_bar.line.text() and not dock.live.busy, timeout=20_000)
    assert dock.picture.full.isNull()
    dock.form.fields["slice_index"].value = 5
    shown(qtbot, dock)


def test_a_change_while_it_draws_supersedes(dock: Any, qtbot: Any, make_series: Make) -> None:
    dock.desk.set_series(make_series((0, 1, 2), kind=Kind.REGIST))
    shown(qtbot, dock)
    dock.form.fields["theme"].value = "dark"
    qtbot.waitUntil(lambda: dock.live.runner.running, timeout=5000)
    dock.form.fields["theme"].value = "light"
    dock.form.fields["titles"].value = False
    shown(qtbot, dock)
    assert dock.picture.full.toImage().pixelColor(1, 1).lightness() > 250


def test_the_builder_shows_what_counts(dock: Any, qtbot: Any, make_series: Make) -> None:
    assert not dock.builder.columns.isVisibleTo(dock)
    QTest.mouseClick(dock.builder.paper["paper figure 4"], Qt.MouseButton.LeftButton)
    assert dock.builder.columns.isVisibleTo(dock)
    assert dock.builder.options().show == ("weeks", "truth", "samples", "probability")
    assert dock.builder.width.currentText().startswith("double column")
    item = dock.builder.columns.item(4)
    item.setCheckState(Qt.CheckState.Checked)
    assert len(dock.builder.options().show) == 5
    dock.builder.width.setCurrentIndex(1)
    dock.builder.width.activated.emit(1)
    assert dock.builder.options().width_mm == 85.0


def test_a_template_is_saved_and_loaded(dock: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    QTest.mouseClick(dock.builder.paper["paper figure 5"], Qt.MouseButton.LeftButton)
    dock.form.fields["theme"].value = "dark"
    wanted = dock.builder.options()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    QTest.mouseClick(dock.builder.save_button, Qt.MouseButton.LeftButton)
    assert read_template(tmp_path / "mine.toml").options == wanted
    QTest.mouseClick(dock.builder.paper["overview"], Qt.MouseButton.LeftButton)
    assert dock.builder.options() != wanted
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "mine.toml"), ""))
    QTest.mouseClick(dock.builder.load_button, Qt.MouseButton.LeftButton)
    assert dock.builder.options() == wanted
    (tmp_path / "mine.toml").write_text('format = "other"\n', encoding="utf-8")
    QTest.mouseClick(dock.builder.load_button, Qt.MouseButton.LeftButton)
    assert "is no figure template" in dock.run_bar.line.text()


def test_nothing_is_cut_off_in_a_narrow_dock(dock: Any, qtbot: Any, make_series: Make) -> None:
    dock.parentWidget().setFixedWidth(320)
    dock.desk.set_series(make_series((0, 1, 2), kind=Kind.REGIST))
    QTest.mouseClick(dock.builder.paper["paper figure 1"], Qt.MouseButton.LeftButton)
    shown(qtbot, dock)
    assert dock.width() <= 320
    for button in dock.findChildren(QAbstractButton):
        if button.isVisible() and button.text():
            right = button.mapTo(dock, button.rect().topRight()).x()
            assert right <= dock.width(), f"{button.text()} sticks out"
            assert button.width() >= button.fontMetrics().horizontalAdvance(button.text()), f"{button.text()} is cut"


def test_a_film_is_saved_cancelled_and_made_again(
    dock: Any, qtbot: Any, make_series: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dock.desk.set_series(make_series((0, 1, 2), kind=Kind.REGIST))
    dock.form.fields["dpi"].value = 72
    dock.film.form.fields["what"].value = "rotation"
    dock.film.form.fields["turn_seconds"].value = 10
    QTest.mouseClick(dock.builder.paper["paper figure 1"], Qt.MouseButton.LeftButton)
    bar = dock.film.run_bar
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "f"), "GIF (*.gif)"))
    QTest.mouseClick(bar.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "frame" in bar.line.text(), timeout=60_000)
    QTest.mouseClick(bar.cancel_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not bar.running, timeout=30_000)
    assert not list(tmp_path.iterdir())
    dock.film.form.fields["what"].value = "weeks"
    QTest.mouseClick(bar.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not bar.running, timeout=60_000)
    assert "Saved f.gif" in bar.line.text()
    assert Image.open(tmp_path / "f.gif").n_frames == 3  # type: ignore[attr-defined]
    assert main(["film", "--from", str(tmp_path / "f.gif.json"), "--out", str(tmp_path / "again.gif")]) == 0
    assert (tmp_path / "again.gif").read_bytes() == (tmp_path / "f.gif").read_bytes()
