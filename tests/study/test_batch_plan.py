"""How many legs a machine takes at a time, and what a scheduler that is not there comes to."""

import numpy as np
import pytest

from napari_bonemet import slabs
from napari_bonemet.cli import main
from napari_bonemet.errors import InputError
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study import batch_plan
from napari_bonemet.study.batch_cluster import running_cluster
from napari_bonemet.study.batch_plan import memory_of, plan_workers

GIB = 2**30


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_plan, "cores", lambda: 8)


@pytest.mark.parametrize(
    ("legs", "need", "workers", "threads"),
    [
        (100, GIB, 8, 1),  # as many as there are cores
        (100, 6 * GIB, 4, 2),  # 0.8 of 32 GiB takes four
        (100, 40 * GIB, 1, 8),
        (3, GIB, 3, 2),
    ],
)
def test_workers_go_by_cores_and_memory(legs: int, need: int, workers: int, threads: int) -> None:
    plan = plan_workers(legs, need, memory=32 * GIB)
    assert (plan.workers, plan.threads) == (workers, threads)
    assert plan.workers * plan.memory <= 32 * GIB
    assert bool(plan.note) == (need > 32 * GIB)


def test_more_workers_than_fit_are_allowed_and_said() -> None:
    plan = plan_workers(100, 6 * GIB, workers=8, memory=32 * GIB)
    assert plan.workers == 8
    assert "6.0 GiB" in plan.note


def test_the_need_grows_with_the_weeks_and_is_told_without_reading_them() -> None:
    class Unread:
        shape, dtype, ndim = (1000, 500, 500), np.dtype("uint8"), 3

        def __getitem__(self, key: object) -> object:
            raise AssertionError("a voxel was read")

    weeks = [Scan(Unread(), (10.6,) * 3, subject="871", side="left", day=7.0 * week) for week in range(5)]
    one, five = (ScanSeries(tuple(weeks[:count])) for count in (1, 5))
    assert memory_of(five, metric="other") - memory_of(one, metric="other") >= 4 * 250_000_000
    assert memory_of(five, metric="mi") > memory_of(five, metric="other") + 3_000_000_000
    assert memory_of(five, metric="mi", samples=6) > memory_of(five, metric="mi") + 6 * 4 * 250_000_000


def test_workers_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    there = slabs.cores()
    monkeypatch.setenv(slabs.THREADS, "1")
    assert slabs.cores() == 1
    monkeypatch.setenv(slabs.THREADS, "1000")
    assert slabs.cores() == there
    monkeypatch.setenv(slabs.THREADS, "many")
    assert slabs.cores() == there


def test_a_scheduler_that_does_not_answer_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_bonemet.study import batch_cluster

    monkeypatch.setattr(batch_cluster, "_WAIT_SECONDS", 1.0)
    with pytest.raises(InputError, match="No Dask scheduler answers"), running_cluster("tcp://127.0.0.1:1"):
        pytest.fail("nobody is there")


def test_wrong_use_is_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "in", "--out", "out", "--workers", "2", "--scheduler", "tcp://a:1"]) == 2
    assert "has its own workers" in capsys.readouterr().err
    assert main(["batch", "in"]) == 2
