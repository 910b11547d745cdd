"""The legs of a batch on a Dask cluster, from the first that is begun to the last that is finished."""

import contextlib
import queue
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from napari_bonemet.progress import Progress
from napari_bonemet.study.batch_cluster import RETRIES, local_cluster, running_cluster, workers_of
from napari_bonemet.study.batch_job import LegJob
from napari_bonemet.study.batch_plan import need_of, plan_workers

_LISTEN_SECONDS = 0.3
_STOP_SECONDS = 60.0
_KILLED = (
    f"Its worker died {RETRIES + 1} times, for want of memory most likely. "
    "Give fewer workers (--workers 1), or a machine with more memory."
)


@dataclass(frozen=True)
class Outcome:
    """What became of one leg.

    Parameters
    ----------
    state : {"done", "found", "failed", "stopped"}
        Done now; done before; not to be done; given up because the user asked to stop.
    record : dict, optional
        As it stands in the leg's folder.
    reason : str
        Why it failed.
    """

    state: Literal["done", "found", "failed", "stopped"]
    record: dict[str, Any] | None = None
    reason: str = ""


def run_jobs(
    jobs: Sequence[LegJob],
    finished: Callable[[LegJob, Outcome], None],
    *,
    workers: int | None,
    scheduler: str | None,
    told: Callable[[str], None],
    progress: Progress,
) -> dict[str, int]:
    """Do every job on a cluster, which is made here where no `scheduler` is given.

    Returns
    -------
    dict of int
        How often each leg was begun.

    Raises
    ------
    InputError
        When the scheduler does not answer, or has no workers.
    Cancelled
        When the user asked to stop; legs at work were told to, and what they began is gone.
    """
    if scheduler is not None:
        with running_cluster(scheduler) as client:
            return _Run(client, jobs, finished, told, progress, spare=1).to_the_end()
    plan = plan_workers(len(jobs), need_of(jobs), workers=workers)
    if plan.note:
        told(plan.note)
    progress.message(f"{len(jobs)} legs, {plan.workers} at a time")
    with local_cluster(plan) as client:
        return _Run(client, jobs, finished, told, progress, spare=0).to_the_end()


class _Run:
    """One batch on one cluster.

    No more legs are handed over than there are workers (one more where workers may join): a leg that waits on a
    worker that dies would be held to have killed it.
    """

    def __init__(
        self,
        client: Any,
        jobs: Sequence[LegJob],
        finished: Callable[[LegJob, Outcome], None],
        told: Callable[[str], None],
        progress: Progress,
        *,
        spare: int,
    ) -> None:
        self._client, self._finished, self._told, self._progress = client, finished, told, progress
        self._waiting, self._count, self._spare = deque(jobs), len(jobs), spare
        self._at_work: dict[Any, LegJob] = {}
        self._ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._fractions: dict[str, float] = {}
        self._begun: Counter[str] = Counter()
        self._again: set[str] = set()
        self._batch = f"napari-bonemet-{secrets.token_hex(8)}"

    def to_the_end(self) -> dict[str, int]:
        self._client.subscribe_topic(self._batch, self._hear)
        try:
            while self._waiting or self._at_work:
                self._hand_over()
                self._collect(_LISTEN_SECONDS)
                self._tell()
        except BaseException:
            self._stop()
            raise
        self._progress.advance(1.0)
        return dict(self._begun)

    def _hand_over(self) -> None:
        from napari_bonemet.study.batch_plugins import LEG
        from napari_bonemet.study.batch_worker import work

        room = max(1, workers_of(self._client)) + self._spare
        while self._waiting and len(self._at_work) < room:
            job = self._waiting.popleft()
            key = f"{self._batch}-{job.leg}"
            future = self._client.submit(work, job, self._batch, key=key, pure=False, resources={LEG: 1})
            self._at_work[future] = job
            future.add_done_callback(self._ended.put)

    def _collect(self, seconds: float) -> None:
        """Take in the next leg that is finished, if one is within some seconds."""
        try:
            future = self._ended.get(timeout=seconds)
        except queue.Empty:
            return
        job = self._at_work.pop(future)
        self._fractions.pop(job.leg, None)
        outcome = _outcome(future)
        future.release()
        self._finished(job, outcome)
        if outcome.state == "failed":
            self._told(f"{job.leg} could not be done. {outcome.reason}")

    def _tell(self) -> None:
        for leg, times in list(self._begun.items()):
            if times > 1 and leg not in self._again:
                self._again.add(leg)
                self._told(f"{leg} is begun again: the worker that was at it died")
        done = self._count - len(self._waiting) - len(self._at_work)
        self._progress.message(f"{done} of {self._count} legs")
        self._progress.advance((done + sum(list(self._fractions.values()))) / self._count)
        self._progress.check()

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        """Called by Dask in a thread of its own."""
        news = event[1]
        leg = str(news["of"])
        if "begun" in news:
            self._begun[leg] += 1
            self._fractions[leg] = 0.0
        elif leg in self._fractions:
            self._fractions[leg] = float(news["fraction"])

    def _stop(self) -> None:
        """Ask the legs at work to stop, and wait for those that are about to be finished."""
        self._waiting.clear()
        # In a thread, because a worker amid a compiled step answers late, and a dead one never.
        threading.Thread(target=self._ask_to_stop, daemon=True).start()
        end = time.monotonic() + _STOP_SECONDS
        while self._at_work and time.monotonic() < end:
            self._collect(_LISTEN_SECONDS)
        self._client.cancel(list(self._at_work))

    def _ask_to_stop(self) -> None:
        from napari_bonemet.study.batch_worker import stop

        # The cluster may be gone before every worker has answered.
        with contextlib.suppress(Exception):
            self._client.run(stop, self._batch, on_error="ignore")


def _outcome(future: Any) -> Outcome:
    """What a worker said, or why it could not say anything any more."""
    if future.status == "finished":
        said = future.result()
        return Outcome(said["state"], said.get("record"), said.get("reason", ""))
    if future.status == "error":
        error = future.exception()
        if type(error).__name__ == "KilledWorker":
            return Outcome("failed", None, _KILLED)
        return Outcome("failed", None, f"{type(error).__name__}: {' '.join(str(error).split()) or 'no words'}")
    return Outcome("failed", None, "The cluster gave it up. Start the batch again.")
