"""``napari-bonemet batch``: many legs, on this machine or a cluster; started again, it does what is left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import BoneMetError, InputError
from napari_bonemet.options import Doc
from napari_bonemet.progress import Cancelled, Progress
from napari_bonemet.study.batch_options import BatchOptions

if TYPE_CHECKING:
    from napari_bonemet.io.records import Records
    from napari_bonemet.morphometry.cohort.leg_week import LegWeek
    from napari_bonemet.study.measuring import Joined

ABOUT = """Register, compose and crop many legs at a time, on Dask workers of this machine or of a cluster.

Writes for each leg OUT/<leg>/ with week N, week N.tfm, composite/, roi/ (with --crop-to-roi), registration.json and
job.json, and for all legs OUT/volumes.csv and OUT/batch.json. A leg's folder appears whole or not at all.
--measures measures every week, too: OUT/measures/ has the tables, plots and statistics of all legs, with groups where
--records names a table of the animals (.csv or .xlsx), as the command measure writes them.
Start it again with the same words, after Ctrl-C, a crash or new legs: what is done from the same scans with the same
options is skipped. A leg whose worker dies is begun again; one that cannot be done does not stop the others, is told
at the end with its reason, and makes the exit status 1.

Example: napari-bonemet batch "Seg-CT" --spacing 10.6 --workers 4 --out registered"""
STEPS = (BatchOptions,)


@dataclass(frozen=True)
class Arguments:
    """What to work on, and where the work is done."""

    source: Annotated[Positional[Path], Doc("A folder in a BoneMet layout.")]
    reference: Annotated[Path | None, Doc("A reference bone; the baseline of each leg is brought onto it.")] = None
    workers: Annotated[
        int | None, Doc("Legs at a time on this machine; by its cores, memory and a leg's size when not given.")
    ] = None
    scheduler: Annotated[
        str | None, Doc("A running Dask scheduler, tcp://HOST:8786, whose workers see the same folders.")
    ] = None
    records: Annotated[Path | None, Doc("Medical records of the animals (.csv or .xlsx), for --measures.")] = None
    groups: Annotated[
        str | None,
        Doc("What is compared: tumour, treatment, or a column of the records; tumour and treatment when not given."),
    ] = None
    common: EveryCommand = field(default_factory=Common)

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise InputError("The number of workers cannot be used", expected="1 or more", found=str(self.workers))
        if self.workers is not None and self.scheduler is not None:
            raise InputError("A running scheduler has its own workers", remedy="Give --workers or --scheduler")


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Do what is left of the legs.

    Raises
    ------
    InputError
        Before anything is begun, when there are no legs, or results made otherwise are in the way.
    BoneMetError
        When legs could not be done, once all others are.
    """
    from napari_bonemet.study.batch import jobs_in, run_batch
    from napari_bonemet.study.batch_measures import join_planned

    if own.common.out is None:
        raise InputError("The place for the results is missing", remedy="Give it: --out FOLDER")
    options = options_of(chosen)
    jobs = jobs_in(
        own.source,
        own.common.out,
        options,
        spacing=own.common.voxel_size,
        reference=own.reference,
        overwrite=own.common.overwrite,
        progress=progress,
    )
    joined = join_planned(jobs, _records(own, options), own.groups)
    try:
        result = run_batch(jobs, workers=own.workers, scheduler=own.scheduler, told=terminal.warn, progress=progress)
    except (Cancelled, KeyboardInterrupt):
        terminal.tell("What is done stays done; the same command does what is left.")
        raise
    skipped = f", {len(result.skipped)} had been done before" if result.skipped else ""
    terminal.say(f"{len(result.done)} legs done{skipped}; results and batch.json are in {own.common.out}")
    for leg, about in result.record["legs"].items():
        for note in about.get("notes", ()) if leg in result.done else ():
            terminal.warn(note if note.startswith(leg) else f"{leg}: {note}")
    if result.measured:
        _write_measures(own, options, result.measured, joined, terminal)
    if result.failed:
        reasons = "\n".join(f"  {leg}: {reason}" for leg, reason in result.failed.items())
        raise BoneMetError(f"{len(result.failed)} of {len(jobs)} legs could not be done:\n{reasons}")
    return {
        "out": str(own.common.out),
        "done": list(result.done),
        "skipped": list(result.skipped),
        "failed": result.failed,
        "begun": result.begun,
    }


def options_of(chosen: Chosen) -> BatchOptions:
    """The options as the flags chose them.

    ``--remove-fibula`` is about the region of interest, whose option has the name of one of the measures: those leave
    the fibula out as they always do.
    """
    options = chosen(BatchOptions)
    ours = BatchOptions().measuring.compartments.remove_fibula
    compartments = replace(options.measuring.compartments, remove_fibula=ours)
    return replace(options, measuring=replace(options.measuring, compartments=compartments))


def _records(own: Arguments, options: BatchOptions) -> "Records | None":
    """The medical records, read before anything is begun."""
    from napari_bonemet.io.records import read_records

    if own.records is None:
        if own.groups is not None:
            raise InputError("--groups names a column of the records", remedy="Name them: --records FILE")
        return None
    if not options.measures:
        raise InputError("The records are for measures", remedy="Add --measures")
    return read_records(own.records)


def _write_measures(
    own: Arguments, options: BatchOptions, rows: Sequence["LegWeek"], joined: "Joined", terminal: Terminal
) -> None:
    from napari_bonemet.study.batch_measures import FOLDER, write_batch_measures

    out = own.common.out or Path()
    cohort, said = write_batch_measures(rows, out, options.measuring, joined, overwrite=True)
    for note in (*cohort.notes, *cohort.absent_in_words(), *said):
        terminal.warn(note)
    terminal.say(f"Measures of all legs, plots and report.html are in {out / FOLDER}")
