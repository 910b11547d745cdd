from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_bonemet.io.transforms import write_transform
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.processing.register import RegistrationQuality, RegistrationResult
from napari_bonemet.progress import NO_PROGRESS, Cancelled
from napari_bonemet.provenance import Step
from napari_bonemet.resample import resample
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.transform import RigidTransform
from napari_bonemet.widgets import nudge_steps
from napari_bonemet.widgets.layers import find_layers
from napari_bonemet.widgets.nudge_pose import Nudge, turn_between
from napari_bonemet.widgets.nudge_steps import take_up

WAIT_MS = 60_000
AUTOMATIC = RigidTransform.about((100, 150, 150), degrees=(6, 0, 0), shift=(0, 20, -10))


def bone(day: float) -> Scan:
    z, y, x = np.mgrid[:20, :30, :30]
    ring = (np.hypot(y - 14, (x - 14) * 1.3) < 11) & (np.hypot(y - 14, x - 14) > 6)
    voxels = np.where(ring | ((y > 20) & (np.abs(x - 8 - z / 4) < 2)), 190, 20).astype(np.uint8)
    return Scan(voxels, (10.0,) * 3, subject="871", side="left", day=day)


def quality(week: float, reason: str = "97% of the bone overlaps") -> RegistrationQuality:
    from typing import get_type_hints

    known = {
        "week": week, "angles_degrees": (0.0, 0.0, 0.0), "shift_um": (0.0, 0.0, 0.0), "metric": 1.0,
        "metric_trace": (0.5, 1.0), "overlap": 0.97, "correlation": 0.9, "verdict": "good", "reason": reason,
    }  # fmt: skip
    others = {name: 0.0 for name in get_type_hints(RegistrationQuality.__init__) if name not in {*known, "return"}}
    return RegistrationQuality(**{**others, **known})


def registered(scanned: ScanSeries) -> RegistrationResult:
    """Weeks laid in poses that are known."""
    poses = tuple(RigidTransform() if scan is scanned[0] else AUTOMATIC for scan in scanned)
    scans = [_laid(scan, scanned[0], pose) for scan, pose in zip(scanned, poses, strict=True)]
    return RegistrationResult(ScanSeries(tuple(scans)), poses, tuple(quality(week) for week in scanned.weeks))


def _laid(scan: Scan, onto: Scan, pose: RigidTransform) -> Scan:
    laid = resample(scan, onto.grid, pose, kind=Kind.REGIST)
    return laid.with_voxels(laid.voxels, step=Step("register", {}))


def relay_week(
    result: RegistrationResult, scanned: ScanSeries, week: float, transform: RigidTransform, **_: Any
) -> RegistrationResult:
    """The core's part, done by plain resampling."""
    index = result.series.weeks.index(week)
    scans, poses, judged = list(result.series), list(result.transforms), list(result.quality)
    scans[index] = _laid(scanned.at_week(week), scanned[0], transform)
    poses[index], judged[index] = transform, quality(week, "laid by hand")
    return replace(result, series=ScanSeries(tuple(scans)), transforms=tuple(poses), quality=tuple(judged))


@pytest.fixture
def dock(make_model: Callable[[], Any], qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from napari_bonemet.widgets.register import RegisterDock

    monkeypatch.setattr(nudge_steps, "relay_week", relay_week)
    dock = RegisterDock(make_model())
    qtbot.addWidget(dock)
    series = ScanSeries((bone(0), bone(7), bone(14)))
    dock.desk.set_series(series)
    dock.desk.set_registration(registered(series))
    dock.desk.set_week(1)
    yield dock
    dock.leave()


def run(qtbot: Any, dock: Any, button: Any) -> None:
    assert button.isEnabled(), button.text()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dock.nudge.run_bar.running, timeout=WAIT_MS)


def seen(dock: Any) -> np.ndarray:
    """The slice of the moved week that is on the canvas."""
    (layer,) = find_layers(dock.viewer, what="moved, magenta")
    z = round(dock.viewer.dims.point[0] / 10)
    return np.asarray(layer.data[z]).astype(int)


def test_a_nudge_moves_what_is_seen() -> None:
    centre = (100.0, 150.0, 140.0)
    nudge = Nudge((5.0, -20.0, 30.0), (10.0, -4.0, 3.0))
    pose = nudge.of(AUTOMATIC, centre)
    place = np.array([90.0, 40.0, 170.0])
    moved = nudge.motion(centre)(place)
    assert np.allclose(pose(moved), AUTOMATIC(place)), "what was seen at the place is seen where it was moved to"
    assert np.allclose(Nudge().of(AUTOMATIC, centre).matrix, AUTOMATIC.matrix)


def test_turns_by_the_mouse_have_the_sense_of_the_fields() -> None:
    centre, start = (0.0, 0.0, 0.0), (3.0, 10.0, 4.0)
    for axis in range(3):
        turn = [0.0, 0.0, 0.0]
        turn[axis] = 25.0
        now = RigidTransform.about(centre, degrees=turn)(start)
        assert turn_between(centre, start, now, axis) == pytest.approx(25.0)


def test_the_week_is_seen_as_it_lies_and_as_it_is_nudged(qtbot: Any, dock: Any) -> None:
    run(qtbot, dock, dock.nudge.start_button)
    assert dock.nudge.bench.week == 1
    (fixed,) = find_layers(dock.viewer, what="stays, green")
    assert fixed.data is dock.desk.registered[0].voxels
    assert [layer.name for layer in dock.viewer.layers if layer.visible] == [
        "stays, green: week 0",
        "moved, magenta: week 1",
    ]
    z = round(dock.viewer.dims.point[0] / 10)
    laid = resample(dock.desk.series[1], dock.desk.series[0].grid, AUTOMATIC, interpolation="linear").to_numpy()[z]
    assert np.abs(seen(dock) - laid)[3:-3, 3:-3].max() <= 1
    before = seen(dock)
    dock.nudge.fields.shifts[1].setValue(40)
    assert np.abs(seen(dock)[7:-3, 3:-3] - before[3:-7, 3:-3]).max() <= 1, "40 µm are 4 voxels down"
    assert dock.desk.registration.transforms[1] == AUTOMATIC, "nothing is laid before it is accepted"


def test_a_volume_is_turned_by_its_affine(qtbot: Any, dock: Any) -> None:
    run(qtbot, dock, dock.nudge.start_button)
    dock.viewer.dims.ndisplay = 3
    (volume,) = find_layers(dock.viewer, what="moved, magenta in 3D")
    assert volume.data is dock.desk.series[1].voxels
    dock.nudge.fields.turns[0].setValue(30)
    point = np.array([5.0, 9.0, 21.0])
    assert np.allclose(dock.nudge.pose(volume.data_to_world(point)), point * 10)
    dock.viewer.dims.ndisplay = 2
    assert not find_layers(dock.viewer, what="moved, magenta in 3D")
    assert find_layers(dock.viewer, what="moved, magenta")[0].visible


def test_the_mouse_shifts_and_turns(qtbot: Any, dock: Any, drag: Callable[..., None]) -> None:
    run(qtbot, dock, dock.nudge.start_button)
    canvas, viewer = dock.nudge.canvas, dock.viewer
    drag(canvas._drag, viewer, [(100, 10, 10), (100, 20, 10), (100, 35, 4)], "Shift")
    assert [field.value() for field in dock.nudge.fields.shifts] == pytest.approx([0, 25, -6], abs=0.05)
    _, y, x = canvas.centre
    drag(canvas._drag, viewer, [(100, y, x + 50), (100, y - 50, x)], "Control")
    assert [field.value() for field in dock.nudge.fields.turns] == pytest.approx([90, 0, 0], abs=0.05)
    drag(canvas._drag, viewer, [(100, 10, 10), (100, 90, 90)])
    assert dock.nudge.fields.shifts[1].value() == pytest.approx(25, abs=0.05), "without a key the canvas moves"
    assert viewer.scene.camera.mouse_pan


def test_accepted_the_week_is_laid_there_and_judged(qtbot: Any, dock: Any) -> None:
    run(qtbot, dock, dock.nudge.start_button)
    dock.nudge.fields.turns[0].setValue(-12)
    pose = dock.nudge.pose
    run(qtbot, dock, dock.nudge.run_bar.run_button)
    result = dock.desk.registration
    assert result.transforms[1] == pose
    assert result.transforms[2] == AUTOMATIC
    assert dock.nudge.bench is None
    assert dock.desk.week == 1
    assert "Week 1: laid by hand." in dock.reasons.text()
    assert dock.table.item(1, 1).toolTip() == "Week 1: laid by hand"
    assert [layer.name for layer in dock.viewer.layers if layer.visible] == ["871 left tibia, registered, week 1"]
    (layer,) = find_layers(dock.viewer, kind=Kind.REGIST, week=1)
    assert layer.data is result.series[1].voxels


def test_undo_goes_back_to_the_automatic_pose_also_after_accepting(qtbot: Any, dock: Any) -> None:
    run(qtbot, dock, dock.nudge.start_button)
    dock.nudge.fields.shifts[2].setValue(50)
    run(qtbot, dock, dock.nudge.run_bar.run_button)
    run(qtbot, dock, dock.nudge.start_button)
    assert dock.nudge.pose != AUTOMATIC
    run(qtbot, dock, dock.nudge.undo_button)
    assert dock.nudge.pose == AUTOMATIC
    assert dock.nudge.fields.nudge() == Nudge()
    run(qtbot, dock, dock.nudge.run_bar.run_button)
    assert dock.desk.registration.transforms[1] == AUTOMATIC


def test_a_pose_comes_from_a_file(qtbot: Any, dock: Any, tmp_path: Path) -> None:
    run(qtbot, dock, dock.nudge.start_button)
    pose, grid = RigidTransform.about((90, 90, 90), degrees=(15, 3, 0), shift=(0, 5, 5)), bone(0).grid
    for name in ("week 1.tfm", "week 1.json"):
        dock.nudge.undo()
        dock.nudge.load(write_transform(pose, tmp_path / name, fixed=grid, moving=grid))
        assert np.allclose(dock.nudge.pose.matrix, pose.matrix, atol=1e-6)
        assert dock.nudge.run_bar.line.text() == f"The pose of {name}."
    dock.nudge.load(tmp_path / "nothing.tfm")
    assert "is not there" in dock.nudge.run_bar.line.text()


def test_landmarks_give_the_pose(qtbot: Any, dock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[np.ndarray] = []

    def pose_from_landmarks(fixed: np.ndarray, moving: np.ndarray) -> RigidTransform:
        given.extend((fixed, moving))
        return AUTOMATIC

    monkeypatch.setattr(nudge_steps, "pose_from_landmarks", pose_from_landmarks)
    run(qtbot, dock, dock.nudge.start_button)
    box = dock.nudge.landmarks
    box.new_button.click()
    box.use()
    assert "make no pairs: expected as many in both layers, 3 or more; found 0 and 0" in dock.nudge.run_bar.line.text()
    places = np.array([[50.0, 60.0, 70.0], [90.0, 160.0, 30.0], [120.0, 20.0, 200.0]])
    dock.viewer.layers["landmarks, stays"].data = places / 10
    dock.viewer.layers["landmarks, moved"].data = (places + 7) / 10
    dock.nudge.fields.shifts[1].setValue(30)
    moved = dock.viewer.layers["landmarks, moved"].data * 10
    assert dock.viewer.dims.range[0].step == 10, "the slider still goes from slice to slice"
    assert np.allclose(moved, places + np.array([7, 37, 7])), "landmarks go with the week that they lie on"
    pose = dock.nudge.pose
    box.use()
    assert np.allclose(given[0], places)
    assert np.allclose(given[1], pose(places + np.array([7, 37, 7]))), "of the week as scanned"
    assert dock.nudge.pose == AUTOMATIC
    dock.nudge.stop()
    assert "landmarks, stays" not in dock.viewer.layers


def test_refined_from_where_it_was_nudged(qtbot: Any, dock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def refine_pose(fixed: Scan, moving: Scan, start: RigidTransform, **_: Any) -> RigidTransform:
        asked.extend((fixed, moving, start))
        return AUTOMATIC

    monkeypatch.setattr(nudge_steps, "refine_pose", refine_pose)
    run(qtbot, dock, dock.nudge.start_button)
    dock.nudge.fields.shifts[0].setValue(20)
    start = dock.nudge.pose
    run(qtbot, dock, dock.nudge.refine_button)
    assert asked[1].week == 1
    assert asked[2] == start
    assert dock.nudge.pose == AUTOMATIC
    assert dock.nudge.run_bar.line.text() == "Refined. Accept lays the week there."


def test_the_baseline_is_not_moved(qtbot: Any, dock: Any) -> None:
    dock.desk.set_week(0)
    run(qtbot, dock, dock.nudge.start_button)
    assert "Week 0 is the baseline" in dock.nudge.run_bar.line.text()
    assert dock.nudge.bench is None
    dock.nudge.baseline_week = 2
    run(qtbot, dock, dock.nudge.start_button)
    assert dock.nudge.bench.fixed.week == 2


def test_another_week_or_leg_ends_the_correction(qtbot: Any, dock: Any, make_series: Callable[..., Any]) -> None:
    for turn in (lambda: dock.desk.set_week(2), lambda: dock.desk.set_series(make_series(subject="872"))):
        dock.desk.set_week(1)
        run(qtbot, dock, dock.nudge.start_button)
        turn()
        assert dock.nudge.bench is None
        assert not dock.nudge.canvas.shown
        assert not find_layers(dock.viewer, what="moved, magenta")


def test_a_deleted_layer_ends_the_correction(qtbot: Any, dock: Any) -> None:
    run(qtbot, dock, dock.nudge.start_button)
    dock.viewer.layers.remove(find_layers(dock.viewer, what="moved, magenta")[0])
    assert dock.nudge.bench is None
    assert [layer.name for layer in dock.viewer.layers if layer.visible] == ["871 left tibia, registered, week 1"]


def test_verdicts_are_told_by_word_colour_and_shape(dock: Any) -> None:
    result = dock.desk.registration
    verdicts = ("good", "check", "failed")
    judged = tuple(replace(q, verdict=v) for q, v in zip(result.quality, verdicts, strict=True))
    dock.desk.set_registration(replace(result, quality=judged))
    cells = [dock.table.item(row, 1) for row in range(3)]
    assert [cell.text() for cell in cells] == ["good", "look at it", "failed"]
    assert len({cell.foreground().color().name() for cell in cells}) == 3
    shapes = [cell.icon().pixmap(14, 14).toImage() for cell in cells]
    assert shapes[0] != shapes[1] != shapes[2]


def test_a_click_on_a_row_turns_to_its_week(dock: Any) -> None:
    dock.table.cellClicked.emit(2, 1)
    assert dock.desk.week == 2
    assert dock.nudge.start_button.text() == "Correct week 2"


def test_a_scan_on_disk_is_read_once_and_a_wish_to_stop_is_heard() -> None:
    lazy = replace(bone(7), voxels=da.from_array(bone(7).to_numpy(), chunks=(1, 30, 30)))
    bench = take_up(bone(0), lazy, 75.0, NO_PROGRESS)
    assert isinstance(bench.moving.voxels, np.ndarray)
    assert np.array_equal(bench.moving.voxels, bone(7).voxels)
    assert bench.centre == pytest.approx(bone(0).grid.to_um(np.argwhere(bone(0).voxels > 75).mean(axis=0)), abs=15)

    class Stop:
        def advance(self, _: float) -> None:
            raise Cancelled

        check = message = lambda *_: None

    with pytest.raises(Cancelled):
        take_up(bone(0), lazy, 75.0, Stop())


def test_nudged_refined_and_laid_by_the_core(qtbot: Any, make_model: Callable[[], Any]) -> None:
    from napari_bonemet.widgets.register import RegisterDock

    leg = make_leg(LegOptions(shape=(32, 64, 64), spacing_um=45.0, weeks=(0, 1), seed=1))
    dock = RegisterDock(make_model())
    qtbot.addWidget(dock)
    dock.desk.set_series(leg.series)
    run(qtbot, dock, dock.run_bar.run_button)
    qtbot.waitUntil(lambda: not dock.run_bar.running, timeout=WAIT_MS)
    automatic = dock.desk.registration.transforms[1]
    dock.desk.set_week(1)
    run(qtbot, dock, dock.nudge.start_button)
    dock.nudge.fields.shifts[1].setValue(60)
    dock.nudge.fields.turns[0].setValue(3)
    corners = np.array(np.meshgrid(*[(0, (n - 1) * 45.0) for n in leg.series[0].shape])).reshape(3, -1).T

    def apart() -> float:
        return float(np.linalg.norm(dock.nudge.pose(corners) - automatic(corners), axis=1).max())

    assert apart() > 60
    run(qtbot, dock, dock.nudge.refine_button)
    assert apart() < 10, "refined, it is back where the registration had found it"
    run(qtbot, dock, dock.nudge.run_bar.run_button)
    quality = dock.desk.registration.quality[1]
    assert (quality.verdict, dock.table.rows()[1][1]) == ("good", "good")
    assert "set by hand" in dock.reasons.text()
    dock.leave()
