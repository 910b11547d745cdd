"""The Dask cluster of a batch: on this machine, or one that runs already."""

import contextlib
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.slabs import THREADS
from napari_bonemet.study.batch_plan import Plan

# How often a leg is begun again when the worker under it dies.
RETRIES = 3

_WAIT_SECONDS = 30.0
_START_SECONDS = 15.0


@contextmanager
def local_cluster(plan: Plan) -> Iterator[Any]:
    """A client of a cluster on this machine, which ends with it."""
    import dask
    from distributed import Client, LocalCluster

    from napari_bonemet.study.batch_plugins import LEG, DeafToInterrupts

    settings = {
        "distributed.scheduler.allowed-failures": RETRIES,
        # Compiled steps may keep a worker from answering for minutes; a dead one is seen by its process.
        "distributed.scheduler.worker-ttl": None,
        "distributed.worker.memory.pause": False,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.target": False,
    }
    with dask.config.set(settings), _quiet():
        with _deaf_to_interrupts():
            cluster = LocalCluster(
                n_workers=plan.workers,
                threads_per_worker=1,
                processes=True,
                memory_limit=plan.memory,
                dashboard_address=None,
                host="127.0.0.1",
                silence_logs=logging.CRITICAL,
                resources={LEG: 1},
                env={THREADS: str(plan.threads)},
            )
        with cluster, Client(cluster, set_as_default=False) as client:
            client.register_plugin(DeafToInterrupts())
            try:
                yield client
            finally:
                # One that is just being started again cannot be ended in few words.
                with contextlib.suppress(TimeoutError):
                    client.wait_for_workers(plan.workers, timeout=_START_SECONDS)


@contextmanager
def running_cluster(address: str) -> Iterator[Any]:
    """A client of a cluster that runs already, and goes on after the batch.

    Raises
    ------
    InputError
        When nobody answers there, no worker joins, or its workers have no napari-bonemet.
    """
    from distributed import Client

    from napari_bonemet.study.batch_plugins import OneLegAtATime

    with _quiet():
        try:
            client = Client(address, set_as_default=False, timeout=_WAIT_SECONDS)
        except (OSError, ValueError, TimeoutError) as error:
            raise InputError(
                f"No Dask scheduler answers at {address}",
                found=" ".join(str(error).split())[:200],
                remedy="Start one with: dask scheduler, and its workers with: dask worker tcp://HOST:8786",
            ) from error
        with client:
            _require_workers(client, address)
            client.register_plugin(OneLegAtATime())
            yield client


def workers_of(client: Any) -> int:
    """How many workers there are just now."""
    return len(client.scheduler_info(n_workers=-1)["workers"])


def _require_workers(client: Any, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=_WAIT_SECONDS)
        versions = client.run(_version)
    except TimeoutError as error:
        raise InputError(
            f"The scheduler at {address} has no workers", remedy=f"Start some: dask worker {address}"
        ) from error
    except ImportError as error:
        raise InputError(
            f"The workers of {address} cannot do this",
            found=str(error),
            remedy="Install the same version of napari-bonemet where they run",
        ) from error
    here = _version()
    others = sorted({version for version in versions.values() if version != here})
    if others:
        raise InputError(
            f"The workers of {address} have another version of napari-bonemet", expected=here, found=", ".join(others)
        )


def _version() -> str:
    from napari_bonemet.provenance import __version__

    return __version__


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Threads and processes begun meanwhile, and all that they begin, never hear Ctrl-C: the batch stops them.

    A terminal sends it to every process; a worker that is just being started again would die of it in many words.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask's own words on workers that come and go, which say nothing to who waits for legs."""
    loud = logging.getLogger("distributed")
    before = loud.level
    loud.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        loud.setLevel(before)
