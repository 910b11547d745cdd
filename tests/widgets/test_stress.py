"""Many random actions: no exception, no layer left over, no thread left over."""

import gc
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from qtpy.QtCore import QThreadPool, QTimer
from qtpy.QtWidgets import QApplication

from napari_bonemet.scan import Kind
from napari_bonemet.series import ScanSeries

from .stress import User, complaints

PATIENCE_S = 20.0


def act(viewer: Any, make_series: Callable[..., ScanSeries], seed: int, actions: int) -> None:
    before = set(threading.enumerate())
    with complaints() as found:
        user = User(viewer, lambda subject: make_series((0, 1, 2, 3), kind=Kind.REGIST, subject=subject), seed)
        for _ in range(actions):
            user.act()
            assert not found, f"seed {seed}, after {user.done[-12:]}:\n{found[0]}"
        user.finish()
        assert not found, f"seed {seed}, at the end, after {user.done[-12:]}:\n{found[0]}"
        assert user.stale() == [], f"seed {seed}: {user.done[-12:]}"
        viewer.close()
        QApplication.processEvents()
        assert not found, f"seed {seed}, when closed:\n{found[0]}"
    assert QThreadPool.globalInstance().waitForDone(int(PATIENCE_S * 1000)), "a step goes on after its window"
    end = time.monotonic() + PATIENCE_S
    while left_over(before) and time.monotonic() < end:
        QApplication.processEvents()
        gc.collect()
        time.sleep(0.05)
    assert left_over(before) == set()


def left_over(before: set[threading.Thread]) -> set[str]:
    """Threads that began since and go on; pools keep theirs for the next work, and they end with the program."""
    now = {thread for thread in threading.enumerate() if thread.is_alive()} - before
    return {thread.name for thread in now if not thread.name.startswith(("ThreadPoolExecutor", "Dummy"))}


def test_a_user_who_presses_anything(make_napari_viewer: Any, make_series: Any, holes: Any) -> None:
    del holes
    act(make_napari_viewer(show=True), make_series, 1, 30)


def test_complaints_are_heard(qtbot: Any) -> None:
    def fail() -> None:
        raise ValueError("a slot that fails")

    with complaints() as found:
        QTimer.singleShot(0, fail)
        qtbot.wait(30)
    assert len(found) == 1
    assert "a slot that fails" in found[0]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_twenty_users_for_long(make_napari_viewer: Any, make_series: Any, holes: Any, seed: int) -> None:
    del holes
    act(make_napari_viewer(show=True), make_series, seed, 500)
