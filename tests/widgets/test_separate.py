import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from napari_bonemet.geometry import Region
from napari_bonemet.io import read_scan
from napari_bonemet.processing.segment import Part, SeparationOptions, SeparationResult
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.widgets.desk import Leg
from napari_bonemet.widgets.layers import find_layers
from napari_bonemet.widgets.sheet_plan import box_of
from napari_bonemet.widgets.worker import STOPPED

WAIT_MS = 60_000
UM = 80.0
# Two rods for tibiae, with femora above them.
BONES: dict[str, Region] = {
    "left tibia": (slice(30, 56), slice(20, 26), slice(38, 44)),
    "right tibia": (slice(30, 56), slice(20, 26), slice(8, 14)),
    "left femur": (slice(4, 26), slice(18, 24), slice(38, 44)),
    "right femur": (slice(4, 26), slice(18, 24), slice(8, 14)),
}
SURE = {"left tibia": 0.97, "right tibia": 0.93, "left femur": 0.7, "right femur": 0.41}


def hindlimb(week: float = 0, shift: int = 0) -> Scan:
    voxels = np.full((60, 40, 52), 20, np.uint8)
    for region in BONES.values():
        voxels[region] = 180 - shift
    return Scan(voxels, (UM,) * 3, subject="871", day=7 * week, kind=Kind.RECON, part="hindlimb")


def found(
    scan: Scan, *, options: SeparationOptions | None = None, progress: Progress = NO_PROGRESS
) -> SeparationResult:
    """What the core finds in these rods; here to have known boxes and confidences."""
    progress.check()
    options = options or SeparationOptions()
    voxels = scan.to_numpy()
    labels, parts = np.zeros(voxels.shape, np.uint8), []
    for title, bone in BONES.items():
        side, _, name = title.partition(" ")
        z, y, x = (slice(max(0, s.start - 2), s.stop + 2) for s in bone)
        parts.append(Part(name, side, (z, y, x), SURE[title], f"a rod as a {title} is"))  # type: ignore[arg-type]
        labels[bone] = len(parts)
    projections = {"coronal": voxels.max(axis=1), "sagittal": voxels.max(axis=2)}
    bone = voxels > options.bone_threshold
    return SeparationResult(
        parts=tuple(parts),
        scan=scan,
        options=options,
        labels=labels,
        labels_grid=scan.grid,
        projections=projections,
        notes=("the right femur is doubtful",),
        needs_review=True,
        bone=bone,
        found=labels.copy(),
        background=20.0,
    )


@pytest.fixture
def dock(make_model: Callable[[], Any], qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from napari_bonemet.widgets.separate import SeparateDock

    monkeypatch.setattr("napari_bonemet.widgets.separate_steps.separate_limbs", found)
    dock = SeparateDock(make_model())
    qtbot.addWidget(dock)
    yield dock
    dock.leave()


def press(button: Any) -> None:
    assert button.isEnabled(), button.text()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def run(qtbot: Any, bar: Any, button: Any = None) -> None:
    press(button or bar.run_button)
    qtbot.waitUntil(lambda: not bar.running, timeout=WAIT_MS)


def open_and_find(qtbot: Any, dock: Any, *weeks: float) -> None:
    dock.desk.set_series(ScanSeries(tuple(hindlimb(week, shift=int(week)) for week in weeks or (0.0,))))
    run(qtbot, dock.run_bar)


def drag_box(qtbot: Any, dock: Any, shape: int, by: tuple[float, float]) -> None:
    """What napari does when a box is dragged: new corners, then the event."""
    boxes = dock.review.boxes
    data = [np.array(corners) for corners in boxes.layer.data]
    data[shape] += np.array([by[0], 0, by[1]])
    boxes._quiet = True
    boxes.layer.data = data
    boxes._quiet = False
    boxes.layer.events.data(value=data, action="changed", data_indices=(shape,), vertex_indices=((),))
    qtbot.wait(50)


def words(dock: Any) -> list[str]:
    """The titles of the boxes, as they stand on the canvas; the pictures' own names come first."""
    titles = dock.viewer.layers["titles"]
    assert list(titles.text.values)[:2] == ["coronal, from the front", "sagittal, from the side"]
    return list(titles.text.values)[2:]


def test_the_empty_dock_says_what_to_do(dock: Any) -> None:
    assert "Open a hindlimb scan" in dock.note.text()
    assert not dock.note.isHidden()
    assert dock.run_bar.isHidden()
    dock.desk.set_series(ScanSeries((hindlimb(),)))
    assert dock.note.isHidden()
    assert not dock.run_bar.isHidden()


def test_what_has_a_side_is_no_hindlimb(dock: Any, make_series: Callable[..., ScanSeries]) -> None:
    dock.desk.set_series(make_series())
    assert dock.picker.empty
    assert not dock.note.isHidden()


def test_the_threshold_is_marked_as_it_is_turned(dock: Any) -> None:
    dock.desk.set_series(ScanSeries((hindlimb(),)))
    assert not dock.look.layers
    dock.form.fields["bone_threshold"].value = 90
    (mark,) = dock.look.layers
    assert tuple(mark.contrast_limits) == (90, 91)
    assert mark.data is dock.desk.series[0].voxels, "the voxels are shared"
    dock.form.fields["bone_threshold"].value = 120
    assert dock.look.layers == (mark,)
    assert tuple(mark.contrast_limits) == (120, 121)
    dock.mark.setChecked(False)
    assert mark not in dock.viewer.layers


def test_found_limbs_are_shown_for_review(qtbot: Any, dock: Any) -> None:
    open_and_find(qtbot, dock)
    assert [row[:2] for row in dock.review.table.rows()] == [
        ["left tibia", "97%"],
        ["right tibia", "93%"],
        ["left femur", "70%"],
        ["right femur", "41%"],
    ]
    assert dock.review.table.item(3, 0).toolTip() == "right femur: a rod as a right femur is"
    assert "The right femur is doubtful." in dock.review.reason.text()
    assert dock.run_bar.line.text() == "Look at 871 hindlimb, week 0 before you accept."
    assert dock.review.sheet.shown
    assert dock.viewer.dims.order == (1, 0, 2)
    layer = dock.review.boxes.layer
    assert len(layer.data) == 5
    assert words(dock)[:2] == ["left tibia 0.97", "right tibia 0.93"]
    (top, bottom), _, (left, right) = box_of(dock.review.result.parts[1].region, hindlimb().grid)
    assert np.allclose(layer.data[1].min(axis=0), (top, 0, left))
    assert np.allclose(layer.data[1].max(axis=0), (bottom, 0, right))
    assert not np.allclose(layer.edge_color[0], layer.edge_color[3]), "the colour says how sure it is"
    press(dock.review.boxes_button)
    assert not dock.review.sheet.shown
    assert dock.viewer.dims.order == (0, 1, 2)


def test_a_dragged_box_is_the_part_from_then_on(qtbot: Any, dock: Any) -> None:
    open_and_find(qtbot, dock)
    before = dock.review.result.parts[1].region
    drag_box(qtbot, dock, 1, (3 * UM, -2 * UM))
    part = dock.review.result.parts[1]
    assert part.region == (
        slice(before[0].start + 3, min(before[0].stop + 3, 60)),
        before[1],
        slice(before[2].start - 2, before[2].stop - 2),
    )
    assert part.by_hand
    assert dock.review.table.rows()[1][1] == "by hand"
    assert dock.review.boxes.number == 1
    # The last shape is the same box from the side.
    drag_box(qtbot, dock, 4, (0, 4 * UM))
    moved = dock.review.result.parts[1].region
    assert moved[1] == slice(before[1].start + 4, before[1].stop + 4)
    assert (moved[0], moved[2]) == (part.region[0], part.region[2])
    press(dock.review.undo_button)
    assert dock.review.result.parts[1].region == before
    assert not dock.review.undo_button.isEnabled()


def test_a_deleted_box_comes_back(qtbot: Any, dock: Any) -> None:
    open_and_find(qtbot, dock)
    layer = dock.review.boxes.layer
    layer.selected_data = {2}
    layer.remove_selected()
    qtbot.waitUntil(lambda: len(layer.data) == 5)
    assert len(dock.review.result.parts) == 4


def test_rows_and_boxes_are_picked_together(qtbot: Any, dock: Any) -> None:
    open_and_find(qtbot, dock)
    dock.review.table.setCurrentCell(2, 0)
    assert set(dock.review.boxes.layer.selected_data) == {2}
    assert "a rod as a left femur is" in dock.review.reason.text()
    dock.review.boxes.layer.selected_data = {3}
    qtbot.waitUntil(lambda: dock.review.boxes.number == 3)
    assert dock.review.table.currentRow() == 3


def test_left_and_right_are_swapped_and_swapped_back(qtbot: Any, dock: Any) -> None:
    open_and_find(qtbot, dock)
    press(dock.review.swap_button)
    assert dock.review.table.rows()[0][0] == "right tibia"
    assert words(dock)[0] == "right tibia 0.97"
    dock.desk.leg = Leg(series=dock.desk.series, folder=Path("raw"))
    press(dock.copy_button)
    assert QGuiApplication.clipboard().text() == "napari-bonemet separate raw --out separated --sides swapped"
    press(dock.review.swap_button)
    assert dock.review.table.rows()[0][0] == "left tibia"


def test_a_missing_part_is_added_by_hand(qtbot: Any, dock: Any) -> None:
    open_and_find(qtbot, dock)
    assert [dock.review.missing.itemText(i) for i in range(1, dock.review.missing.count())] == ["spine"]
    dock.review.missing.activated.emit(1)
    assert [part.title for part in dock.review.result.parts][-1] == "spine"
    assert "spine" in dock.review.ticked()
    assert dock.review.missing.isHidden()
    assert len(dock.review.boxes.layer.data) == 6


def test_accepted_parts_are_legs_to_register(qtbot: Any, dock: Any) -> None:
    open_and_find(qtbot, dock, 0, 1)
    run(qtbot, dock.accept_bar)
    assert not dock.review.sheet.shown
    legs = {leg.name: leg for leg in dock.desk.legs}
    assert set(legs) == {"871 hindlimb", "871 left tibia", "871 right tibia"}, "femora are not ticked"
    assert legs["871 left tibia"].weeks == (0,)
    dock.picker.combo.setCurrentIndex(1)
    assert dock.desk.week == 1
    run(qtbot, dock.run_bar)
    run(qtbot, dock.accept_bar)
    leg = next(leg for leg in dock.desk.legs if leg.name == "871 left tibia")
    assert leg.weeks == (0, 1)
    press(dock.go_on["871 left tibia"])
    assert dock.desk.series is leg.series
    assert dock.desk.series.baseline.kind is Kind.SEG
    assert len(find_layers(dock.viewer, leg="871 left tibia")) == 2
    assert dock.picker.empty, "a tibia is not separated once more"


def test_accepting_again_undoes_the_first(qtbot: Any, dock: Any) -> None:
    open_and_find(qtbot, dock)
    run(qtbot, dock.accept_bar)
    first = next(leg for leg in dock.desk.legs if leg.name == "871 left tibia").series[0]
    assert first.shape == (30, 10, 10)
    press(dock.review.boxes_button)
    drag_box(qtbot, dock, 0, (-5 * UM, 0))
    run(qtbot, dock.accept_bar)
    (again,) = [leg.series for leg in dock.desk.legs if leg.name == "871 left tibia"]
    assert len(again) == 1
    assert again[0].origin[0] == first.origin[0] - 5 * UM


def test_all_weeks_at_once(qtbot: Any, dock: Any) -> None:
    dock.desk.set_series(ScanSeries((hindlimb(0), hindlimb(2, shift=30))))
    dock.picker.combo.setCurrentIndex(2)
    assert dock.picker.all_weeks
    run(qtbot, dock.run_bar)
    assert dock.review.result.scan.week == 0
    drag_box(qtbot, dock, 0, (-5 * UM, 0))
    dock.desk.set_week(2)
    assert dock.review.result.scan.week == 2
    assert dock.review.sheet.pictures.scan.week == 2
    assert not dock.review.result.parts[0].by_hand
    assert dock.accept_bar.run_button.text() == "Accept all weeks"
    run(qtbot, dock.accept_bar)
    leg = next(leg for leg in dock.desk.legs if leg.name == "871 left tibia")
    assert leg.weeks == (0, 2)
    starts = [scan.origin[0] for scan in leg.series]
    assert starts[1] - starts[0] == 5 * UM, "the correction of week 0 was kept, for week 0"


def test_a_layer_of_the_user_is_separated_in_the_week_given(qtbot: Any, dock: Any) -> None:
    scan = hindlimb()
    dock.viewer.add_image(scan.voxels, name="raw", scale=scan.spacing, units=("micrometer",) * 3)
    assert dock.picker.combo.currentText() == "raw"
    assert not dock.picker.week.isHidden()
    dock.picker.week.setValue(3)
    run(qtbot, dock.run_bar)
    run(qtbot, dock.accept_bar)
    assert next(leg for leg in dock.desk.legs if leg.name.endswith("left tibia")).weeks == (3,)
    assert dock.viewer.layers["raw"].visible


def test_cancel_leaves_everything_as_it_was(qtbot: Any, dock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    def slow(scan: Scan, *, options: Any = None, progress: Progress = NO_PROGRESS) -> SeparationResult:
        for _ in range(1000):
            progress.check()
            time.sleep(0.01)
        return found(scan, options=options)

    monkeypatch.setattr("napari_bonemet.widgets.separate_steps.separate_limbs", slow)
    dock.desk.set_series(ScanSeries((hindlimb(),)))
    press(dock.run_bar.run_button)
    press(dock.run_bar.cancel_button)
    qtbot.waitUntil(lambda: not dock.run_bar.running, timeout=3000)
    assert dock.run_bar.line.text() == STOPPED
    assert dock.review.result is None
    assert not dock.review.sheet.shown


def test_nothing_ticked_is_said_in_words(qtbot: Any, dock: Any) -> None:
    open_and_find(qtbot, dock)
    for row in range(4):
        dock.review.table.item(row, 0).setCheckState(Qt.CheckState.Unchecked)
    run(qtbot, dock.accept_bar)
    assert "Tick at least one part" in dock.accept_bar.line.text()
    assert [leg.name for leg in dock.desk.legs] == ["871 hindlimb"]


def test_saved_parts_are_read_again(qtbot: Any, dock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_and_find(qtbot, dock, 2)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", staticmethod(lambda *_: str(tmp_path)))
    run(qtbot, dock.accept_bar, dock.save_button)
    assert f"Saved 2 scans and separate.json in {tmp_path}" in dock.accept_bar.line.text()
    scan = read_scan(tmp_path / "week 2" / "871 week 2 left tibia")
    assert (scan.subject, scan.side, scan.part, scan.week, scan.kind) == ("871", "left", "tibia", 2, Kind.SEG)
    assert scan.shape == (30, 10, 10)
    (record,) = json.loads((tmp_path / "separate.json").read_text(encoding="utf-8"))["scans"]
    assert [part["part"] for part in record["parts"]] == list(BONES)
