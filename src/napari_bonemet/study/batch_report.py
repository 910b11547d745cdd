"""What a batch finds done, and what it writes about all of its legs: the same however often it was stopped."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.io.atomic import write_json, write_table
from napari_bonemet.io.sidecar import read_json
from napari_bonemet.progress import Progress
from napari_bonemet.provenance import Json, __version__
from napari_bonemet.study.batch_inputs import stamp_of
from napari_bonemet.study.batch_job import LegJob, contents_of_job, refuse_to_replace, standing_of
from napari_bonemet.study.batch_run import Outcome

REPORT = "batch.json"

_NAMED = 5


class Stamps:
    """What the files of each leg looked like when it was done, so that a second start need not read them all.

    It lies beside the results as a hidden file that may be deleted: the files are then read again.

    Parameters
    ----------
    out : Path
        The folder of the results.
    """

    def __init__(self, out: Path) -> None:
        self._path = out / ".batch-inputs.json"
        self._known: dict[str, str] = {}
        self._changed = False
        try:
            record = read_json(self._path) if self._path.is_file() else {}
            self._known = {str(leg): str(stamp) for leg, stamp in record.items()}
        except (InputError, AttributeError):
            self._known = {}

    def knows(self, job: LegJob) -> bool:
        """Whether the files of a leg still look as they did when it was done."""
        return job.leg in self._known and self._known[job.leg] == stamp_of(job.files, job.reference)

    def note(self, job: LegJob) -> None:
        """Remember how the files of a leg look, whose result is made from them."""
        self._known[job.leg] = stamp_of(job.files, job.reference)
        self._changed = True

    def keep(self) -> None:
        """Write it all."""
        if self._changed:
            write_json(self._path, dict(sorted(self._known.items())))


def look_at(
    jobs: Sequence[LegJob], stamps: Stamps, progress: Progress
) -> tuple[list[LegJob], list[tuple[LegJob, dict[str, Any]]]]:
    """The legs that are to be done, and those that are done with their records.

    Raises
    ------
    InputError
        When something is in the way of one or more legs; they are named.
    """
    todo: list[LegJob] = []
    found: list[tuple[LegJob, dict[str, Any]]] = []
    refusals: list[InputError] = []
    for number, job in enumerate(jobs):
        progress.advance(number / len(jobs))
        standing = standing_of(job)
        if standing.done and not stamps.knows(job):
            progress.message(f"{job.leg}: is it still made from these scans?")
            standing = standing_of(job, contents_of_job(job))
            if standing.done:
                stamps.note(job)
        if standing.done:
            found.append((job, standing.record or {}))
        elif refusal := refuse_to_replace(job, standing):
            refusals.append(refusal)
        else:
            todo.append(job)
    if refusals:
        raise _together(refusals, len(jobs))
    return todo, found


def finish(jobs: Sequence[LegJob], outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """Write ``batch.json`` and, where there are composites, ``volumes.csv`` of all legs.

    Neither says when or in how many starts it was done, nor on which machine.
    """
    out = jobs[0].out
    legs = {job.leg: _about(outcomes[job.leg]) for job in jobs}
    failed = {leg: outcomes[leg].reason for leg in legs if outcomes[leg].record is None}
    record: dict[str, Any] = {
        "made_by": "napari-bonemet",
        "version": __version__,
        "options": jobs[0].options.as_record(),
        "reference": None if jobs[0].reference is None else str(jobs[0].reference),
        "legs": legs,
        "failed": failed,
    }
    write_json(out / REPORT, record)
    rows = [row for job in jobs for row in _volumes(outcomes[job.leg])]
    if rows:
        write_table(out / "volumes.csv", rows)
    return record


def _about(outcome: Outcome) -> dict[str, Json]:
    if outcome.record is None:
        return {"state": "failed", "reason": outcome.reason}
    summary = {key: value for key, value in outcome.record["summary"].items() if key not in ("volumes", "measures")}
    return {"state": "done", "version": outcome.record["version"], **summary}


def _volumes(outcome: Outcome) -> Iterator[dict[str, object]]:
    if outcome.record is not None:
        yield from outcome.record["summary"].get("volumes") or ()


def _together(refusals: Sequence[InputError], count: int) -> InputError:
    if len(refusals) == 1:
        return refusals[0]
    named = " ".join(str(refusal) for refusal in refusals[:_NAMED])
    more = "" if len(refusals) <= _NAMED else f" And {len(refusals) - _NAMED} more."
    return InputError(f"{len(refusals)} of {count} legs have results that are in the way. {named}{more}".rstrip("."))
