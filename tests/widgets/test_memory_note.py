"""A step that needs more memory than is free says so before it is started, and what would need less."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from napari_bonemet.scan import Kind
from napari_bonemet.study.batch_plan import memory_of, memory_of_futures
from napari_bonemet.widgets.futures import FuturesDock
from napari_bonemet.widgets.register import RegisterDock


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    def leave(available: float) -> None:
        monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=available, total=2**35))

    return leave


def test_futures_say_how_much_they_need(make_model: Any, make_series: Any, free: Callable[[float], None]) -> None:
    series = make_series((0, 1, 2), kind=Kind.REGIST)
    free(memory_of_futures(series, 6) * 2)
    dock = FuturesDock(make_model())
    dock.desk.set_series(series)
    assert not dock.memory.isVisibleTo(dock)
    dock.form.fields["samples"].value = 40
    assert dock.memory.isVisibleTo(dock)
    assert "fewer samples" in dock.memory.text()
    dock.form.fields["samples"].value = 6
    assert not dock.memory.isVisibleTo(dock)


def test_registration_says_so_too(make_model: Any, make_series: Any, free: Callable[[float], None]) -> None:
    series = make_series((0, 1, 2))
    free(memory_of(series, metric="robust") / 2)
    dock = RegisterDock(make_model())
    dock.desk.set_series(series)
    assert dock.memory.isVisibleTo(dock)
    assert "GB are free" in dock.memory.text()
    free(memory_of(series, metric="robust") * 2)
    dock.desk.set_series(make_series((0, 1)))
    assert not dock.memory.isVisibleTo(dock)
