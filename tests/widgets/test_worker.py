import threading
import time

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton

from napari_bonemet.errors import InputError, OutputError
from napari_bonemet.widgets.dock import Dock
from napari_bonemet.widgets.run_bar import RunBar
from napari_bonemet.widgets.worker import STOPPED, in_words


@pytest.fixture
def bar(qtbot):
    bar = RunBar("Go")
    qtbot.addWidget(bar)
    bar.show()
    return bar


def test_result_reaches_done_and_form_is_freed(qtbot, bar):
    other, seen = QPushButton("other", bar), []
    bar.lock(other)

    def work(progress):
        for i in range(10):
            progress.advance(i / 10)
            progress.message(f"slab {i}")
            progress.report(i)
        return threading.current_thread() is threading.main_thread()

    reports = []
    bar.runner.reported.connect(lambda item, text: reports.append((item, text)))
    with qtbot.waitSignal(bar.runner.finished):
        bar.start("Counting", work, seen.append)
        assert not other.isEnabled()
        assert not bar.run_button.isEnabled()
        assert bar.cancel_button.isEnabled()
    assert seen == [False]
    assert reports == [(i, f"slab {i}") for i in range(10)]
    assert other.isEnabled()
    assert bar.run_button.isEnabled()
    assert not bar.running


def test_cancel_stops_the_loop(qtbot, bar):
    seen, rounds = [], []

    def work(progress):
        for i in range(10_000):
            rounds.append(i)
            time.sleep(0.005)
            progress.check()

    bar.start("Counting", work, seen.append)
    qtbot.waitUntil(lambda: len(rounds) > 3)
    with qtbot.waitSignal(bar.runner.finished):
        qtbot.mouseClick(bar.cancel_button, Qt.MouseButton.LeftButton)
    assert seen == []
    assert bar.line.text() == STOPPED
    assert len(rounds) < 1000


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (InputError("Week 3 is missing", remedy="Add it"), "Week 3 is missing. Add it."),
        (OutputError("/a/.week 3.tmp-0123abcd-17-89abcdef/1.png cannot be written"), "/a/week 3/1.png cannot be"),
        (OSError(28, "No space", "/a/.b.nii.gz.tmp-0123abcd-17-89abcdef.nii.gz"), "'/a/b.nii.gz'"),
        (RuntimeError("CUDA out of memory. Tried to allocate"), "not enough memory"),
        (ZeroDivisionError("by zero"), "nobody foresaw (ZeroDivisionError: by zero)"),
        (SystemExit("left"), "nobody foresaw (SystemExit: left)"),
    ],
)
def test_errors_are_said_in_words(qtbot, bar, error, words):
    def work(progress):
        raise error

    with qtbot.waitSignal(bar.runner.finished):
        bar.start("Registering", work, lambda _: None)
    assert words in bar.line.text()
    assert bar.line.isVisible()
    assert bar.run_button.isEnabled()


def test_error_in_done_is_said_too(qtbot, bar):
    def done(_):
        raise InputError("It does not fit")

    with qtbot.waitSignal(bar.runner.finished):
        bar.start("Fitting", lambda _: 1, done)
    assert bar.line.text() == "It does not fit."


def test_what_nobody_foresaw_is_logged(caplog):
    in_words(KeyError("x"), "Loading")
    assert "Loading failed" in caplog.text
    assert "KeyError" in caplog.text


def test_second_start_waits_its_turn(qtbot, bar):
    gate, seen = threading.Event(), []
    with qtbot.waitSignal(bar.runner.finished):
        bar.start("First", lambda _: gate.wait(5), seen.append)
        bar.start("Second", lambda _: "second", seen.append)
        gate.set()
    assert seen == [True]


def test_step_stops_when_its_dock_is_closed(qtbot, make_napari_viewer):
    viewer = make_napari_viewer()
    dock = Dock(viewer)
    bar = RunBar("Go", dock)
    dock.column.addWidget(bar)
    wrapped = viewer.window.add_dock_widget(dock, name="test")
    stopped, going = threading.Event(), threading.Event()

    def work(progress):
        try:
            while True:
                going.set()
                time.sleep(0.005)
                progress.check()
        finally:
            stopped.set()

    bar.start("Turning", work, lambda _: None)
    assert going.wait(5)
    viewer.window.remove_dock_widget(wrapped)
    assert stopped.wait(5)
    with qtbot.waitSignal(bar.runner.finished, timeout=5000):
        pass


def test_step_stops_when_its_widget_is_destroyed(qtbot):
    bar = RunBar("Go")
    stopped, going = threading.Event(), threading.Event()

    def work(progress):
        try:
            while True:
                going.set()
                time.sleep(0.005)
                progress.check()
        finally:
            stopped.set()

    bar.start("Turning", work, lambda _: None)
    assert going.wait(5)
    bar.deleteLater()
    del bar
    qtbot.waitUntil(stopped.is_set, timeout=5000)
    qtbot.wait(100)
