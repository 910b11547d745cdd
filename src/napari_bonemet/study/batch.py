"""Many legs on Dask: what is done is skipped, what fails is told with its reason, nothing is half-written.

Each leg's folder appears whole, with a record of what it was made from; so a batch that was stopped, or whose
machine went down, is started again with the same words and does what is left.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Triple
from napari_bonemet.io.bonemet import LegFiles, find_legs
from napari_bonemet.morphometry.cohort.leg_week import LegWeek
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Kind
from napari_bonemet.study.batch_job import LegJob
from napari_bonemet.study.batch_measures import measures_of
from napari_bonemet.study.batch_options import BatchOptions
from napari_bonemet.study.batch_report import Stamps, finish, look_at
from napari_bonemet.study.batch_run import Outcome, run_jobs

__all__ = ["BatchOptions", "BatchResult", "jobs_in", "run_batch"]

_LOOKED = 0.02
_MAPS = (Kind.COMPOSITE, Kind.UNCERTAINTY, Kind.PREDICTION, Kind.LABELS)


@dataclass(frozen=True)
class BatchResult:
    """What became of the legs of a batch.

    Parameters
    ----------
    done : tuple of str
        Legs that were done now, in the order in which they were finished.
    skipped : tuple of str
        Legs that had been done before, from the same scans with the same options.
    failed : dict of str
        Why the others could not be done, by leg.
    begun : dict of int
        How often legs were begun; more than once where a worker died.
    record : dict
        What is written as ``batch.json``.
    measured : tuple of LegWeek
        The measures of all legs, where they were asked for.
    """

    done: tuple[str, ...]
    skipped: tuple[str, ...]
    failed: dict[str, str]
    begun: dict[str, int] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)
    measured: tuple[LegWeek, ...] = ()


def jobs_in(
    source: Path,
    out: Path,
    options: BatchOptions,
    *,
    spacing: Triple | None = None,
    reference: Path | None = None,
    overwrite: bool = False,
    progress: Progress = NO_PROGRESS,
) -> tuple[LegJob, ...]:
    """The legs in a folder as jobs; no voxel is read.

    Raises
    ------
    InputError
        When there are none, one is there in two components of the data set, or `out` lies within `source`.
    """
    source, out = source.resolve(), out.resolve()
    if out == source or source in out.parents:
        raise InputError(
            f"{out} lies in the folder of the scans, and would be taken for scans at the next start",
            remedy="Write beside that folder, not into it",
        )
    reference = None if reference is None else reference.resolve()
    if reference is not None and not reference.exists():
        raise InputError(f"{reference} is not there", remedy="Check the path of the reference")
    legs = tuple(leg for leg in find_legs(source, progress=progress) if leg.kind not in _MAPS)
    if not legs:
        raise InputError(f"{source} holds no grey scans", remedy="Give the weekly scans themselves")
    _require_different(legs, source)
    return tuple(LegJob(leg, out, options, spacing, reference, overwrite) for leg in legs)


def run_batch(
    jobs: Sequence[LegJob],
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    told: Callable[[str], None] | None = None,
    progress: Progress = NO_PROGRESS,
) -> BatchResult:
    """Do the legs that are not done yet, each on a Dask worker, and write ``batch.json`` and ``volumes.csv``.

    Parameters
    ----------
    jobs : sequence of LegJob
        From :func:`jobs_in`; all for one place.
    workers : int, optional
        Legs at a time on this machine; by its cores, its memory and the size of a leg when None.
    scheduler : str, optional
        Address of a running Dask scheduler ("tcp://host:8786"), whose workers see the same folders.
    told : callable, optional
        Told what the user should know, sentence by sentence.
    progress : Progress
        Listens; when it raises, the workers stop at their next safe place, and what is done stays done.

    Raises
    ------
    InputError
        Before anything is begun, when results made otherwise are in the way, or the scheduler does not answer.
    OutputError
        When the disk refuses the report.
    Cancelled
        When the user asked to stop.
    """
    told = told or (lambda _: None)
    stamps = Stamps(jobs[0].out)
    todo, found = look_at(jobs, stamps, PartOf(progress, 0.0, _LOOKED))
    outcomes: dict[str, Outcome] = {job.leg: Outcome("found", record) for job, record in found}
    order: list[str] = []

    def finished(job: LegJob, outcome: Outcome) -> None:
        outcomes[job.leg] = outcome
        order.append(job.leg)
        if outcome.record is not None:
            stamps.note(job)

    begun: dict[str, int] = {}
    try:
        if todo:
            begun = run_jobs(
                todo,
                finished,
                workers=workers,
                scheduler=scheduler,
                told=told,
                progress=PartOf(progress, _LOOKED, 1.0),
            )
    finally:
        stamps.keep()
    record = finish(jobs, outcomes)
    return BatchResult(
        done=tuple(leg for leg in order if outcomes[leg].state == "done"),
        skipped=tuple(job.leg for job in jobs if outcomes[job.leg].state == "found"),
        failed={leg: outcome.reason for leg, outcome in outcomes.items() if outcome.record is None},
        begun=begun,
        record=record,
        measured=tuple(measures_of(outcomes[job.leg].record for job in jobs)),
    )


def _require_different(legs: Sequence[LegFiles], source: Path) -> None:
    names = [leg.leg.casefold() for leg in legs]
    twice = sorted({leg.leg for leg in legs if names.count(leg.leg.casefold()) > 1})
    if twice:
        raise InputError(
            f"{source} holds {', '.join(twice[:5])} more than once",
            remedy="Give the folder of one component alone, the segmented or the registered scans say",
        )
