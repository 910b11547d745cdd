"""The whole benchmark: cohorts, rows, scores, tables; started again, it does what is left."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.benchmark.fitting import Row, Work, read_record, ready
from napari_bonemet.forecast.benchmark.futures import true_futures
from napari_bonemet.forecast.benchmark.options import BenchmarkOptions
from napari_bonemet.forecast.benchmark.recipes import chosen_rows, given_rows
from napari_bonemet.forecast.benchmark.scoring import Scoring
from napari_bonemet.forecast.benchmark.settings import MAIN
from napari_bonemet.forecast.benchmark.side_by_side import train_rows
from napari_bonemet.forecast.benchmark.sources import Sources
from napari_bonemet.forecast.benchmark.store import Cohort, Source, keep
from napari_bonemet.forecast.benchmark.table import Tested, lines
from napari_bonemet.forecast.benchmark.testing import score_row
from napari_bonemet.io.names import safe_name
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress, report

ABOUT = "benchmark.json"
COHORTS, FUTURES, ROWS = "cohorts", "futures", "rows"
# What may differ from start to start: it changes no kept result.
_FREE = ("beside", "draws")


@dataclass(frozen=True)
class Benchmark:
    """What a run has to be told.

    Parameters
    ----------
    out : Path
        Where all is kept.
    options : BenchmarkOptions
        What is compared, on which animals.
    networks, seeds : sequence, optional
        Rows beside the baselines, and their seeds; see `chosen_rows`.
    checkpoints : sequence of Path
        Trained forecasters that are scored as they are.
    device : str
        Where networks compute.
    workers : int
        Processes that make animals and true futures.
    at_once : int
        Rows that are trained side by side.
    data : Path
        The folder of real scans, for real bones.
    """

    out: Path
    options: BenchmarkOptions
    networks: Sequence[str] | None = None
    seeds: Sequence[int] | None = None
    checkpoints: Sequence[Path] = ()
    device: str = "cpu"
    workers: int = 1
    at_once: int = 1
    data: Path = Path("../shared/data")


@dataclass(frozen=True)
class Result:
    """What a run came to.

    Parameters
    ----------
    tested : tuple of Tested
        Every row on every cohort, with the scores of its animals.
    table : list of mapping
        The lines of the table.
    """

    tested: tuple[Tested, ...]
    table: list[dict[str, object]]


def train_benchmark(asked: Benchmark, *, progress: Progress = NO_PROGRESS) -> tuple[Row, ...]:
    """Make the animals to learn from and train the networks, no more: the rest can be done on another machine.

    Raises
    ------
    InputError
        As :func:`run_benchmark`, or when a training failed.
    OutputError
        When the disk refuses.
    Cancelled
        When the user asked to stop; what is done stays.
    """
    options = options_kept(asked)
    rows = tuple(row for row in rows_of(asked) if not row.recipe.baseline)
    sources = Sources(options, asked.data)
    wanted = {"training": sources.training, "validation": sources.validation}
    kept = _cohorts(asked, wanted, PartOf(progress, 0.0, 0.2))
    work = Work(options, kept["training"], kept["validation"], asked.device)
    train_rows(rows, work, at_once=asked.at_once, progress=PartOf(progress, 0.2, 1.0))
    return rows


def run_benchmark(asked: Benchmark, *, progress: Progress = NO_PROGRESS) -> Result:
    """Make what is missing: animals, true futures, trainings, calibrations, scores; then all tables again.

    Every line of the table is handed to `progress` by `report` once its row is scored.

    Raises
    ------
    InputError
        When a row or a cohort is not known, real scans are missing, or the folder holds a benchmark of other options.
    OutputError
        When the disk refuses.
    Cancelled
        When the user asked to stop; what is done stays.
    """
    options = options_kept(asked)
    rows = rows_of(asked)
    sources = Sources(options, asked.data)
    tests, work, futures = _prepared(asked, options, sources, PartOf(progress, 0.0, 0.2))
    if asked.at_once > 1:
        train_rows(rows, work, at_once=asked.at_once, progress=PartOf(progress, 0.2, 0.2))
    tested: list[Tested] = []
    for number, row in enumerate(rows):
        part = PartOf(progress, 0.2 + 0.8 * number / len(rows), 0.2 + 0.8 * (number + 1) / len(rows))
        done = list(_tested(row, tests, work, part))
        report(progress, lines(done[:1], futures, draws=50)[0])
        tested += done
    return Result(tuple(tested), lines(tested, futures, draws=options.draws))


def options_kept(asked: Benchmark) -> BenchmarkOptions:
    """The options, filled; what was done under others in the same folder is never mixed with them.

    Raises
    ------
    InputError
        When the folder holds a benchmark of other options.
    """
    from napari_bonemet.io.atomic import write_json

    options = asked.options.filled()
    path, record = asked.out / ABOUT, json.loads(json.dumps(options.as_record()))
    if path.is_file():
        there = json.loads(path.read_text(encoding="utf-8"))
        other = [name for name in record if name not in _FREE and there.get(name, record[name]) != record[name]]
        if other:
            raise InputError(
                f"{asked.out} holds a benchmark of other options",
                expected=", ".join(f"{name} {there.get(name)}" for name in other),
                found=", ".join(f"{name} {record[name]}" for name in other),
                remedy="Choose another place with --out, or the same options",
            )
    elif asked.out.is_dir() and any(asked.out.iterdir()):
        raise InputError(f"{asked.out} holds something else than a benchmark", remedy="Choose another place with --out")
    write_json(path, record)
    return options


def rows_of(asked: Benchmark) -> tuple[Row, ...]:
    """The rows, and where each is kept."""
    root = asked.out / ROWS
    chosen = (*chosen_rows(asked.networks, asked.seeds), *given_rows(asked.checkpoints))
    return tuple(Row(recipe, seed, root / safe_name(f"{recipe.name} seed {seed}")) for recipe, seed in chosen)


def _prepared(
    asked: Benchmark, options: BenchmarkOptions, sources: Sources, progress: Progress
) -> tuple[dict[str, Cohort], Work, dict[str, tuple[float, ...]]]:
    wanted = {"training": sources.training, "validation": sources.validation, **sources.tests}
    kept = _cohorts(asked, wanted, PartOf(progress, 0.0, 0.5))
    futures = true_futures(
        kept[MAIN],
        options.count("continuations"),
        asked.out / FUTURES,
        bone_threshold=options.bone_threshold,
        workers=asked.workers,
        progress=PartOf(progress, 0.5, 1.0),
    )
    work = Work(options, kept.pop("training"), kept.pop("validation"), asked.device)
    return kept, work, dict(futures)


def _cohorts(asked: Benchmark, wanted: Mapping[str, Source], progress: Progress) -> dict[str, Cohort]:
    kept: dict[str, Cohort] = {}
    for number, (name, source) in enumerate(wanted.items()):
        part = PartOf(progress, number / len(wanted), (number + 1) / len(wanted))
        kept[name] = keep(source, asked.out / COHORTS, workers=asked.workers, words=name, progress=part)
    return kept


def _tested(row: Row, tests: dict[str, Cohort], work: Work, progress: Progress) -> Iterator[Tested]:
    from napari_bonemet.forecast.benchmark.calibrating import calibration_of

    progress.message(f"{row.title}: training")
    model: Any = ready(row, work, PartOf(progress, 0.0, 0.6))
    how = Scoring(work.options.count("samples"), row.seed, work.options.bone_threshold, work.device)
    progress.message(f"{row.title}: calibrating")
    calibration = calibration_of(row, model, work.validation, how, PartOf(progress, 0.6, 0.65))
    how, record = replace(how, calibration=calibration), read_record(row)
    for number, (test, cohort) in enumerate(tests.items()):
        part = PartOf(progress, 0.65 + 0.35 * number / len(tests), 0.65 + 0.35 * (number + 1) / len(tests))
        yield Tested(row, record, test, score_row(row, model, cohort, test, how, progress=part))
