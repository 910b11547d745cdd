"""Bone quality on the screen: the synthetic spine opened, each vertebra told, a click goes there."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_bonemet.widgets.diagnosis.quality_run import segments_of

PATIENCE_MS = 60_000


@pytest.fixture
def dock(make_napari_viewer: Callable[..., Any]) -> Any:
    viewer = make_napari_viewer(show=True)
    made = viewer.window.add_plugin_dock_widget("napari-bonemet", "Diagnosis")[1]
    made.quality_button.click()
    made.form.fields["device"].value = "cpu"
    return made


def tell(dock: Any, qtbot: Any) -> None:
    dock.quality.run_bar.run_button.click()
    qtbot.waitUntil(lambda: not dock.quality.run_bar.running, timeout=PATIENCE_MS)


def test_nothing_on_the_canvas_says_what_to_do(dock: Any, qtbot: Any) -> None:
    tell(dock, qtbot)
    assert "Drop a DICOM series" in dock.quality.run_bar.line.text()


def test_each_vertebra_of_the_sample_is_told(dock: Any, qtbot: Any) -> None:
    dock.viewer.open_sample("napari-bonemet", "synthetic-spine")
    box = dock.quality
    assert (box.scan.count(), box.vertebrae.count()) == (1, 2)
    tell(dock, qtbot)
    assert [row[0] for row in box.table.rows()] == ["whole scan"]
    box.vertebrae.setCurrentIndex(1)
    tell(dock, qtbot)
    rows = box.table.rows()
    assert [row[0] for row in rows] == ["1", "2", "3"]
    assert {row[2] for row in rows} <= {"normal", "blastic", "mixed", "lytic"}
    assert "synthetic" in box.words.text()
    box.table.cellClicked.emit(2, 0)
    first, last = (int(number) for number in rows[2][1].split("–"))
    assert first <= dock.viewer.dims.current_step[0] <= last


def test_labels_of_another_shape_are_refused_in_words(dock: Any, qtbot: Any) -> None:
    dock.viewer.open_sample("napari-bonemet", "synthetic-spine")
    dock.viewer.add_labels(np.ones((2, 4, 4), dtype=np.uint8), name="other")
    dock.quality.vertebrae.setCurrentText("other")
    tell(dock, qtbot)
    assert "do not fit the CT" in dock.quality.run_bar.line.text()


def test_a_slice_is_of_the_vertebra_that_most_of_it_is() -> None:
    labels = np.zeros((3, 4, 4), dtype=int)
    labels[1, :3], labels[1, 3] = 2, 1
    labels[2, 0, 0] = 7
    np.testing.assert_array_equal(segments_of(labels), [0, 2, 7])
