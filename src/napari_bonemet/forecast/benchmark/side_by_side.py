"""Rows that are trained at the same time, each in a process of its own: small networks leave a large card idle."""

import time
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.benchmark.fitting import RECORD, Row, Work, ready
from napari_bonemet.progress import NO_PROGRESS, Progress
from napari_bonemet.slabs import cores

_LISTEN_SECONDS = 0.5


def train_rows(rows: Sequence[Row], work: Work, *, at_once: int, progress: Progress = NO_PROGRESS) -> None:
    """Train the rows that are not, `at_once` of them side by side; each leaves its checkpoint and record.

    Rows take as many minutes each as their budget says, whoever trains beside them, and learn less the more do.

    Raises
    ------
    InputError
        When a training failed; the others are finished first.
    Cancelled
        When the user asked to stop; trainings go on from their last epoch next time.
    """
    waiting = [row for row in rows if not (row.folder / RECORD).is_file()]
    of, threads = len(waiting), max(1, cores() // at_once)
    running: dict[SpawnProcess, Row] = {}
    failed: list[str] = []
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                row = waiting.pop(0)
                process = get_context("spawn").Process(target=_train, args=(row, work, threads), daemon=True)
                process.start()
                running[process] = row
            for process in [one for one in running if not one.is_alive()]:
                row = running.pop(process)
                failed += [row.title] if process.exitcode else []
            done = of - len(waiting) - len(running)
            progress.message(f"training {len(running)} rows side by side ({done} of {of} done)")
            progress.advance(done / max(of, 1))
            progress.check()
            time.sleep(_LISTEN_SECONDS if running else 0.0)
    finally:
        for process in running:
            process.terminate()
            process.join()
    if failed:
        raise InputError(
            "The training of some rows failed",
            found=", ".join(failed),
            remedy="Leave out --at-once to see why; the other rows are kept",
        )


def _train(row: Row, work: Work, threads: int) -> None:
    from napari_bonemet.torch_import import import_torch

    import_torch().set_num_threads(threads)
    ready(row, work, NO_PROGRESS)
