"""How many legs a machine takes at a time, and what a scheduler that is not there comes to."""

import pytest

from napari_bonemet import slabs
from napari_bonemet.cli import main
from napari_bonemet.errors import InputError
from napari_bonemet.study import batch_plan
from napari_bonemet.study.batch_cluster import running_cluster
from napari_bonemet.study.batch_plan import plan_workers

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
