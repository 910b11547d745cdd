"""The dock Log: what was run, when, how long, with which settings, and how it ended."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtGui import QGuiApplication

from napari_bonemet.errors import InputError
from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.session import LogEntry
from napari_bonemet.widgets.desk import desk_of
from napari_bonemet.widgets.log_book import as_text, book_of

PATIENCE_MS = 60_000


def docks(viewer: Any, *names: str) -> list[Any]:
    return [viewer.window.add_plugin_dock_widget("napari-bonemet", name)[1] for name in names]


def test_a_run_is_logged_with_its_settings(
    make_napari_viewer: Callable[..., Any], make_series: Callable[..., ScanSeries], qtbot: Any
) -> None:
    viewer = make_napari_viewer(show=True)
    log, composite = docks(viewer, "Log", "Composite and RoI")
    desk = desk_of(viewer)
    desk.set_series(make_series((0, 1, 2), kind=Kind.REGIST))
    assert log.line.text()
    composite.form.fields["bone_threshold"].value = 91.0
    composite.roi.form.fields["slices"].value = 7
    with qtbot.waitSignal(composite.run_bar.runner.finished, timeout=PATIENCE_MS):
        composite.make()
    [entry] = book_of(desk).entries
    assert entry.what == "Composite of 871 left tibia"
    assert entry.outcome == "done"
    assert entry.seconds is not None
    assert entry.settings["bone_threshold"] == 91.0
    assert entry.settings["later"] == "week 2"
    # Settings of another step are none of this one's.
    assert "slices" not in entry.settings
    row = log.tree.topLevelItem(0)
    assert row.text(0).endswith(" s\nComposite of 871 left tibia")
    assert ", done, " in row.text(0)
    assert "bone threshold: 91.0" in [row.child(at).text(0) for at in range(row.childCount())]
    assert not log.line.isVisible()
    assert log.tree.visualItemRect(row).height() > 25


def test_failed_and_stopped_runs_say_so_and_rows_stay_unfolded(
    make_napari_viewer: Callable[..., Any], qtbot: Any
) -> None:
    viewer = make_napari_viewer()
    log, weekly = docks(viewer, "Log", "Weekly scans")
    runner, go = weekly.open_bar.runner, threading.Event()

    def fail(_progress: Any) -> None:
        raise InputError("The scan is broken", remedy="Mend it")

    def wait(progress: Any) -> None:
        while not go.wait(0.01):
            progress.advance(0.1)

    with qtbot.waitSignal(runner.finished, timeout=PATIENCE_MS):
        runner.start("Failing", fail, lambda _: None)
    log.tree.topLevelItem(0).setExpanded(True)
    runner.start("Waiting", wait, lambda _: None)
    assert log.tree.topLevelItem(0).text(0).endswith("running…\nWaiting")
    with qtbot.waitSignal(runner.finished, timeout=PATIENCE_MS):
        runner.cancel()
    entries = book_of(desk_of(viewer)).entries
    assert [(entry.what, entry.outcome) for entry in entries] == [("Failing", "failed"), ("Waiting", "stopped")]
    assert entries[0].words == "The scan is broken. Mend it."
    assert log.tree.topLevelItem(0).text(0).endswith("\nWaiting")
    assert "stopped" in log.tree.topLevelItem(0).text(0)
    assert log.tree.topLevelItem(1).isExpanded()
    assert log.tree.topLevelItem(1).child(0).text(0) == "The scan is broken. Mend it."


def test_the_log_is_copied_saved_and_cleared(make_napari_viewer: Callable[..., Any], tmp_path: Path) -> None:
    viewer = make_napari_viewer()
    [log] = docks(viewer, "Log")
    entries = (
        LogEntry("One", "2026-03-01T10:00:00+00:00", 1.25, settings={"weeks": [0.0, 1.0], "rule": True, "none": None}),
        LogEntry("Two", "2026-03-01T10:01:00+00:00", 2.0, "failed", "Broken."),
        LogEntry("Three", "2026-03-01T10:02:00+00:00", None, "running"),
    )
    log.book.take_up(entries)
    log.copy_button.click()
    text = QGuiApplication.clipboard().text()
    assert text.splitlines()[0] == "2026-03-01T10:00:00+00:00  One: done, 1.2 s"
    assert "    weeks: 0.0 1.0" in text
    assert "    rule: yes" in text
    assert "    none: automatic" in text
    # What never ended was stopped with its viewer.
    assert "Three: stopped" in text
    log.tree.topLevelItem(1).setSelected(True)
    log.save(tmp_path / "log.txt")
    assert (tmp_path / "log.txt").read_text() == as_text(entries[1:2])
    log.save(tmp_path)
    assert "cannot be replaced" in log.line.text()
    log.clear_button.click()
    assert log.tree.topLevelItemCount() == 0
    assert not log.copy_button.isEnabled()


def test_the_log_stays_short(make_model: Callable[[], Any]) -> None:
    viewer = make_model()
    book = book_of(desk_of(viewer))
    for number in range(2100):
        book.end(book.begin(f"{number}", {}), "done")
    assert len(book.entries) == 2000
    assert book.entries[-1].what == "2099"
    assert np.all([entry.outcome == "done" for entry in book.entries])
