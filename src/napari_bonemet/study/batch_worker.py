"""What runs on a Dask worker: one leg at a time, telling how far it is, and stopping when asked to."""

import os
import time
from collections.abc import Mapping
from typing import Any

from distributed import get_worker

from napari_bonemet.errors import BoneMetError
from napari_bonemet.io.leftovers import with_final_names
from napari_bonemet.progress import Cancelled
from napari_bonemet.slabs import cores
from napari_bonemet.study.batch_job import LegJob
from napari_bonemet.study.batch_leg import do_leg

_EVERY_SECONDS = 0.5
_STOPPED: set[str] = set()


def stop(batch: str) -> None:
    """Have the legs of `batch` that run in this process stop at their next safe place."""
    _STOPPED.add(batch)


class _Telling:
    """Progress of a leg that goes to whoever started the batch, a few times a second at most."""

    def __init__(self, batch: str, leg: str) -> None:
        self._batch, self._leg = batch, leg
        self._worker = get_worker()
        self._last = -1.0

    def tell(self, **news: Any) -> None:
        self._worker.log_event(self._batch, {"of": self._leg, **news})

    def advance(self, fraction: float) -> None:
        self.check()
        now = time.monotonic()
        if now - self._last > _EVERY_SECONDS:
            self._last = now
            self.tell(fraction=float(fraction))

    def message(self, text: str) -> None:
        del text
        self.check()

    def check(self) -> None:
        if self._batch in _STOPPED:
            raise Cancelled


def work(job: LegJob, batch: str) -> Mapping[str, Any]:
    """Do one leg on a worker.

    Whatever goes wrong is told in words: an exception would have to be understood on the other side, too.

    Returns
    -------
    mapping
        ``state`` "done", "found" (it was done before), "failed" or "stopped"; ``record`` or ``reason``.
    """
    import dask

    # The last digits of ITK's metric depend on how many threads add it up, and a result is not to depend on that.
    os.environ.setdefault("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "1")
    telling = _Telling(batch, job.leg)
    telling.tell(begun=os.getpid())
    # Arrays are read by this worker's own threads: as tasks of the cluster they would wait for this very leg.
    with dask.config.set(scheduler="threads", num_workers=cores()):
        try:
            done = do_leg(job, telling)
        except Cancelled:
            return {"state": "stopped"}
        except BoneMetError as error:
            return _failed(str(error))
        except MemoryError:
            return _failed("The worker has too little memory for this leg. Give fewer workers: --workers 1.")
        except Exception as error:
            return _failed(f"{type(error).__name__}: {' '.join(str(error).split()) or 'no words'}")
    return {"state": "found" if done.again else "done", "record": done.record}


def _failed(reason: str) -> Mapping[str, Any]:
    return {"state": "failed", "reason": with_final_names(reason)}
