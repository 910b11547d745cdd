"""``napari-bonemet benchmark forecast``: all forecasters on the same unseen animals, as tables, plots and a page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import Positional

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.benchmark.options import BenchmarkOptions
from napari_bonemet.options import Doc
from napari_bonemet.progress import PartOf, Progress

ABOUT = """Train all forecasters on the same animals, score them on the same unseen ones, and write the tables.

Makes synthetic cohorts (training, validation, test, and test cohorts of other settings beside), trains each row (a
network and a seed), calibrates it on the validation animals, and scores it beside copying the last week, smoothed
extrapolation and ridge regression, which are always there. Writes OUT/table.csv, OUT/forecast-benchmark.md with its
plots, and OUT/rows/<row>/ with the checkpoint, its record and the scores of every animal.
Start it again with the same words, after Ctrl-C or a crash: what is made, trained or scored is not done again. Rows
can be added by starting it with other --networks or --seeds.

Example: napari-bonemet benchmark forecast --budget smoke --out smoke"""
STEPS = (BenchmarkOptions,)


@dataclass(frozen=True)
class Arguments:
    """What is compared."""

    what: Annotated[Positional[Literal["forecast"]], Doc("What is benchmarked.")]
    networks: Annotated[
        tuple[str, ...] | None, Doc("Rows beside the baselines; every network there is when not given.")
    ] = None
    seeds: Annotated[
        tuple[int, ...] | None,
        Doc("Seeds of each row; when not given three for tvae-gate and stvae, one for the others."),
    ] = None
    checkpoints: Annotated[
        tuple[Path, ...], Doc("Trained forecasters to score as they are; --networks alone trains no others.")
    ] = ()
    workers: Annotated[int, Doc("Processes that make animals and their true futures.")] = 1
    at_once: Annotated[int, Doc("Rows that are trained side by side, each in a process of its own.")] = 1
    train_only: Annotated[
        bool, Doc("Train the networks and stop: copy OUT to another machine and give the rest of the words there.")
    ] = False
    data: Annotated[Path, Doc("The folder of real scans, for --cohort femur and lhdl.")] = Path("../shared/data")
    common: EveryCommand = field(default_factory=Common)

    def __post_init__(self) -> None:
        for name, count in (("workers", self.workers), ("rows trained at once", self.at_once)):
            if count < 1:
                raise InputError(f"The number of {name} cannot be used", expected="1 or more", found=str(count))


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Do what is left, and write all tables.

    Raises
    ------
    InputError
        When a row is not known, real scans are missing, or OUT holds something else.
    OutputError
        When the disk refuses.
    Cancelled
        When the user asked to stop; what is done stays.
    """
    from napari_bonemet.cli.train_data import Telling
    from napari_bonemet.forecast.benchmark.results import write_results
    from napari_bonemet.forecast.benchmark.run import Benchmark, run_benchmark, train_benchmark
    from napari_bonemet.study.device import choose_device

    if own.common.out is None:
        raise InputError("The place for the results is missing", remedy="Give it: --out FOLDER")
    asked = Benchmark(
        own.common.out,
        chosen(BenchmarkOptions),
        networks=own.networks,
        seeds=own.seeds,
        checkpoints=own.checkpoints,
        device=choose_device(own.common.device),
        workers=own.workers,
        at_once=own.at_once,
        data=own.data,
    )
    told = Telling(PartOf(progress, 0.0, 0.98), terminal, line_of)
    if own.train_only:
        rows = train_benchmark(asked, progress=told)
        terminal.say(f"{len(rows)} networks are trained and in {asked.out}")
        return {"out": str(asked.out), "rows": [row.title for row in rows]}
    result = run_benchmark(asked, progress=told)
    written = write_results(asked, result)
    terminal.say(f"The tables are {written.table} and {written.page}")
    return {"out": str(asked.out), "table": str(written.table), "page": str(written.page), "rows": result.table}


def line_of(item: object) -> str | None:
    """What is said of a row that is done, or of an epoch of its training; None for anything else."""
    from napari_bonemet.cli.train_network import epoch_line

    if not isinstance(item, Mapping) or "row" not in item:
        return epoch_line(item)
    of = " ".join(str(item[name]) for name in ("row", "seed"))
    figures = {"gain_db": "{:+.2f} dB over copying", "dice_new": "Dice {:.2f}", "spread_skill": "spread/skill {:.2f}"}
    said = [form.format(item[name]) for name, form in figures.items() if item.get(name) is not None]
    return f"{of}: {', '.join(said)}"
