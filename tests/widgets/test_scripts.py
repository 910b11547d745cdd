"""What "Copy as Python" gives runs by itself, and makes what the dock made."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtGui import QGuiApplication

from napari_bonemet.io.bonemet import write_series
from napari_bonemet.morphometry.cohort.leg_week import LegWeek
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.widgets.desk import Desk, Leg, desk_of

PATIENCE_MS = 120_000
OPTIONS = LegOptions(seed=6, shape=(40, 64, 64), spacing_um=45.0, weeks=(0, 1, 2))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("scans")
    write_series(make_leg(OPTIONS).series, place)
    return place


def copied(dock: Any, name: str = "python_button") -> dict[str, Any]:
    """Run what a dock's button puts on the clipboard; the names that it leaves."""
    QGuiApplication.clipboard().clear()
    getattr(dock, name).click()
    text = QGuiApplication.clipboard().text()
    assert text, "nothing was copied"
    names: dict[str, Any] = {}
    exec(compile(text, "copied script", "exec"), names)
    return names


@pytest.fixture
def chain(make_napari_viewer: Callable[..., Any], folder: Path, qtbot: Any) -> tuple[Any, Desk]:
    """A window with the leg opened from its folder, registered and cropped by the docks."""
    viewer = make_napari_viewer()
    docks = {
        name: viewer.window.add_plugin_dock_widget("napari-bonemet", name)[1]
        for name in ("Weekly scans", "Register weeks", "Composite and RoI")
    }
    desk = desk_of(viewer)
    docks["Weekly scans"].open_folder(folder)
    qtbot.waitUntil(lambda: desk.series is not None, timeout=PATIENCE_MS)
    docks["Register weeks"].form.fields["azimuths"].value = 16
    docks["Register weeks"].form.fields["around_bone"].value = 100
    docks["Register weeks"].run()
    qtbot.waitUntil(lambda: desk.registration is not None, timeout=PATIENCE_MS)
    roi = docks["Composite and RoI"].roi
    roi.form.fields["first_slice"].value = 6
    roi.form.fields["slices"].value = 24
    return docks, desk


def same_series(one: Any, other: Any) -> None:
    assert one.weeks == other.weeks
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.to_numpy(), b.to_numpy())


def test_scripts_of_the_chain_make_what_the_docks_made(chain: Any, qtbot: Any) -> None:
    docks, desk = chain
    same_series(copied(docks["Weekly scans"])["weeks"], desk.series)
    registration = copied(docks["Register weeks"])["registration"]
    same_series(registration.series, desk.registration.series)
    assert registration.transforms == desk.registration.transforms
    composite = docks["Composite and RoI"]
    region = copied(composite.roi)["region"]
    composite.roi.run_bar.run_button.click()
    qtbot.waitUntil(lambda: desk.roi is not None and not composite.roi_run.running, timeout=PATIENCE_MS)
    same_series(region.series, desk.roi.series)
    composite.form.fields["bone_threshold"].value = 82.0
    composite.later.setCurrentText("all later weeks")
    made = copied(composite)["composites"]
    composite.run_bar.run_button.click()
    qtbot.waitUntil(lambda: len(desk.composites) == 2, timeout=PATIENCE_MS)
    assert made.keys() == desk.composites.keys()
    for week, one in made.items():
        np.testing.assert_array_equal(one.scan.to_numpy(), desk.composites[week].scan.to_numpy())
        assert one.volumes == desk.composites[week].volumes


def test_scripts_of_measures_and_futures_make_what_the_docks_made(chain: Any, qtbot: Any) -> None:
    docks, desk = chain
    window = docks["Weekly scans"].viewer.window
    measures = window.add_plugin_dock_widget("napari-bonemet", "Measures")[1]
    made = copied(measures)["measures"]
    measures.measure()
    qtbot.waitUntil(lambda: desk.measures is not None, timeout=PATIENCE_MS)
    for one, other in zip(made, desk.measures.weeks, strict=True):
        assert one.week == other.scan.week
        assert dict(one.values) == pytest.approx(dict(LegWeek.of(other).values), nan_ok=True)
    futures = window.add_plugin_dock_widget("napari-bonemet", "Futures")[1]
    futures.form.fields["model"].value = "ridge"
    futures.form.fields["perceptual"].value = False
    forecast = copied(futures)["forecast"]
    futures.draw()
    qtbot.waitUntil(lambda: desk.forecast is not None, timeout=PATIENCE_MS)
    assert forecast.week == desk.forecast.week
    np.testing.assert_array_equal(forecast.mean.to_numpy(), desk.forecast.mean.to_numpy())


def test_a_sample_needs_no_folder_and_other_weeks_say_what_to_do(
    make_napari_viewer: Callable[..., Any], make_series: Callable[..., Any]
) -> None:
    viewer = make_napari_viewer()
    weekly = viewer.window.add_plugin_dock_widget("napari-bonemet", "Weekly scans")[1]
    desk = desk_of(viewer)
    leg = make_leg(OPTIONS)
    desk.set_series(leg.registered())
    same_series(copied(weekly)["weeks"], leg.registered())
    desk.set_series(make_series())
    QGuiApplication.clipboard().setText("before")
    weekly.python_button.click()
    assert QGuiApplication.clipboard().text() == "before"
    assert "save them" in weekly.open_bar.line.text()


def test_a_folder_can_be_opened_by_a_command(make_napari_viewer: Callable[..., Any], folder: Path) -> None:
    viewer = make_napari_viewer()
    weekly = viewer.window.add_plugin_dock_widget("napari-bonemet", "Weekly scans")[1]
    series = make_leg(OPTIONS).series
    desk_of(viewer).set_series(series, Leg(series=series, folder=folder))
    weekly.copy_button.click()
    assert QGuiApplication.clipboard().text().startswith("napari --plugin napari-bonemet ")


def test_two_weeks_are_compared_by_a_script(
    make_napari_viewer: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    viewer = make_napari_viewer()
    series = make_leg(OPTIONS).registered()
    write_series(series, tmp_path)
    compare = viewer.window.add_plugin_dock_widget("napari-bonemet", "Compare")[1]
    compare.python_button.click()
    assert "Choose two weeks" in compare.run_bar.line.text()
    desk_of(viewer).set_series(series, Leg(series=series, folder=tmp_path))
    assert "weeks" in copied(compare)
    assert len(capsys.readouterr().out.splitlines()) == OPTIONS.shape[0]


def test_every_dock_that_makes_something_gives_both(make_napari_viewer: Callable[..., Any]) -> None:
    viewer = make_napari_viewer()
    for name in (
        *("Weekly scans", "Separate limbs", "Register weeks", "Composite and RoI"),
        *("Measures", "Futures", "Train", "Diagnosis"),
    ):
        dock = viewer.window.add_plugin_dock_widget("napari-bonemet", name)[1]
        assert dock.copy_button.text() == "Copy as command"
        assert dock.python_button.text() == "Copy as Python"


def test_the_script_of_training_says_the_whole_plan() -> None:
    from napari_bonemet.study.training import TrainingPlan
    from napari_bonemet.widgets.script_steps import train_script

    plan = TrainingPlan(folders=(Path("/data/one"),), target=4.0, inputs=(0.0, 2.0))
    lines = train_script(plan).splitlines()
    names: dict[str, Any] = {}
    exec("\n".join(line for line in lines if not line.startswith("train")), names)
    assert names["plan"] == plan
