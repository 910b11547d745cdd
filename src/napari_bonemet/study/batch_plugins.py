"""What prepares the workers of a batch; light to import, for a worker that is still importing is not to be ended."""

import signal
import threading
from typing import Any

from distributed import WorkerPlugin

# What Dask counts, so that no worker takes a second leg before its first is done.
LEG = "leg"


class OneLegAtATime(WorkerPlugin):  # type: ignore[misc]
    """Has each worker of a cluster that was not made for this take one leg at a time, those that join later, too."""

    name = "napari-bonemet-one-leg-at-a-time"

    async def setup(self, worker: Any) -> None:
        """Tell Dask what the worker has to give."""
        await worker.set_resources(**{LEG: 1})


class DeafToInterrupts(WorkerPlugin):  # type: ignore[misc]
    """On this machine Ctrl-C is for the batch alone, which stops its workers in good order."""

    name = "napari-bonemet-deaf-to-interrupts"

    def setup(self, worker: Any) -> None:
        """Pass over Ctrl-C, where that was not settled when the process was begun."""
        del worker
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
